#!/usr/bin/env bash
# What goes wrong on one rank ends all of them, at once, with one line that says what and where, and
# leaves nothing that looks like a finished run.
set -euo pipefail
# The scratch directory must stay visible when a small /dev/shm is mounted over the real one below.
TMPDIR=${TMPDIR:-/tmp}
# shellcheck source=tests/cli/lib.sh
. "$(dirname "$0")/lib.sh"
need_python h5py
limit=60 # seconds, after which it is a hang
trainer=$SPINE_BIN/spine-mpi
# A killed rank leaves its shared memory behind: put it where the test cleans up.
export OMPI_MCA_btl_vader_backing_directory=$scratch

sample glove.h5
cat >run.ini <<'END'
[data]
input = glove.h5
[model]
objective = spine
hidden = 200
[train]
epochs = 1
END

# failed STATUS PATTERN RUN: the last attempt's status and only line, and no codes in RUN.
failed()
{
    [ "$status" = "$1" ] || fail "status $status, expected $1: $2: $(cat stderr)"
    one_line spine-mpi "$2"
    no_codes "$3"
}

# rank_1 LIMITS ARGUMENT...: two ranks, the second one after the shell commands LIMITS.
rank_1()
{
    local limits=$1
    shift
    # shellcheck disable=SC2016 # the inner shell expands it
    attempt mpirun -np 1 "$trainer" "$@" : \
        -np 1 bash -c "$limits"'; exec "$0" "$@"' "$trainer" "$@"
}

# --- One rank can't write -----------------------------------------------------------------------

rank_1 "ulimit -f 8; trap '' XFSZ" run.ini model.objective=nnse output.directory=shard
failed 1 "rank 1: shard/shards/codes-00001.h5: can't append to *: File too large" shard
[ ! -e shard/shards/codes-00001.h5 ] || fail "a shard that couldn't be written is there"
refused spine-merge "shard: has trained 1 of 1 epochs, but its codes are incomplete; run the same command*" \
    "$SPINE_BIN/spine-merge" shard

# --- One rank gets bad input ----------------------------------------------------------------------

$python - <<'END'
import h5py, shutil
shutil.copy("glove.h5", "nan.h5")
with h5py.File("nan.h5", "r+") as file:
    file["vectors"][4000, 7] = float("nan")
END
attempt mpirun -np 2 "$trainer" run.ini data.input=nan.h5 output.directory=nan
failed 2 "nan.h5: row 4001 ('studios'), read by rank 1, has a number that is not finite" nan
[ ! -e nan ] || fail "bad input made a run's directory"

mkdir elsewhere
attempt mpirun -np 1 "$trainer" run.ini output.directory=apart : \
    -np 1 --wdir "$scratch/elsewhere" "$trainer" run.ini output.directory=apart
failed 1 "rank 1: glove.h5: No such file or directory" apart

# unreadable FILE PATTERN
unreadable()
{
    attempt mpirun -np 2 "$trainer" run.ini data.input="$1" output.directory=unreadable
    failed 2 "$2" unreadable
    [ ! -e unreadable ] || fail "$1 made a run's directory"
}

printf 'the 1 2 3\nof 1 2\n' >text.h5
: >empty.h5
head -c 1000000 glove.h5 >cut.h5
head -c 3000 glove.h5 >stump.h5
mkdir directory.h5
unreadable missing.h5 "missing.h5: No such file or directory"
unreadable text.h5 "text.h5:1: expected 2 numbers, got 3"
unreadable empty.h5 "empty.h5: the file is empty"
unreadable cut.h5 "cut.h5: has only * of * bytes: it is cut off, or *"
unreadable stump.h5 "stump.h5: has only * of * bytes: it is cut off, or *"
unreadable directory.h5 "directory.h5: is a directory; give a file in it"
unreadable shard/checkpoint-0000000001.h5 \
    "shard/checkpoint-0000000001.h5: holds 'spine-checkpoint', expected 'spine-vectors'"

# --- Training that leaves the numbers ---------------------------------------------------------------

diverging=(train.optimizer=sgd train.learning_rate=1e5 train.schedule=constant)
for ranks in 1 2; do
    attempt mpirun -np $ranks "$trainer" run.ini "${diverging[@]}" output.directory=diverged$ranks
    failed 1 "epoch 1, step *: * not finite; a lower train.learning_rate than 100000 may help" \
        diverged$ranks
    [ ! -e diverged$ranks/model.h5 ] || fail "a diverged model was written"
done

# --- One rank is killed, or runs out of memory ------------------------------------------------------

(
    for _ in $(seq 300); do
        if [ -s killed/metrics.jsonl ]; then
            kill -KILL "$(cat victim)"
            exit
        fi
        sleep 0.1
    done
) &
rank_1 "echo \$\$ >victim" run.ini model.objective=nnse train.epochs=1000000 output.directory=killed
[ "$status" = 137 ] || fail "a rank was killed, and the status is $status"
[ ! -e killed/model.h5 ] || fail "a killed run left a model"
no_codes killed

# Open MPI notices a small /dev/shm, as containers have it, on one rank; the others would wait for ever.
if unshare -m true 2>/dev/null; then
    # shellcheck disable=SC2016 # the inner shell expands it
    attempt unshare -m bash -c 'mount -t tmpfs -o size=1m tmpfs /dev/shm && exec "$@"' - \
        mpirun -np 2 "$trainer" run.ini model.hidden=2000 output.directory=shared
    failed 1 "/dev/shm has too little space for the shared memory of a node's ranks: *" shared
fi

if ! (ulimit -v 300000 && "$trainer" --version) >/dev/null 2>&1; then
    echo "SKIPPED: A RANK WITHOUT MEMORY IS NOT TESTED: sanitizers take more" >&2
    exit 0
fi
rank_1 "ulimit -v 300000" run.ini model.hidden=100000 output.directory=memory
failed 1 "rank 1: out of memory for *" memory
# Enough for all of ours, but not for the 128 MiB that OpenBLAS wants, which would wait for ever.
rank_1 "ulimit -v 300000" run.ini model.hidden=60000 output.directory=memory
failed 1 "rank 1: *memory*" memory
