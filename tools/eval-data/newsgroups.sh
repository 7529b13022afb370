#!/usr/bin/env bash
# Posts of the 20 newsgroups to labelled text.
set -euo pipefail
# shellcheck source=tools/eval-data/common.sh
. "$(dirname "${BASH_SOURCE[0]}")/common.sh"

usage="Usage: newsgroups.sh [--headers] DIRECTORY OUTPUT GROUP GROUP...

The posts of these groups in a directory such as 20news-bydate-train, a file a post, become labelled
text, a line a post, the group being the label:

    newsgroups.sh 20news-bydate-train sports.train.txt rec.sport.baseball rec.sport.hockey

A post's header, all up to its first empty line, is left out (with --headers it stays): it names the
group's own machines and people. Latin-1 becomes UTF-8. Punctuation is cut off words, and so are 's,
n't and the like; case stays. Posts without a word are left out, and counted on stderr."

arguments 4 30 "$usage" "$@"
headers=0
if [ "$1" = --headers ]; then
    headers=1
    shift
fi
[ $# -ge 4 ] || arguments 4 30 "$usage" "$@"
directory=$1 output=$2
shift 2
for group; do
    [ -d "$directory/$group" ] || refuse "$directory/$group: no such directory"
done

# posts DIRECTORY: its files, each behind a line of \001 and the file's name.
posts()
{
    local files=("$1"/*)
    [ -f "${files[0]}" ] || refuse "$1: no posts"
    awk '{ gsub(/\001/, "") }
        FNR == 1 { print "\n\001" FILENAME }
        { print }' "${files[@]}" | tr -d '\000\002-\010\013-\037\177'
}

for group; do
    # Few posts aren't ASCII: those bytes are Latin-1.
    posts "$directory/$group" | iconv -f ISO-8859-1 -t UTF-8 |
        awk -v headers=$headers -v label="$group" -v program="$program" '
    function finish() {
        if (post != "" && !has_header) {
            print program ": " post ": no post: expected a header with From: or Subject:" \
                >"/dev/stderr"
            exit bad = 2
        }
        if (post != "" && words == "")
            empty++
        else if (post != "")
            print "__label__" label words
    }
    # add TOKEN, after what is to be cut off before and behind it
    function add(token,    tail) {
        while (token ~ /^[-_.,\047]./) {
            words = words " " substr(token, 1, 1)
            token = substr(token, 2)
        }
        while (token ~ /.[-_.,\047]$/) {
            tail = " " substr(token, length(token)) tail
            token = substr(token, 1, length(token) - 1)
        }
        if (match(token, /.(n\047t|N\047T)$/))
            token = substr(token, 1, RSTART) " " substr(token, RSTART + 1)
        else if (match(token, /.\047([smdSMD]|re|ve|ll|RE|VE|LL)$/))
            token = substr(token, 1, RSTART) " " substr(token, RSTART + 1)
        words = words " " token tail
    }
    /^\001/ {
        finish()
        post = substr($0, 2)
        words = ""
        in_header = 1
        has_header = 0
        next
    }
    in_header && /^(From|Subject):/ { has_header = 1 }
    in_header && $0 == "" { in_header = 0 }
    in_header && !headers { next }
    {
        gsub(/[^-A-Za-z0-9_.,\047\200-\377 \t]/, " & ")
        for (i = 1; i <= NF; i++)
            add($i)
    }
    END {
        if (bad)
            exit bad
        finish()
        if (empty > 0)
            print program ": " label ": left out for having no word: " empty >"/dev/stderr"
    }' >>"$scratch/out" || exit 2
done
publish "$scratch/out" "$output"
