#!/usr/bin/env python3
"""Codes and atoms of model.objective = nnse, with scikit-learn and numpy.

    nnse.py START RUN VECTORS.h5

START is a run of no epochs with model.start = words, RUN the same with one epoch: the codes of both
must be the solutions of the non-negative lasso, and the atoms of RUN what block coordinate descent
makes of those of START."""
import os
import sys

import h5py
import numpy as np
import scipy.sparse
from sklearn.linear_model import Lasso

start, run, vectors_path = sys.argv[1:]
SWEEPS = 3


def read(directory):
    with h5py.File(os.path.join(directory, "model.h5"), "r") as file:
        model = {name: file[name][:].astype(np.float64) for name in ("W1", "b1", "W2", "b2")}
        with h5py.File(vectors_path, "r") as vectors:
            x = (vectors["vectors"][:].astype(np.float64) - file["input_mean"][:]) * \
                file.attrs["input_scale"]
    with h5py.File(os.path.join(directory, "codes.h5ad"), "r") as file:
        X = file["X"]
        codes = scipy.sparse.csr_matrix((X["data"][:], X["indices"][:], X["indptr"][:]),
                                        shape=tuple(X.attrs["shape"])).toarray().astype(np.float64)
        assert len(file["layers/excess/data"]) == 0
    assert np.ptp(model["b1"]) == 0 and not model["b2"].any()
    assert np.array_equal(model["W1"], model["W2"])
    return model["W2"], -model["b1"][0], x, codes


def check_codes(name, atoms, lam, x, codes):
    # Lasso minimises |x - a W|^2 / (2 D) + alpha |a|_1.
    dim = x.shape[1]
    solver = Lasso(alpha=lam / dim, positive=True, fit_intercept=False, tol=1e-12, max_iter=100000)
    rows = np.arange(0, len(x), 41)
    worst = 0
    for i in rows:
        expected = solver.fit(atoms.T, x[i]).coef_
        worst = max(worst, np.abs(codes[i] - expected).max())
    c = (x - codes @ atoms) @ atoms.T - lam
    active = codes > 0
    print("%s: lambda %.4f, values a word %.2f, codes %.1e from scikit-learn's, correlations %.1e"
          % (name, lam, active.sum() / len(x), worst, np.abs(c[active]).max()))
    assert worst < 1e-4, worst
    assert c.max() < 1e-4 and np.abs(c[active]).max() < 1e-4


first = read(start)
check_codes(start, *first)
last = read(run)
check_codes(run, *last)

atoms, lam, x, codes = first
lengths = np.linalg.norm(x, axis=1)
assert abs(np.linalg.norm(atoms, axis=1) - 1).max() < 1e-6
similar = atoms @ (x / lengths[:, None]).T
assert similar.max(1).min() > 1 - 1e-6 and len(set(similar.argmax(1))) == len(atoms)

gram, cross = codes.T @ codes, codes.T @ x
atoms = atoms.copy()
for _ in range(SWEEPS):
    for j in np.flatnonzero(gram.diagonal() > 0):
        atom = atoms[j] + (cross[j] - gram[j] @ atoms) / gram[j, j]
        atoms[j] = atom / max(1, np.linalg.norm(atom))
used = gram.diagonal() > 0
worst = np.abs(atoms - last[0])[used].max()
print("%d atoms used, %.1e from numpy's" % (used.sum(), worst))
assert worst < 1e-4, worst
