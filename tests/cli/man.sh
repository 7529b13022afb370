#!/usr/bin/env bash
# The help of every program has one shape, and its man page says the same and can be shown.
set -euo pipefail
# shellcheck source=tests/cli/lib.sh
. "$(dirname "$0")/lib.sh"

# --- Help -------------------------------------------------------------------------------------------

programs=$(cd "$SPINE_BIN" && echo spine-*)
for program in $programs; do
    run "$SPINE_BIN/$program" --help
    [ ! -s stderr ] || fail "$program --help: stderr: $(cat stderr)"
    grep -Eq "^Usage: (mpirun -np RANKS )?$program " <(head -1 stdout) ||
        fail "$program --help begins with '$(head -1 stdout)'"
    [ -z "$(sed -n '/^$/q; 1!{/^  or:  /!p}' stdout)" ] ||
        fail "$program --help: no empty line behind the usage"
    grep -q '^  --help, --version$' stdout || fail "$program --help: no line for itself"
    grep -q '^Exit status: 0 done; 1 failed' stdout || fail "$program --help: no exit status"
    ! grep -nP '\t| $|^.{101}' stdout || fail "$program --help: a tab, a space at the end, a long line"
    mapfile -t options < <(grep -Eo '^  --[a-z_-]+' stdout | tr -d ' ')
    for option in "${options[@]}"; do
        # Known, even if it needs an argument: anything else is refused as unknown.
        attempt "$SPINE_BIN/$program" "$option" --no-such-option
        ! grep -q -e "^$program: $option: unknown" stderr || fail "$program doesn't know $option"
    done
    run "$SPINE_BIN/$program" --version
    grep -Eq "^$program [0-9]+\.[0-9]+\.[0-9]+$" <(head -1 stdout) ||
        fail "$program --version: $(head -1 stdout)"
done

# --- Pages ------------------------------------------------------------------------------------------

need man groff
[ -d "$SPINE_BIN/../man" ] || skip "built without man pages"
for page in "$SPINE_BIN"/../man/*.[15]; do
    MANWIDTH=90 run man --warnings -l "$page"
    [ ! -s stderr ] || fail "$page: $(cat stderr)"
    if command -v mandoc >/dev/null; then
        run mandoc -Tlint "$page"
        [ ! -s stdout ] || fail "$page: $(cat stdout)"
    fi
done
for program in $programs; do
    page=$SPINE_BIN/../man/$program.1
    [ -f "$page" ] || fail "$program has no man page"
    MANWIDTH=90 run man -l "$page"
    sed 's/.\x08//g' stdout >text
    grep -Eq "^ +$program - [a-z].*[^.:/]$" text || fail "$program.1: no title: $(sed -n 1,6p text)"
    for section in NAME SYNOPSIS DESCRIPTION OPTIONS 'EXIT STATUS' EXAMPLES 'SEE ALSO'; do
        grep -qx "$section" text || fail "$program.1: no section $section"
    done
    mapfile -t options < <("$SPINE_BIN/$program" --help | grep -Eo '^  --[a-z_-]+' | tr -d ' ')
    for option in "${options[@]}"; do
        grep -q -e "^ *$option" text || fail "$program.1: $option is missing"
    done
    for other in $programs; do
        [ "$other" = "$program" ] || grep -q "^\.BR ${other//-/\\\\-} (1)" "$page" ||
            fail "$program.1 doesn't point to $other"
    done
done
