#!/usr/bin/env bash
# output.tensorboard: the event file says what metrics.jsonl says, as a reader with its own CRC-32C
# and Debian's protobuf finds, and a run that was stopped or killed has every epoch once.
set -euo pipefail
# shellcheck source=tests/cli/lib.sh
. "$(dirname "$0")/lib.sh"
need_python google.protobuf

# same_events RUN
same_events()
{
    $python "$SPINE_SOURCE/tests/cli/event_file.py" "$1/events.out.tfevents" "$1/metrics.jsonl" ||
        fail "$1: its events are not its metrics"
}

sample glove.h5
cat >run.ini <<'END'
[data]
input = glove.h5
limit = 1000
[model]
objective = spine
hidden = 50
[train]
epochs = 7
evaluate_every = 3
checkpoint_every = 2
[output]
tensorboard = yes
END
train 2 run.ini
same_events run

# Stopped after some epochs, and gone on with on another number of ranks.
train 1 run.ini output.directory=stopped train.stop_after=3
same_events stopped
train 2 run.ini output.directory=stopped
same_events stopped

# Killed in epoch 7, with an event half-written, after a checkpoint of epoch 4.
train 1 run.ini output.directory=killed train.stop_after=4
cp -r killed ahead
train 1 run.ini output.directory=ahead
cp ahead/metrics.jsonl killed
head -c -9 ahead/events.out.tfevents >killed/events.out.tfevents
train 1 run.ini output.directory=killed
same_events killed

# Asked for later only, and not asked for.
train 1 run.ini output.directory=late train.stop_after=3 output.tensorboard=no
[ ! -e late/events.out.tfevents ] || fail "there are events, but nobody wanted them"
train 1 run.ini output.directory=late
same_events late

# A replaced run leaves nothing of the one before.
train 1 run.ini output.directory=late output.overwrite=yes output.tensorboard=no train.epochs=2
[ ! -e late/events.out.tfevents ] || fail "the events of a replaced run are still there"
