# shellcheck shell=bash
# For tools/scripts/faults.sh and kills.sh, which source it at the top of the source tree: the programs of
# build-test/, or of SPINE_BUILD, and what mpirun needs.
build=${SPINE_BUILD:-$PWD/build-test}
[ -x "$build/tests/faults/inject" ] || {
    echo "$(basename "$0"): $build has no tests/faults/inject: build all of it first (cmake --build $build)" >&2
    exit 2
}

export SPINE_BIN=${SPINE_BIN:-$build/bin} SPINE_FAULTS=$build/tests/faults
export OMPI_ALLOW_RUN_AS_ROOT=1 OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1
export OMPI_MCA_rmaps_base_oversubscribe=1 OMPI_MCA_mpi_yield_when_idle=1 SPINE_MEASURE=0
