#!/usr/bin/env bash
# Build into build-test/ with warnings as errors, and test:
#
#     tools/test.sh              install what is missing, then everything (what CI runs)
#     tools/test.sh unit         the quick loop: build what changed, run the unit tests, also on ranks
#     tools/test.sh LABEL        only the tests of a label: cli, slow, slurm, fuzz or check
set -euo pipefail

cd "$(dirname "${BASH_SOURCE[0]}")/.."
# shellcheck source=tools/scripts/packages.sh
. tools/scripts/packages.sh

# shellcheck disable=SC2100
build=build-test
usage="usage: tools/test.sh [unit|cli|slow|slurm|fuzz|check]"
[ $# -le 1 ] || { echo "$usage" >&2; exit 2; }

# All builds, those of the sanitizers and of the fuzzers too, go through ccache where there is one.
if command -v ccache >/dev/null; then
    export CMAKE_C_COMPILER_LAUNCHER=${CMAKE_C_COMPILER_LAUNCHER-ccache}
fi

# Ninja finds out what to build in .1 s, make in 2 s; also in the builds that tests make.
configure()
{
    if command -v ninja >/dev/null; then
        export CMAKE_GENERATOR=${CMAKE_GENERATOR-Ninja}
    fi
    cmake -S . -B $build -DSPINE_WERROR=ON -DSPINE_TIDY=ON
}

case ${1:-all} in
unit)
    if [ ! -e $build/CMakeCache.txt ]; then
        install_packages build test
        configure
    fi
    MAKEFLAGS="--no-print-directory -s" cmake --build $build -j "$(nproc)" --target unit-tests
    exec ctest --test-dir $build -L '^(unit|mpi)$' --output-on-failure --progress -j 4
    ;;
cli | slow | slurm | fuzz | check)
    install_packages build test
    configure
    cmake --build $build -j "$(nproc)"
    exec ctest --test-dir $build -L "^$1\$" --output-on-failure -j 7
    ;;
all) ;;
*)
    echo "$usage" >&2
    exit 2
    ;;
esac

lists=(build test)
if [ "$(id -u)" -eq 0 ]; then # else its tests couldn't run, and its daemons would
    lists+=(slurm)
fi
install_packages "${lists[@]}"
configure
cmake --build $build -j "$(nproc)"
log=$build/ctest.log
status=0
ctest --test-dir $build --output-on-failure -j 7 | tee "$log" || status=$?
echo "of slurm_run:"
grep -E '^(ok|FAILED) ' $build/Testing/Temporary/LastTest.log || echo "nothing: it was skipped"
sed -n '/% tests passed/,$p' "$log" # once more: it should be what is seen last
exit $status
