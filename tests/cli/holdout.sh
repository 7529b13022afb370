#!/usr/bin/env bash
# data.holdout: rows chosen by their words are kept out of training, measured, and encoded; on any ranks
# and with every objective.
set -euo pipefail
# shellcheck source=tests/cli/lib.sh
. "$(dirname "$0")/lib.sh"
need_python numpy h5py

sample glove.h5
cat >run.ini <<'INI'
[data]
input = glove.h5
limit = 700
holdout = 0.2
[model]
objective = spine
hidden = 60
[train]
epochs = 6
learning_rate = 0.004
evaluate_every = 3
[output]
formats = h5ad, txt
INI
train 1 run.ini output.directory=one
train 3 run.ini output.directory=three
cmp one/codes.txt three/codes.txt || fail "codes differ on 3 ranks"
train 2 run.ini train.stop_after=3 output.directory=resumed
train 1 run.ini output.directory=resumed
cmp one/codes.txt resumed/codes.txt || fail "a resumed run has other codes"
train 1 run.ini data.holdout=0 output.directory=all
! grep -q held_out all/metrics.jsonl || fail "rows are held out without data.holdout"
[ "$(grep -c held_out_explained_variance one/metrics.jsonl)" = 2 ] || fail "$(cat one/metrics.jsonl)"

# The measures, from the codes.
$python - <<'END_PY' || fail "the measures of rows held out are wrong"
import json
import h5py
import numpy as np

def read(run):
    with h5py.File(f"{run}/model.h5") as file:
        model = {name: file[name][:].astype(float) for name in file}
        x = (h5py.File("glove.h5")["vectors"][:700] - file["input_mean"][:]).astype(float) * \
            file.attrs["input_scale"]
    codes = np.array([line.split()[1:] for line in open(f"{run}/codes.txt")], float)
    metrics = [json.loads(line) for line in open(f"{run}/metrics.jsonl")]
    return model, x, codes, metrics

model, x, codes, metrics = read("one")
errors = ((codes @ model["W2"] + model["b2"] - x) ** 2).sum(axis=1)
last = metrics[-1]

spread = ((x - x.mean(axis=0)) ** 2).sum()
overall = 1 - errors.sum() / spread
assert last["held_out_explained_variance"] < last["explained_variance"], last
assert last["held_out_explained_variance"] < overall + .02 and overall > 0.2, (last, overall)
assert abs(last["held_out_l0"] / last["l0"] - 1) < 0.2, last
both = metrics[2]
assert both["held_out_rl"] > 0 and 0 < both["held_out_sparsity"] < 1
END_PY

# Other objectives, and sweeps.
for objective in topk relu; do
    train 1 run.ini model.objective=$objective train.epochs=2 output.directory=$objective
    grep -q held_out_l0 $objective/metrics.jsonl || fail "$objective: $(cat $objective/metrics.jsonl)"
done
train 3 run.ini model.objective=topk train.epochs=2 output.directory=topk-three
cmp topk/codes.txt topk-three/codes.txt || fail "topk begins as other words on 3 ranks"
train 2 run.ini model.objective=nnse train.learning_rate=0.001 model.l0=5 train.epochs=2 output.directory=nnse
grep -q held_out_l0 nnse/metrics.jsonl || fail "nnse: $(cat nnse/metrics.jsonl)"
refused spine-mpi "data.holdout: 1e-09 of 700 rows holds out none" \
    "$SPINE_BIN/spine-mpi" run.ini data.holdout=1e-9 output.directory=none
sed 's/^epochs = 6/epochs = 1/' run.ini >sweep.ini
printf '[sweep]\nmethod = grid\nobjective = maximize held_out_explained_variance\ndata.holdout = 0.1, 0.3\n' >>sweep.ini
sed -i '/^holdout/d' sweep.ini
sed 's/0\.1, 0\.3/0, 0.3/' sweep.ini >none.ini
refused spine-sweep "trial 0: held_out_explained_variance needs rows held out: set data.holdout" \
    "$SPINE_BIN/spine-sweep" plan none.ini
sed 's/maximize held_out_explained_variance/minimize aux/' sweep.ini >none.ini
refused spine-sweep "trial 0: aux needs silent units to train: set model.aux_k" \
    "$SPINE_BIN/spine-sweep" plan none.ini
run mpirun -np 2 "$SPINE_BIN/spine-sweep" run sweep.ini
[ "$(grep -l held_out_l0 -r --include=metrics.jsonl . | grep -c trial)" = 2 ] || fail "sweep: $(find . -name metrics.jsonl)"
"$SPINE_BIN/spine-sweep" summary sweep.ini >table.tsv || fail "no table"
awk -F '\t' 'NR == 1 { for (i = 1; i <= NF; i++) at = $i == "held_out_explained_variance" ? i : at }
    NR > 1 && !($at > 0 && $at < 1) { exit 1 }' table.tsv || fail "no scores of rows held out: $(cat table.tsv)"

# The report has their curves; without them, none.
for name in one all; do
    run "$SPINE_BIN/spine-report" $name -o $name.html
done
grep -q '"held_out_explained_variance":\[' one.html || fail "the report lacks the rows held out"
! grep -q '"held_out_explained_variance":\[' all.html || fail "the report has rows held out that aren't"
