#!/usr/bin/python3
"""Do the programs that people use read all forms of a run's codes, and as the same numbers?

    outputs.py DIRECTORY          with codes.h5ad, codes.npz and so on, and g.* beside them

Every reader is used as its documentation's first example does. A missing one is named on stderr;
the others are tried all the same.
"""
import os
import sys
import warnings

import numpy as np

warnings.simplefilter("ignore")
missing = []


def needs(*modules):
    """Run a check where these modules are there."""
    def decorate(check):
        def run(*arguments):
            for module in modules:
                try:
                    __import__(module)
                except ImportError:
                    missing.append("%s (no %s)" % (check.__name__, module))
                    return
            check(*arguments)
            print("%s: %s" % (check.__name__, ", ".join(modules)))
        return run
    return decorate


def same(a, b):
    """Equal, bit by bit."""
    a, b = np.ascontiguousarray(a, np.float32), np.ascontiguousarray(b, np.float32)
    assert a.shape == b.shape and a.tobytes() == b.tobytes()


@needs("anndata", "scipy")
def check_anndata(path, words, codes):
    import anndata
    data = anndata.read_h5ad(path)
    assert data.obs_names.is_unique and list(data.obs_names) == words
    assert data.X.indices.dtype == data.X.indptr.dtype == np.int32
    same(data.X.toarray(), codes)
    first = data.var_names[7].split(" ")
    assert first[0] == "7" and data.var["dimension"][7] == 7
    assert data.var["top_words"][7].split(" ")[:3] == first[1:4]
    spread = data.X.toarray().std(axis=0)
    assert np.allclose(data.var["scale"] * np.where(spread > 1e-6, spread, 1), 1, atol=1e-4)
    strongest = (data.X + data.layers["excess"]).toarray()[:, 7].argmax()
    assert first[1] == words[strongest]
    chosen = data[(data.X > 0.5).sum(axis=1).A1 > 2]
    assert 0 < chosen.n_obs < data.n_obs
    same(data[["the", "music"]].X.toarray(), codes[[words.index("the"), words.index("music")]])
    same(data[:, data.var_names[:5]].X.toarray(), codes[:, :5])
    assert data.uns["metrics"]["explained_variance"] > 0 and "version" in data.uns
    assert "model.hidden" in data.uns["config"] and len(data.uns["fingerprint"]) == 32
    assert "seconds" not in data.uns["metrics"]
    copy = os.path.join(os.path.dirname(path) or ".", "copy.h5ad")
    data.write_h5ad(copy)
    same(anndata.read_h5ad(copy).X.toarray(), codes)


@needs("anndata", "h5py")
def check_decoder(path, vectors, words):
    import anndata
    import h5py
    data = anndata.read_h5ad(path)
    with h5py.File(vectors, "r") as file:
        x = file["vectors"][:]
    y = data.X @ data.varm["decoder"] + data.uns["decoder_bias"]
    share = 1 - ((y - x) ** 2).sum() / ((x - x.mean(axis=0)) ** 2).sum()
    assert abs(share - data.uns["metrics"]["explained_variance"]) < 1e-3, share


@needs("anndata", "sklearn")
def check_sklearn(path):
    import anndata
    from sklearn.cluster import KMeans
    from sklearn.decomposition import TruncatedSVD
    from sklearn.linear_model import LogisticRegression
    from sklearn.model_selection import cross_val_score, train_test_split
    from sklearn.neighbors import NearestNeighbors
    x = anndata.read_h5ad(path).X
    labels = KMeans(5, n_init=1, random_state=1).fit_predict(x)
    assert TruncatedSVD(8, random_state=1).fit_transform(x).shape == (x.shape[0], 8)
    train, test, _, answers = train_test_split(x, labels, random_state=1)
    assert train.shape[0] + test.shape[0] == x.shape[0] and len(answers) == test.shape[0]
    model = LogisticRegression(solver="liblinear")  # which takes no 64-bit indices
    assert cross_val_score(model, x, labels, cv=3).mean() > 0.5
    NearestNeighbors(n_neighbors=3).fit(x).kneighbors(x[:2])


@needs("scipy.sparse", "scipy.io")
def check_scipy(directory, words, codes):
    import gzip
    import scipy.io
    import scipy.sparse
    matrix = scipy.sparse.load_npz(os.path.join(directory, "codes.npz"))
    assert matrix.indices.dtype == matrix.indptr.dtype
    same(matrix.toarray(), codes)
    same(scipy.io.mmread(os.path.join(directory, "codes.mtx")).toarray(), codes)
    same(scipy.io.mmread(os.path.join(directory, "packed.mtx.gz")).toarray(), codes)
    with open(os.path.join(directory, "codes.words.txt"), encoding="utf-8") as file:
        assert file.read().split("\n") == words + [""]
    with gzip.open(os.path.join(directory, "packed.txt.gz"), "rt",
                   encoding="utf-8") as file:
        assert file.readline().split(" ")[0] == words[0]


@needs("numpy")
def check_numpy(directory, codes):
    dense = np.load(os.path.join(directory, "codes.npy"), mmap_mode="r")
    assert dense.dtype == np.float32
    same(dense, codes)


@needs("numpy")
def check_sparse_text(directory, words, codes):
    dense = np.zeros_like(codes)
    with open(os.path.join(directory, "codes.sparse"), encoding="utf-8") as file:
        for row, line in enumerate(file):
            word, *entries = line.rstrip("\n").split(" ")
            assert word == words[row]
            for entry in entries:
                dimension, value = entry.split(":")
                dense[row, int(dimension)] = np.float32(value)
    same(dense, codes)


@needs("gensim")
def check_gensim(directory, words, codes):
    from gensim.models import KeyedVectors
    for name, is_binary in (("codes.vec", False), ("codes.bin", True), ("packed.vec.gz", False)):
        vectors = KeyedVectors.load_word2vec_format(os.path.join(directory, name), binary=is_binary)
        assert vectors.index_to_key == words, name
        same(vectors.vectors, codes)
    vectors.most_similar("music")


@needs("pandas")
def check_projector(directory, words, codes):
    import pandas
    values = pandas.read_csv(os.path.join(directory, "codes.tsv"), sep="\t", header=None)
    same(values.to_numpy(np.float32), codes)
    with open(os.path.join(directory, "codes.metadata.tsv"), encoding="utf-8") as file:
        assert file.read().split("\n") == words + [""]


def check_options(directory, codes):
    """--top 3 --threshold .2 --digits 2, and --binary."""
    kept = np.where(codes >= np.float32(0.2), codes, 0)
    for row in kept:
        order = np.argsort(-row, kind="stable")
        row[order[3:]] = 0
    found = np.loadtxt(os.path.join(directory, "few.txt"), usecols=range(1, codes.shape[1] + 1),
                       comments=None, dtype=np.float32)
    assert ((found > 0) == (kept > 0)).all()
    assert (abs(found - kept) <= 0.05 * kept + 1e-9).all()
    ones = np.load(os.path.join(directory, "ones.npy"))
    same(ones, (codes > 0).astype(np.float32))
    print("check_options: numpy")


@needs("gensim", "anndata")
def check_odd_words(directory):
    """Blanks, bytes that aren't UTF-8, and duplicates once they are written."""
    import anndata
    from gensim.models import KeyedVectors
    names = list(anndata.read_h5ad(os.path.join(directory, "odd.h5ad")).obs_names)
    assert names[:4] == ["New York", "New_York", "caf\\xE9", "caf\\xE9-1"], names[:4]
    vectors = KeyedVectors.load_word2vec_format(os.path.join(directory, "odd.vec"))
    assert vectors.index_to_key[:4] == ["New_York", "New_York-1", "caf\\xE9", "caf\\xE9-1"]


def main(directory):
    def at(name):
        return os.path.join(directory, name)
    with open(at("codes.txt"), encoding="utf-8") as file:
        rows = [line.rstrip("\n").split(" ") for line in file]
    words, codes = [row[0] for row in rows], np.array([row[1:] for row in rows], np.float32)
    check_anndata(at("codes.h5ad"), words, codes)
    check_decoder(at("codes.h5ad"), at("../glove.h5"), words)
    check_sklearn(at("codes.h5ad"))
    check_scipy(directory, words, codes)
    check_numpy(directory, codes)
    check_sparse_text(directory, words, codes)
    check_gensim(directory, words, codes)
    check_projector(directory, words, codes)
    check_options(directory, codes)
    check_odd_words(directory)
    if missing:
        print("SKIPPED, NOT CHECKED: " + "; ".join(missing), file=sys.stderr)


if __name__ == "__main__":
    main(*sys.argv[1:])
