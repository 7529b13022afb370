#!/usr/bin/env bash
# A model that collapses says so and why; with train.revive_after its dead units begin anew, the same
# ones in the same way on any number of ranks, and also in a run that was stopped in between.
set -euo pipefail
# shellcheck source=tests/cli/lib.sh
. "$(dirname "$0")/lib.sh"
need_python h5py

sample glove.h5
# Noise four times as strong as the input: nothing can be learned from it.
cat >run.ini <<'END'
[data]
input = glove.h5
limit = 2000
rms = 0.1
[model]
objective = spine
hidden = 60
[train]
epochs = 24
learning_rate = 0.01
evaluate_every = 6
END

# dead RUN: how many units are dead in the end.
dead()
{
    sed -n '$s/.*"dead":\([0-9]*\).*/\1/p' "$1/metrics.jsonl"
}

train 2 run.ini output.directory=collapsed
[ "$(grep -c 'warning: .* units are dead; train.noise may be too high' stderr)" = 1 ] ||
    fail "a collapse isn't warned of once: $(cat stderr)"
[ "$(dead collapsed)" -gt 30 ] || fail "the model didn't collapse; the test is void"

train 1 run.ini train.revive_after=2 output.directory=alone
grep -q '^epoch [0-9]*: reviving [0-9]* units that were idle for 2 epochs$' stderr ||
    fail "no unit is revived: $(cat stderr)"
[ "$(dead alone)" -lt "$(dead collapsed)" ] || fail "reviving has no effect"
train 3 run.ini train.revive_after=2 output.directory=three
same alone three

# Stopped in the middle, the count of idle epochs goes on. A checkpoint to resume from stays behind.
train 1 run.ini train.revive_after=2 output.directory=stopped train.checkpoint_every=11 \
    train.checkpoint_keep=9
newest=$(find stopped -name 'checkpoint-*.h5' | sort | tail -n 1)
rm "$newest" stopped/model.h5
train 1 run.ini train.revive_after=2 output.directory=stopped
grep -q '^resuming after epoch 22,' stderr || fail "it didn't resume: $(cat stderr)"
cmp alone/codes.h5ad stopped/codes.h5ad || fail "a run that was stopped ends otherwise"

# On input that is well explained by few units, what is left is noise: reviving from it must not spoil
# what has been learned.
$python - >low.txt <<'END_PYTHON'
import random
numbers = random.Random(3)
basis = [[numbers.gauss(0, 1) for _ in range(30)] for _ in range(4)]
for word in range(1000):
    code = [numbers.gauss(0, 1) for _ in basis]
    print("w%d" % word, *("%.5f" % (sum(c * b[k] for c, b in zip(code, basis)) + numbers.gauss(0, .01))
                          for k in range(30)))
END_PYTHON
run "$SPINE_BIN/spine-convert" low.txt low.h5
for after in 1 3; do
    train 1 run.ini data.input=low.h5 data.rms=0.4 data.limit=0 model.hidden=100 train.epochs=60 train.noise=0.1 \
        train.learning_rate=0.001 train.revive_after=$after output.directory=low$after
    grep -q 'reviving' stderr || fail "no unit is revived; the test is void"
    $python -c 'import json, sys; sys.exit(json.loads(list(open(sys.argv[1]))[-1])["explained_variance"] < 0.9)' \
        low$after/metrics.jsonl || fail "train.revive_after = $after ruins a training: $(tail -n 1 low$after/metrics.jsonl)"
done

# One row, or one coordinate, that is thousands of times as large as the others is named: nothing is
# said of the noise.
sed '8s/^[^ ]*/giant/' low.txt |
    awk 'NR == 8 {for (i = 2; i <= NF; i++) $i = 100 * NF * (i % 2 ? 1 : -1)} {print}' >row.txt
awk '{$5 *= 3000; print}' low.txt >coordinate.txt
for name in row coordinate; do
    run "$SPINE_BIN/spine-convert" $name.txt $name.h5
    train 2 run.ini data.input=$name.h5 data.rms=0.4 data.limit=0 output.directory=$name
    ! grep -q 'train.noise may be too high' stderr || fail "the noise is blamed: $(cat stderr)"
    cp stderr $name.err
done
grep -q "warning: row.h5: row 8 'giant' is [0-9.e+]* times as long as .* has [0-9.]* % of" row.err ||
    fail "the row isn't named: $(cat row.err)"
grep -q 'warning: coordinate.h5: number 4 of the vectors has [0-9.]* % of' coordinate.err ||
    fail "the coordinate isn't named: $(cat coordinate.err)"
