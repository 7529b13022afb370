#!/usr/bin/env bash
# tools/planted.py: atoms that are known are found again by a trained dictionary, and not by chance.
# tools/bench/study.py: trains settings on this input, measures all that its table has, and resumes.
set -euo pipefail
# shellcheck source=tests/cli/lib.sh
. "$(dirname "$0")/lib.sh"
need_python numpy h5py scipy
export PYTHONDONTWRITEBYTECODE=1
planted=$SPINE_SOURCE/tools/planted.py

run $python "$planted" make planted.txt atoms.npy --rows=3000 --dim=30 --atoms=60 --values=3
run "$SPINE_BIN/spine-convert" planted.txt planted.h5
cat >run.ini <<'INI'
[data]
input = planted.h5
center = no
[model]
objective = nnse
hidden = 60
l0 = 4
ridge = 0
INI
train 1 run.ini train.epochs=0 output.directory=untrained
train 2 run.ini train.epochs=25
for directory in untrained run; do
    run $python "$planted" found --json atoms.npy $directory
    cat stdout
    mv stdout $directory.json
done
$python - <<'END_PY' || fail "$(cat untrained.json run.json)"
import json
untrained, trained = (json.load(open(f"{run}.json")) for run in ("untrained", "run"))
assert trained["found"] > 0.8 > 0.3 > untrained["found"]
END_PY

# --- The study --------------------------------------------------------------------------------------

mkdir -p data/wordsim data/sst
seq 0 2 98 | awk '{ print "row" $1 "\trow" $1 + 1 "\t" $1 % 7 }' >data/wordsim/EN-WS-353-ALL.txt
for part in train dev test; do
    seq 0 99 | awk '{ print $1 % 2, "row" $1, "row" 2 * $1 }' >data/sst/stsa.binary.$part
done
cat >settings.ini <<'INI'
[TopK]
model.objective = topk
model.k = 2, 3
[NNSE]
model.objective = nnse
model.l0 = 3
INI

study()
{
    run $python "$SPINE_SOURCE/tools/bench/study.py" planted.h5 settings.ini model.hidden=30 data.limit=600 \
        train.epochs=2 --space=planted.h5 --tests=data --seeds=1,2 --held-out=1 --tasks=1 --floor=NNSE \
        --beside=dense=planted.h5 --jobs=2 "$@"
}
study
cp stdout table.txt
[ -s study/front.svg ] || fail "no picture"
$python - <<'END_PY' || fail "the study's table: $(cat table.txt)"
import re
lines = [[cell.strip() for cell in line.strip("|\n").split("|")] for line in open("table.txt")]
rows = {line[1].strip(" *"): dict(zip(lines[0], line)) for line in lines[2:]}
assert list(rows) == ["TopK, k = 2", "TopK, k = 3", "NNSE", "random words, lasso", "dense"], list(rows)
first = lambda name, title: float(rows[name][title].split()[0])
trained = list(rows)[:3]
titles = ["values", "explained variance", "intrusion", "own diversity", "WS-353", "stability"]
assert all(any("+-" in rows[name][t] for t in titles) for name in trained), "seeds"
assert all(re.match(r"-?[0-9]", rows[name][t]) for name in trained
           for t in titles + ["held out", "six tasks"]), "figures"
assert abs(first("TopK, k = 2", "values") - 2) < .1 < .5 < first("TopK, k = 3", "values") - 2
assert first("NNSE", "explained variance") > first("random words, lasso", "explained variance")
assert first("NNSE", "held out") < first("NNSE", "explained variance")
assert rows["dense"]["values"] == "30.0" and rows["dense"]["explained variance"] == "-"
assert any(line[1].endswith("*") for line in lines)
END_PY

# What is there isn't done again; what is missing is.
rm study/NNSE-2.words.json
study
[ "$(grep seed stderr)" = "NNSE, seed 2: words" ] || fail "the study did something else: $(cat stderr)"
cmp stdout table.txt || fail "the study resumes to another table: $(diff stdout table.txt)"
study --table-only --only=TopK --columns=values,intrusion
[ "$(head -1 stdout)" = "|  | setting | seeds | values | intrusion |" ] || fail "$(cat stdout)"
attempt $python "$SPINE_SOURCE/tools/bench/study.py" planted.h5 settings.ini model.hidden=20 --space=planted.h5
[[ $status != 0 && $(tail -1 stderr) == *"is of other options"* ]] || fail "took figures of other options"
