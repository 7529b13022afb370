#!/usr/bin/env bash
# spine-convert, as it is called: what it says, its exit status, what it leaves behind, and that the
# number of ranks doesn't matter. Needs SPINE_BIN and SPINE_SOURCE.
set -euo pipefail

for program in mpiexec h5diff gzip; do
    command -v $program >/dev/null || { echo "SKIPPED: $program is not installed" >&2; exit 77; }
done
data=$SPINE_SOURCE/tests/data
values=$SPINE_SOURCE/tests/cli/convert_values.py
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
cd "$scratch"

fail()
{
    echo "convert.sh: $*" >&2
    exit 1
}

# convert RANKS ARGUMENT...: run, and set 'status' and 'said': what it printed, a | between lines.
# What mpiexec adds about a failing job is left out, and the rank that a warning names.
convert()
{
    local ranks=$1 launch=()
    shift
    [ "$ranks" = alone ] || launch=(mpiexec -n "$ranks")
    status=0
    "${launch[@]}" "$SPINE_BIN/spine-convert" "$@" >printed 2>&1 </dev/null || status=$?
    said=$(grep -E '^(spine-convert|[^ ]+\.(h5|txt|vec|gz|zst)): ' printed |
        sed 's/^spine-convert: \[rank 0\] /spine-convert: /' | paste -sd'|')
}

# want STATUS TEXT: what the last run must have given.
want()
{
    [ "$status" = "$1" ] || fail "status $status, expected $1: $(cat printed)"
    [ "$said" = "$2" ] || fail "said '$said', expected '$2'"
    [ -z "$(find . -name '*.part')" ] || fail "left a .part: $2"
}

# refused RANKS TEXT ARGUMENT...: exit status 2, this text, and no output.
refused()
{
    local ranks=$1 text=$2
    shift 2
    rm -f out.h5
    convert "$ranks" "$@"
    want 2 "spine-convert: $text"
    [ ! -e out.h5 ] || fail "an output in spite of: $text"
}

same()
{
    h5diff --exclude-path=/nothing "$1" "$2" >differences || fail "$1 and $2 differ: $(cat differences)"
}

# check_values INPUT OUTPUT: against an independent reading, where there is one.
check_values()
{
    if [ -x /usr/bin/python3 ] && /usr/bin/python3 -c 'import h5py, numpy' 2>/dev/null; then
        /usr/bin/python3 "$values" "$1" "$2" || fail "$2 doesn't hold what $1 does"
    fi
}

# rows NUMBER: that many rows of 12 numbers.
rows()
{
    awk -v rows="$1" 'BEGIN {
        srand(1)
        for (i = 1; i <= rows; i++) {
            printf "word%d", i
            for (k = 0; k < 12; k++)
                printf " %.6g", 4 * rand() - 2
            print ""
        }
    }'
}

# --- The odd files, on one rank and on three -----------------------------------------------

check_cases()
{
    local ranks=$1 file options wanted says
    while IFS=$'\t' read -r file options wanted says _; do
        [ "$options" != - ] || options=
        rm -f out.h5
        # shellcheck disable=SC2086 # they are words
        convert "$ranks" $options "$file" out.h5
        said=${said#"$file: compressed, so one rank reads it alone|"}
        want "$wanted" "$says"
        [ -e out.h5 ] == [ "$wanted" = 0 ] || fail "$file: the output is wrong"
    done < <(tail -n +2 "$data/nasty/cases.tsv")
}

cp "$data"/nasty/* .
check_cases alone
check_cases 3
for file in 00_plain.txt 02_token_spaces_first_line.txt 18_nbsp_token.vec 20_invalid_utf8.txt \
    42_long_token.txt; do
    convert 3 $file out.h5
    check_values $file out.h5
done

# --- The number of ranks doesn't matter ----------------------------------------------------

rows 3000 >rows.txt
for ranks in 1 2 3 8; do
    convert $ranks rows.txt ranks$ranks.h5
    want 0 "ranks$ranks.h5: 3000 vectors of 12 numbers, RMS ${said##* }"
    same ranks1.h5 ranks$ranks.h5
done
check_values rows.txt ranks1.h5

head -2 rows.txt >two.txt
convert alone two.txt one.h5
convert 8 two.txt out.h5
want 0 "out.h5: 2 vectors of 12 numbers, RMS ${said##* }"
same one.h5 out.h5

# --- Compressed input ----------------------------------------------------------------------

gzip -nc rows.txt >rows.gz
convert 1 rows.gz out.h5
want 0 "out.h5: 3000 vectors of 12 numbers, RMS ${said##* }"
h5diff ranks1.h5 out.h5 /vectors || fail "gzip changes the numbers"
h5diff ranks1.h5 out.h5 /words || fail "gzip changes the words"
convert 3 rows.gz out3.h5
want 0 "rows.gz: compressed, so one rank reads it alone|out3.h5: 3000 vectors of 12 numbers, RMS ${said##* }"
same out.h5 out3.h5

head -c 20000 rows.gz >cut.gz
refused 3 "cut.gz: the compressed data end too early" cut.gz out.h5
{ head -c 20000 rows.gz; head -c 5000 rows.txt; } >damaged.gz
convert 2 damaged.gz out.h5
[[ $status = 2 && $said = *"spine-convert: damaged.gz: the compressed data are damaged ("* ]] ||
    fail "damaged.gz: $said"

if command -v zstd >/dev/null; then
    zstd -q rows.txt -o rows.zst
    convert 2 rows.zst out.h5
    h5diff ranks1.h5 out.h5 /vectors || fail "zstd changes the numbers"
fi

# --- Faults on any rank --------------------------------------------------------------------

awk 'NR == 1700 { $5 = "5x" } { print }' rows.txt >bad.txt
for ranks in 1 2 3 8; do
    refused $ranks "bad.txt:1700: number 4 of 12 is not a number: '5x'" bad.txt out.h5
done
awk 'NR == 2900 { $5 = "5x" } NR == 1200 { $3 = "" } { print }' rows.txt >bad.txt
for ranks in 1 3 8; do
    refused $ranks "bad.txt:1200: expected 12 numbers, got 11" bad.txt out.h5
done

# --- Repeated words and numbers that aren't finite -----------------------------------------

awk 'NR == 20 { $1 = "word7" } { print }' rows.txt >near.txt
awk 'NR == 2900 { $1 = "word7" } { print }' rows.txt >far.txt
for ranks in 1 2 3 8; do
    refused $ranks "near.txt:20: the word 'word7' stands on line 7 already" near.txt out.h5
    refused $ranks "far.txt:2900: the word 'word7' stands on line 7 already" far.txt out.h5
done

awk 'BEGIN { print "3000 12" }
    NR == 5 || NR == 2500 { $4 = "nan" } NR == 6 { $13 = "-inf" }
    NR == 20 || NR == 1000 || NR == 2900 { $1 = "word7" } NR == 21 { print "" }
    NR == 9 { $1 = "word6" }
    { print }' rows.txt >mixed.txt
awk 'NR != 5 && NR != 2500 && NR != 6 && NR != 20 && NR != 1000 && NR != 2900 {
    if (NR == 9) $1 = "word6"
    print }' rows.txt >left.txt
refused 3 "mixed.txt:6: number 3 of 12 is not finite: 'nan'" mixed.txt out.h5
convert alone left.txt left.h5
for ranks in 1 2 3 8; do
    rm -f out.h5
    convert $ranks --on-bad skip mixed.txt out.h5
    want 0 "out.h5: 2994 vectors of 12 numbers, RMS ${said##*RMS }"
done 2>/dev/null || true
