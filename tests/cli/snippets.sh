#!/usr/bin/env bash
# The snippets of tools/doc/python.md run as they are written, with the real libraries; tables are read
# whole by pandas and R, whatever their words are; the notebook of tools/python runs.
set -euo pipefail
# shellcheck source=tests/cli/lib.sh
. "$(dirname "$0")/lib.sh"
need_python numpy h5py
export PYTHONPATH=$SPINE_SOURCE/tools/python PYTHONDONTWRITEBYTECODE=1 PATH=$SPINE_BIN:$PATH
export OMP_NUM_THREADS=1 OPENBLAS_NUM_THREADS=1

sample vectors.h5
cat >run.ini <<'END'
[data]
input = vectors.h5
[model]
objective = spine
hidden = 100
[train]
epochs = 3
[output]
formats = h5ad, npz, mtx, npy, vec, bin
END
train 1 run.ini
limit=300 run $python "$SPINE_SOURCE/tests/cli/snippets.py" "$SPINE_SOURCE/tools/doc/python.md"
grep SKIPPED stderr >&2 || true

# --- Tables of any words ----------------------------------------------------------------------------

$python - <<'END'
words = ['"', "NA", "null", "", "'", "a\"b", "#x", "-", "\\N"]
with open("odd.txt", "w") as out:
    for i, word in enumerate(words):
        if word:
            print(word, *[f"{(i + 1) / (k + 1):.4f}" for k in range(3)], file=out)
END
"$SPINE_BIN/spine-top" odd.txt --dump --words=8 >odd.tsv
cat >expected <<'END'
\\N - #x a"b ' null NA "
END
if has_python pandas; then
    $python - >stdout <<'END'
import pandas
table = pandas.read_csv("odd.tsv", sep="\t", quoting=3, keep_default_na=False)
print(*[table[f"word{i}"][0] for i in range(1, 9)])
END
    cmp stdout expected || fail "pandas reads $(cat stdout)"
fi
if command -v Rscript >/dev/null; then
    Rscript -e 'table <- read.delim("odd.tsv", quote = "", na.strings = character(0))
        cat(as.character(table[1, paste0("word", 1:8)]), fill = 1000)' >stdout
    cmp stdout expected || fail "R reads $(cat stdout)"
fi

# --- The notebook -----------------------------------------------------------------------------------

if has_python nbformat nbclient ipykernel matplotlib; then
    mkdir -p tools/python quickstart
    mv run vectors.h5 quickstart
    run $python "$SPINE_SOURCE/tests/cli/notebook.py" "$SPINE_SOURCE/tools/python/tutorial.ipynb" tools/python
else
    echo "SKIPPED: $python lacks nbclient, ipykernel or matplotlib: THE NOTEBOOK IS NOT CHECKED" >&2
fi
