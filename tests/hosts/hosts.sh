# shellcheck shell=bash
# hosts.sh -- hosts on one machine, for the tests that source it.
#
# A host is a set of namespaces: it has its own name, network address, processes and /dev/shm; files
# are shared, as by NFS. Nothing of the machine's own network or settings is changed.
#
# A host ends, with all that runs on it, when its first process does, which reads from a pipe that
# only the test's shell holds open (descriptor 9): however the test ends, the hosts end with it.

# Open MPI chooses for itself how hosts talk.
unset OMPI_MCA_pml HWLOC_PLUGINS_PATH PMIX_MCA_gds

cluster= # the directory of all the hosts' files; set by hosts_begin
network=10.77.0

# on HOST COMMAND...: run it there.
on()
{
    local host=$1
    shift
    nsenter -t "$(cat "$cluster/$host.pid")" -m -u -i -n -p -w"$PWD" -- "$@" 9>&-
}

# host_start NAME: boot a host, with its loopback only.
host_start()
{
    local name=$1 starter
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
    pgrep -P $starter >"$cluster/$name.pid"
}

# bridge_start HOST ADDRESS: the host has a bridge, to which others are plugged in.
bridge_start()
{
    on "$1" ip link add br0 type bridge forward_delay 0
    on "$1" ip addr add "$network.$2/24" dev br0
    on "$1" ip link set br0 up
}

# connect HOST ADDRESS: by a cable to ctl's bridge.
connect()
{
    nsenter -t "$(cat "$cluster/ctl.pid")" -n \
        ip link add "$1" type veth peer name eth0 netns "$(cat "$cluster/$1.pid")"
    on ctl ip link set "$1" master br0 up
    on "$1" ip addr add "$network.$2/24" dev eth0
    on "$1" ip link set eth0 up
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

# hosts_begin NODES: the files for hosts n1, n2, ... and ctl.
hosts_begin()
{
    local i
    cluster=$(mktemp -d /tmp/spine-hosts.XXXXXX)
    chmod 755 "$cluster"
    mkfifo "$cluster/lifeline"
    exec 9<>"$cluster/lifeline"
    {
        echo "127.0.0.1 localhost"
        echo "$network.254 ctl"
        for ((i = 1; i <= $1; i++)); do echo "$network.$i n$i"; done
    } >"$cluster/hosts"
}

# hosts_end: power all hosts off and remove their files.
hosts_end()
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
