#!/usr/bin/env bash
# Make every file call, lock and allocation of the programs fail, one a run, and judge what comes of
# it (tests/faults/campaign.py has the options; without any, all faults: hours):
#
#     tools/scripts/faults.sh [--sample N] [--seed S] [--only SCENARIO,...] [--results FILE] ...
#
# Uses the programs of build-test/, or of SPINE_BUILD. Linux on x86-64.
set -euo pipefail

cd "$(dirname "${BASH_SOURCE[0]}")/../.."
build=${SPINE_BUILD:-$PWD/build-test}
[ -x "$build/tests/faults/inject" ] || {
    echo "faults.sh: $build has no tests/faults/inject: build first (tools/test.sh unit)" >&2
    exit 2
}

export SPINE_BIN=${SPINE_BIN:-$build/bin} SPINE_FAULTS=$build/tests/faults
export OMPI_ALLOW_RUN_AS_ROOT=1 OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1
export OMPI_MCA_rmaps_base_oversubscribe=1 OMPI_MCA_mpi_yield_when_idle=1 SPINE_MEASURE=0
exec tests/faults/campaign.py "$@"
