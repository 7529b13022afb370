# shellcheck shell=bash
# cluster.sh -- a real Slurm of several hosts on one machine, for the tests that source it.
#
# Hosts n1, n2, ... and ctl are those of hosts.sh. munged and slurmctld run on ctl, where the network's
# bridge is too, and slurmd on the others.

# shellcheck source=tests/hosts/hosts.sh
. "$(dirname "${BASH_SOURCE[0]}")/../hosts/hosts.sh"

# node_start NUMBER: boot node nNUMBER.
node_start()
{
    host_start "n$1"
    connect "n$1" "$1"
    mkdir -p "$cluster/spool/n$1"
    on "n$1" env -i PATH="$PATH" HOME=/root LANG=C.UTF-8 "SLURM_CONF=$SLURM_CONF" slurmd -N "n$1"
}

write_configuration()
{
    local nodes=$1 cpus=$2
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
PropagatePrioProcess=1
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
    hosts_begin "$1"
    export SLURM_CONF=$cluster/slurm.conf
    write_configuration "$1" "$2"
    mkdir "$cluster/state"
    (umask 077 && head -c 128 /dev/urandom >"$cluster/munge.key")
    host_start ctl
    bridge_start ctl 254
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
