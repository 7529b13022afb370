#!/usr/bin/env bash
# Shards are joined by spine-merge as by the run itself, into what other programs read; and not at
# all if one is missing, foreign, there twice or incomplete.
set -euo pipefail
# shellcheck source=tests/cli/lib.sh
. "$(dirname "$0")/lib.sh"
merge=$SPINE_BIN/spine-merge

sample glove.h5
cat >run.ini <<'END'
[data]
input = glove.h5
[model]
objective = spine
hidden = 200
[train]
epochs = 3
[output]
formats = h5ad, txt
END
train 3 run.ini output.directory=merged
train 3 run.ini output.directory=run output.merge=no
grep -q "^wrote 3 shards; merge them with 'spine-merge run'$" stderr || fail "no hint: $(cat stderr)"
[ ! -e run/codes.h5ad ] || fail "output.merge = no merged"

# --- The forms --------------------------------------------------------------------------------------

run "$merge" run
grep -q '^run/codes.h5ad: 3 shards, 5000 words x 200 dimensions, [0-9.]* values a word$' stdout ||
    fail "said: $(cat stdout)"
run "$merge" run -o one.h5ad --output=one.txt
cmp run/codes.h5ad one.h5ad || fail "-o gives another file"
cmp merged/codes.txt one.txt || fail "the run itself merges into another text"
[ "$(wc -l <one.txt)" = 5000 ] || fail "codes.txt has $(wc -l <one.txt) lines"
awk 'NF != 201 { exit 1 }' one.txt || fail "a line of codes.txt hasn't a word and 200 numbers"
train 1 run.ini output.directory=alone # one shard
run "$merge" alone -o alone.h5ad
run "$merge" --help
grep -q '^Usage: spine-merge ' stdout || fail "--help: $(cat stdout)"

# --- Other programs read the same numbers -----------------------------------------------------------

readers=$SPINE_SOURCE/tests/cli/readers.py
status=0
$python "$readers" merged glove.h5 0.3 >readers.out 2>&1 || status=$?
case $status in
0) cat readers.out ;;
77) cat readers.out >&2 ;;
*) fail "other programs read other numbers: $(cat readers.out)" ;;
esac

# --- What is refused ----------------------------------------------------------------------------------

# refuse TEXT ARGUMENT...
refuse()
{
    local text=$1
    shift
    refused spine-merge "$text" "$merge" "$@"
    [ ! -s stdout ] || fail "refused, and yet printed: $(cat stdout)"
    [ -z "$(find . -name 'out.*' -o -path './broken/codes.*')" ] || fail "refused, and yet wrote: $text"
}

refuse "expected the directory of one run; see spine-merge --help"
refuse "expected the directory of one run; see spine-merge --help" run merged
refuse "nowhere: No such file or directory" nowhere
refuse "out.csv: the name must end in .h5ad, .txt, .vec, .bin, .npz, .mtx, .npy, .sparse or .tsv, which selects the format" run -o out.csv
refuse "out.csv: the name must end in .h5ad, .txt, .vec, .bin, .npz, .mtx, .npy, .sparse or .tsv, which selects the format" \
    run -o out.h5ad -o out.csv
refuse "nowhere/out.txt: its directory doesn't exist" run -o nowhere/out.txt
refuse "nowhere/out.txt: its directory doesn't exist" run -o out.h5ad -o nowhere/out.txt # nor another output
refuse "--bogus: unknown option; see spine-merge --help" run --bogus
refuse "-o: needs a value; see spine-merge --help" run -o

# Units are revived in it, for the sanitizers (tests/checks/asan.sh), to which revive.sh is too long.
train 3 run.ini output.directory=other output.merge=no data.rms=0.1 train.learning_rate=0.01 \
    train.revive_after=1
grep -q ': reviving [0-9]* units' stderr || fail "no unit is revived: $(cat stderr)"
train 2 run.ini output.directory=fewer output.merge=no

# broken COMMAND...: a copy of the run, after this command in its shards/.
broken()
{
    rm -rf broken
    mkdir broken
    cp -r run/shards broken/
    (cd broken/shards && "$@")
}

# cut FILE BYTES: keep its beginning.
cut()
{
    head -c "$2" "$1" >short
    mv short "$1"
}

for shard in 00000 00001 00002; do
    broken rm codes-$shard.h5
    refuse "broken/shards/codes-$shard.h5: the shard is missing" broken -o out.h5ad -o out.txt
done
broken cp ../../other/shards/codes-00001.h5 .
refuse "broken/shards/codes-00001.h5: belongs to another run than shard 0" broken
broken cp ../../fewer/shards/codes-00001.h5 .
refuse "broken/shards/codes-00001.h5: belongs to another run*" broken
broken cp codes-00001.h5 codes-00002.h5
refuse "broken/shards/codes-00002.h5: is a duplicate: it holds shard 1" broken -o out.txt
broken cp codes-00001.h5 codes-00003.h5
refuse "broken/shards/codes-00003.h5: belongs to another run: this one has 3 shards, 0 to 2" broken
broken cp codes-00001.h5 codes-1.h5
refuse "broken/shards/codes-1.h5: belongs to another run*" broken
broken cut codes-00001.h5 100000
refuse "broken/shards/codes-00001.h5: has only * of * bytes: it is cut off, or *" broken -o out.txt
broken cut codes-00002.h5 0
refuse "broken/shards/codes-00002.h5: not an HDF5 file" broken
broken cp ../../glove.h5 codes-00001.h5
refuse "broken/shards/codes-00001.h5: holds 'spine-vectors', expected 'spine-codes'" broken

# A part that a crash left: somebody should know.
broken cp codes-00002.h5 codes-00002.h5.part
refused spine-merge "broken/shards/codes-00002.h5.part: is incomplete: *" "$merge" broken -o out.txt
[ ! -e out.txt ] || fail "merged in spite of an incomplete shard"

# --- What is read stays -------------------------------------------------------------------------------

zcat "$SPINE_SOURCE/tests/data/glove.6B.100d.5k.txt.gz" | sed -n "1,300p" >rows.txt
sed -n "1,100p" rows.txt >few.txt
run "$SPINE_BIN/spine-mpi" run.ini data.input=rows.txt model.hidden=40 train.epochs=1 \
    output.directory=text
cp rows.txt kept.txt
cp text/input.h5 kept.h5
refused spine-merge "rows.txt: seems to be the input of the run in text, which the output would overwrite; name another file" \
    "$merge" text -o rows.txt
refused spine-encode "rows.txt: seems to be the input of the run in text, which the output would overwrite; name another file" \
    "$SPINE_BIN/spine-encode" text few.txt -o rows.txt
cmp rows.txt kept.txt || fail "the input was replaced by codes"
refused spine-encode "text/codes.h5ad: is for the codes of the run itself, which spine-merge writes; name another file" \
    "$SPINE_BIN/spine-encode" text few.txt -o text/codes.h5ad
refused spine-convert "text/input.h5: is the input of the run in text; name another file" \
    "$SPINE_BIN/spine-convert" few.txt text/input.h5
cmp text/input.h5 kept.h5 || fail "the run's input was replaced"
run "$merge" text -o text/codes.h5ad

rm text/shards/codes-*
refused spine-merge "text/shards/codes-00000.h5: the shard is missing; spine-encode text text/input.h5 -o FILE makes the codes again" \
    "$merge" text
rmdir text/shards
refused spine-merge "text: has no shards; spine-encode text text/input.h5 -o FILE makes the codes again" "$merge" text
run "$SPINE_BIN/spine-encode" text text/input.h5 -o again.txt
cmp again.txt text/codes.txt || fail "spine-encode makes other codes than the run"
