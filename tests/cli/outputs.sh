#!/usr/bin/env bash
# The codes of a run, in every form, are read by the programs that people use as the same numbers.
set -euo pipefail
# shellcheck source=tests/cli/lib.sh
. "$(dirname "$0")/lib.sh"
need_python numpy
merge=$SPINE_BIN/spine-merge

sample_run "h5ad, txt, vec, bin, npz, mtx, npy, sparse, tsv"
run "$merge" run -o run/packed.mtx.gz -o run/packed.vec.gz -o run/packed.txt.gz -o run/packed.sparse.zst
run "$merge" run --top 3 --threshold .2 --digits 2 -o run/few.txt
run "$merge" run --binary -o run/ones.npy
gzip -dc run/packed.vec.gz | cmp - run/codes.vec || fail "the packed text differs"
zstd -dcq run/packed.sparse.zst | cmp - run/codes.sparse || fail "the packed sparse text differs"

# Merged again, the same bytes.
for format in h5ad npz mtx bin; do
    run "$merge" run -o "again.$format"
    cmp "again.$format" "run/codes.$format" || fail "merged again, codes.$format differs"
done

# Words that readers would refuse or drop.
python_rows='
import h5py, numpy
words = [b"New York", b"New_York", b"caf\xe9", b"caf\\xE9"] + [b"w%d" % i for i in range(60)]
with h5py.File("odd.h5", "w") as file:
    file.attrs["format"], file.attrs["format_version"] = "spine-vectors", 1
    file["vectors"] = numpy.random.default_rng(1).normal(size=(64, 5)).astype("f4")
    file.create_dataset("words", data=words, dtype=h5py.string_dtype())'
need_python h5py
$python -c "$python_rows"
train 1 run.ini data.input=odd.h5 output.directory=odd output.formats=txt
run "$merge" odd -o run/odd.h5ad -o run/odd.vec
grep -q '^run/odd.vec: 1 word is not valid UTF-8 or has a line break; such bytes are written as \\xNN; 1 word has blanks, which are written as .*; 2 words occur again; the second is written as WORD-1$' stdout ||
    fail "not said: $(cat stdout)"

attempt "$python" "$SPINE_SOURCE/tests/cli/outputs.py" run
cat stdout
grep SKIPPED stderr >&2 || true
[ "$status" = 0 ] || fail "$(cat stderr)"

# Dimensions of equal spread.
run "$merge" run --scale=columns -o scaled.npy
run "$SPINE_BIN/spine-encode" run glove.h5 --scale=columns -o encoded.npy
cmp scaled.npy encoded.npy || fail "spine-encode scales by other factors"
refused spine-merge "--scale: expected columns, got 'rows'" "$merge" run --scale=rows -o scaled.npy
$python - <<'END' || fail "dimensions are not scaled by their standard deviations"
import numpy as np
codes, scaled = np.load("run/codes.npy").astype(float), np.load("scaled.npy")
spread = codes.std(axis=0)
assert np.allclose(scaled * np.where(spread > 1e-6, spread, 1), codes, atol=1e-5)
END

# Nothing is left when a name can't be written, or an option is none.
refused spine-merge "no/codes.npz: its directory doesn't exist" "$merge" run -o no/codes.npz
refused spine-merge "run/x.h5ad.gz: .h5ad files can't be compressed as a whole" "$merge" run -o run/x.h5ad.gz
refused spine-merge "--threshold: 'x' is not a number above 0" "$merge" run --threshold x
refused spine-merge "--digits: '10' is not a whole number from 1 to 9" "$merge" run --digits 10
left=$(find . -name '*.part' -o -name 'codes.*.??????')
[ -z "$left" ] || fail "left behind: $left"
