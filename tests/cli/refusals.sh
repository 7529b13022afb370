#!/usr/bin/env bash
# What the programs refuse: every line of refusals.tsv is tried on one rank. It must end with exit
# status 2 and just the message on stderr, nothing on stdout, and leave nothing behind.
#
# A line is a command (its words as the shell reads them), the message without the program's name,
# and the text of in.ini, if there is one, with \n for its lines; tabs between them.
set -euo pipefail
# shellcheck source=tests/cli/lib.sh
. "$(dirname "$0")/lib.sh"
need_python h5py
# Alone, without a daemon: three times as fast. But all such processes have the same directory in
# the temporary one.
export OMPI_MCA_ess_singleton_isolated=1 OMPI_MCA_orte_tmpdir_base=$scratch
mkdir work
cd work

$python - <<'END'
import random
random.seed(1)
with open("good.txt", "w") as file:
    for i in range(30):
        print(f"w{i}", *(f"{random.gauss(0, 1):.4f}" for _ in range(5)), file=file)
END
run "$SPINE_BIN/spine-convert" good.txt good.h5
cat >good.ini <<'END'
[data]
input = good.h5
[model]
objective = spine
hidden = 6
[train]
epochs = 1
batch_size = 10
END
run "$SPINE_BIN/spine-mpi" good.ini
run "$python" "$SPINE_SOURCE/tests/cli/refusals.py"
mkdir directory
printf 'the words\nof a text\n' >prose.txt
printf 'a 1 2\nb 3 4\nc 5\n' >short_row.txt
printf 'a 1 2\nb 3 4\nc 5 6x\n' >junk.txt
printf 'a 1 2\nb nan 3\n' >nan.txt
printf 'a 1 2\nb 3 4\na 5 6\n' >twice.txt
printf '5 2\na 1 2\nb 3 4\n' >header.txt
printf 'a,1,2\nb,3,4\n' >comma.txt
printf '\n\n' >blank.txt
printf '\037\213nonsense' >broken.gz
gzip -c good.txt | head -c 100 >cut.txt.gz
: >empty.txt
: >empty.h5
cp good.ini mine.txt

# all_files: their names, sizes and times.
all_files()
{
    { find . -type d; find . -type f ! -name stdout ! -name stderr -printf '%p %s %T@\n'; } | sort
}

# wrong WHAT: note it and go on to the next line, so that one run shows all.
complaints=0
wrong()
{
    echo "refusals.sh: $*" >&2
    complaints=$((complaints + 1))
}

count=0
while IFS=$'\t' read -r command message ini; do
    case $command in '' | '#'*) continue ;; esac
    rm -f in.ini
    [ -z "$ini" ] || printf '%b' "$ini" >in.ini
    eval "words=($command)"
    # shellcheck disable=SC2154 # set by the eval
    program=${words[0]}
    : >stdout
    : >stderr
    before=$(all_files)
    attempt "$SPINE_BIN/$program" "${words[@]:1}"
    [ "$status" = 2 ] || wrong "status $status, expected 2: $command: $(cat stderr)"
    said=$(cat stderr) expected="$program: $message"
    if [ "${message: -1}" = '*' ]; then # an open end
        expected=${expected%?}
        said=${said:0:${#expected}}
    fi
    [ "$said" = "$expected" ] || wrong "$command: said '$(cat stderr)', expected '$program: $message'"
    [ ! -s stdout ] || wrong "$command: printed $(cat stdout)"
    [ "$(all_files)" = "$before" ] ||
        wrong "$command: left something: $(diff <(echo "$before") <(all_files))"
    count=$((count + 1))
done <"$SPINE_SOURCE/tests/cli/refusals.tsv"
[ $complaints = 0 ] || fail "$complaints of $count lines are wrong"
[ $count -ge 60 ] || fail "only $count lines"
echo "$count refusals"
