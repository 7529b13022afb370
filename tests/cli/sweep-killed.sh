#!/usr/bin/env bash
# A killed sweep resumes where it was, and ends with the table that it would have had.
set -euo pipefail
# shellcheck source=tests/cli/lib.sh
. "$(dirname "$0")/lib.sh"
sweep=$SPINE_BIN/spine-sweep

sample glove.h5
cat >sweep.ini <<'END_INI'
[data]
input = glove.h5
limit = 4000
[model]
objective = spine
hidden = 1000
[train]
epochs = 24
evaluate_every = 0
checkpoint_every = 2
[sweep]
method = random
trials = 10
objective = maximize intrusion
subject_to = explained_variance >= 0.2
train.noise = uniform 0.1 .. 0.4
train.learning_rate = log 1e-3 .. 1e-2
END_INI

run mpirun -np 2 "$sweep" run sweep.ini sweep.directory=whole

# count_epochs DIRECTORY: sets 'lines' to how many its trials have in all.
count_epochs()
{
    count_lines "$1"/trials/*/metrics.jsonl
}

# kill_after EPOCHS SIGNAL: start the sweep 'killed', and end it when so many more are trained.
kill_after()
{
    local goal victim
    count_epochs killed
    goal=$((lines + $1))
    mpirun -np 2 "$sweep" run sweep.ini sweep.directory=killed >out 2>err &
    victim=$!
    for _ in $(seq 3000); do
        count_epochs killed
        [ "$lines" -lt "$goal" ] || break
        kill -0 $victim 2>/dev/null || fail "it was done before it was killed: $(cat err)"
        pause 0.02
    done
    kill -s "$2" $victim
    status=0
    wait $victim || status=$?
}

# Two groups can't train 3 * 17 epochs without finishing a trial, which has 24.
for _ in 1 2 3; do
    kill_after $((17 + RANDOM % 18)) KILL
    [ "$status" = 137 ] || fail "status $status after SIGKILL"
    for _ in $(seq 200); do # the ranks end when they miss mpirun
        run "$sweep" status killed
        grep -q running stdout || break
        sleep 0.1
    done
done
run "$sweep" status killed
grep -q 'finished' stdout || fail "nothing was done before it was killed: $(cat stdout)"
grep -q 'open\|begun' stdout || fail "all was done before it was killed: $(cat stdout)"

# A request to leave saves, and says so with status 75.
kill_after 3 USR1
[ "$status" = 75 ] || fail "status $status after SIGUSR1: $(cat err)"
grep -q 'spine-sweep: stopped with all trials saved; run the same command again to resume' err ||
    fail "said: $(cat err)"

run mpirun -np 2 "$sweep" run sweep.ini sweep.directory=killed
cmp whole/summary.tsv killed/summary.tsv || fail "the table is another one: $(diff whole/summary.tsv killed/summary.tsv)"
count_epochs killed
[ "$lines" = 240 ] || fail "the trials have $lines epochs, not 240"
for trial in 0 5 9; do
    cmp "whole/trials/000$trial/codes.h5ad" "killed/trials/000$trial/codes.h5ad" ||
        fail "trial $trial has other codes"
done
