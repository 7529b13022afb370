#!/usr/bin/env bash
# Stopping doesn't matter: a run that is asked to leave, runs out of time or is killed goes on where
# it stood, on any number of ranks, and comes to what it would have come to. What can't go on is
# refused, and says why.
set -euo pipefail
# shellcheck source=tests/cli/lib.sh
. "$(dirname "$0")/lib.sh"
need_python h5py
limit=200 # seconds, after which it is a hang
trainer=$SPINE_BIN/spine-mpi
# A killed rank leaves its shared memory behind: put it where the test cleans up.
export OMPI_MCA_btl_vader_backing_directory=$scratch

sample glove.h5
# A rate so low that rounding doesn't grow: the losses on other ranks agree to 1e-6.
cat >run.ini <<'END'
[data]
input = glove.h5
[model]
objective = spine
hidden = 200
[train]
epochs = 40
batch_size = 50
learning_rate = 0.00005
evaluate_every = 7
END
epochs=40 steps=100 # of an epoch

# begin RANKS ARGUMENT...: a run in the background: job is mpirun's process.
begin()
{
    local ranks=$1
    shift
    mpirun --timeout "$limit" -np "$ranks" "$trainer" "$@" >stdout 2>stderr </dev/null &
    job=$!
}

# await COMMAND...: until it succeeds; fails when the run ends before. mpirun ends a run that hangs.
await()
{
    until "$@"; do
        kill -0 $job 2>/dev/null || fail "ended too early for '$*': $(cat stderr)"
        pause 0.02
    done
}

# has_lines RUN COUNT: has it trained so many epochs?
has_lines()
{
    local lines
    count_lines "$1/metrics.jsonl"
    [ "$lines" -ge "$2" ]
}

# await_lines RUN COUNT
await_lines()
{
    await has_lines "$@"
}

# await_end: set 'status'.
await_end()
{
    status=0
    wait $job || status=$?
}

# left RUN: the last run left with status 75 and the sentence.
left()
{
    [ "$status" = 75 ] || fail "status $status, expected 75: $1: $(cat stderr)"
    one_line spine-mpi "saved $1 after epoch *, step *; run the same command again to resume"
    left_step=$(sed -n 's/.* after epoch [0-9]*, step \([0-9]*\); .*/\1/p' stderr)
    [ -n "$left_step" ] || fail "no step: $(cat stderr)"
    [ ! -e "$1/model.h5" ] || fail "$1 was left, and has a model"
    no_codes "$1"
}

# has_newer RUN CHECKPOINT: has it a newer one?
has_newer()
{
    [ "$(checkpoints "$1" | tail -n 1)" != "$2" ]
}

# as_if_never_stopped [--exact] RUN
as_if_never_stopped()
{
    $python "$SPINE_SOURCE/tests/cli/resumed_run.py" "${@:1:$#-1}" whole "${!#}" >/dev/null ||
        fail "${!#} isn't what it would have been"
    [ -z "$(find "${!#}" -name '*.part')" ] || fail "half-written files are left in ${!#}"
}

# take_over RUN: the same command again, of a run whose mpirun was killed: its ranks end by themselves.
take_over()
{
    for _ in $(seq 100); do
        attempt mpirun -np 2 "$trainer" run.ini output.directory="$1"
        grep -q "another process is training in" stderr || break
        sleep 0.1
    done
    [ "$status" = 0 ] || fail "status $status: $(cat stderr)"
}

# checkpoints RUN: their paths, oldest first.
checkpoints()
{
    find "$1" -name 'checkpoint-*.h5' | sort
}

train 2 run.ini output.directory=whole

# --- Asked to leave ---------------------------------------------------------------------------------

mid_epoch=no
for lines in 3 10 17; do
    begin 2 run.ini output.directory=asked
    await_lines asked $lines
    kill -USR1 $job
    await_end
    left asked
    [ "$left_step" = 0 ] || mid_epoch=yes
done
[ $mid_epoch = yes ] || fail "no run was left in mid-epoch"
train 2 run.ini output.directory=asked
grep -q '^resuming after epoch [1-3][0-9], step [0-9]*$' stderr || fail "silent: $(cat stderr)"
as_if_never_stopped --exact asked
run mpirun -np 2 "$trainer" run.ini output.directory=asked
[ "$(cat stderr)" = "asked is finished: $epochs epochs; nothing to do" ] || fail "$(cat stderr)"

lines=1
for ranks in 1 2 3 4 2; do
    begin $ranks run.ini output.directory=ranks
    await_lines ranks $((lines += 4))
    kill -USR1 $job
    await_end
    left ranks
done
train 3 run.ini output.directory=ranks
as_if_never_stopped ranks

# --- Asked to save ----------------------------------------------------------------------------------

begin 2 run.ini output.directory=saved train.checkpoint_keep=1000
await_lines saved 3
kill -USR2 $job
await_end
[ "$status" = 0 ] || fail "USR2 ended the run with $status: $(cat stderr)"
as_if_never_stopped --exact saved
# The ranks learn of it one after another, and save once; and at the end.
[ "$(checkpoints saved | wc -l)" = 2 ] || fail "asked for a checkpoint: $(ls saved)"

# With units divided among hosts, which gather all for a checkpoint. The runs don't end by themselves.
over_hosts=(run.ini train.batch_size=500 train.schedule=constant train.warmup=0)
lines=0
for trial in 3:1:1x3 4:2:1x4; do
    IFS=: read -r ranks host grid <<<"$trial"
    SPINE_RANKS_PER_NODE=$host begin "$ranks" "${over_hosts[@]}" output.directory=hosts parallel.grid="$grid" \
        train.epochs=1000000
    await_lines hosts $((lines + 1))
    newest=$(checkpoints hosts | tail -n 1)
    kill -USR2 $job
    await has_newer hosts "$newest"
    kill -USR1 $job
    await_end
    left hosts
    lines=$(wc -l <hosts/metrics.jsonl)
done
for directory in hosts unstopped; do
    train 1 "${over_hosts[@]}" output.directory=$directory train.epochs=$((lines + 1))
done
$python "$SPINE_SOURCE/tests/cli/resumed_run.py" --exact unstopped hosts >/dev/null ||
    fail "stopped with units on several hosts, it isn't what it would have been"

# --- Told to end ------------------------------------------------------------------------------------

# mpirun passes it on after about a second and kills the ranks two seconds later.
begin 2 run.ini output.directory=long train.epochs=4000
await_lines long 4
kill -TERM $job
await_end
case $status in
0) fail "SIGTERM ended nothing" ;;
75) left long ;;
esac
[ -n "$(checkpoints long)" ] || fail "SIGTERM to mpirun, and nothing is saved: $(cat stderr)"
# The ranks themselves, as scancel and Slurm's time limit do:
begin 2 run.ini output.directory=told
await_lines told 12
pkill -TERM -P $job
await_end
left told
train 2 run.ini output.directory=told
as_if_never_stopped --exact told

# --- Out of time ------------------------------------------------------------------------------------

# leaves_short_of_time RUN COMMAND...: with too little time it saves and leaves; with more, it resumes.
leaves_short_of_time()
{
    local directory=$1
    shift
    attempt "$@" output.directory="$directory"
    left "$directory"
    train 2 run.ini output.directory="$directory"
    as_if_never_stopped --exact "$directory"
}

leaves_short_of_time minutes mpirun -np 2 "$trainer" run.ini train.time_limit=0.006 \
    train.grace_seconds=0.2
# shellcheck disable=SC2016 # the inner shell expands it
leaves_short_of_time slurm bash -c 'SLURM_JOB_END_TIME=$(($(date +%s) + 2)) exec "$@"' - \
    mpirun -np 2 "$trainer" run.ini train.grace_seconds=1.8
SLURM_JOB_END_TIME=$(($(date +%s) - 100)) attempt mpirun -np 2 "$trainer" run.ini \
    output.directory=late
left late

# --- More epochs, and other options -------------------------------------------------------------------

cp -r whole more
train 2 run.ini output.directory=more train.epochs=43
grep -q "^train.epochs was 40, is 43: the schedule of the learning rate follows it; " stderr ||
    fail "what happens to the learning rate isn't said: $(cat stderr)"
[ "$(wc -l <more/metrics.jsonl)" = 43 ] || fail "more epochs: $(wc -l <more/metrics.jsonl) lines"
cmp <(head -n $epochs whole/metrics.jsonl) <(head -n $epochs more/metrics.jsonl)
cmp -s whole/codes.h5ad more/codes.h5ad && fail "more epochs made the same codes"
newest=$(checkpoints whole | tail -n 1)
refused spine-mpi "train.epochs: is 39, but $newest is of epoch 40" \
    "$trainer" run.ini output.directory=whole train.epochs=39

# other_options TEXT OVERRIDE...
other_options()
{
    local text=$1
    shift
    refused spine-mpi "$newest: $text" "$trainer" run.ini output.directory=whole "$@"
}

cp whole/model.h5 before.h5
other_options "was saved with different options: model.hidden was 200, is 100; change them back, or choose another output.directory" model.hidden=100
other_options "was saved with different options: loss.sparsity was 0.85, is 0.9; train.batch_size was 50,\
 is 40; change them back, or choose another output.directory" loss.sparsity=0.9 train.batch_size=40
$python - <<'END'
import h5py, shutil
shutil.copy("glove.h5", "other.h5")
with h5py.File("other.h5", "r+") as file:
    file["vectors"][4999, 99] += 1
END
other_options "is of another input: 5000 rows x 100 numbers, checksum *; other.h5 has 5000 rows x\
 100 numbers, checksum *" data.input=other.h5
cmp whole/model.h5 before.h5 || fail "a refused run changed the model"
cp glove.h5 moved.h5
run "$trainer" run.ini output.directory=whole data.input=moved.h5
grep -q "nothing to do" stderr || fail "the same input elsewhere: $(cat stderr)"

# --- Damaged checkpoints ------------------------------------------------------------------------------

# stopped RUN OVERRIDE...: a run that was left with 2 checkpoints or more.
stopped()
{
    local directory=$1
    shift
    begin 2 run.ini train.checkpoint_every=2 output.directory="$directory" "$@"
    await_lines "$directory" 9
    kill -USR1 $job
    await_end
    left "$directory"
}

# damage FILE: a byte in its middle.
damage()
{
    $python - "$1" <<'END'
import os, sys
with open(sys.argv[1], "r+b") as file:
    file.seek(os.path.getsize(sys.argv[1]) // 2)
    byte = file.read(1)
    file.seek(-1, 1)
    file.write(bytes([byte[0] ^ 4]))
END
}

stopped damaged train.checkpoint_keep=3
[ "$(checkpoints damaged | wc -l)" = 3 ] || fail "checkpoint_keep=3 keeps $(ls damaged)"
cp -r damaged all-damaged
newest=$(checkpoints damaged | tail -n 1)
damage "$newest"
train 2 run.ini output.directory=damaged train.checkpoint_keep=1
grep -qx "spine-mpi: \[rank 0\] warning: $newest: is damaged: .*; going back to the checkpoint before\
 it" stderr || fail "the damaged checkpoint isn't named: $(cat stderr)"
as_if_never_stopped --exact damaged
[ "$(checkpoints damaged)" = damaged/checkpoint-000000$((epochs * steps)).h5 ] ||
    fail "checkpoint_keep=1 keeps $(ls damaged)"

for file in $(checkpoints all-damaged); do
    truncate -s -100 "$file"
done
attempt mpirun -np 2 "$trainer" run.ini output.directory=all-damaged
[ "$status" = 2 ] || fail "all checkpoints are damaged, and the status is $status: $(cat stderr)"
[ "$(grep -c 'is cut off, .*; going back' stderr)" = 3 ] || fail "not 3 named: $(cat stderr)"
grep -qx "spine-mpi: all-damaged: has no intact checkpoint; output.overwrite = yes starts a new\
 run and keeps this one in all-damaged/replaced until the new one is finished" stderr ||
    fail "$(cat stderr)"
[ "$(checkpoints all-damaged | wc -l)" = 3 ] || fail "damaged checkpoints were removed"
train 2 run.ini output.directory=all-damaged output.overwrite=yes
as_if_never_stopped --exact all-damaged

# A finished run that is replaced is trained from the beginning, with nothing of its checkpoint.
for time in first second; do
    train 2 run.ini output.directory=twice output.overwrite=yes train.epochs=4
    cp twice/model.h5 $time.h5
done
cmp first.h5 second.h5 || fail "trained once more, a run has another model: $(cat stderr)"

# --- From a checkpoint that is named --------------------------------------------------------------------

stopped first
from=$(checkpoints first | head -n 1)
for overwrite in no yes; do
    refused spine-mpi "train.resume: $from is in output.directory, whose run would be replaced; name\
 another directory" \
        "$trainer" run.ini output.directory=first train.resume="$from" output.overwrite=$overwrite
done
[ -e "$from" ] || fail "$from was removed"
begin 2 run.ini output.directory=second train.resume="$from"
await_lines second 3
kill -KILL $job
await_end
[ -n "$(checkpoints second)" ] || fail "a run from another's checkpoint has none of its own"
take_over second
done_before=$(sed -n 's/^resuming after epoch \([0-9]*\),.*/\1/p' stderr)
[ "$(head -n 1 second/metrics.jsonl | cut -d, -f1)" = "{\"epoch\":$((done_before + 1))" ] ||
    fail "from epoch $done_before on: $(head -n 1 second/metrics.jsonl)"
head -n "$done_before" whole/metrics.jsonl | cat - second/metrics.jsonl >joined
mv joined second/metrics.jsonl
as_if_never_stopped --exact second
refused spine-mpi "none.h5: No such file or directory" \
    "$trainer" run.ini output.directory=third train.resume=none.h5
refused spine-mpi "glove.h5: is cut off, or not a checkpoint" \
    "$trainer" run.ini output.directory=third train.resume=glove.h5

# The command that a run leaves with, given again, resumes it, whatever else is in the command.
from=$(checkpoints first | tail -n 1)
for overwrite in no yes; do
    begin 2 run.ini train.checkpoint_every=2 output.directory=again-$overwrite train.resume="$from" \
        output.overwrite=$overwrite
    await_lines again-$overwrite 3
    kill -USR1 $job
    await_end
    left again-$overwrite
    saved=$(checkpoints again-$overwrite | tail -n 1)
    train 2 run.ini output.directory=again-$overwrite train.resume="$from" output.overwrite=$overwrite
    grep -q "resuming from the checkpoints in again-$overwrite; $from is only where the run started" stderr ||
        fail "$(cat stderr)"
    [ "$(sed -n 's/^resuming after epoch \([0-9]*\),.*/\1/p' stderr)" -gt 2 ] ||
        fail "$saved was not resumed from: $(cat stderr)"
done

# --- Replacing a run ----------------------------------------------------------------------------------

# What the same configuration can resume is never replaced.
stopped overwritten output.overwrite=yes
saved=$(checkpoints overwritten | tail -n 1)
train 2 run.ini output.directory=overwritten output.overwrite=yes
grep -q "^resuming after epoch" stderr || fail "$saved was not resumed from: $(cat stderr)"
as_if_never_stopped --exact overwritten

# What it replaces, another's or a finished run, stays until the new one is finished.
for other in train.seed=2 train.epochs=40; do
    cp overwritten/model.h5 before.h5
    begin 2 run.ini train.checkpoint_every=2 output.directory=overwritten output.overwrite=yes $other
    await test -e overwritten/replaced
    await_lines overwritten 5
    kill -USR1 $job
    await_end
    left overwritten
    grep -q "^the earlier run is kept in overwritten/replaced until this one is finished" stderr ||
        fail "$(cat stderr)"
    cmp before.h5 overwritten/replaced/model.h5 || fail "the replaced run's model isn't there"
    [ -e overwritten/replaced/shards/codes-00000.h5 ] || fail "nor are its shards"
    train 2 run.ini output.directory=overwritten output.overwrite=yes $other
    grep -q "^resuming after epoch" stderr || fail "not resumed: $(cat stderr)"
    [ ! -e overwritten/replaced ] || fail "$(ls overwritten/replaced) is left"
done
as_if_never_stopped --exact overwritten

# Codes whose model and checkpoints somebody removed are no leftovers.
mkdir codes-only
cp overwritten/codes.h5ad codes-only
refused spine-mpi "output.directory: codes-only holds a finished run without its checkpoint; name\
 another one or set output.overwrite = yes" "$trainer" run.ini output.directory=codes-only
[ -e codes-only/codes.h5ad ] || fail "codes-only/codes.h5ad was removed"

# --- Two runs on one directory ------------------------------------------------------------------------

begin 2 --quiet run.ini output.directory=shared train.epochs=100000
await_lines shared 2
refused spine-mpi "output.directory: another process is training in shared" \
    mpirun -np 2 "$trainer" run.ini output.directory=shared
refused spine-mpi "output.directory: another process is training in shared" \
    "$trainer" run.ini output.directory=shared output.overwrite=yes
await_lines shared $(($(wc -l <shared/metrics.jsonl) + 1)) # the first goes on
kill -KILL $job
await_end

# --- Killed ---------------------------------------------------------------------------------------------

# Before the first checkpoint:
begin 2 run.ini output.directory=killed
await_lines killed 1
kill -KILL $job
await_end
[ -z "$(checkpoints killed)" ] || fail "there is a checkpoint: $(ls killed)"
take_over killed
if grep -q "resuming" stderr; then
    fail "went on without a checkpoint: $(cat stderr)"
fi
as_if_never_stopped --exact killed

# After the last one, in all the ways there are:
for file in model.h5 codes.h5ad shards/codes-00001.h5; do
    rm killed/model.h5 killed/$file 2>/dev/null || true
    touch killed/$file.part
    train 2 run.ini output.directory=killed
    as_if_never_stopped --exact killed
done
