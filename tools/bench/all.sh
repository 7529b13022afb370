#!/usr/bin/env bash
set -euo pipefail

usage() {
    cat <<'END'
Usage: all.sh GLOVE-100d.txt VECTORS-300d.txt [DIRECTORY]

Run all benchmarks with their default settings; tables (.txt) and measurements (.csv) go to
DIRECTORY (default: bench-results). Both texts are in GloVe's form, without a header; their first
17,000 words are used. Takes about half an hour on two idle cores. QUICK=1 in the environment: one
round of everything in about 6 minutes, to see that all works. A missed target does not fail.
The programs are those in $SPINE_BIN (default: build/bin of this source).
END
}

case ${1-} in
--help)
    usage
    exit 0
    ;;
esac
if [ $# -lt 2 ] || [ $# -gt 3 ]; then
    usage >&2
    exit 2
fi

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
bin=$(cd "${SPINE_BIN:-$here/../../build/bin}" && pwd)
export SPINE_BIN=$bin
glove=$(realpath "$1")
other=$(realpath "$2")
mkdir -p "${3:-bench-results}"
cd "${3:-bench-results}"
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT

rounds=() repeat=101
if [ -n "${QUICK-}" ]; then
    rounds=(--rounds 1) repeat=11
fi

# bench NAME COMMAND...: its table to NAME.txt and to the terminal
bench() {
    local name=$1
    shift
    echo "=== $name, $(date +%H:%M)"
    "$@" --csv "$name.csv" 2>&1 | tee "$name.txt" || echo "$name: failed" | tee -a "$name.txt"
    echo
}

"$bin/spine-convert" --limit 17000 "$glove" "$scratch/glove.h5"
"$bin/spine-convert" --limit 17000 "$other" "$scratch/other.h5"
"$bin/spine-convert" "$here/../../tests/data/glove.6B.100d.5k.txt.gz" "$scratch/sample.h5"

bench step "$bin/bench-step" --repeat "$repeat"
bench train "$here/train.py" "$scratch/other.h5" "${rounds[@]}"
bench scaling "$here/scaling.py" "$scratch/other.h5" "${rounds[@]}"
bench quality "$here/quality.py" "$scratch/glove.h5" "${rounds[@]}"
bench sweep "$here/sweep.py" "$scratch/sample.h5" "${rounds[@]}"
bench convert "$here/convert.py" "$glove" "${rounds[@]}"

# The codes of SPINE's defaults, as quality.py trains them; they stay with the results.
cat >"$scratch/recipe.ini" <<END
[data]
input = $scratch/glove.h5
center = no
rms = keep
[model]
objective = spine
[output]
directory = $scratch/recipe
END
"$bin/spine-mpi" --quiet "$scratch/recipe.ini"
mv "$scratch/recipe/codes.h5ad" recipe.h5ad
"$bin/spine-eval" --space="$scratch/glove.h5" --json=eval.json recipe.h5ad | tee eval.txt
echo "results are in $PWD"
