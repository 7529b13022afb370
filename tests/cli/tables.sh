#!/usr/bin/env bash
# There are no two lists of the same names: the options in the code, --print-config, the man pages and
# the documents (README.md, tools/doc); and the metrics in the code, metrics.jsonl, the report, sweeps
# and the documents.
set -euo pipefail
# shellcheck source=tests/cli/lib.sh
. "$(dirname "$0")/lib.sh"
need_python json

run "$SPINE_BIN/spine-mpi" --print-config
cp stdout printed.ini

mkdir manuals
for program in "$SPINE_BIN"/spine-*; do
    name=$(basename "$program")
    "$program" --help >"manuals/$name.help"
    page=$SPINE_BIN/../man/$name.1
    if [ -e "$page" ] && command -v man groff >/dev/null; then
        MANWIDTH=90 man -l "$page" | sed 's/.\x08//g' >"manuals/$name.man"
    fi
done

sample glove.h5
cat >run.ini <<'END'
[data]
input = glove.h5
limit = 200
holdout = 0.2
[model]
objective = topk
hidden = 10
k = 4
aux_k = 2
[train]
epochs = 2
batch_size = 20
evaluate_every = 2
END
train 1 run.ini
run "$SPINE_BIN/spine-report" run -o report.html

{ cat run.ini; printf '[sweep]\nmethod = grid\nobjective = maximize nothing\ntrain.noise = 0, 1\n'; } >sweep.ini
attempt "$SPINE_BIN/spine-sweep" plan sweep.ini
[ "$status" = 2 ] || fail "an unknown score: status $status: $(cat stderr)"
cp stderr scores

$python "$SPINE_SOURCE/tests/cli/tables.py" "$SPINE_SOURCE" printed.ini manuals run/metrics.jsonl \
    report.html scores >complaints || fail "$(cat complaints)"

# And it would notice: an option, a default and a metric of the documents are changed.
mkdir -p other/src/config other/include/spine/files
cp "$SPINE_SOURCE/src/config/config.c" other/src/config
cp "$SPINE_SOURCE/include/spine/files/metrics.h" other/include/spine/files
mkdir -p other/tools
cp "$SPINE_SOURCE/README.md" other
cp -r "$SPINE_SOURCE/tools/doc" other/tools
# shellcheck disable=SC2016 # they are Markdown's
sed -i -e 's/^| train.epochs | 60 (nnse: 5) |/| train.epoch | 60 (nnse: 8) |/' -e 's/^| train.noise | 0.4 |/| train.noise | 0.5 |/' \
    -e 's/`l0`/`l1`/' -e 's/^\(| `train.refit` | no | .*\): yes/\1: no/' \
    -e '/^| `model.ridge` |/d' other/tools/doc/*.md
! $python "$SPINE_SOURCE/tests/cli/tables.py" other printed.ini manuals run/metrics.jsonl \
    report.html scores >complaints || fail "changed names go unnoticed"
for text in 'train.epochs is missing' 'train.epoch is not known' 'train.noise: default 0.5' \
    'l0 is missing' 'l1 is not known' 'train.refit of topk: no, the program has yes' 'model.ridge of nnse: None'; do
    grep -q "$text" complaints || fail "it doesn't notice that $text: $(cat complaints)"
done
