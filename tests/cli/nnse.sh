#!/usr/bin/env bash
# model.objective = nnse: its codes and atoms against scikit-learn and numpy; the same to the byte on any
# ranks and grid, and resumed.
set -euo pipefail
# shellcheck source=tests/cli/lib.sh
. "$(dirname "$0")/lib.sh"
need_python numpy h5py scipy sklearn
trainer=$SPINE_BIN/spine-mpi

sample glove.h5
cat >run.ini <<'INI'
[data]
input = glove.h5
limit = 2000
[model]
objective = nnse
hidden = 150
l0 = 12
ridge = 0.3
start = words
[train]
epochs = 4
refit = no
INI

train 1 run.ini train.epochs=0 output.directory=start
train 1 run.ini train.epochs=0 output.directory=start
grep -qx 'start is finished: 0 epochs; nothing to do' stderr || fail "untrained atoms: $(cat stderr)"
# As earlier versions took it: the options fix the run, and a checkpoint of it must stay usable.
train 2 run.ini train.epochs=1 parallel.reproducible=no parallel.wire=bfloat16 output.directory=wire
grep -q 'parallel.wire: has no effect with model.objective = nnse' stderr || fail "$(cat stderr)"
train 2 run.ini train.epochs=1 output.directory=one
[ "$(grep -o '[0-9.]* values a word' stderr | tail -n 2 | uniq | wc -l)" = 1 ] ||
    fail "the last epoch has other values a word than the codes: $(cat stderr)"
$python - <<'END_PY'
import h5py
with h5py.File("glove.h5") as file, h5py.File("part.h5", "w") as part:
    part["vectors"] = file["vectors"][:2000]
END_PY
train 1 run.ini train.epochs=0 model.ridge=0 output.directory=lasso
train 3 run.ini train.epochs=1 train.refit=yes output.directory=refitted
train 3 run.ini train.epochs=0 train.refit=yes output.directory=floor
train 3 run.ini train.epochs=0 train.refit=yes model.start=random train.start_from=start output.directory=later
grep -q '^refitted the decoder, ridge ' stderr || fail "the atoms of a run, untrained: $(cat stderr)"
$python - <<'END_PY' || fail "the same atoms have another decoder"
import h5py, numpy as np
with h5py.File("floor/model.h5") as floor, h5py.File("later/model.h5") as later:
    for name in ("W1", "b1", "W2", "b2"):
        assert np.allclose(floor[name][:], later[name][:], atol=1e-5), name
END_PY
run $python "$SPINE_SOURCE/tests/cli/nnse.py" start one lasso refitted floor part.h5
cat stdout
run "$SPINE_BIN/spine-eval" --stability one refitted # by atoms, not by the refitted decoder
grep -Eq '^  decoder cosine  +1\.000 +1\.000$' stdout || fail "$(cat stdout)"

# More units than words: each word is an atom, and what is left are different from them and each other.
train 1 run.ini data.limit=100 train.epochs=0 output.directory=many
train 3 run.ini data.limit=100 train.epochs=0 output.directory=many3
$python - <<'END_PY' || fail "atoms that are copies"
import h5py, numpy as np
many, many3 = (h5py.File(run + "/model.h5")["W1"][:] for run in ("many", "many3"))
assert np.array_equal(many, many3) and abs(np.linalg.norm(many, axis=1) - 1).max() < 1e-6
cosines = many @ many.T - 2 * np.eye(len(many))
copies = cosines[100:, :100].max(1)
assert cosines[:100, :100].max() < 0.99 and cosines.max() < 0.99 and copies.min() > 0.9, (cosines.max(), copies)
END_PY

# --- Any number of ranks, stopped or not ------------------------------------------------------------

# in_directory NAME RANKS OVERRIDE...: train in NAME/run, so that the configuration is the same.
in_directory()
{
    mkdir -p "$1"
    (cd "$1" && train "$2" ../run.ini data.input=../glove.h5 output.directory=run train.refit=yes \
        train.checkpoint_every=1 train.checkpoint_keep=3 "${@:3}")
}

# equal ONE OTHER: they have the same bytes of model, codes and metrics, but for times.
equal()
{
    local of
    cmp "$1/run/model.h5" "$2/run/model.h5" || fail "the models of $1 and $2 differ"
    cmp "$1/run/codes.h5ad" "$2/run/codes.h5ad" || fail "the codes of $1 and $2 differ"
    for of in "$1" "$2"; do
        sed -E 's/"(seconds|words_per_second|comm_share)": ?[^,}]*//g' "$of/run/metrics.jsonl" >"$of.metrics"
    done
    cmp "$1.metrics" "$2.metrics" || fail "the metrics of $1 and $2 differ"
}

in_directory one-rank 1
for ranks in 2 5; do
    in_directory ranks$ranks $ranks
    equal one-rank ranks$ranks
done
for grid in 1x2 2x2; do
    in_directory grid$grid $((${grid%x*} * ${grid#*x})) parallel.grid=$grid
    equal one-rank grid$grid
done
# Each as on a host of its own: all hosts are used, whatever the batch size of other objectives allows.
SPINE_RANKS_PER_NODE=1 in_directory hosts 3
grep -qx '3 ranks share the rows' hosts/stderr || fail "3 hosts: $(cat hosts/stderr)"
equal one-rank hosts
in_directory plain 1 model.ridge=0 data.dtype=bfloat16 data.holdout=0.1 model.start=random
in_directory plain3 3 model.ridge=0 data.dtype=bfloat16 data.holdout=0.1 model.start=random
equal plain plain3

# A rank without rows, where all are short.
in_directory short 1 data.limit=3 data.rms=1e-6 model.hidden=3 model.l0=1
in_directory short4 4 data.limit=3 data.rms=1e-6 model.hidden=3 model.l0=1 parallel.grid=2x2
equal short short4

in_directory stopped 3 train.stop_after=2
in_directory stopped 2
for file in model.h5 codes.h5ad; do
    cmp one-rank/run/$file stopped/run/$file || fail "resumed on fewer ranks, $file differs"
done
[ "$(cd stopped/run && echo checkpoint-*)" = "$(echo checkpoint-000000000{2,3,4}.h5)" ] ||
    fail "checkpoints aren't kept: $(ls stopped/run)"
mv one-rank/run ranks1
$python - <<'END_PY' || fail "metrics: $(cat ranks1/metrics.jsonl)"
import json
lines = [json.loads(line) for line in open("ranks1/metrics.jsonl")]
assert len(lines) == 4 and all(a["rl"] > b["rl"] for a, b in zip(lines, lines[1:])), lines
assert abs(lines[-1]["l0"] / 12 - 1) < 0.01, lines[-1] # by a sample of 250 words
END_PY
train 1 run.ini model.start=random model.l0=5 output.directory=random --timeline=timeline.json
[ "$(grep -oE '"name":"(solve|adjust lambda)"' timeline.json | sort -u | wc -l)" = 2 ] || fail "the timeline: $(cat timeline.json)"
run "$SPINE_BIN/spine-eval" --floor ranks1 random
grep -Eq '^  values a word +1[0-9]\.[0-9]' stdout || fail "$(cat stdout)"

# --- Requests within an epoch ---------------------------------------------------------------------------

# The limit is within what is kept for saving, so the first poll leaves.
attempt mpirun -np 2 "$trainer" run.ini train.refit=yes train.time_limit=0.05 output.directory=limited
[ "$status" = 75 ] || fail "status $status at the time limit: $(cat stderr)"
grep -q '^epoch 1 will begin again: it can.t be saved in part' stderr || fail "said: $(cat stderr)"
[ "$(grep -c 'no epoch was finished since the run began; it needs more time' stderr)" = 1 ] || fail "said: $(cat stderr)"
attempt "$trainer" --status limited
grep -qx 'limited: saved before the first of 4 epochs; run the same command to resume' stdout || fail "$(cat stdout)"
attempt mpirun -np 2 "$trainer" run.ini train.refit=yes train.time_limit=0.05 output.directory=limited
[ "$status" = 75 ] || fail "status $status at the time limit: $(cat stderr)"
grep -q 'stopped in epoch 1; limited was saved after epoch 0; run the same command' stderr || fail "$(cat stderr)"
# A checkpoint is due at every poll: the start of an epoch is saved once.
train 1 run.ini train.refit=yes train.checkpoint_minutes=1e-9 output.directory=limited
grep -qx "epoch 2 can't be saved in part; the run up to it is saved already" stderr || fail "said: $(cat stderr)"
same ranks1 limited

# Rows that are too few for a poll while they are solved for, and the same limit: each session ends an epoch,
# measures and all.
short=(data.limit=500 train.evaluate_every=1 train.time_limit=0.05 output.directory=further)
for epoch in 1 2 3; do
    attempt "$trainer" run.ini "${short[@]}"
    [ "$status" = 75 ] || fail "status $status at the time limit: $(cat stderr)"
    grep -q "saved further after epoch $epoch, step 0" stderr || fail "a finished epoch is lost: $(cat stderr)"
done
train 1 run.ini "${short[@]}"

# The run is saved before a long end, which is resumed without the epoch, whether time was up or it was killed just
# before its last checkpoint. (Codes have the model's checksum.)
long=(data.limit=500 model.hidden=2450 train.epochs=1 train.refit=yes)
train 1 run.ini "${long[@]}" train.checkpoint_minutes=1e-9 output.directory=whole
[ "$(grep -cx "the end of epoch 1 can't be saved in part; the run up to it is saved already" stderr)" -ge 6 ] ||
    fail "polls at the end: $(cat stderr)"
attempt "$trainer" run.ini "${long[@]}" train.time_limit=0.05 output.directory=ended
[ "$status" = 75 ] || fail "status $status at the time limit: $(cat stderr)"
grep -q 'saved ended before the end of epoch 1; run the same command again' stderr || fail "said: $(cat stderr)"
attempt "$trainer" --status ended
grep -qx 'ended: saved before the end of epoch 1 of 1; run the same command to resume' stdout || fail "$(cat stdout)"
attempt mpirun -np 2 "$trainer" run.ini "${long[@]}" train.time_limit=0.05 output.directory=ended
[ "$status" = 75 ] || fail "status $status at the time limit: $(cat stderr)"
grep -q "warning: the end of epoch 1 wasn't finished since the run was resumed; it needs more time" stderr || fail "$(cat stderr)"
grep -q 'stopped at the end of epoch 1; ended was saved before it; run the same command' stderr || fail "$(cat stderr)"
inject=$SPINE_BIN/../tests/faults/inject
if [ -x "$inject" ]; then
    attempt "$inject" -p "$scratch/ended/checkpoint" -c r -n 1 -m kill "$trainer" run.ini "${long[@]}" output.directory=ended
    grep -q '^refitted the decoder' stderr || fail "it was killed too early: $(cat stderr)"
    [ "$status" != 0 ] || fail "it wasn't killed: $(cat stderr)"
fi
train 3 run.ini "${long[@]}" output.directory=ended
grep -qx 'resuming before the end of epoch 1' stderr || fail "the epoch began again: $(cat stderr)"
cmp whole/codes.h5ad ended/codes.h5ad || fail "resumed at its end, a run has other codes"

# --- Encoded once more: the same solutions --------------------------------------------------------------

run "$SPINE_BIN/spine-merge" ranks1 -o trained.npy
run "$SPINE_BIN/spine-convert" --limit=2000 glove.h5 limited.h5
for ranks in 1 2 3; do
    run mpirun -np $ranks "$SPINE_BIN/spine-encode" ranks1 limited.h5 -o encoded.npy
    cmp encoded.npy trained.npy || fail "on $ranks ranks the codes differ from training's"
done
run "$SPINE_BIN/spine-encode" ranks1 ranks1/codes.h5ad --decode -o decoded.npy
PYTHONDONTWRITEBYTECODE=1 PYTHONPATH=$SPINE_SOURCE/tools/python $python - <<'END_PY' || fail "spine.py's codes differ"
import h5py
import numpy as np
import spine
run = spine.load("ranks1")
with h5py.File("glove.h5") as file:
    x = file["vectors"][:50]
codes = np.load("trained.npy")[:50]
assert abs(run.encode(x) - codes).max() < 1e-5, abs(run.encode(x) - codes).max()
assert (run.encode(x[0]) == run.encode(x)[0]).all() and np.isfinite(run.encode(np.zeros((1, run.dim)))).all()
assert abs(run.decode(codes) - np.load("decoded.npy")[:50]).max() < 1e-4
# Without a ridge, and as many values as numbers: no slope is positive, and those of the values are 0.
random = np.random.default_rng(0)
run.W1, run.b1 = random.normal(size=(300, 50)).astype(np.float32), np.full(300, -0.1, np.float32)
run.W1 /= np.linalg.norm(run.W1, axis=1, keepdims=True)
run.hidden, run.dim, run._options["ridge"] = 300, 50, "0"
x = random.normal(size=(10, 50))
codes = run._solve(x).astype(float)
slopes = (x - codes @ run.W1) @ run.W1.T + run.b1
assert slopes.max() < 1e-5 and abs(slopes[codes > 0]).max() < 1e-5, slopes.max()
END_PY

# --- Defaults -----------------------------------------------------------------------------------------

cat >tiny.ini <<'INI'
[data]
input = glove.h5
limit = 200
[model]
hidden = 20
INI
# As an earlier version began it, whose defaults were the same for all objectives.
train 1 tiny.ini model.objective=nnse model.start=random model.l0=22 model.ridge=0 train.refit=no \
    train.epochs=60 train.stop_after=5 output.directory=earlier
mv earlier/checkpoint-0000000005.h5 earlier/checkpoint-0000000000.h5 # it didn't count epochs
run mpirun -np 2 "$trainer" tiny.ini model.objective=nnse output.directory=earlier output.overwrite=yes
grep -q '^resuming after epoch 5, step 0' stderr || fail "an earlier version's checkpoint: $(cat stderr)"
grep -q 'begun with model.start = random, model.ridge = 0, train.epochs = 60, train.refit = no,' \
    stderr || fail "an earlier version's defaults are lost: $(cat stderr)"
[ "$(wc -l <earlier/metrics.jsonl)" = 60 ] || fail "it has $(wc -l <earlier/metrics.jsonl) epochs, expected 60"
refused spine-mpi "*was saved with different options: model.ridge was 0, is 2; change them back, or choose another output.directory" \
    "$trainer" tiny.ini model.objective=nnse model.ridge=2 output.directory=earlier
run "$trainer" --dry-run tiny.ini model.objective=nnse output.directory=earlier
grep -qx 'epochs = 60' stdout || fail "--dry-run: $(cat stdout)"
grep -Eq '^time +about [0-9.]*[1-9][^,]* for 60 epochs, [0-9].* each now, and the codes$' stdout || fail "--dry-run: $(cat stdout)"
# One that is replaced begins with the defaults.
run "$trainer" --dry-run tiny.ini model.objective=nnse output.directory=earlier output.overwrite=yes
grep -qx 'epochs = 5' stdout || fail "--dry-run: $(cat stdout)"
run "$trainer" --dry-run tiny.ini model.objective=nnse output.directory=fresh
grep -qx 'epochs = 5' stdout || fail "--dry-run: $(cat stdout)"

# --- Which objective, if none is set ------------------------------------------------------------------

# dry_run OBJECTIVE EPOCHS ARGUMENT...: what --dry-run prints of it.
dry_run()
{
    run "$trainer" --dry-run tiny.ini "${@:3}"
    [ "$(grep -cx -e "objective = $1" -e "epochs = $2" stdout)" = 2 ] || fail "${*:3}: $(cat stdout stderr)"
}
dry_run nnse 5 output.directory=fresh
dry_run nnse 5 output.directory=fresh parallel.grid=1x1 data.rms=keep output.noisy_codes=no
if grep -Eq '^(noise|cap|k|silent_rows|batch_size|sparsity) = ' stdout || grep -q '^.loss.$' stdout; then
    fail "--dry-run prints what nnse doesn't use: $(cat stdout)"
fi
dry_run spine 60 output.directory=fresh train.noise=0.4
grep -qx 'noise = 0.4' stdout || fail "--dry-run lacks the noise: $(cat stdout)"
grep -qx 'objective         spine, since train.noise is set' stdout || fail "no reason: $(cat stdout)"
dry_run nnse 5 output.directory=fresh model.objective=nnse train.batch_size=32
grep -q 'warning: train.batch_size: has no effect with model.objective = nnse' stderr || fail "$(cat stderr)"
refused spine-mpi "output.noisy_codes: isn't used with model.objective = nnse, the default; leave it out, *" \
    "$trainer" tiny.ini output.directory=fresh output.noisy_codes=yes
refused spine-mpi "model.k: isn't used with model.objective = nnse, the default; leave it out, *" \
    "$trainer" tiny.ini output.directory=fresh model.k=5

# Few rows need no smaller batch.
train 2 tiny.ini data.limit=9 model.hidden=4 model.l0=2 output.directory=few
[ "$(wc -l <few/metrics.jsonl)" = 5 ] || fail "few rows: $(cat stderr)"

# A run keeps its objective, and gives it to those that start from it.
train 1 tiny.ini train.noise=0.4 train.stop_after=1 output.directory=kept
grep -qx 'model.objective: spine, since train.noise is set' stderr || fail "no reason: $(cat stderr)"
train 2 tiny.ini train.stop_after=2 output.directory=kept
grep -q '^model.objective: spine, as in kept/checkpoint-' stderr || fail "another objective: $(cat stderr)"
grep -q '^resuming after epoch 1,' stderr || fail "not resumed: $(cat stderr)"
dry_run spine 60 output.directory=kept
refused spine-mpi "*model.objective was spine, is nnse; *" "$trainer" tiny.ini model.l0=5 output.directory=kept
refused spine-mpi "*model.objective was spine, is nnse; *" \
    "$trainer" tiny.ini model.objective=nnse output.directory=kept
dry_run spine 60 train.start_from=kept output.directory=fresh
train 1 tiny.ini model.objective=topk model.k=3 train.epochs=1 output.directory=topk
dry_run topk 60 train.start_from=topk model.k=3 output.directory=fresh
grep -Eq '^time .* for the steps of 60 epochs and the refit: ' stdout || fail "--dry-run: $(cat stdout)"
dry_run nnse 5 train.start_from=earlier output.directory=fresh

# So does a sweep; parameters tell of the objective, too.
{ cat tiny.ini; printf 'objective = spine\n[train]\nepochs = 1\n[sweep]\nmethod = grid\n'
    printf 'objective = maximize explained_variance\nmodel.hidden = 8, 9\n'; } >old.ini
run "$SPINE_BIN/spine-sweep" run old.ini
sed -i '/^objective = spine/d' old.ini
run "$SPINE_BIN/spine-sweep" run old.ini
grep -qx 'model.objective: spine, as in sweep' stderr || fail "the sweep isn't SPINE's: $(cat stderr)"
[ "$(grep -c '^trial ' stderr)" = 0 ] || fail "what was done was done again: $(cat stderr)"
run "$SPINE_BIN/spine-sweep" plan old.ini sweep.directory=new 'sweep.train.noise=0, 0.4'
grep -qx 'model.objective: spine, since train.noise is set' stderr || fail "no reason: $(cat stderr)"
run "$SPINE_BIN/spine-sweep" plan old.ini sweep.directory=new sweep.model.hidden=20 sweep.train.start_from=kept,none
grep -qx 'model.objective: spine, as in kept,none' stderr || fail "another objective: $(cat stderr)"

# Each trial of a sweep follows its objective, when the sweep's directory is read again, too.
{ cat tiny.ini; printf '[sweep]\nmethod = grid\nobjective = maximize explained_variance\n'
    printf 'directory = by\nmodel.objective = spine, nnse\n'; } >by.ini
run "$SPINE_BIN/spine-sweep" plan by.ini
grep -qE '^a trial takes about .* on 1 rank, all 2 one after the other' stderr || fail "plan: $(cat stderr)"
run "$SPINE_BIN/spine-sweep" run by.ini
grep -q '^trial 0000  60 epochs' stderr || fail "spine: $(cat stderr)"
grep -q '^trial 0001  5 epochs' stderr || fail "nnse: $(cat stderr)"
run "$SPINE_BIN/spine-sweep" run by
[ "$(grep -c '^trial ' stderr)" = 0 ] || fail "what was done was done again: $(cat stderr)"
train 1 tiny.ini model.objective=nnse output.directory=by/trials/0001
grep -q 'is finished: 5 epochs; nothing to do' stderr || fail "trial 1 isn't its run: $(cat stderr)"
refused spine-sweep "trial ?: train.epochs is 5 by default with this model.objective; *" \
    "$SPINE_BIN/spine-sweep" plan by.ini sweep.method=asha sweep.min_epochs=2

# --- Odd inputs -------------------------------------------------------------------------------------

# Fewer rows than ranks and than a batch of other objectives; all ranks with a row have a part.
SPINE_RANKS_PER_NODE=1 train 4 tiny.ini model.objective=nnse model.hidden=3 model.l0=1 data.limit=3 \
    output.directory=three
grep -qx '3 ranks share the rows; 1 rank is idle' stderr || fail "3 rows: $(cat stderr)"
train 1 tiny.ini model.objective=nnse model.l0=0.1 output.directory=zeros
grep -q 'have an all-zero code .*; model.l0 or model.hidden may be too low, or model.ridge' stderr || fail "l0: $(cat stderr)"
train 1 tiny.ini model.objective=nnse data.limit=2 model.hidden=40 model.l0=1 train.refit=no output.directory=two
grep -q 'units are dead; model.hidden is larger than the number of words' stderr || fail "two words: $(cat stderr)"
# Vectors of any size: nothing is rounded to 0.
train 1 tiny.ini model.objective=nnse data.rms=1e-6 output.directory=little
grep -qE '^refitted the decoder, ridge [0-9.]+e-1[0-9]: explained variance of rows left out 0\.[1-9]' stderr || fail "$(cat stderr)"
grep -qE '^epoch 5/5 .* dead 0$' stderr || fail "units are dead by the input's scale: $(cat stderr)"
run "$SPINE_BIN/spine-eval" glove.h5 little
grep -qE '^  dead dimensions +0 +0$' stdout || fail "$(cat stdout)"
train 1 tiny.ini model.objective=nnse data.rms=1e6 output.directory=large
grep -q '"saturated":0}' large/metrics.jsonl || fail "saturated without a cap: $(cat large/metrics.jsonl)"
# A few rows beside which the others are nothing, by their sum of squares, or little.
$python - <<'END_PY'
import h5py
with h5py.File("glove.h5") as glove:
    for name, factor in ("spoiled", 1e5), ("long", 1e3):
        with h5py.File(name + ".h5", "w") as file:
            vectors = glove["vectors"][:200]
            vectors[[3, 50, 120]] *= factor
            file["vectors"] = vectors
            file["words"] = glove["words"][:200]
END_PY
spoiled="spoiled.h5: 3 rows are more than 10 times as long as the median and have 100 % of the sum of squares; the \
longest, row *, is * times as long, so nothing could be learned from the others; remove these rows, or *"
refused spine-mpi "$spoiled" mpirun -np 3 "$trainer" tiny.ini data.input=spoiled.h5 output.directory=spoiled
refused spine-mpi "$spoiled" "$trainer" --dry-run tiny.ini data.input=spoiled.h5 output.directory=spoiled
{ cat tiny.ini; printf '[sweep]\nmethod = grid\nobjective = maximize explained_variance\ndirectory = spoiled\n'
    printf 'model.hidden = 8, 9\n'; } >spoiled.ini
for command in plan run; do
    refused spine-sweep "$spoiled" "$SPINE_BIN/spine-sweep" $command spoiled.ini data.input=spoiled.h5
    # Trials that read it by themselves, of which none would take it.
    refused spine-sweep "$spoiled" "$SPINE_BIN/spine-sweep" $command spoiled.ini data.input=spoiled.h5 \
        data.holdout=0.1
    refused spine-sweep "$spoiled" "$SPINE_BIN/spine-sweep" $command spoiled.ini data.input=spoiled.h5 \
        sweep.data.clip=5e5,1e6
    refused spine-sweep "$spoiled" "$SPINE_BIN/spine-sweep" $command spoiled.ini sweep.data.input=glove.h5,spoiled.h5
done
# The second would.
run "$SPINE_BIN/spine-sweep" plan spoiled.ini data.input=spoiled.h5 sweep.data.clip=1e6,10
! grep -q warning: stderr || fail "one trial clips, of which plan says: $(cat stderr)"
# So is one whose rows aren't as long as data.clip.
refused spine-mpi "$spoiled" "$trainer" tiny.ini data.input=spoiled.h5 data.clip=1e6 output.directory=spoiled
[ ! -e spoiled ] || fail "a refused input left $(ls -a spoiled)"
# A run that is replaced, or has no checkpoint yet, is new, too.
mkdir begun
: >begun/metrics.jsonl
replace=(tiny.ini model.objective=nnse data.input=spoiled.h5 output.overwrite=yes)
refused spine-mpi "$spoiled" "$trainer" "${replace[@]}" output.directory=begun
refused spine-mpi "$spoiled" mpirun -np 2 "$trainer" "${replace[@]}" data.rms=1e-6 output.directory=little
refused spine-mpi "$spoiled" "$trainer" --dry-run "${replace[@]}" train.epochs=9 output.directory=little
[ ! -e little/replaced ] || fail "a refused input replaced a run"
run "$trainer" --dry-run "${replace[@]}" data.rms=1e-6 train.epochs=9 output.directory=little
grep -q 'warning: spoiled.h5: 3 rows are more than 10 times' stderr || fail "a run that may be resumed: $(cat stderr)"
# A model that exists has its scaling, to which these rows don't matter.
train 1 tiny.ini data.input=spoiled.h5 train.start_from=few model.hidden=4 model.l0=2 output.directory=adopted
grep -q 'warning: spoiled.h5: 3 rows are more than 10 times' stderr || fail "$(cat stderr)"
train 2 tiny.ini data.input=spoiled.h5 data.clip=10 model.l0=7 output.directory=clipped
! grep -q warning: stderr || fail "clipped: $(cat stderr)"
train 2 tiny.ini data.input=long.h5 model.l0=200 output.directory=long
grep -q 'warning: long.h5: 3 rows are more than 10 times .*; are they damaged? data.clip ' stderr || fail "$(cat stderr)"
grep -q 'warning: model.l0 is 200, but a code has at most 20 values (model.hidden); lower ' stderr || fail "$(cat stderr)"
grep -q "warning: codes have [0-9.]* values a word, but model.l0 is 200; with 20 units and [0-9]* numbers a row, \
more may be impossible: raise model.hidden or lower model.l0\$" stderr || fail "$(cat stderr)"

$python - <<'END_PY'
import h5py
with h5py.File("glove.h5") as glove, h5py.File("narrow.h5", "w") as file:
    file["vectors"] = glove["vectors"][:200, :3]
    file["words"] = glove["words"][:200]
END_PY
train 1 tiny.ini data.input=narrow.h5 model.l0=10 model.ridge=0 output.directory=narrow
grep -q 'warning: model.l0 is 10, but without a ridge a code has at most 3 values, ' stderr || fail "$(cat stderr)"
grep -q 'more may be impossible: raise model.ridge or lower model.l0$' stderr || fail "$(cat stderr)"

# Rows of which a common part is most: all atoms are near all rows, and lambda must leave out most of them.
$python - <<'END_PY'
import numpy as np
random = np.random.default_rng(1)
np.save("common.npy", random.normal(size=(200, 20)) + 10 * np.sign(random.normal(size=20)))
END_PY
attempt "$trainer" tiny.ini data.input=common.npy data.center=no model.hidden=1000 model.l0=60 train.epochs=0 \
    output.directory=common
[ -e common/codes.h5ad ] || fail "the first lambda wasn't found: status $status: $(cat stderr)"
grep -q "warning: the mean row has 99 % of the input's sum of squares, so .*; set data.center = yes" stderr || fail "$(cat stderr)"
grep -Eq '1000 dimensions, (5[0-9]|6[0-9])[.0-9]* values a word' stderr || fail "values: $(cat stderr)"
# More values than codes can have: the search for lambda is broken off, and ends before the least lambda, which
# takes long.
full=(run.ini model.ridge=0 train.epochs=0 output.directory=full)
attempt mpirun -np 2 "$trainer" "${full[@]}" model.hidden=1000 model.l0=97 train.time_limit=0.05
[ "$status" = 75 ] || fail "status $status at the time limit: $(cat stderr)"
grep -q 'stopped before epoch 1, with nothing to save; run the same command again to begin full' stderr || fail "$(cat stderr)"
attempt "$trainer" --status full
[ "$status" = 75 ] || fail "--status: status $status: $(cat stdout)"
train 1 "${full[@]}" model.hidden=200 model.l0=95
$python - <<'END_PY' || fail "lambda fell for hardly more values"
import h5py
with h5py.File("full/model.h5") as model:
    assert model["b1"][0] < -0.002, model["b1"][0]
END_PY

# --- Refusals ---------------------------------------------------------------------------------------

printf '[data]\ninput = glove.h5\n' >plain.ini
refused spine-mpi "train.noise: isn't used with model.objective = nnse; leave it out, *" \
    "$trainer" run.ini train.noise=0.2
refused spine-mpi "train.revive_after: isn't used with model.objective = nnse; leave it out, *" \
    "$trainer" run.ini train.revive_after=2
refused spine-merge "random: a run of model.objective = nnse has no encoder to export; *" \
    "$SPINE_BIN/spine-merge" random --model model.npz
refused spine-mpi "train.epochs: 0 is for model.objective = nnse" \
    "$trainer" plain.ini model.objective=spine train.epochs=0
refused spine-mpi "model.l0: isn't used with model.objective = spine, which follows from train.noise; *" \
    "$trainer" plain.ini train.noise=0.1 model.l0=5
