#!/usr/bin/python3
"""Did a run that was stopped and resumed come to the same as one that wasn't?

    resumed_run.py [--exact] RUN RESUMED

metrics.jsonl must have a line for every epoch from 1 on, in order, and the losses of each must agree
to 1e-4, relatively; below 1e-9 they count as 0. With --exact, for runs that were always on the same
number of ranks, they must agree to the rounding of their sums, the datasets of model.h5 and all of
codes.h5ad to the bytes. Prints the largest relative difference of a loss.
"""
import json
import os
import sys

import h5py

LOSSES = "rl", "asl", "psl", "total"
MEASURES = "density", "eval_rl", "explained_variance", "sparsity", "l0", "dead", "saturated"
RELATIVE, EXACTLY, NOTHING = 1e-4, 1e-12, 1e-9


def read_metrics(run):
    with open(os.path.join(run, "metrics.jsonl"), encoding="utf-8") as file:
        lines = [json.loads(line) for line in file]
    epochs = [line["epoch"] for line in lines]
    assert epochs == list(range(1, len(lines) + 1)), "%s: has the epochs %s" % (run, epochs)
    return lines


def compare_metrics(run, resumed, names, tolerance):
    expected, found = read_metrics(run), read_metrics(resumed)
    assert len(expected) == len(found) > 0, "%d and %d epochs" % (len(expected), len(found))
    worst = 0
    for a, b in zip(expected, found):
        for name in names:
            assert (name in a) == (name in b), "epoch %d: one run has %s" % (a["epoch"], name)
            if name in a:
                apart = abs(a[name] - b[name]) / max(abs(a[name]), NOTHING / tolerance)
                worst = max(worst, apart)
                assert apart <= tolerance, "epoch %d: %s is %r and %r" % (
                    a["epoch"], name, a[name], b[name])
    return worst


def compare_files(run, resumed):
    with h5py.File(os.path.join(run, "model.h5"), "r") as first, \
            h5py.File(os.path.join(resumed, "model.h5"), "r") as second:
        names = sorted(first)
        assert names == sorted(second) and len(names) >= 5
        for name in names:
            assert first[name][:].tobytes() == second[name][:].tobytes(), "%s differs" % name
    with open(os.path.join(run, "codes.h5ad"), "rb") as first, \
            open(os.path.join(resumed, "codes.h5ad"), "rb") as second:
        assert first.read() == second.read(), "codes.h5ad differs"


if __name__ == "__main__":
    exact = sys.argv[1:2] == ["--exact"]
    runs = sys.argv[2:] if exact else sys.argv[1:]
    if len(runs) != 2:
        print(__doc__, end="", file=sys.stderr)
        sys.exit(2)
    if exact:
        worst_loss = compare_metrics(*runs, LOSSES + MEASURES, EXACTLY)
        compare_files(*runs)
    else:
        worst_loss = compare_metrics(*runs, LOSSES, RELATIVE)
    print("%.1e" % worst_loss)
