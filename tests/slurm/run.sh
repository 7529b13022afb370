#!/usr/bin/env bash
# The job scripts of slurm/ on a real Slurm (cluster.sh): what must hold of them, an item each.
# Usage: run.sh [ITEM...]; all of them without. Prints a line and the seconds of each.
set -euo pipefail
# The hosts share this directory; /dev/shm is each one's own.
TMPDIR=${TMPDIR:-/tmp}
# shellcheck source=tests/slurm/cluster.sh
. "$(dirname "$0")/cluster.sh"
# shellcheck source=tests/cli/lib.sh
. "$(dirname "$0")/../cli/lib.sh"

[ "$(id -u)" = 0 ] || skip "making hosts of namespaces takes root"
need sbatch slurmctld slurmd munged ip nsenter unshare pgrep
unshare --mount --uts --ipc --net --pid --fork true 2>/dev/null || skip "no namespaces here"

items=(batch srun requeue cancel merge array task sweep stuck limit lost unplugged script_lost)
[ $# = 0 ] || items=("$@")
scripts=$SPINE_SOURCE/slurm
PATH=$SPINE_BIN:$PATH
# All hosts have the same two cores or so: bound, their ranks would pile up on the first.
export OMPI_MCA_hwloc_base_binding_policy=none SPINE_MEASURE=0

# --- Jobs -----------------------------------------------------------------------------------------

# submit SBATCH-ARGUMENT...: sets 'job'. Some train until they are told to leave: other tests beside them come first.
submit()
{
    job=$(on ctl nice -n 5 sbatch --parsable "$@")
    restarts=0
}

# field NAME [JOB]: of what Slurm knows of a job. Slurm may be too busy to answer.
field()
{
    on ctl scontrol -o show job "${2-$job}" 2>/dev/null | tr ' ' '\n' |
        awk -F= -v name="$1" '$1 == name && !seen++ { print $2 }'
}

log()
{
    cat ./*-"$job".log
}

# The same for a message: without most of the epochs.
excerpt()
{
    log | awk '/^epoch/ { last = $0; next } { if (last) print last; last = ""; print }' | tail -40
}

# until_so SECONDS WHAT COMMAND...: wait until the command succeeds; in vain if the job is over.
until_so()
{
    local end=$((SECONDS + $1)) what=$2
    shift 2
    until "$@" >/dev/null 2>&1; do
        if [ $SECONDS -ge $end ] || is_over; then
            "$@" >/dev/null 2>&1 || fail "job $job: not $what: $(field JobState): $(excerpt)"
        fi
        sleep 0.2
    done
}

is()
{
    [ "$(field JobState)" = "$1" ]
}

is_over()
{
    case $(field JobState) in
    COMPLETED | FAILED | CANCELLED | TIMEOUT | NODE_FAIL) ;;
    *) return 1 ;;
    esac
}

# ends STATE: wait for the job's end, which must be this one.
ends()
{
    until_so 120 over is_over
    is "$1" || fail "job $job: is $(field JobState), not $1: $(excerpt)"
}

was_requeued()
{
    [ "$(field Restarts)" -gt "$restarts" ]
}

# Its last attempt may still be COMPLETING.
start_now()
{
    if is PENDING; then on ctl scontrol update JobId="$job" StartTime=now; fi
    is RUNNING || is_over
}

# goes_on [RUN]: the job comes back into the queue, and if a run is named, to its end. It need not
# wait there for two minutes as usual; nor may it start at once, beside what its last attempt left.
goes_on()
{
    until_so 60 requeued was_requeued
    restarts=$((restarts + 1))
    [ $# = 0 ] || let_end "$1"
    sleep 3
    until_so 60 "started again" start_now
}

# said TEXT: in the job's log.
said()
{
    log | grep -q -e "$1"
}

# describe RUN EPOCHS: RUN.ini, which trains into RUN.
describe()
{
    cat >"$1.ini" <<END
[data]
input = glove.h5
[model]
objective = spine
hidden = 50
[train]
epochs = $2
batch_size = 128
evaluate_every = 0
checkpoint_every = 1
[output]
directory = $1
END
}

# How many epochs a run without end is let go on for.
endless=1000000

# let_end RUN: a run without end shall end a few epochs after where it is, when it comes back. So
# the tests take as long on fast machines as on slow ones.
let_end()
{
    describe "$1" $(($(wc -l <"$1/metrics.jsonl") + 3))
}

# begins_epoch RUN EPOCH: wait for it.
begins_epoch()
{
    until_so 60 "in epoch $2 of $1" grep -q "\"epoch\":$(($2 - 1))," "$1/metrics.jsonl"
}

# trained RUN: it is finished, and its metrics have a line for each epoch.
trained()
{
    local epochs
    epochs=$(sed -n 's/^epochs = //p' "$1.ini")
    [ -e "$1/codes.h5ad" ] || fail "$1 has no codes: $(excerpt)"
    [ "$(grep -o '"epoch":[0-9]*' "$1/metrics.jsonl")" = "$(seq -f '"epoch":%g' "$epochs")" ] ||
        fail "$1/metrics.jsonl has gaps: $(cut -c1-20 "$1/metrics.jsonl")"
}

# --- What must hold -------------------------------------------------------------------------------

# A job on two hosts trains, by mpirun; submitted again, it finds that nothing is left to do.
item_batch()
{
    describe batch 3
    submit -N 2 --ntasks-per-node=2 "$scripts/train.sbatch" batch.ini
    ends COMPLETED
    said '^2 hosts with 2 ranks each, ' || fail "$(excerpt)"
    said 'attempt 1 on n\[[1-4][,-][1-4]\] by mpirun, tasks: 4$' || fail "$(excerpt)"
    trained batch
    submit -N 2 --ntasks-per-node=1 "$scripts/train.sbatch" batch.ini
    ends COMPLETED
    said 'batch is finished: 3 epochs; nothing to do' || fail "$(excerpt)"
}

# The same by srun; and told to leave, the job is requeued and goes on to the end.
item_srun()
{
    describe srun $endless
    SPINE_LAUNCHER=srun submit -N 2 --ntasks-per-node=2 "$scripts/train.sbatch" srun.ini
    begins_epoch srun 2
    on ctl scancel --batch --signal=USR1 "$job"
    goes_on srun
    ends COMPLETED
    said 'by srun, tasks: 4$' || fail "$(excerpt)"
    said '^resuming after' || fail "began anew: $(excerpt)"
    trained srun
}

# A job that somebody requeues goes on; of the default objective, whose epochs aren't saved in part.
item_requeue()
{
    describe requeue $endless
    submit -N 2 --ntasks-per-node=1 "$scripts/train.sbatch" requeue.ini model.objective=nnse
    begins_epoch requeue 2
    on ctl scontrol requeue "$job"
    goes_on requeue
    ends COMPLETED
    said '^resuming after' || fail "began anew: $(excerpt)"
    trained requeue
}

# A job that is cancelled ends, and isn't requeued.
item_cancel()
{
    describe cancel $endless
    submit -N 2 --ntasks-per-node=1 "$scripts/train.sbatch" cancel.ini
    begins_epoch cancel 2
    on ctl scancel "$job"
    ends CANCELLED
    [ "$(field Restarts)" = 0 ] || fail "requeued: $(excerpt)"
}

# Another job merges the shards when the training is done; a training that fails takes it along.
item_merge()
{
    local training
    describe merge 3
    submit -N 2 --ntasks-per-node=1 "$scripts/train.sbatch" merge.ini output.merge=no
    submit -d "afterok:$job" --kill-on-invalid-dep=yes "$scripts/merge.sbatch" merge
    ends COMPLETED
    said '^merge/codes.h5ad: 2 shards, 5000 words x 50 dimensions' || fail "$(excerpt)"
    trained merge
    submit "$scripts/train.sbatch" merge.ini train.epoch=3
    training=$job
    submit -d "afterok:$training" --kill-on-invalid-dep=yes "$scripts/merge.sbatch" merge
    ends CANCELLED
    job=$training
    ends FAILED
    [ "$(field ExitCode)" = 2:0 ] || fail "exit code $(field ExitCode)"
    said "unknown option 'train.epoch'; the nearest is train.epochs" || fail "$(excerpt)"
}

# describe_sweep NAME EPOCHS: NAME.ini, a sweep of twelve trials in NAME.
describe_sweep()
{
    describe "$1" "$2"
    cat >>"$1.ini" <<END
[sweep]
method = grid
objective = minimize total
directory = $1
train.noise = 0.1, 0.2, 0.4
train.learning_rate = 0.001, 0.003, 0.01, 0.03
END
}

# all_complete COUNT: so many tasks end, and well; sets 'at_once' to how many were seen running
# together.
all_complete()
{
    local states end=$((SECONDS + 120)) tasks running
    at_once=0
    while ! tasks=$(on ctl squeue -h -r -j "$job" -o %T) || [ -n "$tasks" ]; do
        [ $SECONDS -lt $end ] || fail "job $job: tasks don't end: $(on ctl squeue -r)"
        running=$(grep -c RUNNING <<<"$tasks" || true)
        [ "$running" -le "$at_once" ] || at_once=$running
        sleep 0.2
    done
    states=$(on ctl scontrol -o show job "$job" | grep -o 'JobState=[A-Z]*')
    [ "$(grep -c COMPLETED <<<"$states")" = "$1" ] ||
        fail "job $job: ${states//$'\n'/ }: $(tail -n 20 ./*"-${job}_"*.log)"
}

# Eight tasks of an array, two at a time.
item_array()
{
    describe_sweep array 2
    submit --array=0-7%2 "$scripts/sweep.sbatch" array.ini
    all_complete 8
    [ "$at_once" = 2 ] || fail "$at_once tasks at once"
    on n1 spine-sweep summary array.ini >array.tsv
    [ "$(grep -c finished array.tsv)" = 8 ] || fail "$(cat array.tsv)"
}

# A task is requeued by itself, and goes on; the others don't notice.
item_task()
{
    describe_sweep task $endless
    submit --array=0-1 "$scripts/sweep.sbatch" task.ini
    local array=$job first
    job=${array}_1
    begins_epoch task/trials/0001 2
    first=$(head -n 1 task/trials/0001/metrics.jsonl)
    on ctl scancel --batch --signal=USR1 "$job"
    goes_on
    until_so 60 "tried again" said 'attempt 2 on'
    begins_epoch task/trials/0001 $(($(wc -l <task/trials/0001/metrics.jsonl) + 2))
    [ "$(head -n 1 task/trials/0001/metrics.jsonl)" = "$first" ] || fail "began anew: $(excerpt)"
    [ "$(field Restarts "${array}_0")" = 0 ] || fail "the other task was requeued, too"
    on ctl scancel "$array"
    ends CANCELLED
}

# A sweep's table is the same from an array as from one allocation.
item_sweep()
{
    describe_sweep by_array 2
    submit --array=0-11 "$scripts/sweep.sbatch" by_array.ini
    all_complete 12
    describe_sweep by_alloc 2
    submit -N 2 --ntasks-per-node=2 "$scripts/sweep-alloc.sbatch" by_alloc.ini
    ends COMPLETED
    on n1 spine-sweep summary by_array.ini >by_array.tsv
    [ "$(grep -c finished by_array.tsv)" = 12 ] || fail "$(cat by_array.tsv)"
    cmp by_array.tsv by_alloc/summary.tsv || fail "$(diff by_array.tsv by_alloc/summary.tsv)"
}

# A job that comes back again and again without having saved anything new ends.
item_stuck()
{
    mkdir -p stuck/bin stuck/scripts
    cat >stuck/bin/spine-mpi <<'END'
#!/bin/sh
[ "$1" != --print-config ] || echo "directory = stuck/run"
[ "$1" = --print-config ] || exit 75
END
    chmod +x stuck/bin/spine-mpi
    cp "$scripts"/* stuck/scripts # where no programs are beside them
    PATH=$PWD/stuck/bin:$PATH submit stuck/scripts/train.sbatch stuck.ini
    goes_on
    goes_on
    ends FAILED
    [ "$(field ExitCode)" = 75:0 ] || fail "exit code $(field ExitCode)"
    said 'three attempts in a row have saved nothing new' || fail "$(excerpt)"
}

# A job that hits its time limit goes on until all is done.
item_limit()
{
    describe limit $endless
    # Slurm counts in minutes: the signal 45 seconds before the end of one comes after 15 or fewer.
    submit -t 1 --signal=B:USR1@45 -N 2 --ntasks-per-node=1 "$scripts/train.sbatch" limit.ini
    goes_on
    goes_on limit
    ends COMPLETED
    [ "$(log | grep -c 'USR1: the ranks save and leave')" = 2 ] || fail "$(excerpt)"
    [ "$(log | grep -c '^resuming after')" = 2 ] || fail "$(excerpt)"
    trained limit
}

# begin_on_two RUN: start it on two hosts, and set 'script_host' and 'other_host'.
begin_on_two()
{
    describe "$1" $endless
    submit -N 2 --ntasks-per-node=1 "$scripts/train.sbatch" "$1.ini"
    begins_epoch "$1" 2
    script_host=$(field BatchHost)
    other_host=$(on ctl scontrol show hostnames "$(field NodeList)" | grep -vx "$script_host")
}

# is_down HOST: Slurm knows it.
is_down()
{
    on ctl sinfo -h -N -n "$1" -o %T | grep -q '^down'
}

# finishes_without HOST RUN: the job is requeued, and trains to its end on other hosts.
finishes_without()
{
    until_so 60 "requeued without $1" eval "was_requeued && is_down $1"
    goes_on "$2"
    ends COMPLETED
    said '^resuming after' || fail "began anew: $(excerpt)"
    trained "$2"
}

# A host is powered off: mpirun says 205, and the script requeues the job.
item_lost()
{
    begin_on_two lost
    power_off "$other_host"
    finishes_without "$other_host" lost
    said 'status 205: back into the queue' || fail "$(excerpt)"
    node_start "${other_host#n}"
}

# A host is unplugged, and nobody is told.
item_unplugged()
{
    begin_on_two unplugged
    unplug "$other_host"
    finishes_without "$other_host" unplugged
    said 'status 205: back into the queue' || fail "$(excerpt)"
    plug_in "$other_host"
}

# The host with the script is powered off: Slurm requeues the job itself.
item_script_lost()
{
    begin_on_two script_lost
    power_off "$script_host"
    finishes_without "$script_host" script_lost
    node_start "${script_host#n}"
}

# --- All of them ----------------------------------------------------------------------------------

# conclude ITEM STATUS SECONDS
failures=0
conclude()
{
    if [ "$2" = 0 ]; then
        echo "ok      $1  $3 s"
    else
        echo "FAILED  $1  $3 s: $(cat "$1.out")"
        failures=$((failures + 1))
    fi
}

# perform ITEM: in a shell of its own, which ends at the first failure.
perform()
{
    local began=$SECONDS status=0
    (trap - EXIT && "item_$1") >"$1.out" 2>&1 &
    wait $! || status=$?
    conclude "$1" $status $((SECONDS - began))
}

cleanup() { hosts_end; }
sample glove.h5
began=$SECONDS
cluster_start 4 4
echo "        4 hosts with Slurm $(on ctl sinfo --version | cut -d' ' -f2)  $((SECONDS - began)) s"
for item in "${items[@]}"; do
    perform "$item"
done
[ $failures = 0 ] || fail "$failures of ${#items[@]} items failed"
