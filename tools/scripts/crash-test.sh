#!/usr/bin/env bash
# Kill trainings at random moments and resume them: does it matter?
#
#     tools/scripts/crash-test.sh N [SEED]        SPINE_BIN: where the programs are, build/bin by default
#
# A training on 2 ranks is killed with SIGKILL, mpirun and ranks alike, and resumed on 1 to 4 ranks,
# again and again until it is done, then the next one, until N were killed. Trainings are of SPINE and of nnse
# by turns. Model and codes must equal an uninterrupted run's to the bytes (tests/cli/resumed_run.py). Needs
# mpirun, setsid and h5py.
set -euo pipefail

kills_wanted=${1:?is missing: how many kills}
RANDOM=${2:-1}
source=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
trainer=${SPINE_BIN:-$source/build/bin}/spine-mpi
python=/usr/bin/python3
LC_ALL=C
export LC_ALL OMPI_MCA_rmaps_base_oversubscribe=1 OMPI_MCA_mpi_yield_when_idle=1 SPINE_MEASURE=0
if [ "$(id -u)" = 0 ]; then
    export OMPI_ALLOW_RUN_AS_ROOT=1 OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1
fi

scratch=$(mktemp -d)
leader= # mpirun, which leads a session of its own with all its ranks
trap '[ -z "$leader" ] || kill_all; rm -rf "$scratch"' EXIT
cd "$scratch"
# A killed rank leaves its shared memory behind: put it where it is removed.
export OMPI_MCA_btl_vader_backing_directory=$scratch

fail()
{
    echo "crash-test.sh: $*" >&2
    [ ! -e stderr ] || tail -n 20 stderr >&2
    exit 1
}

"${trainer%spine-mpi}spine-convert" "$source/tests/data/glove.6B.100d.5k.txt.gz" glove.h5 2>/dev/null
cat >spine.ini <<'END'
[data]
input = glove.h5
[model]
objective = spine
hidden = 200
[train]
epochs = 40
batch_size = 20
evaluate_every = 7
checkpoint_every = 1
END
cat >nnse.ini <<'END'
[data]
input = glove.h5
[model]
objective = nnse
hidden = 200
l0 = 20
[train]
epochs = 12
evaluate_every = 7
checkpoint_every = 1
END

# start RANKS OBJECTIVE RUN: in the background, in a session of its own.
start()
{
    setsid mpirun -np "$1" "$trainer" "$2.ini" output.directory="$3" >stdout 2>stderr </dev/null &
    leader=$!
}

# members SESSION: its processes that live. mpirun gives every rank a process group of its own.
# ps fails where there is none, not even one that is dead but not yet collected.
members()
{
    { ps -o pid=,stat= -s "$1" || true; } | awk '$2 !~ /^Z/ { print $1 }'
}

# kill_all: mpirun and its ranks, and those that it was just starting.
kill_all()
{
    local pids _
    pids=$(members "$leader")
    for _ in $(seq 200); do
        # shellcheck disable=SC2086 # they are words
        [ -z "$pids" ] || kill -KILL $pids 2>/dev/null || true
        { wait "$leader" || true; } 2>/dev/null
        pids=$(members "$leader")
        [ -n "$pids" ] || break
        sleep 0.05
    done
    [ -z "$pids" ] || fail "ranks outlive SIGKILL"
    leader=
}

# milliseconds LEAST MOST: sleep for a random time between.
milliseconds()
{
    local time=$(($1 + RANDOM % ($2 - $1 + 1)))
    sleep "$((time / 1000)).$(printf %03d $((time % 1000)))"
}

for objective in spine nnse; do
    start 2 $objective whole-$objective
    wait "$leader" || fail "the uninterrupted run of $objective fails"
    leader=
done

kills=0 kills_in_save=0 kills_early=0 runs=0 objective=nnse
resumes=(0 0 0 0 0) # by number of ranks
while [ $kills -lt "$kills_wanted" ]; do
    runs=$((runs + 1))
    name=run$runs
    if [ $objective = nnse ]; then objective=spine; else objective=nnse; fi
    ranks=2 kills_here=0
    while :; do
        more=$((kills < kills_wanted && kills_here < (kills_wanted + 1) / 2))
        start $ranks $objective $name
        if [ $more = 1 ]; then
            milliseconds 200 2500
        fi
        if [ $more = 0 ] || [ -z "$(members "$leader")" ]; then
            wait "$leader" || fail "$name of $objective on $ranks ranks ends with $?"
            leader=
            break
        fi
        kill_all
        kills=$((kills + 1)) kills_here=$((kills_here + 1))
        [ -z "$(find $name -name 'checkpoint-*.part' 2>/dev/null)" ] ||
            kills_in_save=$((kills_in_save + 1))
        [ -n "$(find $name -name 'checkpoint-*.h5' 2>/dev/null)" ] || kills_early=$((kills_early + 1))
        ranks=$((1 + RANDOM % 4))
        resumes[ranks]=$((resumes[ranks] + 1))
    done
    $python "$source/tests/cli/resumed_run.py" --exact whole-$objective $name >/dev/null ||
        fail "$name of $objective isn't what it would have been"
    [ -z "$(find $name -name '*.part')" ] || fail "half-written files are left: $(ls $name)"
    rm -r $name
done

echo "$kills kills in $runs trainings: $kills_in_save during a save, $kills_early before the first\
 checkpoint"
echo "resumed on 1, 2, 3, 4 ranks: ${resumes[*]:1} times; model and codes are equal to the bytes"
