#!/usr/bin/env bash
# Dependencies point down: fails when a file of src, include or tools includes a module of a level
# above its own, or a library that belongs to another module. Tries itself on made-up trees first.
set -euo pipefail

# check_tree DIRECTORY: print what is wrong in it; 0 if nothing is.
check_tree()
{
    (cd "$1" && find src include/spine tools -name '*.[ch]' -exec \
        grep -H '^[[:space:]]*#[[:space:]]*include' {} + | LC_ALL=C sort) | awk '
    function place(level, names,    list, i) {
        for (i = split(names, list); i > 0; i--)
            level_of[list[i]] = level
    }
    function complain(what) {
        print file ": " what
        bad = 1
    }
    BEGIN {
        place(0, "list arguments interrupt error log clones random partition words number outfile place room seal lock spelling")
        place(1, "statistics kernels sparse field lookup repeated packed page goal")
        place(2, "figures model optimizer vectors input layout config halving")
        place(3, "comm store sums classifier labelled tabular")
        place(4, "dataset csr events history inifile metrics modelfile preflight rundir timeline")
        place(5, "checkpoint codes corpus measures revive step trials")
        place(6, "ledger merge resume")
        place(7, "space")
        place(8, "columns reference sparsity clusters task")
        place(9, "panel similarity analogies categorization categories classification listing neighbours")
        place(10, "evaluation questionnaire readability")
        place(11, "answers convert doctor evaluate forecast portrait results train")
        place(12, "cost report summary")
        place(13, "sweep")
        # Within a level only these:
        beside["store", "comm"] = beside["sums", "comm"] = beside["train", "results"] = 1
        beside["train", "forecast"] = 1
        beside["layout", "input"] = beside["vectors", "input"] = beside["vectors", "layout"] = 1
        beside["room", "place"] = beside["words", "list"] = beside["repeated", "lookup"] = beside["partition", "random"] = beside["sparse", "kernels"] = 1
        for (name in level_of)
            if (level_of[name] == 0)
                beside[name, "error"] = beside[name, "clones"] = 1
        # The only doors to these libraries (but for the rivals of tools/bench):
        owner["mpi"] = "src/comm.c"
        owner["hdf5"] = "src/store.c"
        owner["cblas"] = "src/kernels.c"
        owner["linear"] = "src/classifier.c"
    }
    {
        file = substr($0, 1, index($0, ":") - 1)
        what = substr($0, index($0, ":") + 1)
        sub(/^[^"<]*/, "", what)
        quoted = what ~ /^"/
        library = substr(what, 2)
        sub(/[">].*/, "", library)
        is_main = file ~ /^tools\// || file == "src/spine-mpi.c"
        name = file
        sub(/.*\//, "", name)
        sub(/\.[ch]$/, "", name)
        if (!is_main && !(name in level_of))
            complain("unknown module " name ": give it a level in tests/check_layers.sh")

        is_ours = library ~ /^spine\/[a-z0-9_]+\.h$/
        sub(/\.h$/, "", library)
        if (library in owner && file != owner[library] && file !~ /^tools\/bench\//)
            complain("only " owner[library] " may include " library ".h")
        if (!is_ours) {
            if (quoted)
                complain("includes " what ": a header of ours stands in include/spine")
            next
        }
        sub(/^spine\//, "", library)
        if (!(library in level_of))
            complain("includes unknown module " library ": give it a level")
        else if (!is_main && name in level_of && library != name &&
                 level_of[library] >= level_of[name] && !((name, library) in beside))
            complain("level " level_of[name] " includes " library " of level " level_of[library])
    }
    END { exit bad }'
}

scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT

# try WANTED FILE INCLUDE: a tree with this one include must give the WANTED complaint (or none).
try()
{
    rm -rf "$scratch/tree"
    mkdir -p "$scratch/tree/src" "$scratch/tree/include/spine" "$scratch/tree/tools"
    echo "#include $3" >"$scratch/tree/$2"
    local status=0 said
    said=$(check_tree "$scratch/tree") || status=1
    if [ -z "$1" ] && [ $status -eq 0 ]; then return; fi
    if [ -n "$1" ] && [ $status -eq 1 ] && [[ $said == "$2: "*"$1"* ]]; then return; fi
    echo "check_layers.sh doesn't check: $2 including $3: expected '$1', got '$said'" >&2
    exit 1
}

try '' src/model.c '"spine/model.h"'
try '' src/model.c '"spine/kernels.h"'
try '' src/store.c '"spine/comm.h"'
try '' src/comm.c '<mpi.h>'
try '' src/spine-mpi.c '"spine/train.h"'
try '' include/spine/words.h '"spine/error.h"'
try 'level 2 includes comm' src/model.c '"spine/comm.h"'
try 'level 2 includes comm' src/model.c '<spine/comm.h> /* "why" */'
try 'level 2 includes config' include/spine/model.h '"spine/config.h"'
try 'level 3 includes store' src/comm.c '"spine/store.h"'
try 'level 11 includes evaluate' src/train.c '"spine/evaluate.h"'
try 'level 0 includes log' src/error.c '"spine/log.h"'
try 'only src/comm.c may include mpi.h' src/train.c '<mpi.h>'
try 'only src/store.c may include hdf5.h' tools/spine-top.c '"hdf5.h"'
try 'only src/kernels.c may include cblas.h' include/spine/kernels.h '  <cblas.h>'
try 'only src/classifier.c may include linear.h' src/classify.c '<linear.h>'
try 'unknown module utils' src/utils.c '<stdio.h>'
try 'unknown module utils' src/train.c '"spine/utils.h"'
try 'stands in include/spine' src/train.c '"../src/comm.c"'

check_tree "${SPINE_SOURCE:-$(dirname "${BASH_SOURCE[0]}")/..}"
