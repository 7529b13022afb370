#!/usr/bin/env bash
# The tests once more, built with AddressSanitizer and UndefinedBehaviorSanitizer, and with a leak
# check: the unit tests, and those of the programs that don't take minutes.
set -euo pipefail

: "${SPINE_BIN:?is not set}" "${SPINE_SOURCE:?is not set}"
build=$SPINE_BIN/../asan
programs='failures|links|merge|room|top|usage'
export LSAN_OPTIONS=suppressions=$SPINE_SOURCE/tests/checks/sanitize/leaks.supp:print_suppressions=0
# For a test that waits beside it (slurm_run).
renice -n 5 $$ >/dev/null

mkdir -p "$build"
{
    # Half the time that -O2 -g takes to compile.
    cmake -S "$SPINE_SOURCE" -B "$build" -DCMAKE_BUILD_TYPE=RelWithDebInfo \
        -DCMAKE_C_FLAGS_RELWITHDEBINFO='-O1 -g1' -DSPINE_SANITIZE=address,undefined -DSPINE_MAN=OFF
    cmake --build "$build" -j "$(nproc)"
} >"$build/build.log" 2>&1 || { tail -40 "$build/build.log" >&2; exit 1; }

options=(--test-dir "$build" --output-on-failure -j 4)

# All functions of the library: stacks by the tables of the unwinder, since those by frame pointers end in
# the libraries, which have none.
ASAN_OPTIONS=detect_leaks=1:fast_unwind_on_malloc=0:malloc_context_size=15 ctest "${options[@]}" \
    -E '^((cli|hosts|slurm|check|checks)_.*|reference|number_long|fuzz_[a-z0-9]*|fuzz_h5_[a-z]*)$'
# The programs, hundreds of times: stacks by frame pointers, without names, in a quarter of the time. A
# finding's addresses are named by 'addr2line -e PROGRAM -f ADDRESS'.
ASAN_OPTIONS=detect_leaks=1:fast_unwind_on_malloc=1:malloc_context_size=30:symbolize=0 \
    ctest "${options[@]}" -R "^cli_($programs)\$"
