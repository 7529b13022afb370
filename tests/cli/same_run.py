#!/usr/bin/python3
"""Did two runs compute the same, up to the rounding of sums?

    same_run.py RUN RUN

The losses of every epoch in metrics.jsonl must agree to 1e-5, relatively, the codes in codes.h5ad
to 1e-3, absolutely, in 98 % of the units, and the words must be equal. Losses below 1e-9 count as
0: that is less than rounding does to the total, which never is below 1e-3.

The other units: where a z lies so near 0 or 1 that rounding decides on which side, a gradient
passes or doesn't, and Adam makes a step of it. In 8 runs of 3 epochs that happened to no unit 6
times, to 1 and to 2 of 200 the other times; all others agree to 1e-5 and, without it, to 1e-6.
"""
import json
import os
import sys

import h5py
import numpy as np

LOSSES = "rl", "asl", "psl", "total"
RELATIVE, NOTHING, CODES, UNITS = 1e-5, 1e-9, 1e-3, 0.98


def read_metrics(run):
    with open(os.path.join(run, "metrics.jsonl"), encoding="utf-8") as file:
        return [json.loads(line) for line in file]


def read_codes(run):
    with h5py.File(os.path.join(run, "codes.h5ad"), "r") as file:
        x = file["X"]
        shape, indptr = x.attrs["shape"], x["indptr"][:]
        codes = np.zeros(shape, np.float32)
        rows = np.repeat(np.arange(shape[0]), np.diff(indptr))
        codes[rows, x["indices"][:]] = x["data"][:]
        return file["obs/_index"][:], codes


def compare_metrics(first, second):
    assert len(first) == len(second) > 0, "%d and %d epochs" % (len(first), len(second))
    worst = 0
    for a, b in zip(first, second):
        assert a["epoch"] == b["epoch"]
        for name in LOSSES:
            apart = abs(a[name] - b[name]) / max(abs(a[name]), NOTHING / RELATIVE)
            worst = max(worst, apart)
            assert apart <= RELATIVE, "epoch %d: %s is %r and %r" % (
                a["epoch"], name, a[name], b[name])
    return worst


def compare_codes(first, second):
    (words, codes), (other_words, other_codes) = first, second
    assert (words == other_words).all(), "the words differ"
    assert codes.shape == other_codes.shape, "%s and %s" % (codes.shape, other_codes.shape)
    worst = abs(codes - other_codes).max(axis=0)
    agree = (worst <= CODES).mean()
    assert agree >= UNITS, "the codes differ by up to %g, in %.1f %% of the units" % (
        worst.max(), 100 - 100 * agree)
    return worst.max()


if __name__ == "__main__":
    if len(sys.argv) != 3:
        print(__doc__, end="", file=sys.stderr)
        sys.exit(2)
    loss = compare_metrics(*map(read_metrics, sys.argv[1:]))
    code = compare_codes(*map(read_codes, sys.argv[1:]))
    print("%s, %s: losses agree to %.1e, codes to %.1e" % (*sys.argv[1:], loss, code))
