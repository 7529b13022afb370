#!/usr/bin/env bash
# spine-report's page in a real browser: page.js drives Chromium through playwright-core, which is
# installed in the build tree; without a window system where there is such a Chromium, which takes 40 % of the
# time. With SPINE_SCREENSHOTS=DIRECTORY it leaves pictures there, to be looked at.
set -euo pipefail
# shellcheck source=tests/cli/lib.sh
. "$(dirname "$0")/lib.sh"
need node npm
browser=$(command -v chromium-headless-shell || command -v chromium) || 
    skip "neither chromium-headless-shell nor chromium is installed"
need_python numpy h5py
build=$(cd "$SPINE_BIN/.." && pwd)
version=1.65.1
if [ "$(node -p "require('$build/browser/node_modules/playwright-core/package.json').version" \
    2>/dev/null)" != $version ]; then
    npm install --silent --no-audit --no-fund --prefix "$build/browser" playwright-core@$version \
        >/dev/null 2>&1 || skip "npm can't install playwright-core $version"
fi
report=$SPINE_BIN/spine-report

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
cat >eval.json <<'END'
{"program": "spine-eval", "version": "0", "files": [
  {"path": "run", "rows": 5000, "columns": 200, "measures": [
    {"group": "interpretability", "name": "intrusion", "value": 0.96, "low": 0.95, "high": 0.97,
     "count": 195, "missing": 5},
    {"group": "similarity", "name": "<b>pairs</b>.tsv", "value": null}]},
  {"path": "glove.h5", "rows": 5000, "columns": 100, "measures": [
    {"group": "similarity", "name": "<b>pairs</b>.tsv", "value": 0.5, "count": 340,
     "missing": 13}]}]}
END
run "$report" run --eval eval.json -o report.html
printf '17\tmusic & <b>songs</b>\tof 3 people, 2 agree\n3\twar\n' >labels.tsv
run "$report" run --labels labels.tsv -o labels.html
run "$report" run other -o two.html
$python "$SPINE_SOURCE/tests/cli/made_codes.py" nasty.h5ad --nasty
run "$report" nasty.h5ad -o nasty.html

# A sweep of which half fails, of an input with too few rows and a name that would break out.
hostile='<img src=x onerror=alert(1)></script><b>.h5'
mkdir "${hostile%/*}"
text=$SPINE_SOURCE/tests/data/glove.6B.100d.5k.txt.gz
run "$SPINE_BIN/spine-convert" --limit=2000 "$text" glove2k.h5
run "$SPINE_BIN/spine-convert" --limit=50 "$text" "$hostile" # less than a batch
cat >sweep.ini <<'END'
[train]
epochs = 3
[sweep]
method = grid
objective = maximize intrusion
subject_to = explained_variance >= 0.2
data.input = glove2k.h5, <img src=x onerror=alert(1)></script><b>.h5
model.hidden = 20, 40
train.learning_rate = 1e-3, 1e-2
END
attempt mpirun -np 2 "$SPINE_BIN/spine-sweep" run sweep.ini
[ "$status" = 1 ] || fail "status $status of the sweep, expected 1: $(cat stderr)"
run "$SPINE_BIN/spine-sweep" report sweep.ini
cp sweep/summary.html sweep.html
sed '0,/"explained_variance":[[:space:]]*[-0-9.e]*/s//"explained_variance":-20000/' sweep.html >far.html
grep -q '"explained_variance":-20000' far.html || fail "no trial is far out"
# A trial whose page can't be made doesn't keep the others from theirs.
printf 'no codes' >sweep/trials/0000/codes.h5ad
mv sweep/trials/0000/report.html kept.html
rm -rf sweep/trials/0003/report.html sweep/trials/0000/shards
attempt "$SPINE_BIN/spine-sweep" report sweep.ini
[ "$status" = 1 ] || fail "status $status of a trial without codes, expected 1: $(cat stderr)"
grep -q '^spine-sweep: warning: trial 0: ' stderr || fail "nothing said of the trial: $(cat stderr)"
[ -s sweep/trials/0003/report.html ] || fail "another trial has no page: $(cat stderr)"
mv kept.html sweep/trials/0000/report.html

screenshots=${SPINE_SCREENSHOTS-}
[ -z "$screenshots" ] || mkdir -p "$screenshots"

# A run that goes on: its page is followed while the browser looks at it.
mkdir later
head -n 4 run/metrics.jsonl >later/metrics.jsonl
"$report" --follow later -o later.html --every=1 >/dev/null 2>&1 &
follower=$!
cleanup() { kill "$follower" 2>/dev/null || true; }
mkdir ready
cp run/codes.h5ad run/metrics.jsonl run/model.h5 ready

limit=500 run env NODE_PATH="$build/browser/node_modules" \
    node "$SPINE_SOURCE/tests/cli/page.js" "$PWD" "$screenshots" "$browser"
cat stdout
