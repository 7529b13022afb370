# shellcheck shell=bash
# What the end-to-end tests of the programs share; they source it first. It moves to a scratch
# directory, which it removes at the end. Needs SPINE_BIN and SPINE_SOURCE.
#
# Every run is ended by 'timeout': a hang is a failure (status 124), not a wait.

test_name=$(basename "$0")
LC_ALL=C
export LC_ALL
python=/usr/bin/python3 # where Debian's numpy, h5py, scipy and anndata are

fail()
{
    echo "$test_name: $*" >&2
    exit 1
}

skip()
{
    echo "SKIPPED: $test_name: $*" >&2
    exit 77
}

# need PROGRAM...: skip the test where one isn't installed.
need()
{
    local program
    for program; do
        command -v "$program" >/dev/null || skip "$program is not installed"
    done
}

# has_python MODULE...: are they installed? Importing them would take up to 2 s of CPU time.
has_python()
{
    [ -x $python ] && $python -c 'import importlib.util, sys
sys.exit(any(importlib.util.find_spec(name) is None for name in sys.argv[1:]))' "$@" 2>/dev/null
}

# need_python MODULE...: skip the test where one isn't installed.
need_python()
{
    has_python "$@" || skip "$python isn't installed, or lacks one of: $*"
}

[ -x "${SPINE_BIN:?is not set}/spine-mpi" ] || fail "$SPINE_BIN has no spine-mpi"
[ -d "${SPINE_SOURCE:?is not set}/tests/cli" ] || fail "$SPINE_SOURCE is not the source"
need mpirun timeout
# In memory where TMPDIR doesn't say otherwise: else much of a test's time would be fsync()'s.
memory=/dev/shm
if [ -z "${TMPDIR:-}" ] && [ -w $memory ] && [ "$(df -Pk $memory | awk 'END { print $4 }')" -ge 4000000 ]; then
    scratch=$(mktemp -d -p $memory)
else
    scratch=$(mktemp -d)
fi
cleanup() { :; } # a test may say what else to undo
trap 'cleanup; rm -rf "$scratch"' EXIT
cd "$scratch" || exit 1

# attempt COMMAND...: run it, and set 'status' (124: it hung); its output goes to the files stdout
# and stderr.
attempt()
{
    status=0
    timeout -k 5 "${limit:-120}" "$@" >stdout 2>stderr </dev/null || status=$?
}

# run COMMAND...: it must succeed.
run()
{
    attempt "$@"
    [ "$status" = 0 ] || fail "status $status: $*: $(cat stderr)"
}

# pause SECONDS: as sleep does, but without a process for it, which would take more CPU time than what is
# waited for when it is looked at a hundred times a second.
exec {nothing}<> <(:)
pause()
{
    read -rt "$1" -u "$nothing" _ || true
}

# count_lines FILE...: sets 'lines' to how many they have in all, without a process; those that aren't there
# have none, and a last line that isn't finished counts.
count_lines()
{
    local file found
    lines=0
    for file; do
        { mapfile -t found <"$file"; } 2>/dev/null || continue
        lines=$((lines + ${#found[@]}))
    done
}

# train RANKS ARGUMENT...: a run of spine-mpi that must succeed; one rank without mpirun, which takes
# longer to start than the rank.
train()
{
    local launch=(mpirun -np "$1")
    [ "$1" != 1 ] || launch=()
    shift
    run "${launch[@]}" "$SPINE_BIN/spine-mpi" "$@"
}

# refused PROGRAM TEXT COMMAND...: exit status 2 and just this line from PROGRAM.
refused()
{
    local program=$1 text=$2
    shift 2
    attempt "$@"
    [ "$status" = 2 ] || fail "status $status, expected 2: $*: $(cat stderr)"
    one_line "$program" "$text"
}

# one_line PROGRAM PATTERN: the last attempt's stderr has one line of PROGRAM's, which matches.
one_line()
{
    local said
    said=$(grep "^$1:" stderr || true)
    [ "$(printf '%s\n' "$said" | wc -l)" = 1 ] || fail "said more than a line: $said"
    # shellcheck disable=SC2053 # it is a pattern
    [[ $said == "$1: "$2 ]] || fail "said '$said', expected '$1: $2'; all of it: $(cat stderr)"
}

# sample FILE: the test data's 5,000 GloVe vectors of 100 numbers.
sample()
{
    run "$SPINE_BIN/spine-convert" "$SPINE_SOURCE/tests/data/glove.6B.100d.5k.txt.gz" "$1"
}

# sample_run FORMATS: glove.h5, run.ini, and from them the run of 100 units in run/.
sample_run()
{
    sample glove.h5
    cat >run.ini <<END
[data]
input = glove.h5
[model]
objective = spine
hidden = 100
[train]
epochs = 3
[output]
formats = $1
END
    train 1 run.ini
}

# same RUN RUN: two runs trained the same model, to rounding.
same()
{
    $python "$SPINE_SOURCE/tests/cli/same_run.py" "$1" "$2" || fail "$1 and $2 differ"
}

# no_codes RUN...: nothing that looks like a finished run's codes, and nothing half-written.
no_codes()
{
    local directory left
    for directory; do
        left=$(find "$directory" -name replaced -prune -o \( -name 'codes.*' -o -name '*.part' \) -print \
            2>/dev/null || true)
        [ -z "$left" ] || fail "left behind: $left"
    done
}
