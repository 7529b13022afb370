#!/usr/bin/env bash
# The tests once more, built with AddressSanitizer and UndefinedBehaviorSanitizer, and with a leak
# check: the unit tests, and those of the programs that don't take minutes.
set -euo pipefail

: "${SPINE_BIN:?is not set}" "${SPINE_SOURCE:?is not set}"
build=$SPINE_BIN/../asan
programs='failures|links|merge|revive|room|top|usage'
# Stacks by frame pointers would end in the libraries, which have none.
export ASAN_OPTIONS=detect_leaks=1:fast_unwind_on_malloc=0:malloc_context_size=30
export LSAN_OPTIONS=suppressions=$SPINE_SOURCE/tests/checks/sanitize/leaks.supp:print_suppressions=0

mkdir -p "$build"
{
    cmake -S "$SPINE_SOURCE" -B "$build" -DCMAKE_BUILD_TYPE=RelWithDebInfo \
        -DSPINE_SANITIZE=address,undefined
    cmake --build "$build" -j "$(nproc)"
} >"$build/build.log" 2>&1 || { tail -40 "$build/build.log" >&2; exit 1; }

options=(--test-dir "$build" --output-on-failure -j 2)
ctest "${options[@]}" \
    -E '^(cli_.*|slurm_.*|check_.*|reference|number_long|fuzz_[a-z]*|fuzz_h5_[a-z]*)$'
ctest "${options[@]}" -R "^cli_($programs)\$"
