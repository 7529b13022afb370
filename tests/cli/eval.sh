#!/usr/bin/env bash
# spine-eval: its figures against implementations of their own, their order on the sample, what it
# writes and what it refuses.
set -euo pipefail
# shellcheck source=tests/cli/lib.sh
. "$(dirname "$0")/lib.sh"
need_python numpy h5py scipy anndata
eval=$SPINE_BIN/spine-eval

sample glove.h5
cat >run.ini <<'END'
[data]
input = glove.h5
[model]
objective = spine
hidden = 500
[train]
epochs = 20
END
train 1 run.ini

# refuse TEXT ARGUMENT...
refuse()
{
    local text=$1
    shift
    refused spine-eval "$text" "$eval" "$@"
}

# --- What any sane measure says ---------------------------------------------------------------------

# Codes that belong to other words than they say.
cp run/codes.h5ad shuffled.h5ad
$python - <<'END'
import h5py, numpy
with h5py.File("shuffled.h5ad", "r+") as file:
    words = file["obs/_index"]
    words[:] = numpy.random.default_rng(1).permutation(words[:])
END
run "$eval" --json=order.json shuffled.h5ad glove.h5 run
grep -Eq '^  intrusion  +0\.[0-9]{3} \(0\.[0-9]{3} to 0\.[0-9]{3}\)' stdout || fail "$(cat stdout)"
$python - <<'END' || fail "the order of shuffled codes, dense input and codes is another"
import json
files = json.load(open("order.json"))["files"]
assert [file["path"] for file in files] == ["shuffled.h5ad", "glove.h5", "run"]
for name in "intrusion", "coherence", "DistRatio":
    values = [m["value"] for file in files for m in file["measures"] if m["name"] == name]
    print(name, values)
    assert values[0] + 0.05 < values[1] < values[2] - 0.02, (name, values)
END

# Scaling is for tests of words; without one it changes nothing, such as the reference space.
run "$eval" --scale=columns --json=scaled.json shuffled.h5ad glove.h5 run
cmp order.json scaled.json || fail "--scale=columns changes what is measured without tests of words"

# --- Every figure once more -------------------------------------------------------------------------

cat >pairs.txt <<'END'
king queen 8.5
man woman 8.3
car truck 7.4
war peace 6.7
money bank 8.1
money wealth 7.9
city town 8.0
city ocean 2.1
computer software 8.6
computer king 1.1
music art 5.5
music nosuchword 5.0
doctor hospital 8.0
doctor car 1.4
river lake 7.6
river money 1.9
law court 8.1
army soldiers 8.4
army music 0.9
END
cat >questions.txt <<'END'
: family
man woman king queen
boy girl brother sister
father mother son daughter
his her he she
: capitals
paris france london britain
berlin germany tokyo japan
: grammar
good better bad worse
go went come came
big bigger nosuchword smaller
END
mkdir lists
$python - <<'END'
import h5py
words = [word.decode() for word in h5py.File("glove.h5")["words"][:]]
for name, first, step in ("a", 7, 211), ("b", 40, 17), ("c", 1000, 3), ("d", 20, 900):
    with open(f"lists/{name}.txt", "w") as file:
        print(*words[first:first + 20 * step:step], "nosuchword", sep="\n", file=file)
END
run "$eval" --json=all.json --draws=200 --similarity=pairs.txt --analogies=questions.txt \
    --categories=lists run
run $python "$SPINE_SOURCE/tests/cli/eval_values.py" all.json run glove.h5 pairs.txt questions.txt \
    lists

printf 'animal\tcat\nanimal\tdog\nmoney\tbank\nmoney\tdollar\nmoney\teuros\n' >sorted.tsv
run "$eval" --categorization=sorted.tsv --similarity=pairs.txt run glove.h5
grep -Eq '^  sorted +[01]\.[0-9]{3}' stdout || fail "$(cat stdout)"
grep -Eq '^  pairs +0\.[0-9]{3} \(.*\), 1 missing  ' stdout || fail "$(cat stdout)"

# --- What needs no learning -------------------------------------------------------------------------

run "$eval" --floor --raw --json=floor.json --similarity=pairs.txt run
run $python "$SPINE_SOURCE/tests/cli/floor.py" floor.json glove.h5 pairs.txt
OMP_NUM_THREADS=1 run "$eval" --floor --raw --json=once.json --similarity=pairs.txt run
cmp floor.json once.json || fail "the number of threads changes the floor"
run "$eval" --floor glove.h5
grep -q "^glove.h5: has no baseline: it isn't sparse$" stderr || fail "$(cat stderr)"
run "$eval" --floor run/codes.h5ad
grep -q "^run/codes.h5ad: has no baseline: its input isn't known; give a dense one with --space$" stderr ||
    fail "$(cat stderr)"
run "$eval" --floor --space=glove.h5 run/codes.h5ad
grep -q "^ .*run/codes.h5ad: random words$" stdout || fail "$(cat stdout)"

# Dense vectors are centred for tests of words: the same as centred before.
$python - <<'END'
import h5py, shutil
shutil.copy("glove.h5", "centred.h5")
with h5py.File("centred.h5", "r+") as file:
    vectors = file["vectors"][:].astype("float64")
    file["vectors"][:] = (vectors - vectors.mean(0)).astype("float32")
END
run "$eval" --json=centred.json --similarity=pairs.txt glove.h5 centred.h5
run "$eval" --raw --json=raw.json --similarity=pairs.txt glove.h5 centred.h5
$python - <<'END' || fail "centring isn't what it should be"
import json
def rho(path):
    return [m["value"] for file in json.load(open(path))["files"] for m in file["measures"]
            if m["group"] == "similarity"]
centred, raw = rho("centred.json"), rho("raw.json")
print(centred, raw)
assert abs(centred[0] - centred[1]) < 1e-9 and centred[1] == raw[1] and raw[0] != raw[1]
END

# --- The same dimensions again ----------------------------------------------------------------------

train 1 run.ini train.epochs=4 train.seed=2 model.hidden=60 output.directory=seed2
train 1 run.ini train.epochs=4 train.seed=3 model.hidden=50 output.directory=seed3
run "$eval" --stability --json=stability.json seed2 seed3
run $python "$SPINE_SOURCE/tests/cli/stability.py" stability.json seed2 seed3
run "$eval" --stability seed2 seed2
grep -Eq '^  decoder cosine  +1\.000 +1\.000$' stdout || fail "$(cat stdout)"
refuse "stability is measured between two runs or decoders, or more" --stability run
refuse "glove.h5: holds words and their vectors; expected a run or a decoder, a matrix with a row for each unit" \
    --stability glove.h5 run
refuse "--transposed is for --stability only" --transposed run

# Decoders in files, whichever way round, have the same figures; they have no codes.
$python - <<'END'
import h5py, numpy
for run in "seed2", "seed3":
    with h5py.File(run + "/model.h5", "r") as file:
        W = file["W2"][:]
    numpy.save(run + ".npy", W)
    numpy.savez(run + ".npz", bias=W[0], W_dec=W.T.astype("f8"))
    numpy.save(run + "-narrow.npy", W[:, :20])
    numpy.save(run + "-turned.npy", W[:, :20].T)
END
# figures_of FILE...: what the stability of both has in common with that of runs.
figures_of()
{
    run "$eval" --stability "$@"
    grep -v "code correlation" stdout | tail -n +2 | tr -s ' '
}
figures_of seed2 seed3 >figures
figures_of seed2 seed3.npz | diff figures -
figures_of seed2.npy seed3 | diff figures -
figures_of seed2.npz seed3.npy | diff figures -
figures_of seed2.npz:W_dec seed3.npz --transposed | diff figures -
# Whichever comes first, also where the numbers of units are equal.
figures_of seed2-narrow.npy seed2-narrow.npy >figures
figures_of seed2-narrow.npy seed2-turned.npy | diff figures -
figures_of seed2-turned.npy seed2-narrow.npy | diff figures -
# Only pairs of runs have codes.
correlation_of()
{
    run "$eval" --stability "$@"
    grep '^  code correlation' stdout | tr -s ' ' | cut -d ' ' -f 1-4
}
correlation_of seed2 seed3 >correlation
correlation_of seed2 seed3 seed2.npy | diff correlation -
refuse "--stability compares runs or decoders and can't be combined with --questionnaire" --stability \
    --questionnaire=other.tsv run run

# --- One answer -------------------------------------------------------------------------------------

tests=(--similarity=pairs.txt --analogies=questions.txt --categorization=sorted.tsv)
OMP_NUM_THREADS=1 run "$eval" --json=- "${tests[@]}" run glove.h5
mv stdout one.json
OMP_NUM_THREADS=3 run "$eval" --json=- "${tests[@]}" run glove.h5
cmp stdout one.json || fail "the number of threads changes the figures"
run "$eval" --json=- --seed=2 "${tests[@]}" run glove.h5
if cmp -s stdout one.json; then
    fail "the seed changes nothing"
fi
run "$eval" --json=- --space=glove.h5 run/codes.h5ad
mv stdout merged.json
mv run/codes.h5ad codes.h5ad
run "$eval" --json=- run
$python - <<'END' || fail "shards give other figures than merged codes"
import json
def measures(path):
    return {(m["group"], m["name"]): m for m in json.load(open(path))["files"][0]["measures"]}
of_shards, of_merged = measures("stdout"), measures("merged.json")
explained = of_shards.pop(("sparsity", "explained variance"))["value"]
assert of_shards == of_merged
last = [json.loads(line) for line in open("run/metrics.jsonl")][-1]
assert abs(explained - last["explained_variance"]) < 1e-5
of = lambda name: of_merged["sparsity", name]["value"]
assert abs(of("share below .001") - last["sparsity"]) < 1e-6
assert abs(of("values a word") - last["l0"]) < 1e-6
assert of("dead dimensions") == last["dead"]
END
mv codes.h5ad run/codes.h5ad

# --- Codes of other programs ------------------------------------------------------------------------

$python - <<'END'
import anndata, h5py, pandas, scipy.sparse
words = [word.decode() for word in h5py.File("glove.h5")["words"][:]]
values = scipy.sparse.random(5000, 40, 0.1, format="csr", dtype="float64", random_state=1)
index = pandas.DataFrame(index=pandas.Index(words, name="words"))
anndata.AnnData(values, obs=index).write("other.h5ad")
anndata.AnnData(values.tocsc(), obs=index).write("columns.h5ad")
END
run "$eval" --space=glove.h5 other.h5ad
grep -Eq '^  values a word  +4\.0$' stdout || fail "$(cat stdout)"
grep -Eq '^  intrusion  +0\.' stdout || fail "$(cat stdout)"
refuse "columns.h5ad: '/X' is of type csc_matrix, expected csr_matrix; in Python: data.X = scipy.sparse.csr_matrix(data.X)" columns.h5ad

# --- People -----------------------------------------------------------------------------------------

run "$eval" --questionnaire=sheet.tsv --n=20 run glove.h5
[ "$(cat stdout)" = "sheet.tsv: 40 questions" ] || fail "$(cat stdout)"
[ "$(wc -l <sheet.tsv)" = 41 ] || fail "$(cat sheet.tsv)"
cp sheet.tsv again.tsv
run "$eval" --questionnaire=sheet.tsv --n=20 run glove.h5
cmp sheet.tsv again.tsv || fail "the same seed asks other questions"
refuse "sheet.tsv: exists and differs from what would be written; to keep people's answers, it is not overwritten: choose another file" \
    --questionnaire=sheet.tsv --n=20 --seed=2 run glove.h5
mv sheet.tsv anna.tsv
refuse "sheet.key.tsv: exists and differs from what would be written; to keep people's answers, it is not overwritten: choose another file" \
    --questionnaire=sheet.tsv --n=20 --seed=2 run glove.h5
mv anna.tsv sheet.tsv
cmp sheet.tsv again.tsv || fail "a questionnaire was overwritten"
# One who knows the key, and one who always says 1.
awk -F'\t' -v OFS='\t' 'NR == FNR { place[$1] = $4; next } FNR > 1 { $7 = place[$1] } { print }' \
    sheet.key.tsv sheet.tsv >knows.tsv
awk -F'\t' -v OFS='\t' 'NR > 1 { $7 = 1 } { print }' sheet.tsv >guesses.tsv
run "$eval" --key=sheet.key.tsv --answers=knows.tsv
grep -Eq '^  intrusion  1\.000 \(0\.[0-9]+ to 1\.000\)  1\.000 ' stdout || fail "$(cat stdout)"
run "$eval" --key=sheet.key.tsv --answers=knows.tsv --answers=guesses.tsv --json=people.json
grep -q "^  Fleiss' kappa " stdout || fail "$(cat stdout)"
grep -q '"path":"run","rows":20,"columns":5,.*"group":"people","name":"intrusion"' people.json ||
    fail "$(cat people.json)"
refuse "sheet.tsv:2: expected the five fields of a key, the line has 7 fields" --key=sheet.tsv \
    --answers=knows.tsv
refuse "--answers and --key go together; see spine-eval --help" --answers=knows.tsv
refuse "--answers and --key go together; see spine-eval --help" --key=sheet.key.tsv run
refuse "--scale: 'rows' is not columns" --scale=rows run
refuse "--questionnaire measures nothing and can't be combined with --answers" --questionnaire=other.tsv \
    --key=sheet.key.tsv --answers=knows.tsv
refuse "--questionnaire measures nothing and can't be combined with --json" --questionnaire=other.tsv \
    --json=other.json run
refuse "run: leave it out; answers are scored with their key only" --key=sheet.key.tsv --answers=knows.tsv run

# --- Where the space isn't known --------------------------------------------------------------------

run "$eval" --space=run run
grep -Eq '^  explained variance +0\.' stdout || fail "another space, and no input: $(cat stdout)"
run "$eval" run/codes.h5ad
one_line spine-eval "*: run/codes.h5ad: codes need a reference space; give one with --space"
if grep -q interpretability stdout; then
    fail "judged nowhere: $(cat stdout)"
fi
printf 'the 1 2\nof 2 1\n' >two.txt
run "$eval" --space=two.txt run
grep -q '^run: 4998 of 5000 words have no vector in the reference space, or one of zeros$' stderr || fail "$(cat stderr)"
grep -Eq '^  diversity +-, 500 missing$' stdout || fail "judged by two words: $(cat stdout)"
grep -Eq '^  intrusion, known +-' stdout || fail "of two words: $(cat stdout)"
zcat "$SPINE_SOURCE/tests/data/glove.6B.100d.5k.txt.gz" | sed -n "1,4000p" >most.txt
run "$eval" --space=most.txt run
grep -Eq '^  intrusion, known +[01][.][0-9]+ .*, [0-9]+ missing$' stdout || fail "$(cat stdout)"
run "$eval" --top=11 --space=most.txt run # more words than are usually counted
grep -Eq '^  intrusion, known +[01][.][0-9]+ .*, [0-9]+ missing$' stdout || fail "$(cat stdout)"
run "$eval" glove.h5 run
! grep -q 'intrusion, known' stdout || fail "nothing is unknown: $(cat stdout)"
mv glove.h5 elsewhere.h5
run "$eval" run
grep -q "glove.h5, the input of the run, can't be read" stderr || fail "$(cat stderr)"
mv elsewhere.h5 glove.h5

# A run keeps its input, which is told by its checksum, not by its path.
head -n 300 most.txt >rows.txt
run "$SPINE_BIN/spine-mpi" run.ini data.input=rows.txt model.hidden=40 train.epochs=2 \
    output.directory=kept
run "$eval" --json=kept.json kept
cp kept/input.h5 kept.h5
sed -n "301,600p" most.txt >rows.txt
touch -d "1 minute" rows.txt
refused spine-mpi "kept/checkpoint-*: is of another input: 300 rows*; rows.txt has 300 rows*; choose another\
 output.directory, or set output.overwrite = yes" \
    "$SPINE_BIN/spine-mpi" run.ini data.input=rows.txt model.hidden=40 train.epochs=2 output.directory=kept
cmp kept/input.h5 kept.h5 || fail "a refused run changed its input"
mkdir -p old/kept
run "$SPINE_BIN/spine-convert" rows.txt old/kept/input.h5 # other rows at the path of the configuration
mv kept moved
(cd old && run "$eval" --json=../moved.json ../moved)
$python - <<'END' || fail "a run that was moved is measured against another input"
import json
a, b = (json.load(open(name))["files"][0]["measures"] for name in ("kept.json", "moved.json"))
assert a == b and any(measure["name"] == "explained variance" for measure in a), (a, b)
END
cp old/kept/input.h5 moved/input.h5
run "$eval" moved
grep -q "^spine-eval: warning: moved/input.h5: isn't the input that moved was trained on" stderr || fail "$(cat stderr)"
grep -Eq '^  explained variance +-$' stdout || fail "measured against another input: $(cat stdout)"
run "$SPINE_BIN/spine-report" moved -o moved.html
grep -q "isn't the input that moved was trained on" stderr || fail "nothing said of the input: $(cat stderr)"

# Test sets as they are downloaded: what isn't plain is said.
$python - >odd.txt <<'END'
for i, word in enumerate("plum fig zinc évora".split()):
    print(word, *[1 if i == k else .5 * (i + k < 3) for k in range(3)])
END
printf '# Of fruit\n# w1\tw2\tscore\nplum\tFig\t7\nplum\tzinc\t2\nÉVORA\tPlum\t1\n' >said.tsv
printf '"w1","w2","POS","score"\n"plum","fig","N",7\n"plum","zinc","N",2\n' >quoted.csv
printf 'plum\tfruit\nfig\tfruit\nzinc\tmetal\n' >reversed.tsv
printf 'plum\tfig/quince\nzinc\tévora\nfig\tplum\n' >bats.txt
run "$eval" odd.txt --json=said.json --similarity=said.tsv --similarity=quoted.csv \
    --categorization=reversed.tsv --analogies=bats.txt
for text in "said.tsv: skipped 2 lines that begin with #" "said.tsv: 3 pairs of words$" \
    "bats.txt: 3 pairs, any two of a section a question$" \
    "quoted.csv:1: read as a header, not as a row: 'w1 w2 POS score'" \
    "quoted.csv: the words are taken from fields 1 and 2, the score from field 4" \
    "reversed.tsv: the words are taken from the first field, the categories from the second"; do
    grep -q "^$text" stderr || fail "not said: $text: $(cat stderr)"
done
$python - <<'END' || fail "test sets as they are downloaded: $(cat said.json)"
import json
found = {m["name"]: (m["count"], m["missing"]) for m in json.load(open("said.json"))["files"][0]["measures"]
         if m.get("count") is not None}
for name, counts in {"said": (3, 0), "quoted": (2, 0), "reversed": (3, 0), "bats, 3CosAdd": (6, 0)}.items():
    assert found[name] == counts, (name, found)
END
run "$eval" odd.txt --similarity=pairs.txt
grep -q "warning: pairs.txt: none of its pairs can be measured with odd.txt" stderr || fail "$(cat stderr)"
$python -c 'import numpy; numpy.save("m.npy", numpy.eye(4, dtype="f4"))'
printf 'plum\nfig\nzinc\névora\n' >list
run "$eval" m.npy --words-from=list --json=said.json --similarity=said.tsv
grep -q '"count": *3' said.json || fail "words of a list: $(cat said.json)"
run "$eval" odd.txt --words-from=list
grep -q "warning: --words-from: list isn't used: all files have words of their own" stderr ||
    fail "$(cat stderr)"
refuse "--words-from: --stability needs no words" --stability --words-from=list run
printf 'plum\tfig\t7\ncaf\xe9\tfig\t1\n' >latin1.tsv
refuse "latin1.tsv:2: is not UTF-8 text: byte 4 of the line is 0xE9; *" --similarity=latin1.tsv odd.txt

# --- Refusals ---------------------------------------------------------------------------------------

refuse "the files to evaluate are missing; see spine-eval --help"
refuse "--bogus: unknown option; see spine-eval --help" --bogus run
refuse "--top: '1' is not a whole number from 2 to 20" --top=1 run
refuse "--seed: '-1' is not a whole number from 0 to *" --seed=-1 run
refuse "nowhere: No such file or directory" nowhere
refuse "nowhere: No such file or directory" --space=nowhere run
refuse "nowhere/out.json: its directory doesn't exist" --json=nowhere/out.json run
[ ! -s stdout ] || fail "measured first, and then refused"
refuse "nowhere: No such file or directory" --json=left.json nowhere
[ -z "$(find . -name 'left.json*')" ] || fail "a file of a refused run is left"
echo "prose" >prose.txt
refuse "prose.txt:1: expected a word and numbers, the line ends in 'prose'" run prose.txt
for kind in similarity analogies categorization; do
    refuse "--$kind: pairs.txt is given twice" "--$kind=pairs.txt" "--$kind=pairs.txt" run
done
mkdir -p a b
cp pairs.txt a
cp pairs.txt b
long=$(printf '%0100d' 0)
cp pairs.txt "a/$long"
cp pairs.txt "b/$long"
refuse "--similarity: a/$long and b/$long would both be called '*0'; rename one" "--similarity=a/$long" \
    "--similarity=b/$long" run
run "$eval" --json=named.json --similarity=a/pairs.txt --similarity=b/pairs.txt --similarity=said.tsv odd.txt
names=$($python -c 'import json
figures = json.load(open("named.json"))["files"][0]["measures"]
print(*(figure["name"] for figure in figures if figure["group"] == "similarity"))')
[ "$names" = "a/pairs.txt b/pairs.txt said" ] || fail "test sets of one name are called $names"
printf 'a b 1\nb c\n' >short.txt
refuse "short.txt:2: expected two words and a score, the line has 2 fields" --similarity=short.txt run
refuse "short.txt:1: expected four words, or ': section' (*), the line has 3 fields" \
    --analogies=short.txt run
refuse "short.txt:1: expected a category, a tab and a word, the line has 3 fields" \
    --categorization=short.txt run
refuse "run: has no categories: no files NAME.txt" --categories=run run
refuse "nowhere: No such file or directory" --categories=nowhere run
run "$eval" --help
grep -q '^Usage: spine-eval ' stdout || fail "--help: $(cat stdout)"
run "$eval" --version
grep -Eqx 'spine-eval [0-9.]+' stdout || fail "--version: $(cat stdout)"
