#!/usr/bin/env bash
# spine-convert, as it is called: what it says, its exit status, what it leaves behind, and that the
# number of ranks doesn't matter.
set -euo pipefail
# shellcheck source=tests/cli/lib.sh
. "$(dirname "$0")/lib.sh"
need mpiexec h5diff h5dump gzip
data=$SPINE_SOURCE/tests/data

# convert RANKS ARGUMENT...: run, without mpiexec where RANKS is "alone". Sets 'status'; 'said': the
# lines of stderr, then those of stdout, a | between them, without the rank that a warning names;
# 'rms', as reported; 'alone': why one rank did the reading. What mpiexec adds about a failing job
# is left out.
convert()
{
    local ranks=$1 launch=(timeout 100) # a hang is a failure, status 124
    shift
    [ "$ranks" = alone ] || launch+=(mpiexec -n "$ranks")
    status=0
    "${launch[@]}" "$SPINE_BIN/spine-convert" "$@" >stdout 2>stderr </dev/null || status=$?
    said=$(cat stderr stdout | sed -nE '/reads it alone$/d
        s/^spine-convert: \[rank 0\] /spine-convert: /
        /^(spine-convert|[^ ]+\.(h5|txt|vec|csv|gz|zst)): /p' | paste -sd'|')
    alone=$(sed -n 's/^.*: \(.*\), so one rank reads it alone$/\1/p' stderr)
    rms=$(sed -n '1s/.*RMS //p' stdout)
}

# want STATUS TEXT: what the last run must have given. No unfinished file may be there.
want()
{
    [ "$status" = "$1" ] || fail "status $status, expected $1 and '$2': $(cat stderr stdout)"
    [ "$said" = "$2" ] || fail "said '$said', expected '$2'"
    [ -z "$(find . -name '*.part')" ] || fail "left a .part: $2"
}

# refuse RANKS TEXT ARGUMENT...: exit status 2, this text, and no out.h5.
refuse()
{
    local ranks=$1 text=$2
    shift 2
    rm -f out.h5
    convert "$ranks" "$@"
    want 2 "spine-convert: $text"
    [ ! -e out.h5 ] || fail "an output in spite of: $text"
}

# same_file FILE FILE [OBJECT]: they hold the same, attributes included.
same_file()
{
    h5diff "$@" >differences || fail "different: $*: $(cat differences)"
}

# same_rows FILE FILE: the same words and vectors.
same_rows()
{
    same_file "$1" "$2" /words
    same_file "$1" "$2" /vectors
}

can_check=no
! has_python h5py numpy || can_check=yes

# check_values INPUT OUTPUT: against an independent reading, where that can be done.
check_values()
{
    if [ $can_check = yes ]; then
        $python "$SPINE_SOURCE/tests/cli/convert_values.py" "$1" "$2" ||
            fail "$2 doesn't hold what $1 does"
    fi
}

# attribute FILE NAME: its value.
attribute()
{
    h5dump -a "$2" "$1" | sed -n 's/^ *(0): //p'
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

# --- The odd files of cases.tsv ------------------------------------------------------------

cp "$data"/nasty/* .
while IFS=$'\t' read -r file options wanted says _; do
    [ "$options" != - ] || options=
    rm -f out.h5
    # shellcheck disable=SC2086 # options are words
    convert alone $options "$file" out.h5
    want "$wanted" "$says"
    [ "$wanted" = 0 ] || [ ! -e out.h5 ] || fail "$file: an output in spite of status $status"
done <"$data/nasty/cases.tsv"
[ "$status" = 2 ] || fail "the last case was not run"

refuse 3 "44_nul_bytes.txt:2: a NUL byte in the line" 44_nul_bytes.txt out.h5
refuse 3 "28_csv.csv: this is CSV; write it with spaces: python3 -c 'import csv; [print(*row) for row in csv.reader(open(\"FILE\"), skipinitialspace=True)]' > vectors.txt" \
    28_csv.csv out.h5
for file in 00_plain.txt 02_token_spaces_first_line.txt 08_word_looks_like_header.txt \
    18_nbsp_token.vec 20_invalid_utf8.txt 42_long_token.txt; do
    convert 3 $file out.h5
    check_values $file out.h5
done

# --- The number of ranks doesn't matter ----------------------------------------------------

rows 3000 >rows.txt
for ranks in 1 2 3 8; do
    convert $ranks rows.txt out.h5
    want 0 "out.h5: 3000 vectors of 12 numbers, RMS $rms"
    [ $ranks = 1 ] && cp out.h5 rows.h5
    same_file rows.h5 out.h5
done
check_values rows.txt rows.h5
[ "$(attribute rows.h5 source)" = '"rows.txt"' ] || fail "source: $(attribute rows.h5 source)"
[ "$(attribute rows.h5 rows_skipped)" = 0 ] || fail "rows were skipped"

{ echo "3000 12"; sed 's/ /\t/g; s/$/ \r/' rows.txt; } >windows.txt
convert 3 windows.txt out.h5
want 0 "out.h5: 3000 vectors of 12 numbers, RMS $rms"
same_rows rows.h5 out.h5

head -2 rows.txt >two.txt
convert alone two.txt two.h5
convert 8 two.txt out.h5
want 0 "out.h5: 2 vectors of 12 numbers, RMS $rms"
same_file two.h5 out.h5

# --- Compressed input ----------------------------------------------------------------------

gzip -nc rows.txt >rows.gz
convert alone rows.gz out.h5
want 0 "out.h5: 3000 vectors of 12 numbers, RMS $rms"
same_rows rows.h5 out.h5
convert 3 rows.gz out.h5
want 0 "out.h5: 3000 vectors of 12 numbers, RMS $rms"
[ "$alone" = compressed ] || fail "not said that one rank reads alone: $(cat stderr)"
same_rows rows.h5 out.h5

head -c 90000 rows.gz >cut.gz
refuse 3 "cut.gz: the compressed data end too early" cut.gz out.h5
cat rows.gz two.txt >damaged.gz
refuse 2 "damaged.gz: the compressed data are damaged (incorrect header check)" damaged.gz out.h5

if command -v zstd >/dev/null; then
    zstd -q rows.txt -o rows.zst
    convert 3 rows.zst out.h5
    want 0 "out.h5: 3000 vectors of 12 numbers, RMS $rms"
    same_rows rows.h5 out.h5
    head -c 90000 rows.zst >cut.zst
    refuse alone "cut.zst: the compressed data end too early" cut.zst out.h5
fi

# --- Faults on any rank --------------------------------------------------------------------

awk 'NR == 1700 { $5 = "5x" } { print }' rows.txt >bad.txt
for ranks in 2 3 8; do
    refuse $ranks "bad.txt:1700: number 4 of 12 is not a number: '5x'" bad.txt out.h5
done

awk 'NR == 2900 { $5 = "5x" } NR == 1200 { NF = 12 } { print }' rows.txt >bad.txt
for ranks in 3 8; do
    refuse $ranks "bad.txt:1200: expected 12 numbers, got 11" bad.txt out.h5
done

# --- Repeated words, and numbers that aren't finite ----------------------------------------

awk 'NR == 20 { $1 = "word7" } { print }' rows.txt >near.txt
awk 'NR == 2900 { $1 = "word7" } { print }' rows.txt >far.txt
for ranks in alone 3; do
    refuse $ranks "near.txt:20: the word 'word7' is on line 7 already; --on-bad=skip leaves duplicates out" near.txt out.h5
    refuse $ranks "far.txt:2900: the word 'word7' is on line 7 already; --on-bad=skip leaves duplicates out" far.txt out.h5
done

# Row 9 repeats a word, but of a row that is left out, so it stays.
awk 'BEGIN { print "3000 12" }
    NR == 5 || NR == 2500 { $4 = "nan" }
    NR == 6 { $13 = "-inf" }
    NR == 9 { $1 = "word6" }
    NR == 20 || NR == 1000 || NR == 2900 { $1 = "word7" }
    NR == 21 { print "" }
    { print }' rows.txt >mixed.txt
awk 'NR == 9 { $1 = "word6" }
    NR != 5 && NR != 6 && NR != 20 && NR != 1000 && NR != 2500 && NR != 2900' rows.txt >left.txt
refuse 3 "mixed.txt:6: number 3 of 12 is not finite: 'nan'" mixed.txt out.h5
convert alone left.txt left.h5
left=$rms
for ranks in alone 2 3 8; do
    convert $ranks --on-bad skip mixed.txt out.h5
    want 0 "out.h5: 2994 vectors of 12 numbers, RMS $left|mixed.txt: 1 blank line skipped|\
mixed.txt: left out 3 rows with NaN or Inf (lines 6, 7, 2502)|\
mixed.txt: left out 3 rows with duplicate words (lines 21, 1002, 2902)"
    same_rows left.h5 out.h5
done
[ "$(attribute out.h5 rows_skipped)" = 6 ] || fail "rows_skipped: $(attribute out.h5 rows_skipped)"

{ rows 9; rows 9; } >twice.txt
convert 2 --on-bad=skip twice.txt out.h5
want 0 "out.h5: 9 vectors of 12 numbers, RMS $rms|\
twice.txt: left out 9 rows with duplicate words (lines 10, 11, 12, 13, 14, ...)"

printf 'a nan 1\nb 1 inf\n' >nothing.txt
refuse 2 "nothing.txt: no vectors are left" --on-bad skip nothing.txt out.h5

# --- The header's count --------------------------------------------------------------------

{ echo "3001 12"; cat rows.txt; } >more.txt
{ echo "2999 12"; cat rows.txt; } >fewer.txt
for ranks in alone 3; do
    refuse $ranks "more.txt:1: the header announces 3001 vectors, the file has 3000; if it wasn't cut off, spine-convert --header=skip reads it anyway" more.txt out.h5
    refuse $ranks "fewer.txt:1: the header announces 2999 vectors, the file has 3000; if it wasn't cut off, spine-convert --header=skip reads it anyway" \
        --on-bad skip fewer.txt out.h5
done

# --- The limit -----------------------------------------------------------------------------

head -100 rows.txt >first.txt
convert alone first.txt first.h5
for ranks in alone 3; do
    convert $ranks --limit 100 more.txt out.h5
    [ "$status" = 0 ] || fail "--limit: $said"
    same_rows first.h5 out.h5
done
want 0 "out.h5: 100 vectors of 12 numbers, RMS $rms"
[ "$alone" = "only the first rows are wanted" ] || fail "not said: $(cat stderr)"
refuse alone "more.txt:1: the header announces 3001 vectors, the file has 3000; if it wasn't cut off, spine-convert --header=skip reads it anyway" \
    --limit 3002 more.txt out.h5
for value in 0 x -3 1.5 '' 99999999999999999999; do
    refuse alone "--limit: '$value' is not a whole number from 1 to 1000000000000" "--limit=$value" rows.txt out.h5
done

# --- Input and output ----------------------------------------------------------------------

refuse 2 "missing.txt: No such file or directory" missing.txt out.h5
mkdir directory
refuse alone "directory: is a directory; give a file in it" directory out.h5
: >empty.txt
gzip -k empty.txt
for file in empty.txt empty.txt.gz; do
    refuse 2 "$file: the file is empty" $file out.h5
done

convert 2 rows.txt directory/none/out.h5
[[ $status = 2 && $said = "spine-convert: directory/none/out.h5: its directory doesn't exist" ]] ||
    fail "an output that can't be written: status $status, '$said'"

cp rows.txt kept.txt
refuse 2 "./kept.txt: the output would overwrite the input" kept.txt ./kept.txt
ln kept.txt link.txt
refuse alone "link.txt: the output would overwrite the input" kept.txt link.txt
cp rows.txt kept.h5.part
convert alone kept.h5.part kept.h5
[ "$status" = 2 ] || fail "the input stood under the output's unfinished name"
cmp rows.txt kept.h5.part
rm kept.h5.part
: >kept.h5
refuse alone "kept.h5: the output would overwrite the list of words" --words=kept.h5 rows.txt kept.h5
rm kept.h5
refuse 2 "kept.txt: exists and was not written by spine-convert: not overwritten" rows.txt kept.txt
cmp rows.txt kept.txt

cp rows.h5 out.h5
convert 2 bad.txt out.h5
[ "$status" = 2 ] || fail "bad.txt was accepted"
cmp rows.h5 out.h5
convert 2 two.txt out.h5
want 0 "out.h5: 2 vectors of 12 numbers, RMS $rms"
same_file two.h5 out.h5

# A disk that fills up, by a limit on the size of a file: the vectors need 10 MB.
awk 'BEGIN { for (i = 0; i < 20000; i++) {
    printf "word%d", i
    for (k = 0; k < 130; k++)
        printf " %d", (i + k) % 10
    print "" } }' >wide.txt
for ranks in 1 3; do
    status=0
    # shellcheck disable=SC2016 # for the shell that mpiexec starts
    timeout 100 mpiexec -n $ranks bash -c 'trap "" XFSZ; ulimit -f 8192; exec "$@"' - \
        "$SPINE_BIN/spine-convert" wide.txt full.h5 >stdout 2>stderr || status=$?
    [[ $status = 1 && ! -s stdout ]] || fail "a full disk: status $status: $(cat stderr stdout)"
    grep -q "^spine-convert: .*full.h5: can't " stderr || fail "a full disk: $(cat stderr)"
    [ -z "$(find . -name 'full.h5*')" ] || fail "left on a full disk: $(find . -name 'full.h5*')"
done

# --- The command line ----------------------------------------------------------------------

refuse alone "expected two paths, INPUT and OUTPUT, got 0; see --help"
refuse 2 "expected two paths, INPUT and OUTPUT, got 1; see --help" rows.txt
refuse alone "expected two paths, INPUT and OUTPUT, got 3; see --help" rows.txt out.h5 more.txt
refuse alone "--frobnicate: unknown option; see spine-convert --help" --frobnicate rows.txt out.h5
refuse alone "-x: unknown option; see spine-convert --help" -x rows.txt out.h5
refuse alone "--limit: needs a value; see spine-convert --help" rows.txt out.h5 --limit
refuse alone "--header: expected yes, no or skip, got 'maybe'" --header maybe rows.txt out.h5
refuse alone "--on-bad: expected stop or skip, got 'keep'" --on-bad keep rows.txt out.h5

convert 2 --help
[[ $status = 0 && $(grep -c '^Usage: spine-convert ' stdout) = 1 ]] || fail "--help: $(cat stdout)"
convert 2 --version
[[ $status = 0 && $(cat stdout) =~ ^spine-convert\ [0-9.]+$ ]] || fail "--version: $(cat stdout)"
convert 2 --verbose rows.txt out.h5
for step in "reading and parsing" "duplicates" "writing"; do
    grep -q "^$step .* s .* %" stderr || fail "--verbose: $(cat stderr)"
done
