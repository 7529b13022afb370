#!/usr/bin/env bash
# A full disk, wherever it strikes, ends the run with one line that names the file; nothing
# half-written has a final name, and when there is room again the run goes on where it stood.
set -euo pipefail
# shellcheck source=tests/cli/lib.sh
. "$(dirname "$0")/lib.sh"
need_python h5py
limit=200 # seconds, after which it is a hang
trainer=$SPINE_BIN/spine-mpi

mkdir small
cleanup()
{
    umount "$scratch/small" 2>/dev/null || true
}
mount -t tmpfs -o size=64m tmpfs small 2>/dev/null ||
    skip "THE FULL DISK IS NOT TESTED: only root may mount one"

sample glove.h5
cat >run.ini <<'END'
[data]
input = glove.h5
[model]
objective = spine
hidden = 200
[train]
epochs = 40
batch_size = 100
learning_rate = 0.00005
evaluate_every = 7
check_room = no
[output]
formats = h5ad, txt
END

# begin ARGUMENT...: a run in small/run in the background: job is mpirun's process.
begin()
{
    mpirun --timeout "$limit" -np 2 "$trainer" run.ini output.directory=small/run "$@" \
        >stdout 2>stderr </dev/null &
    job=$!
}

await_end()
{
    status=0
    wait $job || status=$?
}

# await_lines COUNT: until the run has trained so many epochs.
await_lines()
{
    local lines _
    for _ in $(seq 3000); do
        count_lines small/run/metrics.jsonl
        [ "$lines" -lt "$1" ] || return 0
        kill -0 $job 2>/dev/null || fail "the run ended too early: $(cat stderr)"
        pause 0.02
    done
    fail "the run makes no progress: $(cat stderr)"
}

# failed PATTERN: the last run's status, and its only line, about a file.
failed()
{
    [ "$status" = 1 ] || fail "status $status, expected 1: $1: $(cat stderr)"
    one_line spine-mpi "$1: No space left on device"
    [ ! -e small/run/model.h5 ] || fail "a run that failed has a model"
    [ -z "$(find small -name '*.part')" ] || fail "left half-written: $(find small -name '*.part')"
}

# leave_free KILOBYTES: fill the disk up to so many.
leave_free()
{
    local free
    rm -f small/filler
    free=$(df --output=avail -k small | tail -n 1)
    # Where nothing is to be left, a run may be faster to take the last of it.
    head -c $(((free - $1) * 1024)) /dev/zero >small/filler 2>filling || [ "$1" = 0 ] ||
        fail "the disk isn't filled: $(cat filling)"
}

# kilobytes FILE...
kilobytes()
{
    du -ck "$@" | tail -n 1 | cut -f1
}

# goes_on: there is room again.
goes_on()
{
    rm -f small/filler
    train 2 run.ini output.directory=small/run
    grep -q "^resuming after" stderr || fail "began anew: $(cat stderr)"
    $python "$SPINE_SOURCE/tests/cli/resumed_run.py" --exact whole small/run >/dev/null ||
        fail "the run isn't what it would have been"
    cmp whole/codes.txt small/run/codes.txt
}

train 2 run.ini output.directory=whole
checkpoint_size=$(kilobytes whole/checkpoint-*.h5)

# --- A checkpoint: saved behind, saved now ------------------------------------------------------------

leave_free $((checkpoint_size * 3 / 2))
begin train.checkpoint_every=5
await_end
failed "rank 0: small/run/checkpoint-0000000500.h5: can't *"
# At the latest when the next checkpoint is due.
[ "$(wc -l <small/run/metrics.jsonl)" -le 15 ] || fail "the failure was told late"
[ -e small/run/checkpoint-0000000250.h5 ] || fail "the checkpoint before is gone: $(ls small/run)"
goes_on
rm -r small/run

leave_free $((checkpoint_size * 3 / 2))
begin
await_lines 4
kill -USR1 $job
await_end
[ "$status" = 75 ] || fail "status $status, expected 75: $(cat stderr)"
begin
await_lines 10
kill -USR1 $job
await_end
failed "rank 0: small/run/checkpoint-*.h5: can't *"
[ "$(find small/run -name 'checkpoint-*.h5' | wc -l)" = 1 ] || fail "$(ls small/run)"
goes_on
rm -r small/run

# --- metrics.jsonl --------------------------------------------------------------------------------------

begin
await_lines 4
kill -USR1 $job
await_end
begin
await_lines 8
leave_free 0
await_end
failed "rank 0: small/run/metrics.jsonl"
goes_on

# --- What follows training ------------------------------------------------------------------------------

# results_in KILOBYTES PATTERN: a trained run writes its results where so much is free.
shards_size=$(kilobytes whole/shards) h5ad_size=$(kilobytes whole/codes.h5ad)
txt_size=$(kilobytes whole/codes.txt) index_size=$(kilobytes whole/codes.index)
results_in()
{
    rm -rf small/run/model.h5 small/run/codes.* small/run/shards
    mkdir -p small/run/shards
    leave_free "$1"
    attempt mpirun -np 2 "$trainer" run.ini output.directory=small/run
    failed "$2"
    [ -e small/run/checkpoint-0000002000.h5 ] || fail "the checkpoint is gone: $(ls small/run)"
}

results_in $((shards_size / 2)) "*small/run/shards/codes-0000?.h5: can't *"
results_in $((shards_size + h5ad_size / 2)) "rank 0: small/run/codes.h5ad: can't *"
rm small/filler
run "$SPINE_BIN/spine-merge" small/run # the shards are whole: nothing is lost
results_in $((shards_size + h5ad_size + txt_size / 2)) "rank 0: small/run/codes.txt"
[ ! -e small/run/codes.h5ad ] || fail "one of two formats was left"
results_in $((shards_size + h5ad_size + txt_size + index_size / 2)) "rank 0: small/run/codes.index"
results_in $((shards_size + h5ad_size + txt_size + index_size + 40)) "rank 0: small/run/model.h5: can't *"
goes_on
