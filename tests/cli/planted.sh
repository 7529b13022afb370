#!/usr/bin/env bash
# tools/planted.py: atoms that are known are found again by a trained dictionary, and not by chance.
set -euo pipefail
# shellcheck source=tests/cli/lib.sh
. "$(dirname "$0")/lib.sh"
need_python numpy h5py scipy
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
