#!/usr/bin/env bash
# spine-top: the dimensions of a word and the words of a dimension, and what it refuses.
set -euo pipefail
# shellcheck source=tests/cli/lib.sh
. "$(dirname "$0")/lib.sh"
top=$SPINE_BIN/spine-top

sample glove.h5
cat >run.ini <<'END'
[data]
input = glove.h5
[model]
hidden = 500
[train]
epochs = 20
END
train 2 run.ini

# lines NUMBER PATTERN: that many lines of stdout match, and no others are there.
lines()
{
    if [ "$(grep -Ec "$2" stdout)" != "$1" ] || [ "$(wc -l <stdout)" != "$1" ]; then
        fail "expected $1 lines like '$2': $(cat stdout)"
    fi
}

# refuse TEXT ARGUMENT...
refuse()
{
    local text=$1
    shift
    refused spine-top "$text" "$top" "$@"
}

word='[^ ]+'
strength=' +[0-9]+\.[0-9]{3}'

# --- Answers ----------------------------------------------------------------------------------------

run "$top" run
lines 10 "^ +[0-9]+ ( $word){10}$"
run "$top" run --words=3
lines 10 "^ +[0-9]+ ( $word){3}$"
run "$top" run --dimensions=4 --words=100000
lines 4 "^ +[0-9]+ ( $word)+$"

run "$top" run king
[[ $(head -1 stdout) =~ ^king:\ [0-9]+\ dimensions$ ]] || fail "first line: $(head -1 stdout)"
sed -i 1d stdout
lines 10 "^$strength +[0-9]+ ( $word){1,10}$"
sort -s -k1,1nr stdout | cmp -s - stdout || fail "not the strongest first: $(cat stdout)"
run "$top" run/codes.h5ad --dimensions=2 --words=3 king queen
[ "$(grep -c ' dimensions$' stdout)" = 2 ] || fail "two words: $(cat stdout)"
grep -v ' dimensions$' stdout >answers
mv answers stdout
lines 4 "^$strength +[0-9]+ ( $word){1,3}$"

run "$top" run
best=$(awk 'NR == 1 { print $1 }' stdout)
first=$(awk 'NR == 1 { print $2 }' stdout)
run "$top" run --dimension="$best"
[[ $(head -1 stdout) =~ ^dimension\ $best:\ on\ for\ [0-9]+\ of\ 5000\ words$ ]] ||
    fail "first line: $(head -1 stdout)"
sed -i 1d stdout
lines 10 "^$strength  $word$"
[ "$(awk 'NR == 1 { print $2 }' stdout)" = "$first" ] || fail "two forms, two top words"
sort -s -k1,1nr stdout | cmp -s - stdout || fail "not the strongest first: $(cat stdout)"
run "$top" run --dimension=0 --dimension=499
[ "$(grep -c '^dimension ' stdout)" = 2 ] || fail "two dimensions: $(cat stdout)"

run "$top" --help
grep -q '^Usage: spine-top ' stdout || fail "--help: $(cat stdout)"
run "$top" --version
lines 1 '^spine-top [0-9.]+$'

# --- Refusals ---------------------------------------------------------------------------------------

refuse "the directory of a run is missing; see spine-top --help"
refuse "'kiing' is not among the 5000 words" run kiing
refuse "--dimension: 500 is not below 500, the number of dimensions" run --dimension=500
for number in -1 x 1x 99999999999999999999 ''; do
    refuse "--dimension: '$number' is not a whole number from 0 to *" run --dimension=$number
done
refuse "--words: '0' is not a whole number from 1 to 100000" run --words=0
refuse "--dimensions: '0' is not a whole number from 1 to 1000000" run --dimensions=0
refuse "--words: needs a value; see spine-top --help" run --words
refuse "--bogus: unknown option; see spine-top --help" run --bogus
refuse "nowhere: No such file or directory" nowhere
refuse "glove.h5: *" glove.h5
refuse "run/metrics.jsonl: not an HDF5 file" run/metrics.jsonl
rm run/codes.h5ad
refuse "run: has no codes.h5ad; 'spine-merge run' makes it" run
