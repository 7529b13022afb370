#!/usr/bin/env python3
"""Codes and atoms of model.objective = nnse, with scikit-learn and numpy.

    nnse.py START RUN LASSO REFITTED FLOOR VECTORS.h5

START is a run of no epochs with model.start = words, RUN the same with one epoch, both with a ridge:
their codes must be the solutions of the non-negative elastic net, and the atoms of RUN what block
coordinate descent makes of those of START. LASSO is a run without a ridge; REFITTED is RUN with another
decoder and the same codes, which explain more; FLOOR is START with a refitted decoder."""
import os
import sys

import h5py
import numpy as np
import scipy.sparse
from sklearn.linear_model import ElasticNet

start, run, lasso, refitted, floor, vectors_path = sys.argv[1:]
SWEEPS, RELAXATION = 3, 1.8


def read(directory):
    with h5py.File(os.path.join(directory, "model.h5"), "r") as file:
        model = {name: file[name][:].astype(np.float64) for name in ("W1", "b1", "W2", "b2")}
        options = dict(line.split(" = ") for line in file.attrs["config"].split("\n") if " = " in line)
        with h5py.File(vectors_path, "r") as vectors:
            x = (vectors["vectors"][:].astype(np.float64) - file["input_mean"][:]) * \
                file.attrs["input_scale"]
    with h5py.File(os.path.join(directory, "codes.h5ad"), "r") as file:
        X = file["X"]
        codes = scipy.sparse.csr_matrix((X["data"][:], X["indices"][:], X["indptr"][:]),
                                        shape=tuple(X.attrs["shape"])).toarray().astype(np.float64)
        assert len(file["layers/excess/data"]) == 0
    assert np.ptp(model["b1"]) == 0
    assert options["refit"] == "yes" or \
        np.array_equal(model["W1"], model["W2"]) and not model["b2"].any()
    left = x - codes @ model["W2"] - model["b2"]
    explained = 1 - (left ** 2).sum() / (x ** 2).sum()
    return model["W1"], -model["b1"][0], float(options["ridge"]), x, codes, explained


def check_refit(directory, atoms, x, codes):
    """The decoder is pulled towards the scaled atoms, as much as costs at most .02 of the variance."""
    A, W = np.hstack([codes, np.ones((len(x), 1))]), np.vstack([atoms, np.zeros(x.shape[1])])
    held = np.arange(len(x)) % 5 == 4

    def solve(rows, ridge):
        y = A[rows] @ W
        scale = (x[rows] * y).sum() / (y ** 2).sum()
        return np.linalg.solve(A[rows].T @ A[rows] + ridge * np.eye(A.shape[1]),
                               A[rows].T @ x[rows] + ridge * scale * W)

    def error(ridge):
        return ((x[held] - A[held] @ solve(~held, ridge)) ** 2).sum()

    errors = {ridge: error(ridge) for ridge in (0.1, 1, 10, 30, 100)}
    for _ in range(4):
        most = min(errors.values()) + 0.01 * (x[held] ** 2).sum()
        ridge = max(ridge for ridge in errors if errors[ridge] < most)
        if len(errors) == 8 or ridge == max(errors):
            break
        between = (ridge * min(other for other in errors if other > ridge)) ** 0.5
        errors[between] = error(between)
    with h5py.File(os.path.join(directory, "model.h5"), "r") as file:
        found = np.vstack([file["W2"][:], file["b2"][:]])
    worst = np.abs(found - solve(np.full(len(x), True), ridge)).max()
    print("refitted with ridge %g, %.1e from numpy's" % (ridge, worst))
    assert worst < 1e-4, worst


def check_codes(name, atoms, lam, ridge, x, codes, explained):
    # ElasticNet minimises |x - a W|^2 / (2 D) + alpha r |a|_1 + alpha (1 - r) |a|^2 / 2.
    alpha = (lam + ridge) / x.shape[1]
    solver = ElasticNet(alpha=alpha, l1_ratio=lam / (lam + ridge), positive=True,
                        fit_intercept=False, tol=1e-12, max_iter=100000)
    rows = np.arange(0, len(x), 41)
    worst = 0
    for i in rows:
        expected = solver.fit(atoms.T, x[i]).coef_
        worst = max(worst, np.abs(codes[i] - expected).max())
    c = (x - codes @ atoms) @ atoms.T - lam - ridge * codes
    active = codes > 0
    print("%s: lambda %.4f, ridge %g, values a word %.2f, explained %.3f, codes %.1e from "
          "scikit-learn's, correlations %.1e" % (name, lam, ridge, active.sum() / len(x), explained,
                                                 worst, np.abs(c[active]).max()))
    assert worst < 1e-4, worst
    assert c.max() < 1e-4 and np.abs(c[active]).max() < 1e-4


first = read(start)
check_codes(start, *first)
last = read(run)
check_codes(run, *last)
without = read(lasso)
check_codes(lasso, *without)
assert without[2] == 0 and first[2] > 0
again = read(refitted)
check_codes(refitted, *again)
check_refit(refitted, again[0], *again[3:5])
assert np.array_equal(again[4], last[4]) and again[5] > last[5] + 0.05, (again[5], last[5])

untrained = read(floor)
check_refit(floor, untrained[0], *untrained[3:5])
assert np.array_equal(untrained[4], first[4]) and untrained[5] > first[5] + 0.05, (untrained[5], first[5])

atoms, lam, _, x, codes, _ = first
lengths = np.linalg.norm(x, axis=1)
assert abs(np.linalg.norm(atoms, axis=1) - 1).max() < 1e-6
similar = atoms @ (x / lengths[:, None]).T
assert similar.max(1).min() > 1 - 1e-6 and len(set(similar.argmax(1))) == len(atoms)

gram, cross = codes.T @ codes, codes.T @ x
before, atoms = atoms, atoms.copy()
for _ in range(SWEEPS):
    for j in np.flatnonzero(gram.diagonal() > 0):
        atom = atoms[j] + (cross[j] - gram[j] @ atoms) / gram[j, j]
        atoms[j] = atom / max(1, np.linalg.norm(atom))
atoms = before + RELAXATION * (atoms - before)
atoms /= np.maximum(1, np.linalg.norm(atoms, axis=1))[:, None]
used = gram.diagonal() > 0
worst = np.abs(atoms - last[0])[used].max()
print("%d atoms used, %.1e from numpy's" % (used.sum(), worst))
assert worst < 1e-4, worst
