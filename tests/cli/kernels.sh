#!/usr/bin/env bash
# The mode of a step doesn't matter: dense, sparse and auto train the same model, on one rank and on
# several. And --timeline shows what each rank does in a step, and its waiting.
set -euo pipefail
# shellcheck source=tests/cli/lib.sh
. "$(dirname "$0")/lib.sh"
need_python h5py

sample glove.h5
cat >run.ini <<'END'
[data]
input = glove.h5
limit = 2000
[model]
objective = spine
hidden = 300
[train]
epochs = 4
optimizer = sgd
learning_rate = 20
[output]
overwrite = yes
END

train 1 run.ini output.directory=dense train.kernel=dense
for kernel in sparse auto; do
    for ranks in 1 3; do
        train $ranks run.ini output.directory=$kernel$ranks train.kernel=$kernel
        same dense $kernel$ranks
    done
done
# A run begins with half of the units active, dense; auto had something to choose if it ended sparse.
awk -F'"density":' 'END { exit !($2 + 0 < 0.3) }' dense/metrics.jsonl || fail "auto stayed dense"

attempt "$SPINE_BIN/spine-mpi" run.ini train.kernel=fast
[ "$status" = 2 ] || fail "status $status for an unknown kernel"
grep -qx "spine-mpi: command line: train.kernel: 'fast' is none of auto|dense|sparse" stderr ||
    fail "$(cat stderr)"

# What computed is in a checkpoint, and said when it is another.
train 1 run.ini output.directory=other train.stop_after=1 train.epochs=2
OPENBLAS_CORETYPE=Prescott run "$SPINE_BIN/spine-mpi" run.ini output.directory=other train.epochs=2
if grep -q "Prescott kernels" stderr; then
    grep -q "^before: .*; now: .*Prescott kernels: results differ in their last digits" stderr ||
        fail "other kernels aren't said: $(cat stderr)"
fi

# --- The timeline ---------------------------------------------------------------------------------

train 2 run.ini --timeline=timeline.json model.hidden=2000 data.limit=500 train.epochs=2 \
    train.learning_rate=1
$python - <<'END' || fail "the timeline is not what it should be"
import json
events = [e for e in json.load(open("timeline.json")) if e["ph"] == "X"]
assert {e["pid"] for e in events} == {0, 1}, "two ranks"
for rank in 0, 1:
    mine = [e for e in events if e["pid"] == rank]
    named = lambda name: [(e["ts"], e["ts"] + e["dur"]) for e in mine if e["name"] == name]
    for part in "batch", "decode", "gradient":
        assert len(named(part)) == len(named("encode")) > 0, f"a step has one {part}"
    assert len(named("wait")) >= 3 * len(named("encode")), "ranks meet three times a step"
    assert all(end >= begin for e in mine for begin, end in named(e["name"]))
END
attempt "$SPINE_BIN/spine-mpi" run.ini --timeline=none/timeline.json
[ "$status" = 2 ] || fail "status $status for a timeline in no directory"
attempt "$SPINE_BIN/spine-mpi" run.ini --timeline
[ "$status" = 2 ] || fail "status $status for --timeline without a file"
