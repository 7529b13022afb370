#!/usr/bin/python3
"""Check the runs of rivals.sh of one objective against NumPy, from the model's numbers alone."""
import json
import sys

import h5py
import numpy as np
import spine


def read(directory):
    """The run, its model and z of all its rows, in float64."""
    run = spine.load(directory)
    with h5py.File("glove.h5") as file:
        x = file["vectors"][:len(run.words)].astype(float)
    x = (x - run.mean.astype(float)) * run.scale
    return run, x, x @ run.W1.T.astype(float) + run.b1


def dense(run, part):
    data, indices, indptr = part
    out = np.zeros((len(indptr) - 1, run.hidden))
    for row in range(len(out)):
        begin, end = indptr[row], indptr[row + 1]
        out[row, indices[begin:end]] = data[begin:end]
    return out


def largest(z, k):
    """z where it is among the k largest of its row and above 0; else 0."""
    order = np.argsort(-z, axis=1, kind="stable")
    rank = np.argsort(order, axis=1, kind="stable")
    return np.where((rank < k) & (z > 0), z, 0)


def last_metrics(directory):
    return [json.loads(line) for line in open(directory + "/metrics.jsonl")][-1]


def check(directory, select, cap):
    """Codes, excess, explained variance and spine.py's encoder are those of h = min(select(z), cap)."""
    run, x, z = read(directory)
    expected = select(z)
    h = np.minimum(expected, cap)
    codes = dense(run, run.codes)
    assert np.abs(codes - h).max() < 1e-4 * (1 + h.max()), np.abs(codes - h).max()
    assert np.abs(codes + dense(run, run.excess) - expected).max() < 1e-4 * (1 + h.max())
    assert (expected > 1).any(), "nothing is above 1"
    y = h @ run.W2 + run.b2
    explained = 1 - ((y - x) ** 2).sum() / (x**2).sum()
    metrics = last_metrics(directory)
    assert abs(explained - metrics["explained_variance"]) < 1e-4, (explained, metrics)
    assert abs((h > 0).sum(axis=1).mean() - metrics["l0"]) < 1e-3 * metrics["l0"], metrics
    with h5py.File("glove.h5") as file:
        again = run.encode(file["vectors"][:len(run.words)])
    assert np.abs(again - h).max() < 1e-4 * (1 + h.max())
    return run, codes, metrics


def check_topk():
    _, codes, _ = check("topk", lambda z: largest(z, 9), 1)
    assert (codes > 0).sum(axis=1).max() == 9
    assert (np.load("all.npy")[:len(codes)] == np.load("topk/codes.npy")).all()
    settings = json.load(open("sae/cfg.json"))
    assert settings["architecture"] == "topk" and settings["k"] == 9, settings
    assert settings["spine_clamp"] == 1
    check("uncapped", lambda z: largest(z, 9), np.inf)
    check_nested(*(check(directory, lambda z: largest(z, 9), 1) for directory in ("topk", "nested")))


def check_nested(plain, nested):
    """With prefixes, the first units alone say more; the loss has their errors."""
    def explained(run, codes, width):
        x = read("topk")[1]
        y = codes[:, :width] @ run.W2[:width] + run.b2
        return 1 - ((y - x) ** 2).sum() / (x**2).sum()
    for width in 10, 25:
        without, having = explained(*plain[:2], width), explained(*nested[:2], width)
        assert having > 1.2 * without, (width, without, having)
    assert abs(plain[2]["total"] - plain[2]["rl"]) < 1e-12, plain[2]
    assert 3 * nested[2]["rl"] < nested[2]["total"] < 4 * nested[2]["rl"], nested[2]


def check_batchtopk():
    threshold = spine.load("batch").threshold
    assert threshold > 0
    _, codes, metrics = check("batch", lambda z: np.where(z >= threshold, z, 0), 1)
    assert 6 < metrics["l0"] < 12 and abs(metrics["density"] - 0.09) < 1e-3, metrics
    assert len(set((codes > 0).sum(axis=1))) > 3, "all rows have as many values"
    assert (np.load("all.npy")[:len(codes)] == np.load("batch/codes.npy")).all()
    settings = json.load(open("jump/cfg.json"))
    assert settings["architecture"] == "jumprelu" and "k" not in settings, settings
    assert (np.load("jump.npz")["threshold"] == np.float32(threshold)).all()


def check_ksparse():
    run, codes, _ = check("tied", lambda z: largest(z, 13), 1)
    assert (codes > 0).sum(axis=1).max() == 13 and (run.W1 == run.W2).all()
    density = [json.loads(line)["density"] for line in open("tied/metrics.jsonl")]
    assert density[0] > 0.25 and abs(density[-1] - 0.09) < 0.002, density


def check_relu():
    for directory, cap in ("relu", 1), ("rectified", np.inf):
        run, _, metrics = check(directory, lambda z: np.maximum(z, 0), cap)
        assert np.abs(np.linalg.norm(run.W2, axis=1) - 1).min() > 1e-3, directory
        assert metrics["total"] > metrics["rl"] + 1e-3 and metrics["asl"] == 0, metrics
    lengths = np.linalg.norm(spine.load("unit").W2, axis=1)
    assert np.abs(lengths - 1).max() < 1e-5, lengths
    check("spine", lambda z: np.maximum(z, 0), np.inf)


def check_words():
    """All units are directions of different words, in both matrices."""
    run, x, _ = read("words")
    directions = x / np.linalg.norm(x, axis=1, keepdims=True)
    cosines = run.W2 @ directions.T
    assert cosines.max(axis=1).min() > 1 - 1e-5, cosines.max(axis=1).min()
    assert abs(run.b1).max() < 1e-6
    assert len(set(cosines.argmax(axis=1))) == run.hidden
    assert np.abs(run.W1 - run.W2).max() < 1e-6 and abs(np.linalg.norm(run.W2, axis=1) - 1).max() < 1e-5


if __name__ == "__main__":
    {"topk": check_topk, "batchtopk": check_batchtopk, "ksparse": check_ksparse,
      "relu": check_relu, "words": check_words}[sys.argv[1]]()
