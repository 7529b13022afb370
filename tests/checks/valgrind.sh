#!/usr/bin/env bash
# Trainings of nnse, new, and of SPINE, resumed, on two ranks touch no memory that isn't their own, use none before
# it is written, and free all.
set -euo pipefail
# shellcheck source=tests/cli/lib.sh
. "$(dirname "$0")/../cli/lib.sh"
need valgrind
suppressions=(--suppressions="$SPINE_SOURCE/tests/checks/sanitize/openmpi.supp")
theirs=/usr/share/openmpi/openmpi-valgrind.supp
[ ! -e $theirs ] || suppressions+=("--suppressions=$theirs")
# Nothing but shared memory, and copied by ourselves: valgrind doesn't see what the kernel copies.
export OMPI_MCA_pml=ob1 OMPI_MCA_btl=self,vader OMPI_MCA_btl_vader_single_copy_mechanism=none

sample glove.h5
cat >nnse.ini <<'END'
[data]
input = glove.h5
limit = 200
[model]
objective = nnse
hidden = 30
l0 = 6
[train]
epochs = 2
checkpoint_every = 1
END
cat >spine.ini <<'END'
[data]
input = glove.h5
limit = 200
[model]
objective = spine
hidden = 30
[train]
epochs = 3
batch_size = 20
evaluate_every = 1
revive_after = 1
checkpoint_every = 1
[output]
formats = h5ad, txt
END

# watched ARGUMENT...: a run that must succeed under valgrind.
watched()
{
    attempt mpirun -np 2 valgrind --quiet --num-callers=40 --error-exitcode=9 --leak-check=full \
        --show-leak-kinds=definite --errors-for-leak-kinds=definite "${suppressions[@]}" \
        --log-file=found.%p "$SPINE_BIN/spine-mpi" "$@" --timeline=timeline.json
    [ "$status" = 0 ] || fail "status $status: $*: $(cat stderr found.*)"
}

# Starts take most of the time, so only one of the two is resumed under valgrind.
watched nnse.ini output.directory=nnse
train 2 spine.ini train.stop_after=1 output.directory=spine
watched spine.ini output.directory=spine
