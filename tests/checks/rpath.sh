#!/usr/bin/env bash
# The programs look for libraries in absolute directories only: an empty or relative element of their
# run path would run what somebody left in the current directory.
set -euo pipefail
# shellcheck source=tests/cli/lib.sh
. "$(dirname "$0")/../cli/lib.sh"
need readelf

# is_safe PATHS: are all elements of a run path absolute?
is_safe()
{
    [[ :$1: != *::* ]] && ! grep -Eq '(^|:)[^/]' <<<"$1"
}
# shellcheck disable=SC2016 # that element is not to be expanded
for paths in '' /usr/lib: :/usr/lib /usr/lib::/lib . 'lib:/usr/lib' '$ORIGIN/..'; do
    ! is_safe "$paths" || fail "'$paths' passes for safe"
done
is_safe /usr/lib:/opt/lib || fail "'/usr/lib:/opt/lib' doesn't pass for safe"

count=0
for file in "$SPINE_BIN"/spine-* "$SPINE_BIN"/../libspine.so; do
    [ -f "$file" ] || continue
    paths=$(readelf -d "$file" | sed -n 's/.*Library r.*path: \[\(.*\)\]$/\1/p')
    [ -z "$paths" ] || is_safe "$paths" || fail "$file: run path '$paths'"
    count=$((count + 1))
done
[ $count -ge 6 ] || fail "only $count programs were found in $SPINE_BIN"
