#!/usr/bin/env bash
# The bracketing of noun phrases to labelled text, a file a fold.
set -euo pipefail
# shellcheck source=tools/eval-data/common.sh
. "$(dirname "${BASH_SOURCE[0]}")/common.sh"

usage="Usage: noun-phrases.sh INPUT DIRECTORY

The data set of Lazaridou, Vecchi and Baroni (2013): fold, three words with their parts of speech,
and whether the first two (L) or the last two (R) belong together,

    0<TAB>Japanese-j_discount-n_rate-n<TAB>R

become labelled text in DIRECTORY/fold-0.txt, DIRECTORY/fold-1.txt, ...:

    __label__R Japanese discount rate"

arguments 2 2 "$usage" "$@"
readable "$1"
utf8 "$1" | awk -v input="$1" -v program="$program" -v directory="$scratch" '
    NR == 1 && $1 == "Fold_id" { next }
    {
        count = split($2, words, "_")
        bad = NF != 3 || $1 !~ /^[0-9][0-9]?$/ || count != 3 || $3 !~ /^[LR]$/
        text = "__label__" $3
        for (i = 1; i <= count; i++) {
            bad = bad || words[i] !~ /.-[a-z]$/
            text = text " " substr(words[i], 1, length(words[i]) - 2)
        }
        if (bad) {
            print program ": " input ":" NR ": expected fold, word-x_word-x_word-x, and L or R" \
                >"/dev/stderr"
            exit 2
        }
        print text >(directory "/fold-" $1 ".txt")
    }' || exit 2
[ -e "$(echo "$scratch"/fold-*.txt | cut -d' ' -f1)" ] || refuse "$1: no noun phrases"
mkdir -p "$2" || exit 2
for fold in "$scratch"/fold-*.txt; do
    publish "$fold" "$2/$(basename "$fold")"
done
