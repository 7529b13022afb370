#!/usr/bin/env bash
# Style checks that need no build: clang-format and shellcheck.
set -euo pipefail

cd "$(dirname "${BASH_SOURCE[0]}")/../.."
for program in clang-format shellcheck; do
    command -v $program >/dev/null || { echo "SKIPPED: $program is not installed" >&2; exit 77; }
done

status=0
find include src tools tests \( -name '*.[ch]' \) -print0 |
    xargs -0 clang-format --dry-run -Werror || status=1
{ find . -path './build*' -prune -o \( -name '*.sh' -o -name '*.sbatch' \) -print0
    printf '.ci/run\0'; } | xargs -0 shellcheck -x || status=1
exit $status
