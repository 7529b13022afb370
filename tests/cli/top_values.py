#!/usr/bin/env python3
"""spine-top's JSON and TSV, in files, against the codes: top_values.py codes.h5ad DIMENSION."""
import json
import sys

import h5py
import numpy as np
import scipy.sparse

with h5py.File(sys.argv[1]) as file:
    words = [word.decode() for word in file["obs/_index"][:]]

    def matrix(name):
        group = file[name]
        return scipy.sparse.csr_matrix((group["data"][:], group["indices"][:], group["indptr"][:]),
                                       shape=(len(words), len(file["var/_index"]))).toarray()
    codes = matrix("X")
    strengths = codes + matrix("layers/excess")
active = (codes > 0).sum(axis=0)


def strongest(values, most):
    order = np.lexsort((np.arange(len(values)), -values))[:most]
    return order[values[order] > 0]


def words_of(dimension, most):
    return [words[row] for row in strongest(strengths[:, dimension], most)]


def check_dimension(answer, most):
    dimension = answer["dimension"]
    assert answer["active"] == active[dimension]
    assert [one["word"] for one in answer["words"]] == words_of(dimension, most)
    found = [one["strength"] for one in answer["words"]]
    wanted = strengths[strongest(strengths[:, dimension], most), dimension]
    assert np.allclose(found, wanted, rtol=1e-6)


def check_near(answer, vectors, most):
    row = words.index(answer["word"])
    unit = vectors / np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), 1e-30)
    cosine = unit @ unit[row]
    cosine[row] = -2
    order = np.argsort(-cosine)[:most]
    assert np.allclose([one["cosine"] for one in answer["words"]], cosine[order], atol=1e-5)
    for one in answer["words"]:
        assert abs(cosine[words.index(one["word"])] - one["cosine"]) < 1e-5, one


answers = json.load(open("answers.json"))
assert [answer["word"] for answer in answers["words"]] == ["king", "queen"]
for answer in answers["words"]:
    row = words.index(answer["word"])
    assert answer["active"] == (codes[row] > 0).sum()
    order = strongest(strengths[row], 4)
    assert [one["dimension"] for one in answer["dimensions"]] == list(order)
    for one in answer["dimensions"]:
        assert np.isclose(one["strength"], strengths[row, one["dimension"]], rtol=1e-6)
        assert one["words"] == words_of(one["dimension"], 7)
assert [answer["dimension"] for answer in answers["dimensions"]] == [int(sys.argv[2])]
check_dimension(answers["dimensions"][0], 7)
check_near(answers["near"][0], codes.astype(float), 7)
spread = codes.astype(float).std(axis=0)
scaled = codes / np.where(spread > 1e-6, spread, 1)
check_near(json.load(open("scaled.json"))["near"][0], scaled, 5)

best = json.load(open("best.json"))["dimensions"]
means = np.sort(strengths, axis=0)[::-1][:3].mean(axis=0)
assert [answer["dimension"] for answer in best] == list(np.argsort(-means, kind="stable")[:5])
for answer in best:
    check_dimension(answer, 3)

with h5py.File("glove.h5") as file:
    check_near(json.load(open("dense.json"))["near"][0], file["vectors"][:].astype(float), 10)

lines = [line.rstrip("\n").split("\t") for line in open("dump.tsv")]
assert lines[0][:4] == ["dimension", "active", "word1", "strength1"] and len(lines[0]) == 14
assert len(lines) == 1 + codes.shape[1]
for dimension, line in enumerate(lines[1:]):
    assert line[:2] == [str(dimension), str(active[dimension])]
    assert line[2::2] == words_of(dimension, 6)
    wanted = strengths[strongest(strengths[:, dimension], 6), dimension]
    assert np.allclose([float(value) for value in line[3::2]], wanted, rtol=1e-6)
