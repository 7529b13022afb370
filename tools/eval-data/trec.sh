#!/usr/bin/env bash
# TREC question types to labelled text.
set -euo pipefail
# shellcheck source=tools/eval-data/common.sh
. "$(dirname "${BASH_SOURCE[0]}")/common.sh"

usage="Usage: trec.sh [--fine] INPUT OUTPUT

Questions as Li and Roth give them (train_5500.label, TREC_10.label), Latin-1 or UTF-8,

    LOC:city What county is Modesto , California in ?

become labelled text, by the six coarse types or with --fine by the fine ones:

    __label__LOC What county is Modesto , California in ?"

arguments 2 3 "$usage" "$@"
fine=0
if [ "$1" = --fine ]; then
    fine=1
    shift
fi
[ $# = 2 ] || arguments 2 2 "$usage" "$@"
readable "$1"
utf8 "$1" | awk -v fine=$fine -v input="$1" -v program="$program" '
    $1 !~ /^(ABBR|DESC|ENTY|HUM|LOC|NUM):[a-z]+$/ || NF < 2 {
        print program ": " input ":" NR ": expected a type such as LOC:city and a question" \
            >"/dev/stderr"
        exit 2
    }
    {
        label = $1
        if (!fine)
            sub(/:.*/, "", label)
        $1 = "__label__" label
        print
    }' >"$scratch/out" || exit 2
publish "$scratch/out" "$2"
