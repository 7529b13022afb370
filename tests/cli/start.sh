#!/usr/bin/env bash
# train.start_from: a training that starts from the parameters and the scaling of another run, and is
# resumed from its own checkpoint; and units that begin as words.
set -euo pipefail
# shellcheck source=tests/cli/lib.sh
. "$(dirname "$0")/lib.sh"
need_python numpy h5py

sample glove.h5
$python - <<'END_PY'
import h5py
import numpy as np
with h5py.File("glove.h5") as file:
    table = file["vectors"][:800, :30]
    words = [word.decode() for word in file["words"][:800]]
for name, rows, width in (("first", slice(0, 500), 30), ("other", slice(300, 800), 30), ("narrow", slice(0, 500), 20)):
    np.save(name + ".npy", table[rows, :width] * (3 if name == "other" else 1))
    open(name + ".txt", "w").write("\n".join(words[rows]) + "\n")
END_PY
for name in first other narrow; do
    run "$SPINE_BIN/spine-convert" --words=$name.txt $name.npy $name.h5
done
cat >run.ini <<'INI'
[data]
input = first.h5
[model]
objective = spine
hidden = 50
[train]
epochs = 4
learning_rate = 0.004
evaluate_every = 1
[output]
formats = h5ad, txt
INI
train 1 run.ini output.directory=first data.whiten=column
sed 's/first.h5/other.h5\nwhiten = column/; s/^epochs = 4/epochs = 3\nseed = 2/' run.ini >other.ini
printf '[loss]\npsl_weight = 0.5\n' >>other.ini

# --- It starts where the first run ended ----------------------------------------------------------

train 1 other.ini train.start_from=first output.directory=second
grep -q "^starting from the parameters of first$" stderr || fail "not said: $(cat stderr)"
[ "$(grep -c '"start_from":"first"' second/metrics.jsonl)" = 3 ] || fail "metrics: $(cat second/metrics.jsonl)"
train 2 other.ini train.start_from=first output.directory=ranks
cmp second/codes.txt ranks/codes.txt || fail "codes differ on 2 ranks"
train 1 other.ini output.directory=random
train 1 other.ini train.start_from=first train.learning_rate=1e-12 train.epochs=1 output.directory=still
$python - <<'END_PY' || fail "it doesn't start from the first run"
import json
import h5py
import numpy as np

def read(run):
    with h5py.File(f"{run}/model.h5") as file:
        return {name: file[name][:] for name in file}, file.attrs["input_scale"]

def first_loss(run):
    return json.loads(open(f"{run}/metrics.jsonl").readline())["rl"]

first, second, still, random = map(read, ("first", "second", "still", "random"))
for name in first[0]:
    assert np.allclose(first[0][name], still[0][name], atol=1e-7), name
for name in ("input_mean", "input_factors"):
    assert (first[0][name] == second[0][name]).all(), name
assert first[1] == second[1] != random[1]
assert abs(first[0]["W1"] - second[0]["W1"]).max() > 1e-3
END_PY

# --- It is resumed from its own checkpoint; a paused run is a start, too --------------------------

train 1 other.ini train.start_from=first train.stop_after=1 output.directory=resumed
mkdir paused
cp first/checkpoint-* paused
train 1 other.ini train.start_from=paused output.directory=from-paused
cmp second/codes.txt from-paused/codes.txt || fail "from a checkpoint the codes differ"
mv first gone
train 1 other.ini train.start_from=first output.directory=resumed
cmp second/codes.txt resumed/codes.txt || fail "a resumed run has other codes"
refused spine-mpi "train.start_from: first has neither model.h5 nor an intact checkpoint" \
    "$SPINE_BIN/spine-mpi" other.ini train.start_from=first output.directory=none
mv gone first

# --- What doesn't fit -----------------------------------------------------------------------------

no()
{
    local text=$1
    shift
    refused spine-mpi "$text" "$SPINE_BIN/spine-mpi" other.ini train.start_from=first output.directory=none "$@"
    [ ! -e none/model.h5 ] || fail "a refused run wrote a model"
}
no "train.start_from: first has 50 units; set model.hidden = 50" model.hidden=60
no "train.start_from: first has 50 units; set model.hidden = 50" model.hidden=60 --dry-run
no "train.start_from: first was trained on rows of 30 numbers, narrow.h5 has 20" data.input=narrow.h5
no "train.start_from: first has other values of data.clip, data.center, data.whiten or data.rms; its scaling \
is kept, so set them to its values" data.whiten=no
no "train.start_from: first has model.unit_norm = no, so that rows of W2 have any length; leave \
model.unit_norm out" model.objective=topk model.k=5 loss.psl_weight=1 model.unit_norm=yes
no "train.start_from: first is not of model.objective = nnse, this run is" model.objective=nnse \
    loss.psl_weight=1 train.learning_rate=0.001
no "train.start_from: isn't used with train.resume = first/x.h5; a checkpoint has its own parameters" \
    train.resume=first/x.h5
no "model.start: isn't used with train.start_from; leave it out" model.start=words model.objective=nnse \
    loss.psl_weight=1 train.learning_rate=0.001
refused spine-mpi "train.start_from: first is output.directory; name another directory" \
    "$SPINE_BIN/spine-mpi" other.ini train.start_from=first output.directory=first train.resume=never \
    output.overwrite=yes
[ -e first/model.h5 ] || fail "the start is gone"

# --- Atoms, and sweeps ----------------------------------------------------------------------------

nnse=(run.ini model.objective=nnse train.learning_rate=0.001 model.l0=5)
train 1 "${nnse[@]}" output.directory=atoms
train 1 "${nnse[@]}" data.input=other.h5 train.epochs=0 train.start_from=atoms output.directory=same
train 1 "${nnse[@]}" data.input=other.h5 train.epochs=1 train.start_from=atoms output.directory=more
$python - <<'END_PY' || fail "atoms don't start from the first run's"
import h5py
first, same, more = (h5py.File(f"{run}/model.h5")["W2"][:] for run in ("atoms", "same", "more"))
assert (first == same).all() and (first != more).any()
END_PY
sed 's/^epochs = 3/epochs = 1\nstart_from = first/; /^seed/d' other.ini >sweep.ini
printf '[sweep]\nmethod = grid\nobjective = maximize explained_variance\ntrain.seed = 1, 2\n' >>sweep.ini
run mpirun -np 2 "$SPINE_BIN/spine-sweep" run sweep.ini
[ "$(grep -l '"start_from":"first"' -r --include=metrics.jsonl . | grep -c trial)" = 2 ] ||
    fail "sweep: $(find . -name metrics.jsonl)"

# --- Units that begin as words, and the other settings for fewer epochs ---------------------------

small=(model.hidden=200 train.evaluate_every=0 output.merge=no)
printf '[data]\ninput = glove.h5\nrms = keep\n' >default.ini
train 1 default.ini model.objective=spine "${small[@]}" train.epochs=35 output.directory=default
train 1 "$SPINE_SOURCE/slurm/quick.ini" "${small[@]}" output.directory=quick
$python - <<'END_PY' || fail "slurm/quick.ini isn't ahead of SPINE's defaults after 35 epochs"
import json
default, quick = (json.loads(open(f"{run}/metrics.jsonl").readlines()[-1]) for run in ("default", "quick"))
assert default["epoch"] == quick["epoch"] == 35 and quick["total"] < 0.98 * default["total"]
END_PY
