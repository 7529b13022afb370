#!/usr/bin/env bash
# Embeddings in all forms that people have are read to the bit, on one rank and on three, converted
# or directly; a run converts its input once.
set -euo pipefail
# shellcheck source=tests/cli/lib.sh
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
need_python numpy h5py
forms="$SPINE_SOURCE/tests/cli/forms.py"
$python "$forms" || fail "can't make the forms"

mkdir outputs

# converted RULES COMMAND...: the command makes a file; whether it is the right one, all_right checks.
converted()
{
    local rules=$1 file
    shift
    file=$(printf 'outputs/%03d-%s.h5' "$(find outputs -type f | wc -l)" "$(tr -c 'a-zA-Z0-9\n' _ <<<"${*: -1}")")
    run "$@" "$file"
    echo "$file $rules" >>list
}

# all_right: of the files made since the last time. One Python, as starting it takes longest.
all_right()
{
    run $python "$forms" compare-all list
    rm list
}

# check RULES ARGUMENT...: spine-convert makes the right file of it, on 1 and 3 ranks.
check()
{
    local rules=$1
    shift
    converted "$rules" "$SPINE_BIN/spine-convert" "$@"
    converted "$rules" mpirun -np 3 "$SPINE_BIN/spine-convert" "$@"
}

for file in plain.vec t.gz t.bz2 t.xz one.zip two.zip:t.vec gensim.bin original.bin gensim.bin.gz \
    model.bin pair.npz packed.npz plain.h5 other.h5 other.h5:/deep/table; do
    check words $file
done
for file in dense.h5ad sparse.h5ad; do
    [ ! -e $file ] || check words $file
done
for file in behind.h5 packed.h5.gz categories.h5ad whole.h5ad quoted.txt; do
    converted words "$SPINE_BIN/spine-convert" $file
done
for file in numbered.tsv counted.txt; do
    converted words "$SPINE_BIN/spine-convert" --words=$file c.npy
    grep -q "$file: removed the .* the words" stderr || fail "$file: not said"
done
check numbers one.npz:a
(ulimit -f 16384 && check numbers large.npz) # only headers of what isn't needed are unpacked
check words several.npz:a
check numbers shaped.npz # not a sparse matrix of SciPy's
check numbers c.npy
check numbers fortran.npy
check "numbers half" half.npy
check words --words=words.txt c.npy
check words --words=metadata.tsv fortran.npy
check "words half" --words=words.txt model.safetensors.index.json:half
check words --words=words.npy c.npy
(echo Word && cat words.txt) >titled.txt
(cat words.txt && echo) >ended.txt
(cat metadata.tsv && echo && echo) >both.tsv
for file in titled.txt ended.txt both.tsv columns.tsv; do
    converted words "$SPINE_BIN/spine-convert" --on-bad=skip --words=$file c.npy
done
check words --words=packed.npz:words.npy c.npy
check words --words=other.h5:/vocabulary c.npy
check words --words=words.txt --tensor=table model.safetensors
check words --words=words.txt model.safetensors:table
check "words half" --words=words.txt --tensor=half model.safetensors
check words --from=word2vec gensim.bin
check words layers.h5ad:/obsm/pca
for dataset in layers.h5ad:/variables/pca sides.h5ad:/varm/pca sides.h5ad:varm/pca; do
    converted words "$SPINE_BIN/spine-convert" $dataset
done

# Standard input, unpacked on the way; and nothing is left of it.
for file in plain.vec gensim.bin t.xz gensim.bin.gz; do
    "$SPINE_BIN/spine-convert" - outputs/input-$file.h5 <$file >stdout 2>stderr || fail "$file: $(cat stderr)"
    echo "outputs/input-$file.h5 words" >>list
done
mkfifo named
cat gensim.bin.gz >named &
writer=$!
attempt "$SPINE_BIN/spine-convert" named outputs/named.h5
kill $writer 2>/dev/null || true # still there if the pipe wasn't opened
[ "$status" = 0 ] || fail "a named pipe: $(cat stderr)"
echo "outputs/named.h5 words" >>list
all_right

# Ranks that begin in the middle of a row give the same, even if what they read from there isn't a file's
# (rank 4 of 5); a row that every reader refuses is refused at once.
run "$SPINE_BIN/spine-convert" twofold.bin outputs/twofold.h5
for ranks in 3 5; do
    run mpirun -np $ranks "$SPINE_BIN/spine-convert" twofold.bin outputs/twofold-$ranks.h5
    grep -q "so one rank reads it alone" stderr || fail "$ranks ranks: all found rows: $(cat stderr)"
    run cmp outputs/twofold.h5 outputs/twofold-$ranks.h5
done
attempt mpirun -np 3 "$SPINE_BIN/spine-convert" nul.bin outputs/nul.h5
[ "$status" = 2 ] || fail "nul.bin: status $status"
grep -q "nul.bin: row 251: a NUL byte in the word" stderr || fail "nul.bin: said $(cat stderr)"
! grep -q "reads it alone" stdout stderr || fail "nul.bin: was read twice"

# Files of a person's beside the output stay.
for ending in spool words member; do
    echo mine >"outputs/beside.h5.$ending"
done
run "$SPINE_BIN/spine-convert" gensim.bin.gz outputs/beside.h5
for ending in spool words member; do
    [ "$(cat "outputs/beside.h5.$ending")" = mine ] || fail "outputs/beside.h5.$ending was replaced"
    rm "outputs/beside.h5.$ending"
done
left=$(find . -name '*spool*' -o -name '*.part' -o -name '*.member')
[ -z "$left" ] || fail "left behind: $left"

# refuse TEXT ARGUMENT...: exit status 2, the text in the message, nothing left behind.
refuse()
{
    local text=$1
    shift
    rm -f out.h5
    attempt "$SPINE_BIN/spine-convert" "$@" out.h5
    [ "$status" = 2 ] || fail "status $status: $*"
    grep -qF -- "$text" stderr || fail "$*: said $(cat stderr), expected $text"
    if [ -e out.h5 ] || [ -e out.h5.part ]; then fail "$*: left an output behind"; fi
}

refuse "a zip archive of 2 files; name one of them as two.zip:FILE: t.vec, readme.txt" two.zip
refuse "has 2 matrices; choose one as two.h5:DATASET: /a (300 x 20), /b (5 x 20)" two.h5
refuse "choose one as model.safetensors:NAME: table (300 x 20), half (300 x 20)" model.safetensors
refuse "choose a tensor as model.safetensors.index.json:TENSOR, such as wte.weight" model.safetensors.index.json
refuse "an index without the tensor 'x'; there are, for example: wte.weight" --tensor x model.safetensors.index.json
refuse "the tensor 'table' is in missing.safetensors, which isn't beside it" model.safetensors.index.json:table
refuse "is an index of PyTorch's files, which is not read" --tensor torch model.safetensors.index.json
gzip -k model.safetensors.index.json
advice="is the index of a model split into several safetensors files; it is read as an input if it is beside them, unpacked, and named NAME.index.json: give NAME.index.json:TENSOR"
for file in model.safetensors.index.json.gz{,:half}; do
    refuse "spine-convert: ${file%:half}: $advice" "$file"
done
! "$SPINE_BIN/spine-convert" - out.h5 <model.safetensors.index.json 2>stderr || fail "an index from a pipe is read"
grep -qxF -- "spine-convert: -: $advice" stderr || fail "an index from a pipe: $(cat stderr)"
echo '{"half": 1}' >other.index.json
refuse "other.index.json: is not an index of tensors" other.index.json:half
refuse "a NumPy array of Python objects" --words=objects.npy c.npy
refuse "beside the matrix is an array of Python objects" objects.npz
refuse "beside the matrix is an array of Python objects" objects.npz:a
refuse "several.npz: has 2 matrices of floating-point numbers; choose an array as several.npz:ARRAY: a.npy, b.npy" several.npz
run "$SPINE_BIN/spine-convert" several.npz:b out.h5 # whose rows aren't the words'
refuse "each.npz: has no matrix of floating-point numbers; if each array is a word's vector, write" each.npz
refuse "few.npz:words.npy: has 299 words for 300 vectors" few.npz
head -n 290 words.txt >short.txt
refuse "short.txt: has 290 words for 300 vectors; if the last rows are padding, spine-convert --limit=290 leaves them out" \
    --words=short.txt c.npy
run "$SPINE_BIN/spine-convert" --words=short.txt --limit=290 c.npy padded.h5
run mpirun -np 3 "$SPINE_BIN/spine-convert" --words=short.txt --limit=290 c.npy padded-3.h5
run cmp padded.h5 padded-3.h5
run "$SPINE_BIN/spine-convert" --words=words.txt --limit=290 c.npy padded-3.h5
run cmp padded.h5 padded-3.h5
(cat short.txt && printf '\n%.0s' {1..10}) >blank-end.txt
run "$SPINE_BIN/spine-convert" --words=blank-end.txt --limit=289 c.npy out.h5
(echo word && cat short.txt) | sed 's/$/\tx/' >short.tsv
run "$SPINE_BIN/spine-convert" --words=short.tsv --limit=290 c.npy padded-3.h5
run cmp padded.h5 padded-3.h5
sed 1d short.tsv >bare.tsv
refuse "bare.tsv: has 290 words for the first 289 of 300 vectors; if the first line is a header, remove it" \
    --words=bare.tsv --limit=289 c.npy
awk '{ print $0 " " NR - 1 }' words.txt >behind.txt
run "$SPINE_BIN/spine-convert" --words=behind.txt --limit=290 c.npy padded-3.h5
grep -q "behind.txt: removed the row numbers after the words" stderr || fail "behind.txt: not said"
run cmp padded.h5 padded-3.h5
awk '{ print (NR == 1 ? "IQ== " : "dGhl ") NR - 1 }' words.txt >ranks.tiktoken
refuse "ranks.tiktoken: is a vocabulary of tiktoken's; expected one word a line: python3" --words=ranks.tiktoken c.npy
awk '{ printf "%c%cxy %d\n", 97 + NR / 20, 97 + NR % 20, NR - 1 }' words.txt >four.txt
run "$SPINE_BIN/spine-convert" --words=four.txt c.npy out.h5
awk '{ print NR - 1 ",w" NR ",5" }' words.txt >second.csv
refuse "second.csv: this is CSV; expected one word a line: cut -d, -f2" --words=second.csv c.npy
$python - <<'END'
import h5py
import numpy as np

with h5py.File("bare.h5", "w") as out:
    out["X"] = np.load("c.npy")
with h5py.File("each.h5", "w") as out:
    for i, row in enumerate(np.load("c.npy")[:3]):
        out[f"w{i}"] = row
np.save("brain.npy", np.load("c.npy").astype("f2").view("V2"))
END
converted words "$SPINE_BIN/spine-convert" --words=words.txt bare.h5
all_right
refuse "if each dataset is a word's vector, write them as text: python3 -c 'import h5py;" each.h5
refuse "of type '|V2', perhaps bfloat16; f2, f4 and f8 are read: np.save(FILE, (a.view('u2')" brain.npy
refuse "a sparse matrix of SciPy's; spine-eval, spine-top and spine-report read it as it is" scipy.npz
refuse "a structured NumPy array, which is not read" fields.npy
refuse "packed by the HDF5 filter 32000 (lzf), which is not installed here" lzf.h5
refuse "has 300 words for 20 vectors of 300 numbers: transpose '/vectors'" turned.h5
refuse "'/v' is a matrix of MATLAB's, whose columns are rows here; write it in Python" matlab.mat
refuse "matlab.mat: '/v' is a matrix of MATLAB's" --words=words.txt matlab.mat:/v
gzip -k ints.mat
refuse "ints.mat.gz: has no matrix of floating-point numbers; if '/v' has the vectors, write it in Python: \
numpy.save('vectors.npy', h5py.File('FILE')['/v'][:].T.astype('f4'))" ints.mat.gz
refuse "if '/mat/block0_values' has the vectors, write it in Python" frame.h5
refuse "/dev/zero: is a device, which may never end; give a file or a pipe" /dev/zero
refuse "/dev/zero: is a device" --words=/dev/zero c.npy
refuse "is a URL, which is not read; download the file first" https://example.org/glove.zip
refuse "utf16.txt: is UTF-16, which is not read; convert it to UTF-8 first" --words=utf16.txt c.npy
refuse "utf16.txt: is UTF-16, which is not read; convert it to UTF-8 first" --from=text utf16.txt
refuse "plain.h5: --from=text reads a whole file, not '/vectors' in it; leave out --from" \
    --from=text plain.h5:/vectors
# shellcheck disable=SC2088 # the test is that it isn't expanded
refuse "~/words.txt: No such file or directory; the shell hasn't expanded '~'" "--words=~/words.txt" c.npy
refuse "plain.vec: has numbers after the words; expected one word a line" --words=plain.vec c.npy
(echo extra && cat words.txt) >extra.txt
refuse "extra.txt: has 301 words for 300 vectors; if the first line is a header, remove it" --words=extra.txt c.npy
refuse "words.csv: this is CSV; expected one word a line: cut -d, -f1" --words=words.csv c.npy
(cat plain.vec && echo) >ended.vec
refuse "ended.vec: has numbers after the words; expected one word a line" --words=ended.vec c.npy
refuse "titled.npy: has 301 words for 300 vectors" --words=titled.npy c.npy
(printf 'word\tn\n' && head -n 299 words.txt | sed 's/$/\t7/' && printf '\t7\n') >empty.tsv
refuse "row 300: an empty word" --words=empty.tsv c.npy
refuse "twice.gz: is compressed twice, which is not read" twice.gz
refuse "can't be unpacked here: Compression method not supported" lzma.zip
refuse "comment.txt:2: expected 2 numbers, got 1; if this is a comment, remove it" comment.txt
refuse "utf32.txt: is UTF-32" utf32.txt
refuse "lines.json: is JSON Lines" lines.json
refuse "masked.h5ad: row 7: an empty word; --on-bad=skip" masked.h5ad
head -n 299 words.txt >few.txt
refuse "few.txt: has 299 words for 300 vectors" --words=few.txt c.npy
head -c 3000 gensim.bin >cut.bin
refuse "is cut off" cut.bin
head -c 10000 c.npy >cut.npy
refuse "was it cut off?" cut.npy
$python -c "
rows = open('gensim.bin', 'rb').read().replace(b'300 20', b'301 20', 1)
open('more.bin', 'wb').write(rows)"
refuse "the header announces 301 vectors, the file has 300" more.bin
run "$SPINE_BIN/spine-convert" --header=skip more.bin out.h5

# A NaN in a matrix is named by its row and word's place; and left out where that is asked for.
$python -c "
import numpy as np
table = np.load('c.npy'); table[7, 3] = np.nan; np.save('nan.npy', table)"
refuse "nan.npy: row 8: number 4 of 20 is not finite: nan" nan.npy
run "$SPINE_BIN/spine-convert" --on-bad=skip nan.npy out.h5
grep -q "left out 1 row with NaN or Inf (row 8)" stdout || fail "said $(cat stdout)"

# One row that is far too long, and one coordinate, are named.
$python -c "
import numpy as np
table = np.load('c.npy'); table[7] *= 1e4; np.save('long.npy', table)
table = np.load('c.npy'); table[:, 5] *= 100; np.save('wide.npy', table)
table = 0 * table; table[3] = 2; table[5] = 1; np.save('zeros.npy', table)"
run "$SPINE_BIN/spine-convert" zeros.npy out.h5
grep -q "row 4 '3' has 80 % of the sum of squares; is it damaged" stderr || fail "said $(cat stderr)"
run "$SPINE_BIN/spine-convert" --words=words.txt long.npy out.h5
grep -q "row 8 'wabcdefg7' is .* times as long as the median" stderr ||
    fail "the long row isn't named: $(cat stderr)"
run "$SPINE_BIN/spine-convert" wide.npy out.h5
grep -q "number 6 of the vectors has 9.* % of their variance" stderr ||
    fail "the wide coordinate isn't named: $(cat stderr)"

# So do the run and --doctor.
printf '[data]\ninput = long.h5\n[model]\nobjective = spine\nhidden = 8\n[train]\nepochs = 1\n' >long.ini
run "$SPINE_BIN/spine-convert" --words=words.txt long.npy long.h5
for job in "" --doctor; do
    # shellcheck disable=SC2086 # job is a word or none
    run mpirun -np 2 "$SPINE_BIN/spine-mpi" $job long.ini
    grep -q "long.h5: row 8 'wabcdefg7' is .* times as long as the median" stderr ||
        fail "$job: the long row isn't named: $(cat stderr)"
done

# Rows of another scale than the settings are for are named where they aren't scaled.
for factor in 1 1e6 1e-6; do
    $python -c "import numpy as np; np.save('scaled.npy', np.load('c.npy') * $factor)"
    run "$SPINE_BIN/spine-convert" --words=words.txt scaled.npy long.h5
    attempt "$SPINE_BIN/spine-mpi" long.ini data.rms=keep output.directory=scaled output.overwrite=yes
    case $factor:$status in
    1:0)
        ! grep -q "the rows have a root mean square" stderr || fail "a usual scale: $(cat stderr)"
        ;;
    1e-6:1 | 1e6:0) # the former diverges
        grep -q "the rows have a root mean square of .*e[-+]0.*; data.rms = 0.4 scales them" stderr ||
            fail "rows scaled by $factor aren't named: $(cat stderr)"
        ;;
    *) fail "rows scaled by $factor: status $status: $(cat stderr)" ;;
    esac
done
run "$SPINE_BIN/spine-mpi" long.ini data.rms=keep model.objective=nnse model.l0=2 output.directory=scaled-nnse
! grep -q "the rows have a root mean square" stderr || fail "the scale doesn't matter to nnse: $(cat stderr)"

# The other programs read the same forms.
for file in gensim.bin.gz pair.npz model.bin t.xz packed.h5.gz; do
    run "$SPINE_BIN/spine-top" $file --near="new york" --words=2
    grep -q "near new york" stdout || fail "$file: $(cat stdout)"
done

# Messages name what was given, not what it was unpacked to.
head -c 3000 plain.h5 | gzip >broken.h5.gz
refuse "broken.h5.gz: has only 3000 of " broken.h5.gz
attempt "$SPINE_BIN/spine-top" broken.h5.gz king
grep -qx "spine-top: broken.h5.gz: HDF5 can.t read it.*; it is damaged, cut off, or of a newer format" stderr || fail "packed: $(cat stderr)"
"$SPINE_BIN/spine-top" - --near="new york" <plain.h5 >stdout 2>stderr || fail "a pipe: $(cat stderr)"

# What they unpack has no name: nothing of it is left, however they end.
if [ -e /proc/self/fd ]; then
    mkdir unpacked
    mkfifo stalled
    exec {stalled}<>stalled
    head -c 3000 gensim.bin >&"$stalled"
    TMPDIR=$PWD/unpacked "$SPINE_BIN/spine-top" stalled king >stdout 2>stderr {stalled}>&- &
    reader=$!
    for _ in $(seq 100); do
        ! grep -q "$PWD/unpacked/" <<<"$(ls -l /proc/$reader/fd 2>/dev/null)" || break
        sleep 0.1
    done
    kill -KILL $reader || fail "it has ended: $(cat stdout stderr)"
    wait $reader || true
    exec {stalled}>&-
    [ -z "$(ls -A unpacked)" ] || fail "spine-top left $(ls -A unpacked)"
fi

# A run converts what isn't vectors.h5, once; and again when the file has changed.
printf '[data]\ninput = gensim.bin\n[model]\nobjective = spine\nhidden = 8\n[train]\nepochs = 1\n[output]\ndirectory = made\n' >run.ini
run mpirun -np 2 "$SPINE_BIN/spine-mpi" run.ini
grep -q "data.input: converting gensim.bin to made/input.h5 first" stderr || fail "$(cat stderr)"
run $python "$forms" compare made/input.h5 words
touch made/input.h5.lock # as of a process that was killed
run mpirun -np 2 "$SPINE_BIN/spine-mpi" run.ini output.overwrite=yes train.seed=2
grep -q "gensim.bin was converted before: using made/input.h5" stderr || fail "$(cat stderr)"
[ ! -e made/input.h5.lock ] || fail "the lock file of a process that was killed stays"
touch gensim.bin
waiting="data.input: another process converts it to made/input.h5: waiting"
$python -c 'import fcntl, os, time
file = open("made/input.h5.lock", "w")
fcntl.lockf(file, fcntl.LOCK_EX)
open("held", "w")
for _ in range(400):
    if os.path.exists("waited"):
        break
    time.sleep(0.1)' &
for _ in $(seq 100); do [ ! -e held ] || break; sleep 0.1; done
[ -e held ] || fail "the lock wasn't taken"
for _ in $(seq 400); do
    ! grep -qsx "$waiting" stderr || break
    sleep 0.1
done >waited.part && mv waited.part waited &
run mpirun -np 2 "$SPINE_BIN/spine-mpi" run.ini output.overwrite=yes train.seed=3
grep -qx "$waiting" stderr || fail "$(cat stderr)"
run "$SPINE_BIN/spine-mpi" run.ini data.input=c.npy data.words=words.txt data.cache=cached.h5 \
    output.directory=other
run $python "$forms" compare cached.h5 words
[ ! -e other/input.h5 ] || fail "data.cache wasn't used"
index=(data.input=model.safetensors.index.json:half data.words=words.txt output.directory=sharded)
run "$SPINE_BIN/spine-mpi" run.ini "${index[@]}"
run "$SPINE_BIN/spine-mpi" run.ini "${index[@]}"
grep -q "was converted before: using sharded/input.h5" stderr || fail "$(cat stderr)"
touch model.safetensors # the index is as it was
run "$SPINE_BIN/spine-mpi" run.ini "${index[@]}" output.overwrite=yes train.seed=2
grep -q "converting model.safetensors.index.json:half to sharded/input.h5 first" stderr || fail "$(cat stderr)"

# A cache isn't used for another file of the same name, even an older one, nor with another list of words.
mkdir first second
cp -p c.npy first/v.npy
$python -c 'import numpy; numpy.save("second/v.npy", -numpy.load("c.npy"))'
touch -d 2001-01-01 second/v.npy
cached=("$SPINE_BIN/spine-mpi" run.ini data.cache=shared.h5 output.overwrite=yes)
run "${cached[@]}" data.words=words.txt data.input=first/v.npy output.directory=one
run "${cached[@]}" data.words=words.txt data.input=second/v.npy output.directory=another
grep -q "converting second/v.npy to shared.h5 first; the file there isn't recorded as made" stderr ||
    fail "$(cat stderr)"
cp -p second/v.npy moved.npy && mkdir mounted && mv moved.npy mounted/v.npy # as another host mounts it
run "${cached[@]}" data.words=words.txt data.input=mounted/v.npy output.directory=another
grep -q "mounted/v.npy was converted before: using shared.h5" stderr || fail "$(cat stderr)"
tac words.txt >backwards.txt
touch -d 2001-01-01 backwards.txt
run "${cached[@]}" data.input=mounted/v.npy data.words=backwards.txt output.directory=another
grep -q "converting mounted/v.npy to shared.h5 first" stderr || fail "$(cat stderr)"

attempt "$SPINE_BIN/spine-mpi" run.ini data.input=two.zip output.directory=refused
[ "$status" = 2 ] || fail "status $status"
[ ! -e refused ] || fail "left the run's directory behind"
