#!/usr/bin/env python3
"""The floors of spine-eval --floor --raw, with numpy and scipy.

    floor.py FIGURES.json VECTORS.h5 PAIRS

FIGURES.json is of a run that was trained on VECTORS.h5: the random words must have the run's
dimensions and values a word and explain the variance that they can; the similarity by PCA is
computed once more."""
import json
import sys

import h5py
import numpy as np
import scipy.stats

figures_path, vectors_path, pairs_path = sys.argv[1:]
with open(figures_path) as file:
    files = json.load(file)["files"]
assert [f["path"] for f in files] == ["run", "run: random words", "run: PCA"], files
run, words, pca = [{(m["group"], m["name"]): m["value"] for m in f["measures"]} for f in files]
assert files[1]["columns"] == files[0]["columns"] and files[1]["rows"] == files[0]["rows"]

values = run["sparsity", "values a word"]
assert abs(words["sparsity", "values a word"] / values - 1) < 0.1, words
assert 0.2 < words["sparsity", "explained variance"] < 1, words
assert words["sparsity", "dead dimensions"] == 0
assert {"intrusion", "diversity"} <= {name for group, name in words if group == "interpretability"}
assert not any(group in ("sparsity", "interpretability") for group, _ in pca)

with h5py.File(vectors_path, "r") as file:
    vectors = file["vectors"][:].astype(np.float64)
    row_of = {word.decode(): i for i, word in enumerate(file["words"][:])}
centred = vectors - vectors.mean(0)
_, _, components = np.linalg.svd(centred, full_matrices=False)
count = round(values)
assert files[2]["columns"] == count
projected = centred @ components[:count].T
projected /= np.linalg.norm(projected, axis=1, keepdims=True)
scores, cosines = [], []
with open(pairs_path) as file:
    for line in file:
        first, second, score = line.split()
        if first in row_of and second in row_of:
            scores.append(float(score))
            cosines.append(projected[row_of[first]] @ projected[row_of[second]])
expected = scipy.stats.spearmanr(scores, cosines).statistic
assert abs(pca["similarity", "pairs"] - expected) < 1e-5, (pca, expected)
