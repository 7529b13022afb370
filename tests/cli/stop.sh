#!/usr/bin/env bash
# train.stop_after: a run that is ended early for now has results, and goes on to the same end.
set -euo pipefail
# shellcheck source=tests/cli/lib.sh
. "$(dirname "$0")/lib.sh"
trainer=$SPINE_BIN/spine-mpi

sample glove.h5
cat >run.ini <<'END_INI'
[data]
input = glove.h5
limit = 1000
[model]
objective = spine
hidden = 40
[train]
epochs = 6
evaluate_every = 2
[sweep]
method = grid
END_INI

train 2 run.ini output.directory=whole
grep -qx 'run.ini: \[sweep\] is ignored; spine-sweep runs it' stderr ||
    fail "nothing is said of [sweep]: $(cat stderr)"

train 2 run.ini output.directory=parts train.stop_after=3
[ "$(wc -l <parts/metrics.jsonl)" = 3 ] || fail "stopped after $(wc -l <parts/metrics.jsonl) epochs"
tail -n 1 parts/metrics.jsonl | grep -q explained_variance || fail "its last epoch isn't measured"
for name in codes.h5ad model.h5; do
    [ -e "parts/$name" ] || fail "it left no $name"
done
train 2 run.ini output.directory=parts train.stop_after=3
grep -qx 'parts is finished up to train.stop_after: 3 epochs; nothing to do' stderr ||
    fail "said: $(cat stderr)"
refused spine-mpi "train.stop_after: is 2, but parts/checkpoint-*.h5 is of epoch 3" \
    mpirun -np 2 "$trainer" run.ini output.directory=parts train.stop_after=2
train 2 run.ini output.directory=parts train.stop_after=5
train 2 run.ini output.directory=parts
for name in codes.h5ad shards/codes-00001.h5; do
    cmp "whole/$name" "parts/$name" || fail "stopping changed $name"
done

# The schedule is that of all epochs.
rates() { sed 's/.*"learning_rate":\([^,]*\),.*/\1/' "$1"; }
cmp <(rates whole/metrics.jsonl) <(rates parts/metrics.jsonl) || fail "stopping changed the rates"
