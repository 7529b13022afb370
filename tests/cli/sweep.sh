#!/usr/bin/env bash
# spine-sweep: what it plans is what it trains, whoever trains it, and however often it is stopped.
set -euo pipefail
# shellcheck source=tests/cli/lib.sh
. "$(dirname "$0")/lib.sh"
sweep=$SPINE_BIN/spine-sweep

sample glove.h5
cat >base.ini <<'END_INI'
[data]
input = glove.h5
limit = 1000
[model]
objective = spine
hidden = 30
[train]
epochs = 6
batch_size = 32
evaluate_every = 0
END_INI

# ini METHOD LINE...: a sweep of this method and these lines, sweep.ini.
ini()
{
    { cat base.ini; printf '[sweep]\nmethod = %s\nobjective = maximize explained_variance\n' "$1"
        shift; printf '%s\n' "$@"; } >sweep.ini
}

# --- A grid -----------------------------------------------------------------------------------------

ini grid 'train.noise = 0.1, 0.3' 'model.hidden = 20, 30, 40'
run "$sweep" plan sweep.ini
printf 'trial\ttrain.noise\tmodel.hidden\n' >expected
for trial in '0\t0.1\t20' '1\t0.1\t30' '2\t0.1\t40' '3\t0.3\t20' '4\t0.3\t30' '5\t0.3\t40'; do
    printf '%b\n' "$trial"
done >>expected
cmp stdout expected || fail "plan: $(cat stdout)"
grep -qE '^a trial takes about [0-9.]+ s( to [0-9.]+ s)? on 1 rank, all 6 one after the other [0-9.]+ s$' \
    stderr || fail "plan: $(cat stderr)"
grep -qE '^a rank takes up to about [0-9]+ MiB$' stderr || fail "plan: $(cat stderr)"
run mpirun -np 2 "$sweep" plan sweep.ini sweep.ranks_per_trial=4
cmp stdout expected || fail "plan on 2 ranks: $(cat stdout)"
grep -q 'on 2 ranks, .*' stderr || fail "plan on 2 ranks: $(cat stderr)"
grep -q 'sweep.ranks_per_trial is 4: to estimate times, run this on 4 ranks' stderr ||
    fail "plan on 2 ranks: $(cat stderr)"
[ ! -e sweep ] || fail "plan made the sweep's directory"

run mpirun -np 2 "$sweep" run sweep.ini
grep -q '^1 host with 2 ranks' stderr || fail "doesn't say where it runs: $(cat stderr)"
grep -qx '6 trials, 2 groups of 1 rank' stderr || fail "said: $(cat stderr)"
[ "$(grep -c '^trial 000[0-5]  6 epochs  explained_variance ' stderr)" = 6 ] ||
    fail "said: $(cat stderr)"
for trial in 0 1 2 3 4 5; do
    [ "$(wc -l <sweep/trials/000$trial/metrics.jsonl)" = 6 ] || fail "trial $trial isn't whole"
    [ ! -e sweep/trials/000$trial/codes.index ] || fail "trial $trial has an index"
done

# A trial is what spine-mpi makes of its options, and an ordinary run.
train 1 base.ini train.noise=0.3 model.hidden=30 output.directory=alone
cmp alone/codes.h5ad sweep/trials/0004/codes.h5ad || fail "trial 4 is not the run that it says"
train 1 base.ini train.noise=0.3 model.hidden=30 output.directory=sweep/trials/0004
grep -q 'is finished: 6 epochs; nothing to do' stderr || fail "trial 4 is no run: $(cat stderr)"

# All that is done stays done.
cp sweep/summary.tsv summary.tsv
find sweep -name '*.h5*' -printf '%p %T@ %i\n' | sort >before
run mpirun -np 3 "$sweep" run sweep.ini
find sweep -name '*.h5*' -printf '%p %T@ %i\n' | sort | cmp - before || fail "something was written again"
[ "$(grep -c '^trial ' stderr)" = 0 ] || fail "what was done was done again: $(cat stderr)"
cmp sweep/summary.tsv summary.tsv || fail "summing up again gives another table"

# --- What it comes to -------------------------------------------------------------------------------

run "$sweep" status sweep
grep -qx '6 trials, 6 finished' stdout || fail "status: $(cat stdout)"
grep -qE '^to maximize explained_variance: trial 000[0-5], 0\.[0-9]+  \(train.noise 0.[13], model.hidden [234]0\)$' \
    stdout || fail "status: $(cat stdout)"
run "$sweep" summary sweep.ini
cmp stdout summary.tsv || fail "summary prints another table than run writes"
$python - <<'END_PYTHON'
import csv, json
rows = list(csv.DictReader(open("summary.tsv"), delimiter="\t"))
summary = json.load(open("sweep/summary.json"))
assert [row["state"] for row in rows] == ["finished"] * 6
assert [float(row["train.noise"]) for row in rows] == [0.1] * 3 + [0.3] * 3
for row, trial in zip(rows, summary["trials"]):
    last = json.loads(open("sweep/trials/%04d/metrics.jsonl" % int(row["trial"])).readlines()[-1])
    assert float(row["epochs"]) == last["epoch"] == trial["epochs"]
    for name in ("total", "explained_variance", "dead"):
        assert abs(float(row[name]) - last[name]) <= 1e-5 * abs(last[name]), (name, row, last)
        assert trial["scores"][name] == last[name]
    assert 0 < float(row["intrusion"]) <= 1
best = max(rows, key=lambda row: float(row["explained_variance"]))
assert summary["best"] == int(best["trial"])
place = lambda row: (float(row["explained_variance"]), float(row["intrusion"]))
for row in rows:
    beaten = any(all(a >= b for a, b in zip(place(other), place(row))) and place(other) != place(row)
                 for other in rows)
    assert row["front"] == ("no" if beaten else "yes"), rows
hidden = next(effect for effect in summary["effects"] if effect["name"] == "model.hidden")
for value in hidden["values"]:
    scores = [float(row["explained_variance"]) for row in rows if row["model.hidden"] == value["value"]]
    assert value["count"] == 2 and abs(value["mean"] - sum(scores) / 2) < 1e-5, hidden
END_PYTHON
grep -q '</html>' sweep/summary.html || fail "summary.html isn't whole"

# The numbers are those of spine-eval.
run "$SPINE_BIN/spine-eval" --json - sweep/trials/0004
$python -c '
import csv, json, sys
found = {one["name"]: one["value"] for one in json.load(open("stdout"))["files"][0]["measures"]}
row = list(csv.DictReader(open("summary.tsv"), delimiter="\t"))[4]
for ours, theirs in (("intrusion", "intrusion"), ("coherence", "coherence"), ("distratio", "DistRatio")):
    assert abs(float(row[ours]) - found[theirs]) < 1e-4, (ours, row, found)
' || fail "spine-eval judges trial 4 otherwise"

# A moved directory is still a sweep.
cp -r sweep moved
run "$sweep" summary moved
cmp stdout summary.tsv || fail "a moved sweep has another table"
refused spine-sweep "none: holds no sweep; start one with 'spine-sweep run'" \
    "$sweep" status sweep.ini sweep.directory=none
for job in status summary; do # which would put its parameters beside another sweep's scores
    refused spine-sweep "sweep.directory: sweep belongs to another sweep: sweep.train.noise was \
0.1, 0.3, is 0.2, 0.4; use another directory" "$sweep" $job sweep.ini 'sweep.train.noise=0.2, 0.4'
done
cmp sweep/summary.tsv summary.tsv || fail "the table is another sweep's"

# --- Limits -----------------------------------------------------------------------------------------

run "$sweep" summary sweep.ini 'sweep.subject_to=explained_variance <= -5'
awk -F'\t' 'NR > 1 && $(NF - 2) != "no" {exit 1}' stdout || fail "limits allow all: $(cat stdout)"
run "$sweep" status sweep.ini 'sweep.subject_to=explained_variance <= -5'
grep -q ': no finished trial is within the limits$' stdout || fail "status: $(cat stdout)"

# --- Trial by trial, with groups of ranks -----------------------------------------------------------

run mpirun -np 2 "$sweep" trial 4 sweep.ini sweep.directory=array sweep.ranks_per_trial=2 \
    output.index=yes
grep -q '^trial 0004  6 epochs' stderr || fail "said: $(cat stderr)"
[ -e array/trials/0004/codes.index ] || fail "output.index=yes: no index was written"
run mpirun -np 2 "$sweep" trial 4 sweep.ini sweep.directory=array sweep.ranks_per_trial=2
grep -qx 'trial 0004 is done' stderr || fail "said: $(cat stderr)"
run mpirun -np 5 "$sweep" run sweep.ini sweep.directory=array sweep.ranks_per_trial=2
grep -q 'warning: 1 of 5 ranks are idle' stderr || fail "said: $(cat stderr)"
[ "$(grep -c '^trial 000[0-5]  6 epochs' stderr)" = 5 ] || fail "said: $(cat stderr)"
same sweep/trials/0004 array/trials/0004

# --- Several at once --------------------------------------------------------------------------------

mpirun -np 2 "$sweep" run sweep.ini sweep.directory=shared 2>first &
helper=$!
"$sweep" trial 5 sweep.ini sweep.directory=shared 2>third || [ $? = 2 ] || fail "trial 5: $(cat third)"
run mpirun -np 2 "$sweep" run sweep.ini sweep.directory=shared
wait $helper || fail "status $? of the first: $(cat first)"
[ "$(cat first third stderr | grep -c '^trial 000[0-5]  6 epochs')" = 6 ] ||
    fail "a trial was trained twice, or not: $(cat first third stderr)"
run "$sweep" summary shared
cmp stdout summary.tsv || fail "three that share a sweep make another table"

# --- A trial that kills -----------------------------------------------------------------------------

mkdir -p deadly/trials/0002
echo '{"rungs": [], "sent": 1, "seconds": 0, "epoch": 0, "claims": 5}' >deadly/trials/0002/trial.json
attempt mpirun -np 2 "$sweep" run sweep.ini sweep.directory=deadly
[ "$status" = 1 ] || fail "status $status, expected 1: $(cat stderr)"
grep -q '^2	.*	failed	.*its worker died repeatedly' deadly/summary.tsv ||
    fail "a trial that kills goes on and on: $(cat deadly/summary.tsv)"
[ "$(grep -c '	finished	' deadly/summary.tsv)" = 5 ] || fail "$(cat deadly/summary.tsv)"

# --- Trials that fail -------------------------------------------------------------------------------

ini grid 'train.learning_rate = 0.001, 1000000' 'train.warmup = 0.05, 0.1' \
    'directory = failing'
attempt mpirun -np 2 "$sweep" run sweep.ini train.optimizer=sgd
[ "$status" = 1 ] || fail "status $status, expected 1: $(cat stderr)"
one_line spine-sweep "2 of 4 trials failed; retry them with 'spine-sweep run --retry'"
[ "$(grep -c '^trial 000[01]  6 epochs' stderr)" = 2 ] || fail "the others stopped: $(cat stderr)"
grep -q '"failed":.*loss is not finite' failing/trials/0003/trial.json ||
    fail "no reason: $(cat failing/trials/0003/trial.json)"
attempt mpirun -np 2 "$sweep" run sweep.ini train.optimizer=sgd
[ "$(grep -c '^trial' stderr)" = 0 ] || fail "a failed trial was taken up again: $(cat stderr)"
attempt mpirun -np 2 "$sweep" run --retry sweep.ini train.optimizer=sgd
[ "$(grep -c '^trial 000[23] failed' stderr)" = 2 ] || fail "--retry: $(cat stderr)"

# --- Trials that diverge ----------------------------------------------------------------------------

ini grid 'train.learning_rate = 0.001, 10' 'directory = diverging'
run "$sweep" run sweep.ini 'sweep.objective=maximize diversity'
grep -q '^trial 0001 diverged  6 epochs' stderr || fail "said: $(cat stderr)"
grep -q '^2 trials, 1 finished, 1 diverged' stderr || fail "said: $(cat stderr)"
grep -q '^to maximize diversity: trial 0000, ' stderr || fail "said: $(cat stderr)"
grep -qP '^1\t10\tdiverged\t.*\tno\t$' diverging/summary.tsv || fail "$(cat diverging/summary.tsv)"
attempt "$SPINE_BIN/spine-mpi" base.ini train.learning_rate=10
[ "$status" = 1 ] || fail "status $status of a run that diverged: $(cat stderr)"
one_line spine-mpi 'run: diverged: the explained variance is -*, so the mean of all rows would be a better *'
attempt "$SPINE_BIN/spine-mpi" base.ini train.learning_rate=10
[ "$status" = 1 ] || fail "status $status of a run that has diverged: $(cat stderr)"
grep -q '^run has diverged: 6 epochs; nothing to do' stderr || fail "said: $(cat stderr)"

# --- Trials that could not be evaluated ---------------------------------------------------------------

ini grid 'train.noise = 0.1, 0.3' 'model.hidden = 20, 30, 40' 'directory = unread'
"$sweep" run sweep.ini >out 2>err &
helper=$!
# By then the input is read. Until it is stopped, no process is started, which may take a busy machine too
# long: the last trial must not be evaluated.
until compgen -G 'unread/trials/*/metrics.jsonl' >/dev/null || ! kill -0 $helper 2>/dev/null; do :; done
kill -STOP $helper
mv glove.h5 moved.h5
kill -CONT $helper
status=0
wait $helper || status=$?
mv moved.h5 glove.h5
[ "$status" = 1 ] || fail "status $status without the input: $(cat err)"
left=$(grep -c '^trial 000[0-5] is trained, but could not be evaluated: glove.h5: ' err || true)
[ "$left" -ge 1 ] || fail "said: $(cat err)"
grep -q "^spine-sweep: $left of 6 trials could not be evaluated; run the same command again to evaluate \
them" err || fail "said: $(cat err)"
run "$sweep" status unread
grep -q "$left not evaluated" stdout || fail "status: $(cat stdout)"
grep -q '^trial 0005  not evaluated: glove.h5: ' stdout || fail "status: $(cat stdout)"
run "$sweep" run sweep.ini
[ "$(cat unread/trials/*/metrics.jsonl | wc -l)" = 36 ] || fail "trials were trained again"
cmp summary.tsv unread/summary.tsv || fail "evaluated later, the trials give another table"

mv unread/trials/0003/trial.json whole.json
head -c 30 whole.json >unread/trials/0003/trial.json
for job in run status summary; do
    refused spine-sweep "unread/trials/0003/trial.json: is damaged: expected what spine-sweep writes; \
if you remove it, 'spine-sweep run' resumes the trial from its checkpoint" "$sweep" $job sweep.ini
done
rm unread/trials/0003/trial.json
run "$sweep" run sweep.ini
cmp summary.tsv unread/summary.tsv || fail "trial 3 without its record is another trial"
: >unread/trials/0003/trial.json # a claim, after a power failure
run "$sweep" run sweep.ini
cmp summary.tsv unread/summary.tsv || fail "trial 3 with an empty record is another trial"

# --- Successive halving -----------------------------------------------------------------------------

ini asha 'min_epochs = 1' 'directory = halved' 'train.noise = 0.1, 0.3, 0.5' \
    'model.hidden = 20, 30, 40'
run mpirun -np 2 "$sweep" run sweep.ini train.epochs=9
epochs=$(cat halved/trials/*/metrics.jsonl | wc -l)
[ "$epochs" -le 41 ] || fail "asha trained $epochs of 81 epochs"
[ "$(find halved/trials -name metrics.jsonl | wc -l)" = 9 ] || fail "asha left trials out"
whole=$(grep -l '"epoch":9,' halved/trials/*/metrics.jsonl | head -n 1)
[ -n "$whole" ] || fail "no trial got to the end"
directory=$(dirname "$whole")
"$sweep" plan sweep.ini train.epochs=9 >plan.tsv
read -r noise hidden < <(awk -v t="$((10#${directory##*/}))" '$1 == t {print $2, $3}' plan.tsv)
train 1 base.ini train.epochs=9 "train.noise=$noise" "model.hidden=$hidden" output.directory=whole
cmp "$directory/codes.h5ad" whole/codes.h5ad || fail "a trial that was promoted isn't the run that it says"

# --- What is refused --------------------------------------------------------------------------------

# refuse TEXT ARGUMENT...
refuse()
{
    local text=$1
    shift
    refused spine-sweep "$text" "$sweep" "$@"
}

refuse "the command is missing: plan, run, trial, status, summary or report; see spine-sweep --help"
refuse "'paln' is none of plan, run, trial, status, summary, report; see spine-sweep --help" paln sweep.ini
refuse "the configuration file is missing; see spine-sweep --help" plan
refuse "trial: 'x' is not a whole number from 0 to 1000000" trial x sweep.ini
refuse "base.ini: has no section \[sweep\]; see spine-sweep --help" plan base.ini
refuse "method = asha chooses the next trial itself;*" trial 1 sweep.ini train.epochs=9
refuse "sweep.directory: halved belongs to another sweep: train.epochs was 9, is 27; use another directory" \
    run sweep.ini train.epochs=27
refuse "none.h5: No such file or directory" run sweep.ini data.input=none.h5 sweep.directory=left
[ ! -e left ] || fail "a sweep without input left a directory"
refuse "sweep.directory: sweep.ini is a file; expected a directory, or a new name" \
    run sweep.ini train.epochs=9 sweep.directory=sweep.ini
refuse "command line: train.noise: is a parameter of the sweep; set sweep.train.noise" \
    run sweep.ini train.noise=0.1
refuse "command line: unknown option 'sweep.trails'; the nearest is sweep.trials" \
    run sweep.ini sweep.trails=3
ini grid 'model.hiden = 3'
refuse "sweep.ini:14: unknown option 'model.hiden'; the nearest is model.hidden" run sweep.ini

# --- Several inputs ---------------------------------------------------------------------------------

gunzip -c "$SPINE_SOURCE/tests/data/glove.6B.100d.5k.txt.gz" | split -l 500 - part
mv partaa first.txt
cat parta[b-j] >second.txt
run "$SPINE_BIN/spine-convert" second.txt second.h5
ini grid 'data.input = first.txt, second.h5' 'directory = inputs'
run "$sweep" plan sweep.ini data.limit=0 model.hidden=10 train.epochs=2
grep -q '^a trial takes about [0-9.]* s to [0-9.]* s on 1 rank' stderr ||
    fail "nine times as many rows don't take longer: $(cat stderr)"
run mpirun -np 2 "$sweep" run sweep.ini data.limit=0 model.hidden=10 train.epochs=2
train 1 base.ini data.input=first.txt data.limit=0 model.hidden=10 train.epochs=2 \
    output.directory=of-first
cmp of-first/codes.h5ad inputs/trials/0000/codes.h5ad || fail "a trial has another input's codes"
run "$SPINE_BIN/spine-top" inputs/trials/0001 --words 1 --dimensions 1
[ "$(find inputs -name input.h5 | wc -l)" = 1 ] || fail "what can be read as it is was converted"
rm -rf inputs
refused spine-sweep "none.txt: No such file or directory" \
    "$sweep" run sweep.ini 'sweep.data.input=first.txt, none.txt'
refused spine-sweep "data.cache: one file can't hold all inputs of a sweep over data.input; leave it out" \
    "$sweep" run sweep.ini data.cache=both.h5
