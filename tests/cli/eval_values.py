#!/usr/bin/env python3
"""The figures of spine-eval once more, with numpy and scipy, from their definitions.

    eval_values.py FIGURES.json RUN VECTORS.h5 PAIRS QUESTIONS LISTS

FIGURES.json is of spine-eval RUN, with all draws of intruders that there are, so that nothing
depends on which ones are drawn: intrusion and DistRatio are compared with their mean over all
possible intruders, within the spread of the draws."""
import json
import os
import sys

import h5py
import numpy as np
import scipy.sparse
import scipy.stats

figures_path, run, vectors_path, pairs_path, questions_path, lists_path = sys.argv[1:]
with open(figures_path) as file:
    figures = {(m["group"], m["name"]): m for m in json.load(file)["files"][0]["measures"]}


def check(group, name, expected, tolerance=1e-5, key="value"):
    found = figures[group, name][key]
    print("%-16s %-28s %.6f %.6f" % (group, name, found, expected))
    if not abs(found - expected) <= tolerance:
        sys.exit("%s, %s: %s is %r, expected %r" % (group, name, key, found, expected))


def read_csr(group, shape):
    return scipy.sparse.csr_matrix(tuple(group[name][:] for name in ("data", "indices", "indptr")),
                                   shape=shape)


with h5py.File(os.path.join(run, "codes.h5ad"), "r") as file:
    shape = tuple(file["X"].attrs["shape"])
    codes = read_csr(file["X"], shape).toarray().astype(np.float64)
    strength = codes + read_csr(file["layers/excess"], shape).toarray()
    words = [word.decode() for word in file["obs/_index"][:]]
with h5py.File(vectors_path, "r") as file:
    vectors = file["vectors"][:].astype(np.float64)
    assert [word.decode() for word in file["words"][:]] == words
row_of = {word: i for i, word in enumerate(words)}
num_words, hidden = codes.shape


def to_unit(rows):
    lengths = np.linalg.norm(rows, axis=1, keepdims=True)
    return np.divide(rows, lengths, out=np.zeros_like(rows), where=lengths > 0)


# --- Sparsity -------------------------------------------------------------------------------------

check("sparsity", "share below .001", np.mean(np.abs(codes) < np.float32(0.001)))
check("sparsity", "values a word", np.count_nonzero(codes) / num_words)
for name, q in ("5 %", .05), ("median", .5), ("95 %", .95):
    check("sparsity", "values a word, " + name, np.quantile(np.count_nonzero(codes, axis=1), q))
check("sparsity", "share at 1", np.count_nonzero(codes == 1) / np.count_nonzero(codes))
one, two = np.abs(codes).sum(1), np.sqrt((codes ** 2).sum(1))
root = np.sqrt(hidden)
check("sparsity", "Hoyer index", np.mean(((root - one[two > 0] / two[two > 0]) / (root - 1))))

# --- Interpretability -----------------------------------------------------------------------------

order = np.argsort(-strength, axis=0, kind="stable")
active = (strength > 0).sum(0)
unit = to_unit(vectors)
in_pool = np.zeros(num_words, dtype=bool)
tenth = -(-num_words // 10)
for j in range(hidden):
    in_pool[order[:min(tenth, active[j]), j]] = True
median = np.sort(strength, axis=0)[(num_words - 1) // 2]


def intruders_of(j, shown):
    return np.flatnonzero(in_pool & (strength[:, j] <= median[j]) &
                          (strength[:, j] < strength[order[shown - 1, j], j]))


def found_of(j, shown):
    """The share of all intruders that are found, and how many there are."""
    top, intruders = order[:shown, j], intruders_of(j, shown)
    among = unit[top] @ unit[top].T
    to_intruder = unit[intruders] @ unit[top].T
    of_top = among.sum(1) - 1 + to_intruder
    return np.mean(to_intruder.sum(1) < of_top.min(1)), len(intruders)


def distratio_of(j, shown):
    top, intruders = order[:shown, j], intruders_of(j, shown)
    distances = np.linalg.norm(vectors[top][:, None] - vectors[top][None], axis=2)
    intra = distances.sum() / (shown * (shown - 1))
    inter = np.linalg.norm(vectors[intruders][:, None] - vectors[top][None], axis=2).mean()
    return inter / intra


units = np.flatnonzero(active >= 4)
tops = order[:4, units].T
among = np.einsum("uid,ujd->uij", unit[tops], unit[tops])
check("interpretability", "coherence", among[(slice(None),) + np.triu_indices(4, 1)].mean())
check("interpretability", "coherence", len(units), 0, "count")
check("interpretability", "coherence", hidden - len(units), 0, "missing")
check("interpretability", "diversity", len(np.unique(tops)) / (4 * hidden))
sample = np.array([found_of(j, 4)[0] for j in units])
draws = 200
spread = np.sqrt(np.sum(sample * (1 - sample) / draws)) / len(units)
check("interpretability", "intrusion", sample.mean(), 4 * spread + 1e-5)
some = np.flatnonzero(active >= 5)
check("interpretability", "DistRatio", np.mean([distratio_of(j, 5) for j in some]), 0.003)

# --- Category scores ------------------------------------------------------------------------------

categories = []
for name in sorted(os.listdir(lists_path)):
    with open(os.path.join(lists_path, name)) as file:
        members = {row_of[word] for word in file.read().split() if word in row_of}
    if len(members) >= 10:
        categories.append(np.array(sorted(members)))
place = np.argsort(order, axis=0)
place[strength <= 0] = num_words * 100
for scale in range(1, 11):
    score = [max(100 * np.mean(place[members, j] < scale * len(members)) for members in categories)
             for j in range(hidden)]
    check("interpretability", "category score, lambda %d" % scale, np.mean(score))

# --- Similarity -----------------------------------------------------------------------------------

code_unit = to_unit(codes)
scores, cosines, missing = [], [], 0
with open(pairs_path) as file:
    for line in file:
        first, second, score = line.split()
        if first in row_of and second in row_of:
            scores.append(float(score))
            cosines.append(code_unit[row_of[first]] @ code_unit[row_of[second]])
        else:
            missing += 1
check("similarity", "pairs", scipy.stats.spearmanr(scores, np.round(cosines, 12)).statistic)
check("similarity", "pairs", missing, 0, "missing")
rng = np.random.default_rng(1)
samples = []
for _ in range(1000):
    chosen = rng.integers(len(scores), size=len(scores))
    samples.append(scipy.stats.spearmanr(np.array(scores)[chosen],
                                         np.array(cosines)[chosen]).statistic)
for key, q in ("low", .025), ("high", .975):
    check("similarity", "pairs", np.quantile(samples, q), 0.1, key)  # other draws, and few pairs

# --- Analogies ------------------------------------------------------------------------------------

add = mul = asked = 0
with open(questions_path) as file:
    for line in file:
        question = line.split()
        if question[0] == ":" or not all(word in row_of for word in question):
            continue
        a, b, c, d = (row_of[word] for word in question)
        to_a, to_b, to_c = (code_unit @ code_unit[row] for row in (a, b, c))
        ruled_out = np.isin(np.arange(num_words), (a, b, c)) | (one == 0)
        for name in "add", "mul":
            score = to_b - to_a + to_c if name == "add" else \
                (1 + to_b) * (1 + to_c) / 4 / ((1 + to_a) / 2 + .001)
            right = np.argmax(np.where(ruled_out, -np.inf, score)) == d
            add += right and name == "add"
            mul += right and name == "mul"
        asked += 1
check("analogies", "questions, 3CosAdd", asked, 0, "count")
check("analogies", "questions, 3CosAdd", add / asked, 2 / asked)
check("analogies", "questions, 3CosMul", mul / asked, 2 / asked)
