#!/usr/bin/python3
"""Classification by spine-eval against scikit-learn's on the same texts and splits.

classify.py make VECTORS.h5      write train, valid, test and four folds of phrases, seeded
classify.py check FIGURES.json FILE...
                                 accuracies within a point, counts of tokens exactly
"""
import json
import sys
import warnings

import anndata
import h5py
import numpy as np
from sklearn.linear_model import LogisticRegression
from sklearn.svm import LinearSVC

TOPICS = ["game", "government", "music", "water"]
SHARPNESS = 8 # how far the words of different topics differ
GRID = [0.1, 1, 10, 100, 1000, 10000]
FOLDS = ["fold0", "fold1", "fold2", "fold3"]


def read_vectors(path):
    with h5py.File(path) as file:
        return [word.decode() for word in file["words"][:]], file["vectors"][:]


def read_space(path):
    if path.endswith(".h5"):
        return read_vectors(path)
    codes = anndata.read_h5ad(path + "/codes.h5ad")
    return list(codes.obs_names), codes.X.toarray()


def write(path, rng, num_texts, draw):
    with open(path, "w") as file:
        for _ in range(num_texts):
            label, words = draw()
            # Some words in capitals, some that no space has.
            words = [word.upper() if rng.random() < 0.2 else word for word in words]
            print(f"__label__{label}", *words, file=file)


def make(path):
    rng = np.random.default_rng(1)
    words, vectors = read_vectors(path)
    vectors = vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
    chances = {}
    for topic in TOPICS:
        chances[topic] = np.exp(SHARPNESS * vectors @ vectors[words.index(topic)])
        chances[topic] /= chances[topic].sum()

    def draw_text():
        topic = TOPICS[rng.integers(len(TOPICS))]
        drawn = [words[i] for i in rng.choice(len(words), rng.integers(3, 9), p=chances[topic])]
        return topic, drawn + ["zzzz", "qqqq"][: rng.integers(3)]

    def draw_phrase():
        first, second = rng.permutation(TOPICS)[:2]
        drawn = [words[rng.choice(len(words), p=chances[topic])] for topic in (first, second)]
        return "LR"[TOPICS.index(first) < TOPICS.index(second)], drawn

    for name, num_texts in ("train", 800), ("valid", 400), ("test", 1500):
        write(name, rng, num_texts, draw_text)
    for name in FOLDS:
        write(name, rng, 200, draw_phrase)


def read_texts(path):
    texts = [line.split() for line in open(path)]
    return [text[1:] for text in texts], np.array([text[0] for text in texts])


def features(texts, space, combine):
    words, vectors = space
    rows = {word: i for i, word in enumerate(words)}
    none = np.zeros(vectors.shape[1])
    found = [[rows.get(t, rows.get(t.lower())) for t in text] for text in texts]
    if combine == "concat":
        return np.array([np.concatenate([none if i is None else vectors[i] for i in row])
                         for row in found]), found
    known = [[i for i in row if i is not None] for row in found]
    return np.array([vectors[row].mean(axis=0) if row else none for row in known]), found


def models():
    for C in GRID:
        yield C, {"logistic": LogisticRegression(C=C, max_iter=3000),
                  "svm": LinearSVC(C=C, dual=False, max_iter=3000)}


def best(accuracies):
    """The first of the greatest."""
    return max(accuracies, key=lambda pair: pair[0])[1]


def split_accuracy(kind, sets):
    scores = []
    for _, model in models():
        model[kind].fit(*sets["train"])
        scores.append((model[kind].score(*sets["valid"]), model[kind].score(*sets["test"])))
    return best(scores)


def fold_accuracy(kind, folds):
    def fit(C, left_out):
        model = dict(models())[C][kind]
        kept = [fold for k, fold in enumerate(folds) if k not in left_out]
        return model.fit(np.concatenate([x for x, _ in kept]), np.concatenate([y for _, y in kept]))

    correct = 0
    for k, (x, y) in enumerate(folds):
        others = [j for j in range(len(folds)) if j != k]
        C = best([(sum(fit(C, (k, j)).score(*folds[j]) for j in others), C) for C in GRID])
        correct += (fit(C, (k,)).predict(x) == y).sum()
    return correct / sum(len(y) for _, y in folds)


def check(figures, path):
    got = {m["name"]: m for m in figures["measures"] if m["group"] == "classification"}
    space = read_space(path)
    sets, tokens = {}, []
    for name in "train", "valid", "test":
        texts, labels = read_texts(name)
        x, found = features(texts, space, "mean")
        sets[name] = (x, labels)
        tokens += [i is not None for row in found for i in row]
    factor = 1 / np.sqrt((sets["train"][0] ** 2).sum(axis=1).mean())
    sets = {name: (x * factor, y) for name, (x, y) in sets.items()}
    assert abs(got["topics tokens found"]["value"] - np.mean(tokens)) < 1e-9, got
    folds = []
    for name in FOLDS:
        texts, labels = read_texts(name)
        folds.append((features(texts, space, "concat")[0], labels))
    factor = 1 / np.sqrt((np.concatenate([x for x, _ in folds]) ** 2).sum(axis=1).mean())
    folds = [(x * factor, y) for x, y in folds]
    for kind in "logistic", "svm":
        for task, expected, count in (("topics", split_accuracy(kind, sets), 1500),
                                      ("phrases", fold_accuracy(kind, folds), 800)):
            figure = got[f"{task} ({kind})"]
            print(f"{path}: {task}, {kind}: {figure['value']:.4f}, scikit-learn {expected:.4f}")
            assert figure["count"] == count, figure
            assert figure["low"] < figure["value"] < figure["high"], figure
            assert abs(figure["value"] - expected) <= 0.01, (path, task, kind, figure, expected)
            assert 0.6 < figure["value"] < 0.95, "too easy or too hard to say much"


def main():
    warnings.filterwarnings("ignore") # of fits that stop early with the greatest C
    if sys.argv[1] == "make":
        make(sys.argv[2])
        return
    figures = json.load(open(sys.argv[2]))["files"]
    for file, path in zip(figures, sys.argv[3:]):
        check(file, path)


main()
