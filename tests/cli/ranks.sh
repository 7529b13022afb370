#!/usr/bin/env bash
# The number of ranks and their grid don't matter: metrics, model and codes are the same to the byte on
# any, also where ranks share rows and batches unevenly, where there are more of them than rows of a
# batch, between nodes, and when a run is resumed on others.
set -euo pipefail
# shellcheck source=tests/cli/lib.sh
. "$(dirname "$0")/lib.sh"
need_python h5py

sample glove.h5
cat >run.ini <<'END'
[data]
input = glove.h5
limit = 2504
[model]
objective = spine
hidden = 200
[train]
epochs = 3
evaluate_every = 1
END

# equal ONE OTHER: two directories with a run each have the same bytes of model, codes and metrics, but
# for times.
equal()
{
    cmp "$1/run/model.h5" "$2/run/model.h5" || fail "the models of $1 and $2 differ"
    cmp "$1/run/codes.h5ad" "$2/run/codes.h5ad" || fail "the codes of $1 and $2 differ"
    for run in "$1" "$2"; do
        sed -E 's/"(seconds|words_per_second|comm_share)": ?[^,}]*//g' "$run/run/metrics.jsonl" >"$run.metrics"
    done
    cmp "$1.metrics" "$2.metrics" || fail "the metrics of $1 and $2 differ"
}

# in_directory NAME RANKS OVERRIDE...: train in NAME/run, so that the configuration is the same.
in_directory()
{
    local name=$1 ranks=$2
    shift 2
    mkdir -p "$name"
    (cd "$name" && train "$ranks" ../run.ini "data.input=$input" "$@")
}

input=../glove.h5

# --- 2,504 rows, which neither 3 nor 64 divides; the last batch has 8 --------------------------

run "$SPINE_BIN/spine-mpi" run.ini output.directory=alone
in_directory one 1
same alone one/run
for ranks in 2 3 8; do
    in_directory np$ranks $ranks
    equal one np$ranks
    [ "$(find np$ranks/run/shards -name 'codes-*.h5' | wc -l)" = $ranks ] || fail "not $ranks shards"
done

# --- Grids, on one node and on several -----------------------------------------------------------

in_directory large 1 train.batch_size=512
for grid in 2x1 1x2 2x2 4x2 3x1; do
    in_directory "grid-$grid" $((${grid%x*} * ${grid#*x})) train.batch_size=512 parallel.grid=$grid
    equal large "grid-$grid"
done
SPINE_RANKS_PER_NODE=1 in_directory nodes 4 train.batch_size=512
equal large nodes
SPINE_RANKS_PER_NODE=2 in_directory nodes-2x2 4 train.batch_size=512 parallel.grid=2x2
equal large nodes-2x2
SPINE_RANKS_PER_NODE=2 in_directory nodes-4x1 4 train.batch_size=512 parallel.grid=4x1
equal large nodes-4x1
SPINE_RANKS_PER_NODE=2 in_directory idle 5 train.batch_size=512
equal large idle
# A row group over several hosts, one of which has a rank more.
SPINE_RANKS_PER_NODE=3 in_directory hosts-1x4 5 train.batch_size=512 parallel.grid=1x4
equal large hosts-1x4
SPINE_RANKS_PER_NODE=1 in_directory hosts-2x2 4 train.batch_size=512 parallel.grid=2x2
equal large hosts-2x2
grep -q 'grid 2x2: .* 2 ranks of each share the units, on 2 hosts' hosts-2x2/stderr ||
    fail "the hosts of a group aren't told: $(cat hosts-2x2/stderr)"
in_directory sparse 1 train.batch_size=512 train.kernel=sparse
in_directory sparse-2x2 4 train.batch_size=512 train.kernel=sparse parallel.grid=2x2
equal sparse sparse-2x2

# The fastest by measurement, whatever it is here and now.
(unset SPINE_MEASURE && SPINE_RANKS_PER_NODE=many in_directory measured 3 train.batch_size=512)
equal large measured
grep -q "SPINE_RANKS_PER_NODE: 'many' is not a whole number above 0; it is ignored" measured/stderr ||
    fail "a wrong number of ranks is taken: $(cat measured/stderr)"
grep -q 'grid 1x[1-3]: .*; measured in [0-9.]* s, a step is expected to take [0-9.]* ms' measured/stderr ||
    fail "not said why: $(cat measured/stderr)"

# A host without units, whose rows all have their pairs on the other.
few=(model.objective=topk model.start=random model.hidden=8 model.k=2 data.limit=320 train.refit=no)
in_directory few-one 1 "${few[@]}"
SPINE_RANKS_PER_NODE=1 in_directory few-hosts 2 "${few[@]}" parallel.grid=1x2
equal few-one few-hosts

# --- Resumed on another grid ------------------------------------------------------------------

in_directory resumed 3 train.batch_size=512 train.stop_after=1
SPINE_RANKS_PER_NODE=1 in_directory resumed 3 train.batch_size=512 train.stop_after=2 parallel.grid=1x3
in_directory resumed 1 train.batch_size=512
equal large resumed

# --- What evaluates, revives, refits or saves needs the units of all hosts ---------------------------

everything=(model.objective=topk model.hidden=400 model.k=2 model.start=random model.aux_k=16
    model.silent_rows=1500 data.residency=stream data.holdout=0.1 train.batch_size=512 train.epochs=4
    train.revive_after=1 train.refit=yes train.checkpoint_every=1)
in_directory all 1 "${everything[@]}"
SPINE_RANKS_PER_NODE=1 in_directory all-1x3 3 "${everything[@]}" parallel.grid=1x3
grep -q '^epoch 3: reviving [0-9]* units' all-1x3/stderr || fail "no unit is revived: $(cat all-1x3/stderr)"
equal all all-1x3

# --- Without reproducible sums: nearly the same ----------------------------------------------------

in_directory plain 2 parallel.grid=2x1 parallel.reproducible=no parallel.wire=bfloat16
same one/run plain/run
grep -q 'parallel.wire: bfloat16 has no effect on grid 2x1, which sends no gradient between hosts' plain/stderr ||
    fail "not said that it has no effect: $(cat plain/stderr)"

# --- Batches that can't be shared evenly, fewer rows than ranks, all rows in one batch ----------

# uneven NAME RANKS OVERRIDE...: RANKS ranks train as one does.
uneven()
{
    local name=$1 ranks=$2
    shift 2
    in_directory "$name-1" 1 "$@"
    in_directory "$name-$ranks" "$ranks" "$@"
    equal "$name-1" "$name-$ranks"
}

uneven prime 2 train.batch_size=61
uneven prime-short 5 train.batch_size=61 data.limit=997
uneven row-each 6 train.batch_size=6 data.limit=6
uneven few-rows 5 train.batch_size=2 data.limit=60
uneven fewer-words-than-ranks 6 train.batch_size=3 data.limit=4
uneven whole 3 train.batch_size=50 data.limit=50
uneven sgd 3 train.batch_size=7 data.limit=500 train.optimizer=sgd train.learning_rate=1

# More words than HDF5 hands out at once, and not equally many on both ranks.
$python - <<'END'
import h5py, numpy
with h5py.File("many.h5", "w") as file:
    file.attrs["format"], file.attrs["format_version"] = "spine-vectors", 1
    file["vectors"] = numpy.random.default_rng(1).standard_normal((16385, 8), numpy.float32)
    file.create_dataset("words", data=["w%d" % i for i in range(16385)], dtype=h5py.string_dtype())
END
input=../many.h5
uneven empty-block 2 train.batch_size=128 data.limit=1665 # the last step has one row
uneven many 2 data.limit=0 model.hidden=20 train.epochs=1
input=../glove.h5

# Hosts that can't send each other what a grid takes: auto takes another. One has a rank that has no
# counterpart on the other.
(
    export SPINE_RANKS_PER_NODE=2
    run mpirun -np 3 "$SPINE_BIN/spine-mpi" --doctor run.ini data.input=many.h5 data.limit=0 train.refit=no \
        train.batch_size=16384 model.objective=topk model.hidden=9000 model.k=8500
)
grep -qx 'grid  *1x2: not possible, messages between hosts would be too long' stdout ||
    fail "a grid that can't be is offered: $(cat stdout)"
grep -Eq '^grid  *2x1: about [0-9]{1,6}\.[0-9]* ms a step, ' stdout || fail "no network: $(cat stdout)"
refused spine-mpi "parallel.grid: 1x3 needs 3 ranks, and there are 2 hosts with 1 usable rank each (the\
 smallest has no more)" \
    env SPINE_RANKS_PER_NODE=2 mpirun -np 3 "$SPINE_BIN/spine-mpi" run.ini parallel.grid=1x3 output.directory=refused

# --- What can't be shared is refused --------------------------------------------------------------

refused spine-mpi "parallel.grid: 1x3 needs 3 ranks, and there is 1 host with 2 ranks each" \
    mpirun -np 2 "$SPINE_BIN/spine-mpi" run.ini parallel.grid=1x3 output.directory=refused
refused spine-mpi "parallel.grid: a batch of 64 rows can't be divided into 2 row groups, 1 at most; use\
 fewer groups or set parallel.reproducible = no" \
    mpirun -np 2 "$SPINE_BIN/spine-mpi" run.ini parallel.grid=2x1 output.directory=refused
refused spine-mpi "parallel.grid: 'wide' is neither auto nor a grid such as 2x4, 2 groups of\
 4 ranks" \
    mpirun -np 2 "$SPINE_BIN/spine-mpi" run.ini parallel.grid=wide output.directory=refused
refused spine-mpi "train.batch_size: a batch of 64 rows is more than the input's 50; set it to 50\
 or less" \
    mpirun -np 2 "$SPINE_BIN/spine-mpi" run.ini data.limit=50 output.directory=refused
[ ! -e refused ] || fail "a refused run made its directory"

# --- The same again gives the same bytes -------------------------------------------------------

in_directory again 2
for file in model.h5 codes.h5ad shards/codes-00000.h5 shards/codes-00001.h5; do
    cmp np2/run/$file again/run/$file || fail "$file differs between two equal runs"
done

# --- Single processes that start together ------------------------------------------------------

# They once shared a session directory, which one removed while another was starting.
unset OMPI_MCA_orte_create_session_dirs
seq 48 | xargs -P 8 -I{} "$SPINE_BIN/spine-mpi" --version >/dev/null 2>together ||
    fail "of 48 single processes some failed: $(cat together)"
