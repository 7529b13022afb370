#!/usr/bin/env bash
# Kill trainings, conversions, merges, encodings and sweeps N times, start them again on other numbers of
# ranks, and judge what comes of it (tests/faults/kills.py says more and has the options):
#
#     tools/scripts/kills.sh N [--seed S] [--only PROGRAM,...] [--jobs J] [--seconds T]
#
# Uses the programs of build-test/, or of SPINE_BUILD. Linux on x86-64.
set -euo pipefail

cd "$(dirname "${BASH_SOURCE[0]}")/../.."
build=${SPINE_BUILD:-$PWD/build-test}
[ -x "$build/tests/faults/inject" ] || {
    echo "kills.sh: $build has no tests/faults/inject: build first (tools/test.sh unit)" >&2
    exit 2
}

export SPINE_BIN=${SPINE_BIN:-$build/bin} SPINE_FAULTS=$build/tests/faults
export OMPI_ALLOW_RUN_AS_ROOT=1 OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1
export OMPI_MCA_rmaps_base_oversubscribe=1 OMPI_MCA_mpi_yield_when_idle=1 SPINE_MEASURE=0
exec tests/faults/kills.py "$@"
