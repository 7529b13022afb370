#!/usr/bin/env bash
# data.clip and data.whiten: input with one very long row and one very wide coordinate is learned, the
# same on any number of ranks, and everything that uses the model scales its vectors alike.
set -euo pipefail
# shellcheck source=tests/cli/lib.sh
. "$(dirname "$0")/lib.sh"
need_python numpy h5py

sample glove.h5
$python - <<'END_PY'
import h5py
import numpy as np
with h5py.File("glove.h5") as file:
    table = file["vectors"][:1200, :40]
    words = [word.decode() for word in file["words"][:1200]]
np.save("plain.npy", table)
table[7] *= 2000
table[:, 5] *= 1000
np.save("spoiled.npy", table)
open("words.txt", "w").write("\n".join(words) + "\n")
END_PY
for name in plain spoiled; do
    run "$SPINE_BIN/spine-convert" --words=words.txt $name.npy $name.h5
done
cat >run.ini <<'INI'
[data]
input = spoiled.h5
[model]
objective = spine
hidden = 100
[train]
epochs = 10
batch_size = 64
learning_rate = 0.004
[output]
formats = h5ad, txt
INI

# --- It learns ------------------------------------------------------------------------------------

explained()
{
    sed -n 's/.*"explained_variance":\([-.0-9e]*\).*/\1/p' "$1/metrics.jsonl" | tail -n 1
}

train 1 run.ini train.epochs=1 output.directory=spoiled
grep -q "data.clip shortens such rows" stderr || fail "the option isn't named: $(cat stderr)"
train 1 run.ini data.clip=3 data.whiten=column output.directory=one
! grep -qE "data.clip|data.whiten" stderr || fail "mended, but warned of: $(cat stderr)"
train 2 run.ini data.clip=3 data.whiten=column output.directory=two
train 1 run.ini data.input=plain.h5 data.whiten=column output.directory=plain
train 1 run.ini data.clip=3 data.whiten=remove:1 output.directory=removed
cmp one/codes.txt two/codes.txt || fail "codes differ on 2 ranks"
$python - "$(explained one)" "$(explained plain)" <<'END_PY' || fail "it isn't learned"
import sys
mended, plain = map(float, sys.argv[1:])
assert mended > 0.3 and abs(mended - plain) < 0.05, (mended, plain)
END_PY

# --- Everything scales alike ----------------------------------------------------------------------

for name in one removed; do
    run mpirun -np 2 "$SPINE_BIN/spine-encode" $name spoiled.h5 -o codes.txt
    cmp codes.txt $name/codes.txt || fail "$name: encoded codes differ from training's"
    run "$SPINE_BIN/spine-encode" $name $name/codes.h5ad --decode -o $name.npy
    run "$SPINE_BIN/spine-eval" $name --space=spoiled.h5
    cp stdout $name.eval
    refused spine-merge "model.npz: the model shortens long rows (data.clip), which weights alone can't do; \
spine-encode and tools/python/spine.py can" "$SPINE_BIN/spine-merge" $name --model=model.npz
done
train 1 run.ini data.whiten=column train.epochs=2 output.directory=column
train 1 run.ini data.whiten=remove:2 train.epochs=2 output.directory=remove2
for name in column remove2; do
    run "$SPINE_BIN/spine-merge" $name --model=$name.npz
done
PYTHONPATH=$SPINE_SOURCE/tools/python $python - "$(explained one)" <<'END_PY' || fail "spine.py or an export differs"
import sys
import h5py
import numpy as np
import spine

x = np.load("spoiled.npy")
for name in ("one", "removed"):
    run = spine.load(name)
    codes = np.array([run.code(word) for word in run.words])
    assert abs(run.encode(x) - codes).max() < 1e-3, abs(run.encode(x) - codes).max()
    assert abs(run.encode(x[3]) - codes[3]).max() < 1e-3
    scaled = run.scale_vectors(x).astype(float)
    if name == "one":
        left = (run.decode(codes) - run.mean) * run.factors * run.scale - scaled
        variance = ((scaled - scaled.mean(axis=0)) ** 2).sum()
        assert abs(1 - (left ** 2).sum() / variance - float(sys.argv[1])) < 0.002
        assert abs(run.factors[5] / run.factors[4] - 1e-3) < 1e-3
    else:
        assert abs(scaled @ run.components.T).max() < 1e-2
for name in ("column", "remove2"):
    run, model = spine.load(name), np.load(name + ".npz")
    codes = np.clip(x.astype(float) @ model["W_enc"] + model["b_enc"], 0, 1)
    assert abs(codes - run.encode(x)).max() < 2e-3, (name, abs(codes - run.encode(x)).max())
    decoded = codes @ model["W_dec"] + model["b_dec"]
    assert np.allclose(decoded, run.decode(codes), rtol=1e-3, atol=1e-2), name
END_PY
grep -q "explained variance.*$(printf %.4f "$(explained one)" | cut -c2-)" one.eval ||
    fail "spine-eval: $(grep "explained" one.eval), the run had $(explained one)"

# --- Resuming, and other objectives ---------------------------------------------------------------

train 1 run.ini data.clip=3 data.whiten=column train.stop_after=5 output.directory=resumed
attempt "$SPINE_BIN/spine-mpi" run.ini data.clip=3 output.directory=resumed
[ "$status" = 2 ] || fail "resumed with another whitening: $(cat stderr)"
grep -q "was saved with different options: data.whiten was column, is no" stderr ||
    fail "resumed with another whitening: $(cat stderr)"
train 1 run.ini data.clip=3 data.whiten=column output.directory=resumed
cmp one/codes.txt resumed/codes.txt || fail "a resumed run has other codes"
train 2 run.ini data.clip=2 data.whiten=remove:1 model.objective=nnse train.learning_rate=0.001 train.epochs=2 \
    model.l0=5 output.directory=nnse

sed 's/^epochs = 10/epochs = 2/' run.ini >sweep.ini
cat >>sweep.ini <<'INI'
[sweep]
method = grid
objective = maximize explained_variance
data.clip = none, 3
data.whiten = no, column
INI
run mpirun -np 2 "$SPINE_BIN/spine-sweep" run sweep.ini
[ "$(find . -path '*trial*' -name model.h5 | wc -l)" = 4 ] || fail "not 4 trials: $(find . -name model.h5)"
