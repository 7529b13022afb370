# shellcheck shell=bash
# cluster.sh -- a real Slurm of several hosts on one machine, for the tests that source it.
#
# Hosts n1, n2, ... and ctl are namespaces: each has its own name, network address, processes and
# /dev/shm; files are shared, as by NFS. munged and slurmctld run on ctl, where the network's bridge
# is too, and slurmd on the others. Nothing of the machine's own network or settings is changed.
#
# A host ends, with all that runs on it, when its first process does, which reads from a pipe that
# only the test's shell holds open (descriptor 9): however the test ends, the hosts end with it.

cluster= # the directory of all the cluster's files; set by cluster_start
network=10.77.0

# on HOST COMMAND...: run it there.
on()
{
    local host=$1
    shift
    nsenter -t "$(cat "$cluster/$host.pid")" -m -u -i -n -p -w"$PWD" -- "$@" 9>&-
}

# host_start NAME ADDRESS: boot a host, without any daemon.
host_start()
{
    local name=$1 address=$2 starter pid
    # shellcheck disable=SC2016 # the host's shell expands it
    unshare --mount --propagation private --uts --ipc --net --pid --fork --kill-child=KILL \
        bash -c '
            set -e
            hostname "$1"
            mount -t proc proc /proc
            mount -t tmpfs -o size=1g,mode=1777 tmpfs /dev/shm
            mount --bind "$2/hosts" /etc/hosts
            ip link set lo up
            touch "$2/$1.up"
            read -r _' host "$name" "$cluster" <"$cluster/lifeline" 9>&- >"$cluster/$name.log" 2>&1 &
    starter=$!
    until [ -e "$cluster/$name.up" ]; do
        kill -0 $starter 2>/dev/null || {
            cat "$cluster/$name.log" >&2
            return 1
        }
        sleep 0.05
    done
    pid=$(pgrep -P $starter)
    echo "$pid" >"$cluster/$name.pid"
    if [ "$name" = ctl ]; then
        on ctl ip link add br0 type bridge forward_delay 0
        on ctl ip addr add "$network.$address/24" dev br0
        on ctl ip link set br0 up
    else
        nsenter -t "$(cat "$cluster/ctl.pid")" -n \
            ip link add "$name" type veth peer name eth0 netns "$pid"
        on ctl ip link set "$name" master br0 up
        on "$name" ip addr add "$network.$address/24" dev eth0
        on "$name" ip link set eth0 up
    fi
}

# node_start NUMBER: boot node nNUMBER.
node_start()
{
    host_start "n$1" "$1"
    mkdir -p "$cluster/spool/n$1"
    on "n$1" env -i PATH="$PATH" HOME=/root LANG=C.UTF-8 "SLURM_CONF=$SLURM_CONF" slurmd -N "n$1"
}

# power_off HOST: everything on it ends at once, and it answers nobody.
power_off()
{
    kill -KILL "$(cat "$cluster/$1.pid")"
    rm "$cluster/$1.pid" "$cluster/$1.up"
}

# unplug HOST: it runs on, but nothing reaches it and nobody is told.
unplug()
{
    on ctl ip link set "$1" down
}

plug_in()
{
    on ctl ip link set "$1" up
}

write_configuration()
{
    local nodes=$1 cpus=$2 i
    {
        echo "127.0.0.1 localhost"
        echo "$network.254 ctl"
        for ((i = 1; i <= nodes; i++)); do echo "$network.$i n$i"; done
    } >"$cluster/hosts"
    # No cgroups, no accounting, no systemd; ended jobs stay known, as there is no other record.
    cat >"$SLURM_CONF" <<END
ClusterName=test
SlurmctldHost=ctl
AuthType=auth/munge
AuthInfo=socket=$cluster/munge.socket
CredType=cred/munge
SlurmUser=root
SlurmdUser=root
StateSaveLocation=$cluster/state
SlurmdSpoolDir=$cluster/spool/%n
SlurmctldPidFile=$cluster/slurmctld.pid
SlurmdPidFile=$cluster/slurmd.%n.pid
SlurmctldLogFile=$cluster/slurmctld.log
SlurmdLogFile=$cluster/slurmd.%n.log
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
SwitchType=switch/none
MpiDefault=none
JobAcctGatherType=jobacct_gather/none
AccountingStorageType=accounting_storage/none
SelectType=select/cons_tres
SelectTypeParameters=CR_CPU
SchedulerType=sched/backfill
SchedulerParameters=bf_interval=2,sched_interval=2,sched_min_interval=0,batch_sched_delay=0
PriorityType=priority/basic
ReturnToService=2
SlurmdTimeout=10
KillWait=5
MinJobAge=3600
SlurmdParameters=config_overrides
PropagateResourceLimits=NONE
NodeName=n[1-$nodes] CPUs=$cpus RealMemory=4000
PartitionName=main Nodes=n[1-$nodes] Default=YES MaxTime=INFINITE State=UP
END
    # The hosts share /tmp, where "srun --mpi=pmix" would make the same directory on each.
    printf 'PMIxCliTmpDirBase=/dev/shm\n' >"$cluster/mpi.conf"
    printf 'CgroupPlugin=cgroup/v1\nCgroupAutomount=no\n' >"$cluster/cgroup.conf"
}

# cluster_start NODES CPUS: boot all, and wait until every node takes jobs.
cluster_start()
{
    local i
    cluster=$(mktemp -d /tmp/spine-slurm.XXXXXX)
    chmod 755 "$cluster"
    export SLURM_CONF=$cluster/slurm.conf
    mkfifo "$cluster/lifeline"
    exec 9<>"$cluster/lifeline"
    write_configuration "$1" "$2"
    mkdir "$cluster/state"
    (umask 077 && head -c 128 /dev/urandom >"$cluster/munge.key")
    host_start ctl 254
    on ctl munged --force --key-file="$cluster/munge.key" --socket="$cluster/munge.socket" \
        --pid-file="$cluster/munged.pid" --log-file="$cluster/munged.log" \
        --seed-file="$cluster/munge.seed"
    on ctl slurmctld -c
    for ((i = 1; i <= $1; i++)); do node_start "$i"; done
    for ((i = 0; i < 300; i++)); do
        [ "$(on ctl sinfo -h -N -t idle -o %N 2>/dev/null | sort -u | wc -l)" != "$1" ] || return 0
        sleep 0.1
    done
    echo "the nodes don't come up:" >&2
    on ctl sinfo -N >&2
    return 1
}

# cluster_stop: power all hosts off and remove their files.
cluster_stop()
{
    local file
    [ -n "$cluster" ] || return 0
    for file in "$cluster"/*.pid; do
        case ${file##*/} in
        n[0-9]*.pid | ctl.pid) kill -KILL "$(cat "$file")" 2>/dev/null || true ;;
        esac
    done
    exec 9>&-
    wait
    rm -rf "$cluster"
    cluster=
}
