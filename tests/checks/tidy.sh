#!/usr/bin/env bash
# clang-tidy finds nothing in src and tools: the checks of .clang-tidy. With CI in the environment,
# or without git, in all files; else in those that differ from the branch main and, of headers that do, in
# their modules.
set -euo pipefail

: "${SPINE_BIN:?is not set}" "${SPINE_SOURCE:?is not set}"
command -v clang-tidy >/dev/null || { echo "SKIPPED: clang-tidy is not installed" >&2; exit 77; }
cd "$SPINE_SOURCE"
renice -n 15 $$ >/dev/null # it takes what others leave

# changed: the names of the sources to check, such as 'step|train', or nothing.
changed()
{
    { git diff --name-only "$(git merge-base HEAD main)"
        git ls-files --others --exclude-standard; } |
        sed -nE 's!^((src|tools|include/spine)/([a-z]+/)?)([a-z-]+)\.[ch]$!\4!p' | sort -u | paste -sd '|'
}

# limit NUMBER: the states that the analyzer makes of a function; 225,000 is its own limit. With 10,000 it takes
# half of the time that it takes with 30,000, and reaches 98.2 % of the blocks of code instead of 98.8 %.
limit()
{
    states=(-extra-arg=-Xclang -extra-arg=-analyzer-config -extra-arg=-Xclang -extra-arg=max-nodes="$1")
}

# check MOST FILES ARGUMENT...: at most so many files to a process.
check()
{
    local most=$1 files=$2 count each
    shift 2
    [ -n "$files" ] || return 0
    count=$(wc -l <<<"$files") each=$((1 + (count - 1) / $(nproc)))
    xargs -P "$(nproc)" -n $((each < most ? each : most)) clang-tidy -quiet -p "$SPINE_BIN/.." "$@" \
        <<<"$files" 2> >(grep -v ' generated\.$' >&2)
}

# tidy NAMES ARGUMENT...: the files of src and tools whose names, without ".c", match. Many to a process, which takes
# .15 s to start, as long as for a file; but with va_list and mpi.h each has its own, since these checks of
# clang 14 don't recognise the functions of a second file.
tidy()
{
    local names=$1 files alone
    shift
    files=$(printf '%s\n' src/*/*.c src/*.c tools/*.c | grep -P "/($names)\\.c\$") || return 0
    alone=$(xargs grep -lE 'va_list|<mpi\.h>' <<<"$files" || true)
    check 1 "$alone" "$@"
    check 16 "$(grep -vxF "${alone:-none}" <<<"$files" || true)" "$@"
}

names='[^/]*'
limit 10000
if [ -z "${CI:-}" ] && git rev-parse --verify --quiet main >/dev/null; then
    names=$(changed)
    limit 225000
    [ -n "$names" ] || { echo "nothing differs from main: nothing to check"; exit 0; }
fi

# Those that define the functions of tests/checks/tidy/model.h can't have it.
tidy "(?=(comm|error)\\.)($names)" -checks='-clang-analyzer-*'
tidy "(?!(comm|error)\\.)($names)" "${states[@]}" -extra-arg="-include$SPINE_SOURCE/tests/checks/tidy/model.h"
