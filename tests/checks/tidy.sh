#!/usr/bin/env bash
# clang-tidy finds nothing in src and tools: the checks of .clang-tidy, all files anew.
set -euo pipefail

: "${SPINE_BIN:?is not set}" "${SPINE_SOURCE:?is not set}"
for program in clang-tidy run-clang-tidy; do
    command -v $program >/dev/null || { echo "SKIPPED: $program is not installed" >&2; exit 77; }
done

# tidy FILES ARGUMENT...: the files of src and tools whose names match.
tidy()
{
    local files=$1
    shift
    run-clang-tidy -quiet -p "$SPINE_BIN/.." -j "$(nproc)" "$@" \
        "^$SPINE_SOURCE/(src/[a-z]+|src|tools)/$files\\.c\$" 2>/dev/null
}

# Those that define the functions of tests/checks/tidy/model.h can't have it.
tidy '(comm|error)' -checks='-clang-analyzer-*'
tidy '(?!comm\.|error\.)[^/]*' -extra-arg="-include$SPINE_SOURCE/tests/checks/tidy/model.h"
