#!/usr/bin/env bash
# spine-top: the dimensions of a word and the words of a dimension, and what it refuses.
set -euo pipefail
# shellcheck source=tests/cli/lib.sh
. "$(dirname "$0")/lib.sh"
top=$SPINE_BIN/spine-top

sample glove.h5
cat >run.ini <<'END'
[data]
input = glove.h5
[model]
objective = spine
hidden = 500
[train]
epochs = 5
END
train 1 run.ini

# lines NUMBER PATTERN: that many lines of stdout match, and no others are there.
lines()
{
    if [ "$(grep -Ec "$2" stdout)" != "$1" ] || [ "$(wc -l <stdout)" != "$1" ]; then
        fail "expected $1 lines like '$2': $(cat stdout)"
    fi
}

# refuse TEXT ARGUMENT...
refuse()
{
    local text=$1
    shift
    refused spine-top "$text" "$top" "$@"
}

word='[^ ]+'
strength=' +[0-9]+\.[0-9]{3}'

# --- Answers ----------------------------------------------------------------------------------------

run "$top" run
lines 10 "^ +[0-9]+ ( $word){10}$"
run "$top" run --words=3
lines 10 "^ +[0-9]+ ( $word){3}$"
run "$top" run --dimensions=4 --words=100000
lines 4 "^ +[0-9]+ ( $word)+$"

run "$top" run king
[[ $(head -1 stdout) =~ ^king:\ [0-9]+\ dimensions$ ]] || fail "first line: $(head -1 stdout)"
sed -i 1d stdout
lines 10 "^$strength +[0-9]+ ( $word){1,10}$"
sort -s -k1,1nr stdout | cmp -s - stdout || fail "not the strongest first: $(cat stdout)"
run "$top" run/codes.h5ad --dimensions=2 --words=3 king queen
[ "$(grep -c ' dimensions$' stdout)" = 2 ] || fail "two words: $(cat stdout)"
grep -v ' dimensions$' stdout >answers
mv answers stdout
lines 4 "^$strength +[0-9]+ ( $word){1,3}$"

run "$top" run
best=$(awk 'NR == 1 { print $1 }' stdout)
first=$(awk 'NR == 1 { print $2 }' stdout)
run "$top" run --dimension="$best"
[[ $(head -1 stdout) =~ ^dimension\ $best:\ active\ for\ [0-9]+\ of\ 5000\ words$ ]] ||
    fail "first line: $(head -1 stdout)"
sed -i 1d stdout
lines 10 "^$strength  $word$"
[ "$(awk 'NR == 1 { print $2 }' stdout)" = "$first" ] || fail "two forms, two top words"
sort -s -k1,1nr stdout | cmp -s - stdout || fail "not the strongest first: $(cat stdout)"
run "$top" run --dimension=0 --dimension=499
[ "$(grep -c '^dimension ' stdout)" = 2 ] || fail "two dimensions: $(cat stdout)"

# --- Patterns, nearest words, JSON, the dump --------------------------------------------------------

run "$top" run 'comp*er' 'k?ng' --dimensions=1
grep -E '^[^ ].* dimensions$' stdout | cut -d: -f1 | sort -u >found
$python - >wanted <<'END'
import h5py, re
words = [word.decode() for word in h5py.File("glove.h5")["words"][:]]
print(*sorted(w for w in words if re.fullmatch("comp.*er|k.ng", w)), sep="\n")
END
cmp found wanted || fail "patterns found $(cat found), expected $(cat wanted)"
run "$top" run '?' --dimensions=1 # is a word
[ "$(grep -c ' dimensions$' stdout)" = 1 ] || fail "'?' is a word, but was a pattern"

run "$top" run --near=king --words=5
[ "$(head -1 stdout)" = 'near king' ] || fail "first line: $(head -1 stdout)"
sed -i 1d stdout
lines 5 "^$strength  $word$"

run "$top" run --json --words=7 --dimensions=4 king 'que?n' --near king --dimension="$best"
mv stdout answers.json
run "$top" run --json --words=3 --dimensions=5
mv stdout best.json
run "$top" run --dump --words=6
mv stdout dump.tsv
run "$top" run --json --near=king --words=5 --scale=columns
mv stdout scaled.json
refuse "--scale can be used only with --near, without words and --dimension" run king --scale=columns
run "$top" glove.h5 --json --near=king
mv stdout dense.json
$python "$SPINE_SOURCE/tests/cli/top_values.py" run/codes.h5ad "$best" || fail "wrong values"

# The index only makes it quick: without it, or with one that is older than the codes, the answers are
# the same.
answers()
{
    for arguments in king 'que?n --words=70' --near=king '--dump --words=80' --dimension="$best" ''; do
        # shellcheck disable=SC2086
        "$top" run --json $arguments || "$top" run $arguments
    done
}
[ -e run/codes.index ] || fail "no index was written"
answers >indexed 2>&1
touch -d tomorrow run/codes.h5ad
answers >stale 2>&1
rm run/codes.index
answers >whole 2>&1
cmp indexed whole || fail "the index changes answers"
cmp stale whole || fail "an index that is too old changes answers"

# Words that would break lines of the dump.
$python "$SPINE_SOURCE/tests/cli/made_codes.py" nasty.h5ad --nasty
run "$top" nasty.h5ad --dump --words=26
[ "$(wc -l <stdout)" = 13 ] || fail "the dump of 12 dimensions has $(wc -l <stdout) lines"
grep -qF 'tab\there' stdout || fail "no tab as \\t"
grep -qF 'new\nline' stdout || fail "no line break as \\n"
run "$top" nasty.h5ad --json '*' --words=26
$python -c 'import json, sys; json.load(sys.stdin)' <stdout || fail "not JSON"
run "$top" nasty.h5ad 'caf?' # ? is a character, not a byte
grep -q '^café: ' stdout || fail "no café: $(cat stdout)"

# Each dimension for a program that names them: top words as they are listed, contrast words that
# aren't active in it.
run "$top" run --dump --words=5
mv stdout dump.tsv
run "$top" run --for-labelling --words=5
$python - <<'END' || fail "not for labelling: $(head -3 stdout)"
import json
lines = [json.loads(line) for line in open("stdout")]
rows = [line.rstrip("\n").split("\t") for line in open("dump.tsv")][1:]
assert len(lines) == len(rows) == 500
for line, row in zip(lines, rows):
    assert [line["dimension"], line["active"], line["rows"]] == [int(row[0]), int(row[1]), 5000]
    assert [entry["word"] for entry in line["top"]] == row[2::2]
    contrast = [entry["word"] for entry in line["contrast"]]
    assert len(set(contrast)) == len(contrast) == (5 if line["top"] else 0), line
    assert not set(contrast) & set(row[2::2])
    if line["top"]:
        assert max(e["activation"] for e in line["contrast"]) < line["top"][-1]["activation"]
END
refuse "--for-labelling prints all dimensions and can be combined only with --words" run --for-labelling king

# A word in another case, the number of a dimension, a word that begins with a dash.
run "$top" run king
mv stdout lower
run "$top" run King
cmp -s stdout lower || fail "King isn't king: $(cat stdout)"
grep -qx "'King' is not among the words, but 'king' is" stderr || fail "not said: $(cat stderr)"
run "$top" run --near=KING --words=2
[ "$(head -1 stdout)" = 'near king' ] || fail "first line: $(head -1 stdout)"
printf -- '-lrb- 1 0\n7 1 1\nélan 0 1\nzero 0 0\n' >dash.txt
run "$top" dash.txt 1 ÉLAN -- -lrb-
grep -qx 'dimension 1: active for 2 of 4 words' stdout || fail "no dimension 1: $(cat stdout)"
grep -qx 'élan: 1 dimensions' stdout || fail "no élan: $(cat stdout)"
grep -qx -- '-lrb-: 1 dimensions' stdout || fail "no -lrb-: $(cat stdout)"
run "$top" dash.txt 7
grep -qx '7: 2 dimensions' stdout || fail "7 is a word: $(cat stdout)"

# A matrix without words: its rows have numbers, or the words of a list.
if has_python numpy; then
    $python -c 'import numpy; numpy.save("m.npy", numpy.eye(3, dtype="f4"))'
    printf 'plum\nfig\nzinc\n' >list
    run "$top" m.npy --dimension=1
    grep -qx '   1.000  1' stdout || fail "numbered rows: $(cat stdout)"
    grep -q '^m.npy: has no words, so the rows are numbered from 0; give words with --words-from$' stderr ||
        fail "not said: $(cat stderr)"
    run "$top" m.npy --words-from=list fig
    grep -qx '   1.000      1  fig' stdout || fail "words of a list: $(cat stdout)"
    printf 'plum\n' >short
    refuse "short: has 1 word for 3 vectors" m.npy --words-from=short
fi
refuse "dash.txt: has words of its own; leave out --words-from" dash.txt --words-from=list

# Sparse matrices that are damaged.
cp "$SPINE_SOURCE"/tests/data/nasty/6[246]_* .
printf 'plum\nfig\n' >two
printf 'plum\nfig\nzinc\n' >three
refuse "62_outside.mtx:4: expected a row in 1 to 3, a column in 1 to 4, and a number" 62_outside.mtx --words-from=three
refuse "64_twice.sparse: has two values in row 2, column 3" 64_twice.sparse
refuse "66_outside.npz: row 2 has a value in column -1, counted from 0, of 3 columns" 66_outside.npz --words-from=two

run "$top" --help
grep -q '^Usage: spine-top ' stdout || fail "--help: $(cat stdout)"
run "$top" --version
lines 1 '^spine-top [0-9.]+$'

printf 'a\033[2Kb 1 0\nc 0 1\n' >control.txt
run "$top" control.txt --dimension=0
grep -qF 'a\x1B[2Kb' stdout || fail "a control byte isn't escaped: $(cat -v stdout)"
grep -q $'\033' stdout && fail "a word's control byte reaches the terminal"
run "$top" control.txt --dump
grep -qF $'\ta\\x1B[2Kb\t' stdout || fail "--dump: a control byte isn't escaped: $(cat -v stdout)"

# --- Refusals ---------------------------------------------------------------------------------------

refuse "the directory of a run is missing; see spine-top --help"
refuse "'kiing' is not among the 5000 words; the nearest: king*" run kiing
refuse "'Kiing' is not among the 5000 words; the nearest: king*" run Kiing
refuse "'500' is not among the 5000 words, and dimensions are numbered from 0 to 499" run 500
refuse "-l: unknown option; *words that begin with - follow --: *" dash.txt -lrb-
refuse "--near: 'zero' has a vector of zeros, which is near no other" dash.txt --near=zero
refuse "--dimension: 500 is not below 500, the number of dimensions" run --dimension=500
for number in -1 x 1x 99999999999999999999 ''; do
    refuse "--dimension: '$number' is not a whole number from 0 to *" run --dimension=$number
done
refuse "--words: '0' is not a whole number from 1 to 100000" run --words=0
refuse "--dimensions: '0' is not a whole number from 1 to 1000000" run --dimensions=0
refuse "--words: needs a value; see spine-top --help" run --words
refuse "--bogus: unknown option; see spine-top --help; *" run --bogus
refuse "nowhere: No such file or directory" nowhere
refuse "'x*qq' is not among the 5000 words, and none matches it" run 'x*qq'
refuse "--near: 'kiing' is not among the 5000 words; the nearest: king*" run --near kiing
refuse "--dump prints all dimensions as TSV and can be combined only with --words" run --dump king
refuse "--dump prints all dimensions as TSV and can be combined only with --words; for JSON: --for-labelling, or --json --dimensions=N" run --dump --json
rm run/codes.h5ad # not merged: the shards have all of it
run "$top" run king
rm -r run/shards
refuse "run: has neither codes.h5ad nor shards; is it the directory of a finished run?" run
