#!/usr/bin/env bash
# Word pairs with scores, in the forms of several data sets, to one form.
set -euo pipefail
# shellcheck source=tools/eval-data/common.sh
. "$(dirname "${BASH_SOURCE[0]}")/common.sh"

usage="Usage: pairs.sh INPUT OUTPUT

Pairs of words with a score, as these data sets give them, become lines of word, tab, word, tab,
score:

    WordSim-353   combined.tab, combined.csv; EN-WS-353-ALL.txt and its like
    RG-65, MC-30  word, word, score; between them spaces, tabs, commas or semicolons
    MEN           MEN_dataset_natural_form_full; also with parts of speech, as sun-n
    SimLex-999    SimLex-999.txt, of which the column SimLex999
    SimVerb-3500  SimVerb-3500.txt, of which the score follows the part of speech
    Rare Words    rw.txt, of which the mean

A header is recognised: its third column is no number. Fields after the score, and lines
that begin with #, are left out. spine-eval reads these files as they are, too."

arguments 2 2 "$usage" "$@"
readable "$1"
utf8 "$1" | awk -v input="$1" -v program="$program" '
    /^#/ { next }
    !fields { fields = 1; is_first = 1; FS = index($0, "\t") ? "\t" : index($0, ";") ? ";" : index($0, ",") ? "," : " " }
    { $0 = $0; score = 3 } # the first line is cut as the others are
    is_first && $3 !~ /^[-+]?[0-9.]+$/ {
        for (i = 1; i <= NF; i++)
            if ($i == "SimLex999")
                simlex = i
        is_first = 0
        next
    }
    $0 == "" { next }
    {
        is_first = 0
        if (simlex)
            score = simlex
        else if ($3 == "V" && NF > 3)
            score = 4
        if ($1 == "" || $2 == "" || $score !~ /^[-+]?([0-9]+\.?[0-9]*|\.[0-9]+)$/) {
            print program ": " input ":" NR ": expected two words and a score" >"/dev/stderr"
            exit 2
        }
        if ($1 ~ /.-[anvj]$/ && $2 ~ /.-[anvj]$/) {
            $1 = substr($1, 1, length($1) - 2)
            $2 = substr($2, 1, length($2) - 2)
        }
        print $1 "\t" $2 "\t" $score
    }' >"$scratch/out" || exit 2
publish "$scratch/out" "$2"
