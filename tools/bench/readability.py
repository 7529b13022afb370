#!/usr/bin/python3
"""How readable the units of trained codes are, judged in the space of the input vectors.

    readability.py VECTORS.h5 RUN [RUN...]     RUN: a run's directory, or its codes.h5ad

A unit's top words are its four strongest: by h, above 1 by what it was before the clamp
(/layers/excess), then by row. Of units with at least four active words:

coherence  the mean cosine of the six pairs of top words, averaged over units
intrusion  the four top words and an intruder, drawn from the words that are in the lower half of
           the unit (h at most its median) and active in the top tenth of another. The word with
           the lowest mean cosine to the other four is picked; the share of picks that are the
           intruder, over 5 seeded draws a unit, with Wilson's 95 % interval (which takes the
           draws of a unit for independent). A tie is a miss.

Takes under a minute for 17,000 words x 1,000 units."""
import argparse
import csv
import math
import os
import sys

import h5py
import numpy as np
import scipy.sparse

import harness

TOP = 4


def read_words(dataset):
    return np.asarray(dataset[:], dtype=object)


def read_csr(group):
    parts = tuple(group[name][:] for name in ("data", "indices", "indptr"))
    return scipy.sparse.csr_matrix(parts, shape=tuple(group.attrs["shape"]))


def read_codes(path):
    """h, the strengths that order a unit's words, and the words."""
    if os.path.isdir(path):
        path = os.path.join(path, "codes.h5ad")
    with h5py.File(harness.input_file(path), "r") as file:
        codes, words = read_csr(file["X"]), read_words(file["obs/_index"])
        excess = read_csr(file["layers/excess"]) if "layers/excess" in file else None
    return codes, codes if excess is None else codes + excess, words


def read_vectors(path, words):
    """Rows of length 1, in the order of the codes."""
    with h5py.File(path, "r") as file:
        vectors = file["vectors"][:len(words)].astype(np.float64)
        if not np.array_equal(read_words(file["words"])[:len(words)], words):
            sys.exit("%s: its words are not those of the codes" % path)
    return vectors / np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), 1e-30)


def order_units(strength):
    """All active pairs, unit by unit and strongest first: their rows, units and places."""
    pairs = strength.tocoo()
    order = np.lexsort((pairs.row, -pairs.data, pairs.col))
    unit = pairs.col[order]
    first = np.searchsorted(unit, np.arange(strength.shape[1]))
    return pairs.row[order], unit, np.arange(len(unit)) - first[unit]


def medians(codes, active):
    """Of h over all words, per unit."""
    num_words, hidden = codes.shape
    result = np.zeros(hidden)
    by_unit = codes.tocsc()
    for unit in np.flatnonzero(active >= num_words / 2):
        result[unit] = np.median(by_unit[:, unit].toarray())
    return result


def draw_intruders(codes, unit_median, units, pool, draws, rng):
    """(units, draws) words of the pool, each in the lower half of its unit; -1 where none came."""
    chosen = rng.choice(pool, (len(units), draws))
    unit_of = np.broadcast_to(units[:, None], chosen.shape)
    for _ in range(100):
        h = np.asarray(codes[chosen.ravel(), unit_of.ravel()]).reshape(chosen.shape)
        wrong = h > unit_median[unit_of]
        if not wrong.any():
            break
        chosen[wrong] = rng.choice(pool, np.count_nonzero(wrong))
    else:
        chosen[wrong] = -1
    return chosen


def wilson(hits, count, z=1.96):
    share, spread = hits / count, z * z / count
    middle = (share + spread / 2) / (1 + spread)
    half = z / (1 + spread) * math.sqrt(share * (1 - share) / count + spread / (4 * count))
    return middle - half, middle + half


def measure(path, vectors_path, draws, seed):
    """(name, text) figures of one run."""
    codes, strength, words = read_codes(path)
    vectors = read_vectors(vectors_path, words)
    num_words, hidden = codes.shape
    active = np.bincount(codes.indices[codes.data > 0], minlength=hidden)
    row, unit, place = order_units(strength)
    units = np.flatnonzero(active >= TOP)
    tops = np.zeros((hidden, TOP), dtype=int)
    tops[unit[place < TOP], place[place < TOP]] = row[place < TOP]
    tops = tops[units]
    figures = [("words x units", "%d x %d" % (num_words, hidden)),
               ("dead units", "%d" % np.count_nonzero(active == 0)),
               ("codes below .001", "%.2f %%" % (100 - 100 * np.count_nonzero(codes.data >= 1e-3)
                                               / (num_words * hidden))),
               ("active units a word", "%.1f" % (active.sum() / num_words)),
               ("units with %d active words" % TOP, "%.1f %%" % (100 * len(units) / hidden))]
    if len(units) == 0:
        return figures
    among = np.einsum("uid,ujd->uij", vectors[tops], vectors[tops])
    pairs = np.triu_indices(TOP, 1)
    figures.append(("coherence", "%.4f" % among[:, pairs[0], pairs[1]].mean()))

    pool = np.unique(row[place < num_words / 10])
    rng = np.random.default_rng(seed)
    intruders = draw_intruders(codes, medians(codes, active), units, pool, draws, rng)
    there = intruders >= 0
    to_intruder = np.einsum("uid,ukd->uki", vectors[tops], vectors[intruders])
    of_top = (among.sum(2) - 1)[:, None, :] + to_intruder  # (units, draws, TOP)
    found = (to_intruder.sum(2) < of_top.min(2))[there]
    low, high = wilson(found.sum(), found.size)
    figures += [("intruders", "%d" % found.size),
                ("intrusion", "%.4f" % found.mean()),
                ("  95 % interval", "%.4f to %.4f" % (low, high))]
    return figures


def main():
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("vectors", metavar="VECTORS.h5", help="the space to judge in")
    parser.add_argument("runs", nargs="+", metavar="RUN")
    parser.add_argument("--draws", type=int, default=5, help="intruders a unit; default: 5")
    parser.add_argument("--seed", type=int, default=1, help="default: 1")
    parser.add_argument("--csv", metavar="FILE", help="write the figures")
    options = parser.parse_args()
    vectors = harness.input_file(options.vectors)
    runs = {os.path.relpath(run): dict(measure(run, vectors, options.draws, options.seed))
            for run in options.runs}
    names = list(dict.fromkeys(name for figures in runs.values() for name in figures))
    print("Readability in the space of %s; %d draws a unit, seed %d; numpy %s\n"
          % (os.path.basename(vectors), options.draws, options.seed, np.__version__))
    rows = [["", ""] + list(runs)]
    rows += [[name, ""] + [figures.get(name, "-") for figures in runs.values()] for name in names]
    harness.print_table(rows)
    if options.csv is not None:
        with open(options.csv, "w", newline="") as file:
            csv.writer(file).writerows([["figure"] + list(runs)] + [[row[0].strip()] + row[2:]
                                                                    for row in rows[1:]])


if __name__ == "__main__":
    main()
