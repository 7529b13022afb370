#!/usr/bin/env bash
# The Stanford Sentiment Treebank's sentences to labelled text.
set -euo pipefail
# shellcheck source=tools/eval-data/common.sh
. "$(dirname "${BASH_SOURCE[0]}")/common.sh"

usage="Usage: sst.sh INPUT OUTPUT

Sentences with a class from 0 to 4 before them, as in stsa.binary.train and stsa.fine.train,

    0 one long string of cliches .

become labelled text:

    __label__0 one long string of cliches ."

arguments 2 2 "$usage" "$@"
readable "$1"
utf8 "$1" | awk -v input="$1" -v program="$program" '
    $1 !~ /^[0-4]$/ || NF < 2 {
        print program ": " input ":" NR ": expected a class from 0 to 4 and a sentence" \
            >"/dev/stderr"
        exit 2
    }
    { $1 = "__label__" $1; print }' >"$scratch/out" || exit 2
publish "$scratch/out" "$2"
