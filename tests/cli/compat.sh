#!/usr/bin/env bash
# spine-compat: the published program's command line trains what slurm/published-word2vec.ini does, and
# writes the published program's text.
set -euo pipefail
# shellcheck source=tests/cli/lib.sh
. "$(dirname "$0")/lib.sh"
compat=$SPINE_BIN/spine-compat

zcat "$SPINE_SOURCE/tests/data/glove.6B.100d.5k.txt.gz" >all.txt
head -500 all.txt >'a b.txt'
options=(--input 'a b.txt' --num_epochs 6 --denoising --noise 0.2 --sparsity 0.85 --hdim 40)
run "$SPINE_BIN/spine-mpi" "$SPINE_SOURCE/slurm/published-word2vec.ini" data.input='a b.txt' \
    train.epochs=6 model.hidden=40 output.noisy_codes=yes output.directory=own output.formats=txt

# --- The output ---------------------------------------------------------------------------------------

# The command in the published program's README, on two ranks; 'vectors' says nothing of a format.
run mpirun -np 2 "$compat" "${options[@]}" --output out.vectors
cp stdout said
cmp own/codes.txt out.vectors || fail "other codes than by the settings in slurm"
[ "$(awk '{ print NF }' out.vectors | sort -u)" = 41 ] || fail "not a word and 40 values a line"
[ "$(cut -d ' ' -f 1 out.vectors)" = "$(cut -d ' ' -f 1 'a b.txt')" ] || fail "other words"
[ ! -e out.vectors.run/codes.txt ] || fail "the text is there twice"
run "$SPINE_BIN/spine-top" out.vectors.run the
[ -s stdout ] || fail "the run has no codes"

# Again: nothing is trained, the output is there again.
rm out.vectors
run "$compat" "${options[@]}" --output out.vectors
cmp own/codes.txt out.vectors || fail "run again, the output is another one"

# The line to move on with is one for the shell.
grep -q '^  printf .* >config.ini && mpirun -np 2 spine-mpi config.ini model.objective=spine model.hidden=40$' said ||
    fail "it says: $(cat said)"
PATH=$SPINE_BIN:$PATH run bash -c "$(sed -n 's/^  printf/printf/p' said) train.epochs=1"
[ -s run/codes.h5ad ] || fail "the next command wrote no codes"

# --- Its defaults -------------------------------------------------------------------------------------

# Without --denoising there is no noise; the output has the input's name.
run "$compat" --input 'a b.txt' --num_epochs 2 --hdim 40 --noise 0.4
run "$compat" --input 'a b.txt' --num_epochs 2 --hdim 40 --output none.txt
cmp 'a b.txt.spine' none.txt || fail "--noise without --denoising changes the codes"

# --- Stop and resume ----------------------------------------------------------------------------------

attempt "$compat" "${options[@]}" --output later.txt train.stop_after=3
[ "$status" = 0 ] || fail "status $status after stop_after: $(cat stderr)"
run "$compat" "${options[@]}" --output later.txt
cmp own/codes.txt later.txt || fail "resumed, the output is another one"

# --- Refusals -----------------------------------------------------------------------------------------

refused spine-compat "--hdim: model.hidden: 'x' is not a *" "$compat" --hdim x
refused spine-compat '--sparsity: loss.sparsity: *' "$compat" --sparsity 2
refused spine-compat '--bogus: unknown option; see spine-compat --help' "$compat" --bogus
refused spine-compat "'word' is not of the form section.key=value" "$compat" --input 'a b.txt' word
refused spine-compat 'nothing.txt: No such file or directory' "$compat" --input nothing.txt --output new
[ ! -e new.run ] || fail "a refused command left $(find new.run)"
# shellcheck disable=SC2088 # a name, not the home
refused spine-compat "--output: '~/new': *" "$compat" --input 'a b.txt' --output '~/new'
ln 'a b.txt' linked.txt
mkdir taken
refused spine-compat "--output: 'linked.txt' is the input; name another file" \
    "$compat" --input 'a b.txt' --output linked.txt
refused spine-compat "--output: 'taken' is not a file; name one" "$compat" --input 'a b.txt' --output taken
refused spine-compat "--output: 'new/' is not a file; name one" "$compat" --input 'a b.txt' --output new/
refused spine-compat "output.directory: with --output=FILE the run is in FILE.run; leave this out" \
    "$compat" --input 'a b.txt' output.directory=elsewhere
