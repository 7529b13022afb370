# shellcheck shell=bash
# What the converters of evaluation data share; they source it first. A converter is given the files
# that its data set comes as, refuses what isn't in that form (exit status 2, one sentence, nothing
# left behind), and writes UTF-8.

program=$(basename "$0")
LC_ALL=C # bytes: a letter is what ASCII has, and sorting is the same everywhere
export LC_ALL

refuse()
{
    echo "$program: $*" >&2
    exit 2
}

# arguments LEAST MOST USAGE ARGUMENT...: print the usage and exit if it is requested, or if
# their number is wrong.
arguments()
{
    local least=$1 most=$2 usage=$3 argument
    shift 3
    for argument; do
        if [ "$argument" = --help ]; then
            printf '%s\n' "$usage"
            exit 0
        fi
    done
    if [ $# -lt "$least" ] || [ $# -gt "$most" ]; then
        printf '%s\n' "$usage" >&2
        exit 2
    fi
}

readable()
{
    [ -f "$1" ] || refuse "$1: no such file"
    [ -r "$1" ] || refuse "$1: can't be read"
}

# utf8 FILE: its text, without carriage returns and other control bytes, from Latin-1 if it isn't
# UTF-8 already.
utf8()
{
    local encoding=ISO-8859-1
    if iconv -f UTF-8 -t UTF-8 "$1" >/dev/null 2>&1; then
        encoding=UTF-8
    fi
    iconv -f $encoding -t UTF-8 "$1" | tr -d '\000-\010\013-\037\177'
}

scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT

# publish FILE OUTPUT: what was made in the scratch directory gets its place, whole.
publish()
{
    [ -s "$1" ] || refuse "nothing to write to $2"
    rm -f "$2.part"
    cp "$1" "$2.part" || refuse "$2: can't be written"
    mv "$2.part" "$2"
}
