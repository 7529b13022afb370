#!/usr/bin/env bash
# The number of ranks doesn't matter: losses and codes are the same on any, also where they share
# rows and batches unevenly; and a run that is repeated writes the same bytes.
set -euo pipefail
# shellcheck source=tests/cli/lib.sh
. "$(dirname "$0")/lib.sh"
need_python h5py

sample glove.h5
cat >run.ini <<'END'
[data]
input = glove.h5
[model]
hidden = 200
[train]
epochs = 3
END

# --- 5,000 rows, which neither 3 nor 64 divides; the last batch has 8 --------------------------

run "$SPINE_BIN/spine-mpi" run.ini output.directory=alone
for ranks in 1 2 3 5 8; do
    train $ranks run.ini output.directory=np$ranks
    same alone np$ranks
    [ "$(find np$ranks/shards -name 'codes-*.h5' | wc -l)" = $ranks ] || fail "not $ranks shards"
done

# --- Batches that can't be shared evenly, one row a rank, all rows in one batch ----------------

# uneven NAME RANKS OVERRIDE...: RANKS ranks train as one does.
uneven()
{
    local name=$1 ranks=$2
    shift 2
    train 1 run.ini "$@" output.directory="$name-1"
    train "$ranks" run.ini "$@" output.directory="$name-$ranks"
    same "$name-1" "$name-$ranks"
}

uneven prime 2 train.batch_size=61
uneven prime-short 5 train.batch_size=61 data.limit=997
uneven row-each 6 train.batch_size=6 data.limit=6
uneven row-or-two 5 train.batch_size=5 data.limit=6
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
uneven many 2 data.input=many.h5 model.hidden=20 train.epochs=1

# --- What can't be shared is refused --------------------------------------------------------------

refused spine-mpi "train.batch_size: a batch of 2 rows can't be shared by 3 ranks; start at most\
 2 ranks or raise train.batch_size" \
    mpirun -np 3 "$SPINE_BIN/spine-mpi" run.ini train.batch_size=2 output.directory=refused
refused spine-mpi "train.batch_size: a batch of 64 rows is more than the input's 50; set it to 50\
 or less" \
    mpirun -np 2 "$SPINE_BIN/spine-mpi" run.ini data.limit=50 output.directory=refused
[ ! -e refused ] || fail "a refused run made its directory"

# --- The same again gives the same bytes -------------------------------------------------------

for directory in first second; do
    mkdir $directory
    (cd $directory && train 2 ../run.ini data.input=../glove.h5)
done
for file in model.h5 codes.h5ad shards/codes-00000.h5 shards/codes-00001.h5; do
    cmp first/run/$file second/run/$file || fail "$file differs between two equal runs"
done
