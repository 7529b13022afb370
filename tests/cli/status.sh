#!/usr/bin/env bash
# The state of a run is one for all programs: spine-mpi --status prints it, and programs that need what
# an unfinished run doesn't have yet say it.
set -euo pipefail
# shellcheck source=tests/cli/lib.sh
. "$(dirname "$0")/lib.sh"

# state STATUS PATTERN: what spine-mpi --status prints of the run, and its exit status.
state()
{
    attempt "$SPINE_BIN/spine-mpi" --status run
    [ "$status" = "$1" ] || fail "--status: $status, expected $1: $(cat stdout stderr)"
    # shellcheck disable=SC2053 # it is a pattern
    [[ $(cat stdout) == "run: "$2 ]] || fail "--status: '$(cat stdout)', expected '$2'"
}

# unfinished PATTERN: what the programs that read codes or the model say.
unfinished()
{
    refused spine-top "run: $1" "$SPINE_BIN/spine-top" run
    refused spine-merge "run: $1" "$SPINE_BIN/spine-merge" run -o codes.txt
    refused spine-merge "run: $1" "$SPINE_BIN/spine-merge" run --model model.npz
    refused spine-report "run: $1" "$SPINE_BIN/spine-report" run -o report.html
    refused spine-eval "run: $1" "$SPINE_BIN/spine-eval" run
    refused spine-encode "run: $1" "$SPINE_BIN/spine-encode" run glove.h5 -o codes.txt
    if [ -e codes.txt ] || [ -e report.html ]; then
        fail "one of them wrote something"
    fi
}

sample glove.h5
cat >run.ini <<'END'
[data]
input = glove.h5
limit = 600
[model]
objective = spine
hidden = 20
[train]
epochs = 4
END

mkdir run
state 2 'is not the directory of a run'
refused spine-mpi '--status needs the directory of one run; see spine-mpi --help' \
    "$SPINE_BIN/spine-mpi" --status

# --- Paused -----------------------------------------------------------------------------------------

# Checkpoints behind the training end after an epoch; the run itself is ended in the middle of one.
train 1 run.ini train.checkpoint_every=2 train.checkpoint_keep=9
rm run/model.h5 run/codes.h5ad run/shards/*
cp -r run all
state 75 'has trained 4 of 4 epochs, but its codes are incomplete; run the same command to write them'
mapfile -t checkpoints < <(cd run && echo checkpoint-*.h5 | tr ' ' '\n')
[ "${#checkpoints[@]}" = 2 ] || fail "checkpoints: ${checkpoints[*]}"
rm "run/${checkpoints[1]}"
paused='saved after 2 of 4 epochs; run the same command to resume, or train.stop_after=2 for codes now'
state 75 "$paused"
unfinished "$paused"
train 1 run.ini train.stop_after=2 # as it says
state 0 'is finished up to train.stop_after: 2 of 4 epochs; a higher train.stop_after resumes'
run "$SPINE_BIN/spine-top" run

attempt "$SPINE_BIN/spine-mpi" run.ini output.directory=early train.time_limit=0.001
[ "$status" = 75 ] || fail "status $status, expected 75: $(cat stderr)"
grep -q "time_limit: 0.06 s leaves no time to train" stderr || fail "nothing said of it: $(cat stderr)"
rm -r run
mv early run
state 75 'saved after 0 of 4 epochs and * step*; run the same command to resume, or *'
rm run/checkpoint-*
state 75 'was begun and has saved nothing yet; run the same command to start again'

# --- Running ----------------------------------------------------------------------------------------

"$SPINE_BIN/spine-mpi" run.ini train.epochs=1000000 >log 2>&1 &
pid=$!
cleanup() { kill -9 $pid 2>/dev/null || true; }
for ((i = 0; i < 600; i++)); do
    [ ! -s run/metrics.jsonl ] || break
    sleep .1
done
state 75 "is running on $(hostname) (process $pid, 1 rank) since 20*: * of 1000000 epochs, about * left"
unfinished 'is running on *'
cleanup
wait $pid 2>/dev/null || true
grep -Eq '^epoch 1/1000000  loss .* words/s  [0-9]+ (s|min [0-9]+ s|h [0-9]+ min) left$' log ||
    fail "the log has no time left: $(head -5 log)"

# --- Damaged ----------------------------------------------------------------------------------------

rm -r run
cp -r all run
for checkpoint in "${checkpoints[@]}"; do
    printf 'damage' | dd of="run/$checkpoint" bs=1 seek=9000 conv=notrunc status=none
done
state 1 "is damaged: run/${checkpoints[0]}: *"
cp all/"${checkpoints[0]}" run
state 75 "$paused"
