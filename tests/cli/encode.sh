#!/usr/bin/env bash
# spine-encode gives the codes that training gives, to the byte, on any number of ranks, of any form;
# decodes them, and says what doesn't fit.
set -euo pipefail
# shellcheck source=tests/cli/lib.sh
. "$(dirname "$0")/lib.sh"
encode=$SPINE_BIN/spine-encode

sample_run "h5ad, txt, npy"

# --- The same bytes -------------------------------------------------------------------------------

for ranks in 1 2 3; do
    run mpirun -np $ranks "$encode" run glove.h5 -o codes.txt -o codes.npy
    cmp codes.txt run/codes.txt || fail "on $ranks ranks the codes differ from training's"
    cmp codes.npy run/codes.npy || fail "on $ranks ranks the codes differ from training's"
done
run "$encode" run "$SPINE_SOURCE/tests/data/glove.6B.100d.5k.txt.gz" -o text.txt
cmp text.txt run/codes.txt || fail "from text the codes differ"
[ ! -e text.txt.input.h5.part ] || fail "the converted input is left"
grep -q "5k.txt.gz: 5000 vectors of 100 numbers" stderr || fail "the input isn't named: $(cat stderr)"
refused spine-encode "nowhere/out.txt: its directory doesn't exist" "$encode" run \
    "$SPINE_SOURCE/tests/data/glove.6B.100d.5k.txt.gz" -o nowhere/out.txt
cp glove.h5 mine.txt.input.h5
sed -n '2,9p' run/codes.txt >few.txt
attempt "$encode" run few.txt --decode -o mine.txt
[ "$status" = 0 ] || fail "$(cat stderr)"
cmp glove.h5 mine.txt.input.h5 || fail "a file of a person's was replaced"
rm mine.txt*
refused spine-encode "./few.txt: the output would overwrite the input" "$encode" run few.txt -o ./few.txt

if has_python h5py numpy; then # a matrix, with the words of a list
    $python -c 'import h5py, numpy; numpy.save("in.npy", h5py.File("glove.h5")["vectors"][:])'
    cut -d ' ' -f 1 run/codes.txt >list
    run "$encode" run in.npy --words-from=list -o listed.txt -o both.npy -o both.npz -o both.mtx.gz
    cmp both.words.txt list || fail "three outputs don't share their words"
    cmp listed.txt run/codes.txt || fail "with the words of a list the codes differ"

    # Nor do the words beside an output replace what is read.
    cp list in.words.txt
    cp few.txt few.words.txt
    cp few.txt few.metadata.tsv
    refused spine-encode "in.words.txt: the output would overwrite the list of words" \
        "$encode" run in.npy --words-from=in.words.txt -o in.npz
    refused spine-encode "few.words.txt: the output would overwrite the input" \
        "$encode" run few.words.txt -o few.npy
    refused spine-encode "few.metadata.tsv: the output would overwrite the input" \
        "$encode" run few.metadata.tsv -o few.tsv.gz
    cmp in.words.txt list || fail "the words replaced the list"
    cmp few.words.txt few.txt || fail "the words replaced the input"
    refused spine-encode "./out.npy: this output is given twice" "$encode" run few.txt -o out.npy -o ./out.npy
    refused spine-encode "./out.words.txt: is also the list of words of out.npy; name another file" \
        "$encode" run few.txt -o ./out.words.txt -o out.npy
fi
refused spine-encode "glove.h5: has words of its own; leave out --words-from" \
    "$encode" run glove.h5 --words-from=run.ini -o out.npy

# --- Words, decoding ------------------------------------------------------------------------------

run "$encode" run glove.h5 --words remote music
[ "$(cut -f 1 stdout | sort -u | tr '\n' ' ')" = "music remote " ] || fail "--words: $(cat stdout)"
awk -F '\t' 'NF != 4 || $3 <= 0 || $4 !~ "^" $2 " "' stdout | grep . && fail "--words: $(cat stdout)"
printf 'a\033[2Kb%s\n' "$(printf ' 0.1%.0s' $(seq 100))" >control.txt
run "$encode" run control.txt --words $'a\033[2Kb'
grep -q $'^a\\\\x1B\\[2Kb\t' stdout || fail "a control byte isn't escaped: $(cat -v stdout)"

# Words that the input lacks: some are said, and none of them is refused.
run "$encode" run glove.h5 --words zzz music
one_line spine-encode "warning: --words: 'zzz' is not among the 5000 words of glove.h5"
[ -s stdout ] || fail "--words: a word beside a missing one isn't printed"
refused spine-encode "--words: 'zzz' is not among the 5000 words of glove.h5" \
    mpirun -np 2 "$encode" run glove.h5 --words zzz
refused spine-encode "--words: none is among the 5000 words of glove.h5" \
    "$encode" run glove.h5 -o out.npy --words zzz yyy

if has_python h5py numpy; then
    run "$encode" run run/codes.h5ad --decode -o decoded.npy
    $python - <<'END' || fail "decoded vectors are not what the model gives"
import h5py, numpy as np
y, h = np.load("decoded.npy"), np.load("run/codes.npy")
with h5py.File("run/model.h5", "r") as file:
    expected = (h @ file["W2"][:] + file["b2"][:]) / file.attrs["input_scale"] + file["input_mean"][:]
assert y.shape == expected.shape and abs(y - expected).max() < 1e-4, abs(y - expected).max()
END
else
    echo "SKIPPED: $python has no h5py: --decode IS NOT CHECKED" >&2
fi

# --- The model, and Python ------------------------------------------------------------------------

run "$SPINE_BIN/spine-merge" run --model model.npz
run "$SPINE_BIN/spine-merge" run --model sae
run "$SPINE_BIN/spine-merge" run --model again.safetensors
run "$SPINE_BIN/spine-merge" run --model sae # replaces its own files
mkdir theirs
echo '{"theirs": 1}' >theirs/cfg.json
refused spine-merge "theirs/cfg.json: exists and was not written by spine-merge: not overwritten; the model \
needs this name for its settings, so choose another directory" \
    "$SPINE_BIN/spine-merge" run --model theirs/w.safetensors
grep -q theirs theirs/cfg.json || fail "their cfg.json was replaced"
[ "$(ls theirs)" = cfg.json ] || fail "left $(ls theirs)"
cmp again.safetensors sae/sae_weights.safetensors || fail "the model is exported in two ways"
if has_python h5py numpy; then
    PYTHONDONTWRITEBYTECODE=1 PYTHONPATH=$SPINE_SOURCE/tools/python $python - <<'END' || fail "the model or spine.py differs"
import json
import struct
import h5py, numpy as np
import spine

run = spine.load("run")
codes = np.load("run/codes.npy")
with h5py.File("glove.h5", "r") as file:
    x = file["vectors"][:]
assert abs(run.encode(x) - codes).max() < 1e-4
assert (run.code("music") == codes[run.words.index("music")]).all()
dimension, strength, top = run.dimensions("music")[0]
assert codes[run.words.index("music")][dimension] == min(strength, 1) and len(top.split()) == 10
assert run.top_words(dimension) == top.split()
assert abs(run.decode(codes) - ((codes @ run.W2 + run.b2) / run.scale + run.mean)).max() < 1e-4

with np.load("model.npz") as model:
    assert sorted(model) == ["W_dec", "W_enc", "b_dec", "b_enc"]
    assert model["W_enc"].shape == (100, 100) and model["b_dec"].shape == (100,)
    assert abs(np.clip(x @ model["W_enc"] + model["b_enc"], 0, 1) - codes).max() < 1e-4
    assert abs(codes @ model["W_dec"] + model["b_dec"] - run.decode(codes)).max() < 1e-4
    with open("sae/sae_weights.safetensors", "rb") as file:
        length, = struct.unpack("<Q", file.read(8))
        header, body = json.loads(file.read(length)), file.read()
    for name in model:
        begin, end = header[name]["data_offsets"]
        assert header[name]["dtype"] == "F32" and header[name]["shape"] == list(model[name].shape)
        assert body[begin:end] == model[name].tobytes()
settings = json.load(open("sae/cfg.json"))
assert settings["d_in"] == 100 and settings["d_sae"] == 100 and settings["architecture"] == "standard"
END
fi
refused spine-merge "nowhere: No such file or directory" \
    "$SPINE_BIN/spine-merge" nowhere --model out.npz

# --- What is refused ------------------------------------------------------------------------------

printf 'a 1 2 3\nb 3 4 5\nc 1 1 2\n' >narrow.txt
refused spine-encode "narrow.txt: has 3 numbers a row, but the model was trained on rows of 100" \
    "$encode" run narrow.txt -o out.h5ad
refused spine-encode "narrow.txt: has 3 numbers a row, but the model's codes have 100" \
    mpirun -np 2 "$encode" run narrow.txt --decode -o out.npy
refused spine-encode "nowhere: No such file or directory" \
    "$encode" nowhere glove.h5 -o out.npy
refused spine-encode "out.csv: the name must end in *" "$encode" run glove.h5 -o out.csv
refused spine-encode "expected an output, -o FILE, or --words; see spine-encode --help" "$encode" run glove.h5
refused spine-encode "'more': expected one run and one file, and words after --words" \
    "$encode" run glove.h5 more -o out.npy
refused spine-encode "--words: expected words after the file" "$encode" run glove.h5 --words
refused spine-encode "no/out.txt: its directory doesn't exist" "$encode" run glove.h5 -o no/out.txt
refused spine-encode "none/spine-encode-*.input.h5: its directory doesn't exist" \
    env TMPDIR=none "$encode" run narrow.txt --words a
left=$(find . -name 'out.*' -o -name '*.part' -o -name '*.input.h5')
[ -z "$left" ] || fail "left behind: $left"
