#!/usr/bin/python3
"""Do the real readers see in a run's files what spine-mpi meant?

    readers.py RUN VECTORS.h5 SHARE

RUN/codes.h5ad, read by anndata and by h5py with scipy, and RUN/codes.txt must hold the same words
and codes, to the bit. RUN/model.h5, applied by NumPy to VECTORS.h5, must give these codes to 1e-4
and explain at least SHARE of the vectors' variance.
"""
import os
import sys
import warnings

try:
    warnings.simplefilter("ignore", FutureWarning)
    import anndata
    import h5py
    import numpy as np
    import scipy.sparse
except ImportError as missing:
    print("SKIPPED: THE WRITTEN FILES ARE NOT CHECKED: %s" % missing, file=sys.stderr)
    sys.exit(77)


def read_strings(dataset):
    return [s.decode("utf-8", "surrogateescape") for s in dataset[:]]


def read_by_anndata(path):
    data = anndata.read_h5ad(path)
    assert scipy.sparse.isspmatrix_csr(data.X), "X is %s, not CSR" % type(data.X)
    assert data.var_names.is_unique and len(data.var_names) == data.shape[1]
    return list(data.obs_names), data.X


def read_by_hand(path):
    with h5py.File(path, "r") as file:
        x, obs = file["X"], file["obs"]
        assert x.attrs["encoding-type"] == "csr_matrix", x.attrs["encoding-type"]
        parts = x["data"][:], x["indices"][:], x["indptr"][:]
        words = read_strings(obs[obs.attrs["_index"]])
        return words, scipy.sparse.csr_matrix(parts, shape=tuple(x.attrs["shape"]))


def read_text(path, hidden):
    words, rows = [], []
    with open(path, encoding="utf-8", errors="surrogateescape", newline="\n") as file:
        for number, line in enumerate(file, 1):
            fields = line.rstrip("\n").rsplit(" ", hidden)
            assert len(fields) == hidden + 1, "%s:%d has %d fields" % (path, number, len(fields))
            words.append(fields[0])
            rows.append(np.array(fields[1:], dtype=np.float32))
    return words, np.array(rows)


def same(a, b):
    """Equal, bit by bit."""
    return a.dtype == b.dtype == np.float32 and a.shape == b.shape and a.tobytes() == b.tobytes()


def check_codes(run):
    words, codes = read_by_anndata(os.path.join(run, "codes.h5ad"))
    by_hand, codes_by_hand = read_by_hand(os.path.join(run, "codes.h5ad"))
    in_text, codes_in_text = read_text(os.path.join(run, "codes.txt"), codes.shape[1])
    assert words == by_hand and words == in_text, "the readers see different words"
    dense = codes.toarray()
    assert same(dense, codes_by_hand.toarray()), "anndata and scipy see different codes"
    assert same(dense, codes_in_text), "codes.h5ad and codes.txt differ"
    assert codes.has_sorted_indices and codes.has_canonical_format, "indices aren't ascending"
    assert (codes.data > 0).all() and (codes.data <= 1).all(), "stored codes are not in (0, 1]"
    return words, dense


def check_model(run, vectors, words, codes, wanted_share):
    with h5py.File(vectors, "r") as file:
        x = file["vectors"][:len(words)].astype(np.float64)
        assert read_strings(file["words"])[:len(words)] == words, "the words aren't the input's"
    with h5py.File(os.path.join(run, "model.h5"), "r") as file:
        w1, b1, w2, b2, mean = (file[name][:].astype(np.float64)
                                for name in ("W1", "b1", "W2", "b2", "input_mean"))
        scale = file.attrs["input_scale"]
    code = np.clip((x - mean) * scale @ w1.T + b1, 0, 1)
    worst = abs(code - codes).max()
    assert worst < 1e-4, "codes differ from what the model gives by %g" % worst
    y = (code @ w2 + b2) / scale + mean
    share = 1 - ((y - x) ** 2).sum() / ((x - x.mean(axis=0)) ** 2).sum()
    assert share >= wanted_share, "the model explains %.4f, not %.4f" % (share, wanted_share)
    return worst, share


def main(run, vectors, share):
    words, codes = check_codes(run)
    worst, explained = check_model(run, vectors, words, codes, float(share))
    print("%d words x %d: all readers agree; %.1f %% zero; model.h5 gives the codes to %.1e and "
          "explains %.4f" % (codes.shape + (100 * (codes == 0).mean(), worst, explained)))


if __name__ == "__main__":
    if len(sys.argv) != 4:
        print(__doc__, end="", file=sys.stderr)
        sys.exit(2)
    main(*sys.argv[1:])
