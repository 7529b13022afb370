#!/usr/bin/env bash
# spine-mpi as it is called: options, configuration, exit status, what it says and where.
set -euo pipefail
# shellcheck source=tests/cli/lib.sh
. "$(dirname "$0")/lib.sh"
trainer=$SPINE_BIN/spine-mpi

sample glove.h5
cat >run.ini <<'END'
[data]
input = glove.h5
[model]
objective = spine
hidden = 50
[train]
epochs = 2
evaluate_every = 0
END

# refuse TEXT ARGUMENT...
refuse()
{
    local text=$1
    shift
    refused spine-mpi "$text" "$trainer" "$@"
    [ ! -s stdout ] || fail "refused, and yet printed: $(cat stdout)"
}

# silent FILE: it is empty.
silent()
{
    [ ! -s "$1" ] || fail "$1 is not empty: $(cat "$1")"
}

# --- Questions about itself -----------------------------------------------------------------------

run "$trainer" --help
grep -q '^Usage: mpirun -np RANKS spine-mpi ' stdout || fail "--help: $(cat stdout)"
for option in --dry-run --print-config --quiet --version; do
    grep -q -e "$option" stdout || fail "--help leaves out $option"
done
silent stderr
run "$trainer" --version
grep -q '^spine-mpi [0-9.]*$' stdout || fail "--version: $(cat stdout)"
for library in MPI HDF5 BLAS; do
    grep -q "^$library: ..*" stdout || fail "--version leaves out $library: $(cat stdout)"
done
run mpirun -np 3 "$trainer" --version
[ "$(grep -c ^spine-mpi stdout)" = 1 ] || fail "three ranks print three versions"

# --- The configuration ----------------------------------------------------------------------------

run "$trainer" --print-config data.input=glove.h5
cp stdout all.ini
grep -q '^\[train\]$' all.ini || fail "--print-config: $(cat all.ini)"
run "$trainer" --print-config all.ini
cmp stdout all.ini || fail "--print-config's output doesn't read back as itself"
[ "$(grep -c '^;.*default: ' all.ini)" = "$(grep -c '^[a-z_0-9]* = ' all.ini)" ] ||
    fail "--print-config leaves an option unexplained"

grep -q '^; standard deviation of the noise .*; for all objectives but nnse; .*; default: 0.4$' all.ini ||
    fail "--print-config doesn't say who uses the noise: $(cat all.ini)"

run "$trainer" --dry-run run.ini model.hidden=70
grep -qx 'hidden = 70' stdout || fail "an override has no effect: $(cat stdout)"
grep -qx 'epochs = 2' stdout || fail "the file has no effect: $(cat stdout)"
grep -q '^input  *5000 rows of 100 numbers$' stdout || fail "--dry-run: $(cat stdout)"
grep -q '^steps  *79 an epoch, 158 in all$' stdout || fail "--dry-run: $(cat stdout)"
grep -Eq '^time  *about [0-9.]+ s for the steps of 2 epochs: [0-9.]+ ms each now$' stdout || fail "--dry-run: $(cat stdout)"
grep -q '^memory of a rank  *[0-9.]* MiB' stdout || fail "--dry-run: $(cat stdout)"
silent stderr
run "$trainer" --dry-run all.ini train.epochs=7
[ ! -e run ] || fail "--dry-run made the run's directory"

# --- Where it would run -----------------------------------------------------------------------------

run mpirun -np 2 "$trainer" --doctor model.objective=spine
for line in 'hosts  *[^ ]*: 2 ranks, .*; [0-9]* cores' 'BLAS  *[A-Z]' 'MPI  *[A-Z]' \
    'output  *run: [a-zA-Z0-9]* file system, can lock files$' \
    'sgemm  *[0-9.]* Gflop/s on the fastest rank, [0-9.]* on the slowest' \
    'allreduce  *[0-9.]* ms for a gradient of 2.44 MB; [0-9.]* ms for 1 KB$' \
    'grid  *1x1: about [0-9.]* ms a step' 'grid  *1x2: about [0-9.]* ms a step' \
    'grid .*; auto chooses it$'; do
    grep -q "^$line" stdout || fail "--doctor leaves out '$line': $(cat stdout)"
done
silent stderr
[ ! -e run ] || fail "--doctor made the run's directory"
run mpirun -np 3 "$trainer" --doctor run.ini train.batch_size=12
grep -q '^allreduce .* gradient of 0.05 MB' stdout ||
    fail "--doctor doesn't take the input's dimension: $(cat stdout)"
grep -q '^grid  *1x3: about [0-9.]* ms a step, [0-9]* MiB a rank' stdout ||
    fail "--doctor has no memory of a grid: $(cat stdout)"
printf '%s\n' 'a 1 2' 'b 2 1' 'c 3 3' >narrow.txt # a gradient of fewer numbers than the shorter sum has
run mpirun -np 2 "$trainer" --doctor data.input=narrow.txt data.cache=narrow.h5 model.hidden=1
grep -q '^allreduce .* gradient of 0.00 MB' stdout || fail "--doctor of a small model: $(cat stdout)"
if unshare --uts true 2>/dev/null; then # ranks go round the hosts
    # shellcheck disable=SC2016 # each rank expands it
    run mpirun -np 4 --bind-to none unshare --uts sh -c \
        'hostname n$((OMPI_COMM_WORLD_RANK % 2)) && exec "$0" --doctor' "$trainer"
    [ "$(grep -c ' n[01]: 2 ranks, not bound; ' stdout)" = 2 ] ||
        fail "--doctor takes hosts apart: $(cat stdout)"
fi
run mpirun -np 2 --bind-to none "$trainer" --doctor
grep -q ': 2 ranks, not bound; ' stdout || fail "--doctor doesn't see the binding: $(cat stdout)"
! grep -q '^grid' stdout || fail "--doctor compares grids for nnse, which has no steps: $(cat stdout)"
if command -v taskset >/dev/null; then
    run mpirun -np 2 --bind-to none taskset -c 0 "$trainer" --doctor
    grep -q '^warning  *2 ranks on .* are bound to the same core' stdout ||
        [ "$(nproc)" = 1 ] || fail "--doctor doesn't see ranks on one core: $(cat stdout)"
fi
refuse "none.h5: *" --doctor data.input=none.h5

refuse "the configuration file is missing; it needs only '\[data\]' and 'input = FILE'; see spine-mpi --help"
refuse "the configuration file is missing; it needs only '\[data\]' and 'input = FILE'; see spine-mpi --help" train.epochs=3
refuse "none.ini: No such file or directory" none.ini
refuse ".: Is a directory" .
refuse "glove.h5: *; is it a configuration, with *" glove.h5
refuse "--bogus: unknown option; see spine-mpi --help" --bogus run.ini
refuse "-x: unknown option; see spine-mpi --help" -x run.ini
refuse "-x: unknown option; see spine-mpi --help" -xyz run.ini
refuse "'other.ini' is not of the form section.key=value" run.ini other.ini
refuse "command line: unknown option 'train.epoch'; the nearest is train.epochs" \
    run.ini train.epoch=3
refuse "command line: train.epochs is set twice" run.ini train.epochs=3 train.epochs=4
refuse "command line: train.epochs: '4x' is not a whole number" run.ini train.epochs=4x
refuse "train.epochs: 0 is for model.objective = nnse" \
    run.ini train.epochs=0
refuse "command line: train.optimizer: 'adagrad' is none of sgd|momentum|adam" \
    run.ini train.optimizer=adagrad
refuse "data.input: is not set; it names the vectors to train on" /dev/null

# refuse_ini TEXT LINE...: an INI file of these lines.
refuse_ini()
{
    local text=$1
    shift
    printf '%s\n' "$@" >wrong.ini
    refuse "wrong.ini:$text" wrong.ini
}

refuse_ini "2: unknown option 'train.epoch'; the nearest is train.epochs" '[train]' 'epoch = 3'
refuse_ini "2: unknown option 'trian.seed'; the nearest is train.seed" '[trian]' 'seed = 3'
refuse_ini "5: train.epochs is set twice" '[train]' 'epochs = 3' '[data]' '[train]' 'epochs = 3'
printf '[data]\ninput = "x.txt" # mine\n' >dialect.ini
attempt "$trainer" --dry-run dialect.ini
grep -q "warning: dialect.ini: data.input: the name is \"x.txt\" # mine; comments begin with ';'" stderr ||
    fail "a comment of another dialect: $(cat stderr)"
refuse_ini "1: an option before the first \[section\]; is it *" 'epochs = 3'
refuse_ini "2: train.epochs: '4x' is not a whole number" '[train]' 'epochs = 4x'
refuse_ini "2: is neither '\[section\]' nor 'name = value'" '[train]' 'epochs'
refused spine-mpi "wrong.ini:2: *" mpirun -np 3 "$trainer" wrong.ini

# --- What a run says ------------------------------------------------------------------------------

run mpirun -np 2 "$trainer" run.ini
silent stdout
[ "$(grep -c '^epoch ' stderr)" = 2 ] || fail "not a line an epoch: $(cat stderr)"
grep -q '^1 host with 2 ranks, .*BLAS.*MPI' stderr || fail "doesn't say where it runs: $(cat stderr)"
[ "$(wc -l <stderr)" -le 6 ] || fail "too talkative: $(cat stderr)"
if grep -q $'[\r\033]' stderr; then
    fail "a progress line, and no terminal"
fi
[ "$(wc -l <run/metrics.jsonl)" = 2 ] || fail "metrics.jsonl: $(cat run/metrics.jsonl)"

run mpirun -np 2 "$trainer" --quiet run.ini model.objective=nnse output.directory=quiet
silent stdout
silent stderr
[ -e quiet/codes.h5ad ] || fail "--quiet made no codes"

if command -v script >/dev/null; then
    run script -qec "'$trainer' run.ini output.directory=live" /dev/null
    grep -q $'epoch 1/2  [0-9]* words/s  [0-9a-z ]* left' stdout ||
        fail "no progress on a terminal: $(cat -A stdout)"
    grep -q $'\r\033\\[K' stdout || fail "the progress line is not replaced: $(cat -A stdout)"
else
    echo "SKIPPED: $test_name: THE TERMINAL IS NOT TESTED: there is no script(1)" >&2
fi

# --- A run that is there already --------------------------------------------------------------------

cp run/model.h5 before.h5
echo mine >run/notes
run mpirun -np 3 "$trainer" run.ini
[ "$(cat stderr)" = "run is finished: 2 epochs; nothing to do" ] ||
    fail "a finished run that is started again: $(cat stderr)"
refuse "run/checkpoint-0000000158.h5: was saved with different options: train.seed was 1, is 2; change them back, or choose another output.directory" \
    run.ini train.seed=2
refuse "output.directory: run holds a run already; name another directory, resume the run\
 with train.resume = auto, or replace it with output.overwrite = yes" \
    run.ini train.resume=never
cmp run/model.h5 before.h5 || fail "a refused run changed the one that was there"
run mpirun -np 1 "$trainer" run.ini train.seed=2 output.overwrite=yes
cmp -s run/model.h5 before.h5 && fail "output.overwrite = yes kept the old model"
[ ! -e run/shards/codes-00001.h5 ] || fail "a shard of the run that was replaced is left"
[ "$(cat run/notes)" = mine ] || fail "output.overwrite = yes took a file that isn't a run's"
run "$SPINE_BIN/spine-merge" run -o after.h5ad

echo "in the way" >file
refuse "output.directory: file is a file; expected a directory, or a new name" run.ini output.directory=file
refuse "output.directory: file is a file; expected a directory, or a new name" run.ini output.directory=file/run

# --- Standard output is full ------------------------------------------------------------------------

for program in spine-mpi spine-convert spine-merge spine-encode spine-eval spine-report spine-sweep spine-top; do
    for question in --help --version; do
        status=0
        "$SPINE_BIN/$program" $question >/dev/full 2>stderr || status=$?
        if [ "$status" != 1 ] || [ "$(cat stderr)" != "$program: can't write to the standard output" ]; then
            fail "$program $question >/dev/full: status $status: $(cat stderr)"
        fi
    done
done
