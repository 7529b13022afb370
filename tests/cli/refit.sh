#!/usr/bin/env bash
# train.refit: the decoder that numpy finds, the same codes, on any number of ranks.
set -euo pipefail
# shellcheck source=tests/cli/lib.sh
. "$(dirname "$0")/lib.sh"
need_python numpy h5py scipy

trainer=$SPINE_BIN/spine-mpi
sample glove.h5
cat >run.ini <<'INI'
[data]
input = glove.h5
limit = 3000
[model]
objective = spine
hidden = 150
[train]
epochs = 6
INI
train 1 run.ini output.directory=trained
train 1 run.ini train.refit=yes output.directory=refitted
grep -q '^refitted the decoder, ridge ' stderr || fail "$(cat stderr)"
! grep '^refitting ' stderr || fail "a short refit is announced"
train 3 run.ini train.refit=yes output.directory=ranks3
$python - <<'END_PY' || fail "the decoder isn't the one of least squares"
import json
import h5py
import numpy as np
import scipy.sparse

def read(run):
    with h5py.File(f"{run}/model.h5") as file:
        model = {name: file[name][:].astype(float) for name in ("W1", "b1", "W2", "b2")}
        x = (h5py.File("glove.h5")["vectors"][:3000].astype(float) - file["input_mean"][:]) * \
            file.attrs["input_scale"]
    with h5py.File(f"{run}/codes.h5ad") as file:
        X = file["X"]
        codes = scipy.sparse.csr_matrix((X["data"][:], X["indices"][:], X["indptr"][:]),
                                        shape=tuple(X.attrs["shape"])).toarray().astype(float)
    last = [json.loads(line) for line in open(f"{run}/metrics.jsonl")][-1]
    return model, x, codes, last["explained_variance"]

model, x, codes, before = read("trained")
refitted, _, same_codes, after = read("refitted")
other, _, _, on_three = read("ranks3")
assert (codes == same_codes).all() and (model["W1"] == refitted["W1"]).all()
assert all((refitted[name] == other[name]).all() for name in refitted) and after == on_three

A = np.hstack([codes, np.ones((len(codes), 1))])
W0 = np.vstack([model["W2"], model["b2"]])
def solve(rows, ridge):
    G = A[rows].T @ A[rows] + ridge * np.eye(A.shape[1])
    return W0 + np.linalg.solve(G, A[rows].T @ (x[rows] - A[rows] @ W0))
held = np.arange(len(x)) % 5 == 4
errors = {ridge: ((x[held] - A[held] @ solve(~held, ridge)) ** 2).sum() for ridge in (.1, 1, 10, 30, 100)}
best = min(errors, key=errors.get)
expected = solve(np.full(len(x), True), best)
found = np.vstack([refitted["W2"], refitted["b2"]])
print("ridge", best, "explained", before, after, "difference", np.abs(found - expected).max())
assert np.abs(found - expected).max() < 1e-4 and after > before + 0.01
END_PY
# Without a fifth row, there is nothing to choose the ridge by.
train 1 run.ini train.refit=yes train.epochs=1 data.limit=4 train.batch_size=2 output.directory=few
grep -q '^refitted the decoder, ridge 1: no rows to choose it by$' stderr || fail "$(cat stderr)"

# A run may be saved before its refit, for which memory is needed without other checkpoints, too.
for refit in yes no; do
    run "$trainer" --dry-run run.ini train.refit=$refit train.checkpoint_minutes=0 output.directory=fresh
    echo "$refit $(grep -c 'while a checkpoint is written' stdout)"
done >saves
[ "$(cat saves)" = "$(printf 'yes 1\nno 0')" ] || fail "memory for saving: $(cat saves)"

# A refit of many units is announced. The run is saved before it, and resumed there if it is killed.
many=(train.refit=yes train.epochs=1 data.limit=10 train.batch_size=2 model.hidden=2600)
train 1 run.ini "${many[@]}" output.directory=long
grep -q '^refitting the decoder of 2600 units, about 3 s$' stderr || fail "a long refit isn't announced: $(cat stderr)"
inject=$SPINE_BIN/../tests/faults/inject
if [ -x "$inject" ]; then
    attempt "$inject" -p "$scratch/killed/checkpoint" -c r -n 2 -m kill "$trainer" run.ini "${many[@]}" output.directory=killed
    [ "$status" != 0 ] || fail "it wasn't killed: $(cat stderr)"
    # The last step had the rate of a run of 1 epoch, however many there are now.
    attempt "$trainer" --status killed
    grep -qx 'killed: saved after 0 of 1 epochs and 5 steps; run the same command to resume' stdout || fail "--status: $(cat stdout)"
    cp -r killed longer
    train 1 run.ini "${many[@]/train.epochs=1/train.epochs=60}" train.stop_after=1 output.directory=longer
    rate() { grep -o '"learning_rate": *[^,}]*' "$1/metrics.jsonl"; }
    [ "$(rate longer)" = "$(rate long)" ] || fail "the rate was $(rate long), is $(rate longer)"
    train 2 run.ini "${many[@]}" output.directory=killed
    grep -qx 'resuming after epoch 0, step 5' stderr || fail "not resumed at its end: $(cat stderr)"
    cmp long/codes.h5ad killed/codes.h5ad || fail "resumed before its refit, a run has other codes"
fi
