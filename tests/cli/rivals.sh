#!/usr/bin/env bash
# The objectives that share SPINE's step: their codes are what the formulas say, the same on any number
# of ranks, resumed, encoded and exported.
set -euo pipefail
# shellcheck source=tests/cli/lib.sh
. "$(dirname "$0")/lib.sh"
need_python numpy h5py
export PYTHONPATH=$SPINE_SOURCE/tools/python

sample glove.h5
cat >run.ini <<'INI'
[data]
input = glove.h5
limit = 1000
[model]
objective = spine
hidden = 100
k = 9
start = random
[train]
refit = no
epochs = 3
[output]
formats = h5ad, npy
INI
sed '/^k = /d' run.ini >plain.ini

# --- topk -------------------------------------------------------------------------------------------

topk=model.objective=topk
train 1 run.ini $topk output.directory=topk
train 3 run.ini $topk parallel.grid=1x3 output.directory=topk3
same topk topk3
train 2 run.ini $topk train.stop_after=2 output.directory=stopped
train 1 run.ini $topk output.directory=stopped
cmp topk/codes.npy stopped/codes.npy || fail "resuming changes the codes"
run mpirun -np 2 "$SPINE_BIN/spine-encode" topk glove.h5 -o all.npy
run "$SPINE_BIN/spine-merge" topk --model sae
train 1 run.ini $topk model.cap=none output.directory=uncapped
train 1 run.ini $topk "model.prefixes=10, 25" output.directory=nested
train 3 run.ini $topk "model.prefixes=10, 25" parallel.grid=1x3 output.directory=nested3
same nested nested3
$python "$SPINE_SOURCE/tests/cli/rivals.py" topk

# Silent units: any ranks and rests of a run have the same ones; every epoch has their loss, a share.
silent="$topk model.k=1 model.aux_k=8 model.silent_rows=300"
# shellcheck disable=SC2086 # they are words
{
    train 1 run.ini $silent output.directory=silent
    train 3 run.ini $silent parallel.grid=1x3 output.directory=silent3
    same silent silent3
    train 2 run.ini $silent train.stop_after=2 output.directory=rested
    train 1 run.ini $silent output.directory=rested
    train 1 run.ini $topk model.k=1 output.directory=loud
}
same silent rested
$python - <<'END_PY' || fail "the loss of silent units: $(cat silent/metrics.jsonl)"
import json
losses = [json.loads(line)["aux"] for line in open("silent/metrics.jsonl")]
assert len(losses) == 3 and all(0 < loss < 1.1 for loss in losses) and len(set(losses)) == 3, losses
END_PY
! grep -q '"aux"' loud/metrics.jsonl || fail "a loss of silent units where none are trained"
! cmp -s silent/codes.npy loud/codes.npy || fail "silent units change nothing"

# --- batchtopk --------------------------------------------------------------------------------------

train 1 run.ini model.objective=batchtopk train.noise=0 output.directory=batch
train 3 run.ini model.objective=batchtopk train.noise=0 output.directory=batch3
same batch batch3
train 2 run.ini model.objective=batchtopk train.noise=0 train.stop_after=1 output.directory=paused
train 1 run.ini model.objective=batchtopk train.noise=0 output.directory=paused
cmp batch/codes.npy paused/codes.npy || fail "resuming changes the codes"
run "$SPINE_BIN/spine-encode" batch glove.h5 -o all.npy
run "$SPINE_BIN/spine-merge" batch --model jump
run "$SPINE_BIN/spine-merge" batch --model jump.npz
$python "$SPINE_SOURCE/tests/cli/rivals.py" batchtopk

# --- ksparse ----------------------------------------------------------------------------------------

ksparse="model.objective=ksparse model.first_k=30 model.alpha=1.5"
# shellcheck disable=SC2086 # they are words
train 1 run.ini $ksparse output.directory=tied
# shellcheck disable=SC2086
train 3 run.ini $ksparse output.directory=tied3
same tied tied3
$python "$SPINE_SOURCE/tests/cli/rivals.py" ksparse

# --- relu -------------------------------------------------------------------------------------------

train 1 plain.ini model.objective=relu loss.l1_weight=0.2 output.directory=relu
train 1 plain.ini model.objective=relu loss.l1_weight=0.2 model.cap=none output.directory=rectified
train 1 plain.ini model.objective=relu train.epochs=1 model.cap=none model.unit_norm=yes \
    output.directory=unit
train 1 plain.ini loss.psl_weight=0 model.cap=none output.directory=spine
$python "$SPINE_SOURCE/tests/cli/rivals.py" relu

# --- Words as initial units -------------------------------------------------------------------------

train 1 run.ini $topk model.start=words train.epochs=1 train.learning_rate=1e-12 output.directory=words
train 3 run.ini $topk model.start=words train.epochs=1 train.learning_rate=1e-12 output.directory=words3
same words words3
$python "$SPINE_SOURCE/tests/cli/rivals.py" words
