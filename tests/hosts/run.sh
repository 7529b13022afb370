#!/usr/bin/env bash
# Training on several hosts whose network is slow (hosts.sh, switch.py): any grid of ranks gives the
# bytes of one rank, and a run that loses a host is resumed on those that are left.
set -euo pipefail
TMPDIR=${TMPDIR:-/tmp} # the hosts share this directory; /dev/shm is each one's own
# shellcheck source=tests/hosts/hosts.sh
. "$(dirname "$0")/hosts.sh"
# shellcheck source=tests/cli/lib.sh
. "$(dirname "$0")/../cli/lib.sh"

[ "$(id -u)" = 0 ] || skip "making hosts of namespaces takes root"
need ip nsenter unshare pgrep
unshare --mount --uts --ipc --net --pid --fork true 2>/dev/null || skip "no namespaces here"
[ -w /dev/net/tun ] || skip "no /dev/net/tun here: no network between hosts"

hosts=4 delay_ms=1 rate_mbit=200

# All hosts have the same cores: bound, their ranks would pile up on the first.
export OMPI_MCA_hwloc_base_binding_policy=none
export OMPI_MCA_oob_tcp_keepalive_time=5 OMPI_MCA_oob_tcp_keepalive_intvl=1
export OMPI_MCA_oob_tcp_keepalive_probes=3

# network_start: a cable from the switch to each host and to ctl.
network_start()
{
    local host pids=()
    for host in ctl $(seq -f n%g $hosts); do pids+=("$(cat "$cluster/$host.pid")"); done
    "$SPINE_SOURCE/tests/hosts/switch.py" $delay_ms $rate_mbit "${pids[@]}" \
        <"$cluster/lifeline" >"$cluster/switch.log" 2>&1 9>&- &
    for host in ctl $(seq -f n%g $hosts); do
        address=${host#n}
        until on "$host" ip link show eth0 >/dev/null 2>&1; do
            kill -0 $! 2>/dev/null || skip "no switch: $(cat "$cluster/switch.log")"
            sleep 0.05
        done
        on "$host" ip addr add "$network.${address/ctl/254}/24" dev eth0
        on "$host" ip link set eth0 mtu 9000 up
    done
}

# The agent by which mpirun starts its daemons: it sees all processes, so mpirun is run on ctl's network
# but among the machine's processes.
write_agent()
{
    # shellcheck disable=SC2016 # the agent expands it
    printf '#!/bin/bash\nhost=$1; shift\nexec nsenter -t "$(cat %q/"$host".pid)" -m -u -i -n -p -- bash -c "$*"\n' \
        "$cluster" >"$cluster/agent"
    chmod +x "$cluster/agent"
    export OMPI_MCA_plm_rsh_agent=$cluster/agent
}

# across HOSTS RANKS ARGUMENT...: train on so many ranks of each host (n1,n2,...); sets 'status'.
across()
{
    local places=${1//,/:$2,}:$2 count
    count=$(($2 * $(tr , '\n' <<<"$1" | wc -l)))
    shift 2
    # shellcheck disable=SC2016
    attempt nsenter -t "$(cat "$cluster/ctl.pid")" -n -u unshare --mount bash -c \
        'mount --bind "$1/hosts" /etc/hosts; shift; exec "$@"' - "$cluster" \
        mpirun --host "$places" -np "$count" --wdir "$PWD" "$SPINE_BIN/spine-mpi" "$@" 9>&-
}

# equal ONE OTHER: the runs have the same model and codes, to the byte.
equal()
{
    local file
    for file in model.h5 codes.txt; do
        cmp "$1/$file" "$2/$file" || fail "$file of $1 and of $2 differ: $(cat stderr)"
    done
}

cleanup() { hosts_end; }
hosts_begin $hosts
host_start ctl
for i in $(seq $hosts); do host_start "n$i"; done
network_start
write_agent

sample glove.h5
cat >run.ini <<'END2'
[data]
input = glove.h5
limit = 2000
[model]
objective = spine
hidden = 60
[train]
epochs = 3
batch_size = 500
checkpoint_every = 1
[output]
directory = run
formats = txt
END2

# in_directory NAME COMMAND...: with NAME/run as the run, so that the configuration is the same.
in_directory()
{
    mkdir -p "$1"
    sed 's/input = /input = ..\//' run.ini >"$1/run.ini"
    cd "$1"
    "${@:2}"
    cd ..
}

# --- Any grid ---------------------------------------------------------------------------------------

in_directory alone train 1 run.ini
for trial in n1,n2:1:2x1 n1,n2:2:2x2 n1,n2:2:1x4 n1,n2,n3,n4:1:4x1 n1,n2,n3,n4:2:4x2 n1,n2,n3:1:auto; do
    IFS=: read -r places ranks grid <<<"$trial"
    in_directory "grid-$places-$grid" across "$places" "$ranks" run.ini "parallel.grid=$grid"
    [ "$status" = 0 ] || fail "$trial: status $status: $(cat "grid-$places-$grid/stderr")"
    equal alone/run "grid-$places-$grid/run"
done
in_directory alone-nnse train 1 run.ini model.objective=nnse
in_directory across-nnse across n1,n2,n3 2 run.ini model.objective=nnse
[ "$status" = 0 ] || fail "nnse: status $status: $(cat across-nnse/stderr)"
equal alone-nnse/run across-nnse/run
grep -q '^4 hosts with 2 ranks each' "grid-n1,n2,n3,n4-4x2/stderr" || fail "$(cat grid-*4x2/stderr)"

# --- A host is lost ---------------------------------------------------------------------------------

in_directory lost true
(
    cd lost
    for _ in $(seq 600); do
        ! grep -qs '"epoch":2,' run/metrics.jsonl || break
        sleep 0.1
    done
    power_off n4
) &
in_directory lost across n1,n2,n3,n4 1 run.ini train.epochs=1000000 parallel.grid=4x1
case $status in # the agent's, or 205
0 | 124) fail "a host was lost, and mpirun's status is $status: $(cat lost/stderr)" ;;
esac
wait $!
done=$(wc -l <lost/run/metrics.jsonl)
epochs=$((done + 2))
in_directory lost across n1,n2 2 run.ini train.epochs=$epochs
[ "$status" = 0 ] || fail "status $status: $(cat lost/stderr)"
grep -q '^resuming after' lost/stderr || fail "began anew: $(cat lost/stderr)"
[ "$(grep -c '"epoch"' lost/run/metrics.jsonl)" = $epochs ] || fail "epochs are missing"
