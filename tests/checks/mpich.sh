#!/usr/bin/env bash
# With MPICH and a serial HDF5 in place of Open MPI and a parallel one: it configures, builds, passes the
# unit tests on ranks, and trains, pauses and resumes the same model. The build stays in the build tree.
# Its compiler and flags are those of the build around it, from which it has the objects that know neither MPI nor
# HDF5.
set -euo pipefail
# shellcheck source=tests/cli/lib.sh
. "$(dirname "$0")/../cli/lib.sh"
need cmake mpicc.mpich mpiexec.mpich
[ -f /usr/include/hdf5/serial/hdf5.h ] || skip "there is no serial HDF5"
around=$(cd "$SPINE_BIN/.." && pwd)
build=$around/mpich
bin=$build/bin

# around_has NAME...: the arguments with which CMake has these of the build around, in 'same'.
around_has()
{
    local name
    same=()
    for name; do
        same+=("-D$name=$(sed -n "s/^$name:[A-Z]*=//p" "$around/CMakeCache.txt")")
    done
}

type=$(sed -n 's/^CMAKE_BUILD_TYPE:[A-Z]*=//p' "$around/CMakeCache.txt")
around_has CMAKE_BUILD_TYPE CMAKE_C_COMPILER CMAKE_C_FLAGS "CMAKE_C_FLAGS_${type^^}"
launcher="$SPINE_SOURCE/tests/checks/reuse.sh;$around"
! command -v ccache >/dev/null || launcher+=";ccache"
limit=300 run cmake -S "$SPINE_SOURCE" -B "$build" -DMPI_C_COMPILER=mpicc.mpich \
    -DMPIEXEC_EXECUTABLE="$(command -v mpiexec.mpich)" -DHDF5_PREFER_PARALLEL=OFF \
    -DSPINE_MAN=OFF -DSPINE_WERROR=ON "${same[@]}" "-DCMAKE_C_COMPILER_LAUNCHER=$launcher"
grep -q 'Found HDF5: .*serial' "$build/CMakeCache.txt" stdout ||
    grep -q 'HDF5_C_LIBRARY_hdf5:.*serial' "$build/CMakeCache.txt" || fail "another HDF5: $(grep HDF5 stdout)"
limit=900 run nice -n 15 cmake --build "$build" -j 2 --target test_on_ranks spine-mpi spine-convert
! ldd "$bin/spine-mpi" | grep -E 'libmpi\.so|hdf5_openmpi' || fail "Open MPI is in it, too"
run "$bin/spine-mpi" --version
grep -q '^MPI: MPICH [0-9]' stdout || fail "the version says: $(cat stdout)"

# --- Unit tests on ranks -----------------------------------------------------------------------------

limit=300 run mpiexec.mpich -n 2 "$bin/test_on_ranks"
limit=300 run mpiexec.mpich -n 3 "$bin/test_on_ranks" comm store

# --- A run ---------------------------------------------------------------------------------------------

run mpiexec.mpich -n 2 "$bin/spine-convert" --limit=600 \
    "$SPINE_SOURCE/tests/data/glove.6B.100d.5k.txt.gz" glove.h5
printf '[data]\ninput = glove.h5\n[model]\nobjective = spine\nhidden = 40\n[train]\nepochs = 6\n[output]\nformats = txt\n' >run.ini
# It may end with 0 though its ranks leave with 75: the run itself knows.
attempt mpiexec.mpich -n 2 "$bin/spine-mpi" run.ini train.time_limit=1e-6
attempt "$bin/spine-mpi" --status run
[ "$status" = 75 ] || fail "paused, its status is $status: $(cat stdout stderr)"
run mpiexec.mpich -n 2 "$bin/spine-mpi" run.ini
run "$bin/spine-mpi" --status run
train 1 run.ini output.directory=other
cmp run/codes.txt other/codes.txt || fail "other codes than with Open MPI"

run mpiexec.mpich -n 2 "$bin/spine-mpi" run.ini model.objective=nnse output.directory=nnse
train 2 run.ini model.objective=nnse output.directory=other-nnse
cmp nnse/codes.txt other-nnse/codes.txt || fail "nnse: other codes than with Open MPI"
