#!/usr/bin/env bash
# Sixty-four ranks, each with one row of a batch of 64, train and merge the sample; as one rank does.
set -euo pipefail
# shellcheck source=tests/cli/lib.sh
. "$(dirname "$0")/lib.sh"
need_python h5py
limit=300

sample glove.h5
cat >run.ini <<'END'
[data]
input = glove.h5
[model]
objective = spine
hidden = 100
[train]
epochs = 1
END
train 64 run.ini output.directory=np64
[ "$(find np64/shards -name 'codes-000[0-6][0-9].h5' | wc -l)" = 64 ] || fail "not 64 shards"
train 1 run.ini output.directory=alone
$python "$SPINE_SOURCE/tests/cli/same_run.py" alone np64 || fail "64 ranks train another model"
