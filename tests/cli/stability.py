#!/usr/bin/env python3
"""The figures of spine-eval --stability FIRST SECOND, with numpy and scipy.

    stability.py FIGURES.json FIRST SECOND"""
import json
import os
import sys

import h5py
import numpy as np
import scipy.optimize
import scipy.sparse

figures_path, *runs = sys.argv[1:]
with open(figures_path) as file:
    files = json.load(file)["files"]
assert [f["path"] for f in files] == runs
rows, codes = [], []
for run in runs:
    with h5py.File(os.path.join(run, "model.h5"), "r") as file:
        W = file["W2"][:].astype(np.float64)
    rows.append(W / np.linalg.norm(W, axis=1, keepdims=True))
    with h5py.File(os.path.join(run, "codes.h5ad"), "r") as file:
        X = file["X"]
        codes.append(scipy.sparse.csr_matrix((X["data"][:], X["indices"][:], X["indptr"][:]),
                                             shape=tuple(X.attrs["shape"])).toarray())
if len(rows[0]) > len(rows[1]):
    rows.reverse()
    codes.reverse()
cosines = rows[0] @ rows[1].T
first, second = scipy.optimize.linear_sum_assignment(-cosines)
matched = cosines[first, second]
with np.errstate(invalid="ignore", divide="ignore"):
    correlations = np.array([np.corrcoef(codes[0][:, i], codes[1][:, j])[0, 1]
                             for i, j in zip(first, second)])
expected = {"decoder cosine": matched.mean(), "share above .7": (matched > .7).mean(),
            "code correlation": np.nanmean(correlations)}
for f in files:
    found = {m["name"]: m["value"] for m in f["measures"]}
    print(found, expected)
    for name, value in expected.items():
        assert abs(found[name] - value) < 2e-5, (name, found[name], value)
    assert 0 < found["decoder cosine by chance"] < found["decoder cosine"]
