#!/usr/bin/env bash
# spine-report: what its page holds is what the run's files hold, it is small, and words do no harm;
# it follows a run that goes on; and what it refuses. page.sh looks at it in a browser.
set -euo pipefail
# shellcheck source=tests/cli/lib.sh
. "$(dirname "$0")/lib.sh"
need_python numpy h5py scipy
report=$SPINE_BIN/spine-report

# data ARGUMENT...: check what a page holds, see report_data.py
data()
{
    $python "$SPINE_SOURCE/tests/cli/report_data.py" "$@" || fail "the page's data: $*"
}

# refuse TEXT ARGUMENT...
refuse()
{
    local text=$1
    shift
    refused spine-report "$text" "$report" "$@"
    if ls -- *.html* >/dev/null 2>&1; then fail "refused, but left $(ls -- *.html*)"; fi
}

sample glove.h5
cat >run.ini <<'END'
[data]
input = glove.h5
[model]
objective = spine
hidden = 200
[train]
epochs = 12
END
train 1 run.ini
train 1 run.ini output.directory=other model.hidden=100 train.epochs=3

# --- Refusals -----------------------------------------------------------------------------------

refuse 'expected one run or two; see spine-report --help'
refuse 'expected one run or two; see spine-report --help' run run run
refuse 'expected one run to follow; see spine-report --help' --follow run other
refuse "--words: '0' is not a whole number from 1 to 1000" --words=0 run
refuse "--every: 'x' is not a whole number from 1 to 3600" --every=x run
refuse '--bogus: unknown option; see spine-report --help' --bogus run
refuse 'nowhere: No such file or directory' nowhere
refuse 'glove.h5: holds vectors, expected codes: the directory of a run, .h5ad, .npz, .mtx or .sparse' glove.h5
refuse 'eval.json: No such file or directory' run --eval eval.json
echo '{"files": 3}' >eval.json
refuse 'eval.json: is not what spine-eval --json writes' run --eval eval.json
for file in null '{"path": "run"}' '{"path": 1, "measures": []}' \
    '{"path": "run", "measures": [{"name": "intrusion"}]}'; do
    echo "{\"files\": [$file]}" >eval.json
    refuse 'eval.json: is not what spine-eval --json writes' run --eval eval.json
done
refuse 'glove.h5: is not the directory of a run' --follow glove.h5
refuse 'none.tsv: No such file or directory' run --labels none.tsv
refuse '--labels: is given twice, but there is one run' run --labels none.tsv --labels none.tsv
refuse '--labels: is given more than twice' run other --labels=a --labels=b --labels=c
# bad_label MESSAGE LINE...
bad_label()
{
    local text=$1
    shift
    printf '%s\n' "$@" >labels.tsv
    refuse "labels.tsv:$text" run --labels labels.tsv
}
bad_label "1: expected a dimension from 0 to 199, got 'war'" $'war\tbattle'
bad_label "2: expected a dimension from 0 to 199, got '200'" $'dimension\tlabel' $'200\tbattle'
bad_label "2: expected a dimension from 0 to 199, got 'dimension'" $'3\twar' $'dimension\tlabel'
bad_label '1: expected a dimension, a tab and its label, the line has 1 field' 3
bad_label "1: expected a dimension, a tab and its label, got ''" $'3\t\tnote'
bad_label "1: expected dimension, label and note only, got 'x'" $'3\twar\tnote\tx'
bad_label '3: dimension 3 has a label on line 1 already' $'3\twar' '' $'3\tpeace'
refuse 'none.h5: No such file or directory' run --space none.h5
refuse "no/r.html: its directory doesn't exist" run -o no/r.html
mkdir broken
cp run/codes.h5ad broken
echo nonsense >broken/metrics.jsonl
refuse "broken/metrics.jsonl:1: is not an epoch's JSON object" broken
cp other/model.h5 broken
rm broken/metrics.jsonl
refuse 'broken/model.h5: has 100 units, but the codes 200' broken

# --- The page -----------------------------------------------------------------------------------

run "$report" run
data report.html run --space=glove.h5
run "$report" run/ -o limited.html --words=5 --dimensions=3 --rows=100
data limited.html run --space=glove.h5 --words=5 --dimensions=3 --rows=100
echo '{"program": "spine-eval", "files": [{"path": "run", "measures": []}]}' >eval.json
run "$report" run other -o two.html --eval=eval.json
data two.html run other --space=glove.h5
grep -q '"evaluation":{"program":"spine-eval"' two.html || fail "no evaluation in the page"

# Labels are those in the file, whatever they hold; of two runs, each has its own.
printf 'dimension\tlabel\tnote\r\n199\t</script><b>\tsure \n0\t"war ""1914"""\n' >labels.tsv
printf '7\tonly of the other\n' >others.tsv
run "$report" run other -o two.html --labels=labels.tsv --labels=others.tsv
data two.html run other --space=glove.h5
grep -q '"labels":\[{"dimension":199,"label":"\\u003c/script\\u003e\\u003cb\\u003e","note":"sure"},{"dimension":0,"label":"war \\"1914\\""}\]' \
    two.html || fail "not the labels of the file: $(grep -o '"labels":[^]]*' two.html)"
grep -q '"labels":\[{"dimension":7,"label":"only of the other"}\]' two.html || fail "no second labels"

# A part of a run: codes without a model or metrics.
run "$report" run/codes.h5ad -o codes.html
data codes.html run/codes.h5ad
run "$report" run/codes.h5ad -o judged.html --space=glove.h5
data judged.html run/codes.h5ad --space=glove.h5
# Most of a dimension's strongest words aren't in this space, and must be looked for further down.
zcat "$SPINE_SOURCE/tests/data/glove.6B.100d.5k.txt.gz" | awk 'NR % 17 == 0' >part.txt
run "$report" run/codes.h5ad -o judged.html --space=part.txt
data judged.html run/codes.h5ad --space=part.txt
# shellcheck disable=SC2016 # the inner shell's
run bash -c '"$1" run/codes.h5ad -o piped.html --space=<(cat part.txt)' pipe "$report"
data piped.html run/codes.h5ad --space=part.txt
# shellcheck disable=SC2016 # the inner shell's
run bash -c '"$1" run/codes.h5ad -o piped.html --space=- <part.txt' pipe "$report"
cmp piped.html judged.html || fail "vectors from standard input give another page"
mv glove.h5 moved.h5
run "$report" run -o without.html
grep -q "glove.h5, the input of run, can't be read" stderr || fail "nothing said of the input"
data without.html run
mv moved.h5 glove.h5

# 17,000 words on 1,000 dimensions, each with more than is kept, take less than 5 MB.
$python "$SPINE_SOURCE/tests/cli/made_codes.py" made.h5ad --rows=17000 --units=1000 --on=30
run "$report" made.h5ad -o made.html
[ "$(stat -c %s made.html)" -lt 5000000 ] || fail "made.html has $(stat -c %s made.html) bytes"

# Words that would break a careless page.
$python "$SPINE_SOURCE/tests/cli/made_codes.py" nasty.h5ad --nasty
run "$report" nasty.h5ad -o nasty.html
data nasty.html nasty.h5ad
[ "$(grep -ci '</script' nasty.html)" = 2 ] || fail "a word has closed a script"
if grep -qi '<img' nasty.html; then fail "a word has become an element"; fi
iconv -f UTF-8 -t UTF-8 nasty.html >/dev/null || fail "nasty.html is not UTF-8"

# Codes of other programs may store 0, and less: there a dimension isn't on.
cp nasty.h5ad other.h5ad
$python - <<'END'
import h5py, numpy
with h5py.File("other.h5ad", "r+") as file:
    values = file["X/data"][:]
    below = numpy.flatnonzero(values < 1) # the others have an excess
    values[below[::3]] = 0
    values[below[1::3]] = -0.5
    file["X/data"][:] = values
END
run "$report" other.h5ad -o other.html
data other.html other.h5ad

# Sparse codes without words.
printf '%%%%MatrixMarket matrix coordinate real general\n3 2 3\n1 1 2\n2 2 1\n3 1 .5\n' >bare.mtx
printf 'plum\nfig\nzinc\n' >list
refused spine-report "bare.mtx: has no words; expected a list, NAME.words.txt, beside it, or with --words-from" \
    "$report" bare.mtx -o bare.html
run "$report" bare.mtx run --words-from=list -o bare.html
grep -q '"words":\["plum","fig","zinc"\]' bare.html || fail "not the words of the list"
! grep -q "isn't used" stderr || fail "$(cat stderr)"
run "$report" run --words-from=list -o own.html
grep -q -- "--words-from: list isn't used: the codes have words of their own" stderr || fail "$(cat stderr)"

# --- Following ------------------------------------------------------------------------------------

run "$report" --follow run -o followed.html # finished: at once
cmp -s followed.html report.html || fail "a finished run's page differs when it is followed"

"$report" --follow later -o later.html --every=1 2>follower >/dev/null &
follower=$!
cleanup() { kill "$follower" 2>/dev/null || true; }
# until_page PATTERN: wait for it in the page
until_page()
{
    local i
    for ((i = 0; i < 600; i++)); do
        if grep -q "$1" later.html 2>/dev/null; then return; fi
        sleep 0.1
    done
    fail "later.html never had $1"
}
until_page '"live":{"seconds":1'
for ((i = 0; i < 100; i++)); do # said once
    if grep -q 'later: has no run yet' follower; then break; fi
    sleep 0.1
done
[ "$(grep -c '^later: has no run yet; waiting until one begins there$' follower)" = 1 ] ||
    fail "waiting for a run that isn't there: $(cat follower)"
if grep -q '"history"' later.html; then fail "epochs before the first one"; fi
mkdir later
head -n 3 run/metrics.jsonl >later/metrics.jsonl
until_page '"epoch":\[1,2,3\]'
cp run/codes.h5ad run/metrics.jsonl later
cp run/model.h5 later/model.h5.part
mv later/model.h5.part later/model.h5 # as the last thing that a run writes
until_page '"top_words"'
wait "$follower" || fail "the follower's status is $?"
if grep -q '"live":{' later.html; then fail "the run is finished, but its page goes on reloading"; fi

# Told to stop, it leaves a page that doesn't reload.
mkdir stopped
head -n 3 run/metrics.jsonl >stopped/metrics.jsonl
"$report" --follow stopped -o later.html --every=60 2>/dev/null >/dev/null &
follower=$!
until_page '"live":{"seconds":60'
kill -TERM "$follower"
wait "$follower" || fail "the follower's status is $?"
grep -q '"live":{"seconds":0' later.html || fail "nobody writes the page any more, but it reloads"
