#!/usr/bin/env bash
# spine-eval --classify: what scikit-learn finds on the same texts, the same on any number of
# threads, and what is refused.
set -euo pipefail
# shellcheck source=tests/cli/lib.sh
. "$(dirname "$0")/lib.sh"
need_python anndata h5py sklearn
eval=$SPINE_BIN/spine-eval
check=$SPINE_SOURCE/tests/cli/classify.py

sample glove.h5
cat >run.ini <<'END'
[data]
input = glove.h5
[model]
objective = spine
hidden = 200
[train]
epochs = 15
END
train 1 run.ini
run $python "$check" make glove.h5
folds=fold0,fold1,fold2,fold3
tasks=("--classify=topics=train,valid,test" --classifier=both
    --features=concat "--cross-validate=phrases=$folds")

OMP_NUM_THREADS=1 run "$eval" glove.h5 run "${tasks[@]}" --json=figures.json
run $python "$check" check figures.json glove.h5 run
cat stdout
OMP_NUM_THREADS=3 run "$eval" glove.h5 run "${tasks[@]}" --json=again.json
cmp figures.json again.json || fail "3 threads: other figures"
run "$eval" glove.h5 --classify=topics=train,test
grep -Eq '^  topics \(logistic\) +0\.[0-9]{3} \(0\.[0-9]{3} to 0\.[0-9]{3}\)$' stdout ||
    fail "no line for topics: $(cat stdout)"
grep -q 'svm' stdout && fail "svm wasn't asked for: $(cat stdout)"
run "$eval" glove.h5 --cross-validate=dealt=fold0 --json=-
grep -q '"dealt (logistic)"' stdout || fail "no figure for dealt folds: $(cat stdout)"

# Few dimensions of a label do better than none, and no better than all could.
run "$eval" glove.h5 run --probe --classify=topics=train,valid,test --cross-validate=phrases=$folds \
    --json=probes.json
$python - <<'END' || fail "probes: $(cat probes.json)"
import json
for file in json.load(open("probes.json"))["files"]:
    found = {m["name"]: m for m in file["measures"] if m["group"] == "probing"}
    none = found["topics by none"]["value"]
    few = [found[f"topics by {k} dimension{'s' * (k > 1)}"]["value"] for k in (1, 2, 5, 16)]
    print(none, few)
    assert 0.5 <= none < few[-1] <= 1 and few[0] <= few[-1] + 0.02
    assert found["phrases by 1 dimension"]["value"] is None
    assert found["phrases by 1 dimension"]["count"] == 0 < found["phrases by 1 dimension"]["missing"]
END

# --- Refusals ---------------------------------------------------------------------------------------

# refuse TEXT ARGUMENT...
refuse()
{
    local text=$1
    shift
    refused spine-eval "$text" "$eval" glove.h5 --json=left.json "$@"
    [ ! -e left.json ] || fail "wrote figures: $*"
}

printf '__label__a x\n__label__b y\n' >two
printf '__label__a x\n\n' >blank
printf '__label__a x\n__label__z <script>\n' >other
printf '\201\003noise \0\377 __label__\n' >noise
refuse "--probe: there is no task; give one with --classify" --probe
refuse "'topics': expected NAME=FILE,FILE..." --classify=topics
refuse "'t=two': expected NAME=TRAIN,TEST or NAME=TRAIN,VALID,TEST" --classify=t=two
refuse "'t=two,two': expected one file, or three folds or more" --cross-validate=t=two,two
refuse "blank:2: no label: a token that begins with __label__ was expected" --classify=t=two,blank
refuse "other:2: label 'z' doesn't occur in two" --classify=t=two,other
refuse "noise:1: *" --classify=t=noise,two
refuse "two classification tasks are named 't'" --classify=t=train,test --cross-validate=t=fold0
refuse "two: 2 texts are too few to train on without VALID" --classify=t=two,two
refuse "two: 2 texts are too few for 10 folds" --cross-validate=t=two
refuse "train:2: * words, but the first text has *: concatenation needs the same number" \
    --features=concat --classify=t=train,test
refuse "--features: 'sum' is not mean or concat" --features=sum
refuse "--classifier: 'SVM' is not logistic, svm or both" --classifier=SVM
refuse "nowhere: No such file or directory" --classify=t=two,nowhere
