#!/usr/bin/env bash
# Install what is missing, build into build-test/ with warnings as errors, and run all tests.
set -euo pipefail

cd "$(dirname "${BASH_SOURCE[0]}")/.."
# shellcheck source=tools/packages.sh
. tools/packages.sh

lists=(build test)
if [ "$(id -u)" -eq 0 ]; then # else its tests couldn't run, and its daemons would
    lists+=(slurm)
fi
install_packages "${lists[@]}"
cmake -S . -B build-test -DSPINE_WERROR=ON -DSPINE_TIDY=ON
cmake --build build-test -j "$(nproc)"
log=build-test/ctest.log
status=0
ctest --test-dir build-test --output-on-failure -j 2 | tee "$log" || status=$?
echo "of slurm_run:"
grep -E '^(ok|FAILED) ' build-test/Testing/Temporary/LastTest.log || echo "nothing: it was skipped"
sed -n '/% tests passed/,$p' "$log" # once more: it should be what is seen last
exit $status
