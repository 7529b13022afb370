"""The codes and the model of a run of spine-mpi, for Python. Needs numpy and h5py only.

    import spine
    run = spine.load("run")
    run.top_words(93)                  # the strongest words of a dimension
    run.dimensions("remote")           # [(450, 0.83, "clashes killed militants ..."), ...]
    h = run.encode(vectors)            # (n, D) vectors of any words -> (n, H) codes
    x = run.decode(h)                  # back to vectors
    run.codes, run.excess              # (data, indices, indptr), as scipy.sparse.csr_matrix takes them
"""
import os

import h5py
import numpy as np


def _read_strings(file, frame):
    """The index of an AnnData frame, in any way that anndata has written it."""
    item = file[frame][file[frame].attrs.get("_index", "_index")]
    if isinstance(item, h5py.Group):  # nullable strings
        item = item["values"]
    return [text.decode("utf-8", "surrogateescape") if isinstance(text, bytes) else text
            for text in item[:]]


class Run:
    """A finished run: `words`, their codes, and the model."""

    def __init__(self, directory):
        with h5py.File(os.path.join(directory, "model.h5"), "r") as file:
            self.W1, self.b1, self.W2, self.b2, self.mean = (
                file[name][:] for name in ("W1", "b1", "W2", "b2", "input_mean"))
            self.scale = float(file.attrs["input_scale"])
            self.longest = float(file.attrs.get("input_longest", 0))
            self.factors = file["input_factors"][:] if "input_factors" in file else np.float32(1)
            self.components = file["input_components"][:] if "input_components" in file else None
            self.config = file.attrs["config"]
            self.threshold = float(file.attrs.get("threshold", 0))
        self._options = dict(line.split(" = ", 1) for line in self.config.split("\n") if " = " in line)
        with h5py.File(os.path.join(directory, "codes.h5ad"), "r") as file:
            self.words = _read_strings(file, "obs")
            self.codes = tuple(file["X"][part][:] for part in ("data", "indices", "indptr"))
            self.excess = None
            if "excess" in file["layers"]:
                self.excess = tuple(file["layers/excess"][part][:]
                                    for part in ("data", "indices", "indptr"))
        self.hidden, self.dim = self.W1.shape
        self._row = {}
        for row, word in enumerate(self.words):
            self._row.setdefault(word, row)
        self._by_dimension = None

    def scale_vectors(self, vectors):
        """Vectors (n, D) as the model sees them: shortened, centred, whitened, scaled."""
        vectors = np.asarray(vectors, np.float32)
        if self.longest > 0:
            lengths = np.linalg.norm(vectors.astype(float), axis=-1, keepdims=True)
            ratio = self.longest / np.maximum(lengths, self.longest)
            vectors = (vectors * ratio).astype(np.float32)
        vectors = (vectors - self.mean) * self.factors
        if self.components is not None:
            components = self.components.astype(float)
            vectors = (vectors - vectors @ components.T @ components).astype(np.float32)
        return vectors * np.float32(self.scale)

    def encode(self, vectors):
        """Codes (n, H) of vectors (n, D), or (H) of one vector (D)."""
        vectors = np.asarray(vectors, np.float32)
        if vectors.shape[-1] != self.dim:
            raise ValueError("vectors have %d numbers, the model was trained on %d"
                             % (vectors.shape[-1], self.dim))
        x = self.scale_vectors(vectors)
        if self._options.get("objective") == "nnse":
            return self._solve(np.atleast_2d(x)).reshape(x.shape[:-1] + (self.hidden,))
        z = x @ self.W1.T + self.b1
        if self._options.get("objective") in ("topk", "ksparse"):
            k = int(float(self._options["alpha"]) * int(self._options["k"]) * (1 + 1e-12))
            order = np.argsort(-z, axis=-1, kind="stable")[..., k:]
            np.put_along_axis(z, order, 0, axis=-1)
        z = np.where(z < self.threshold, 0, z)
        return np.clip(z, 0, np.inf if self._options.get("cap") == "none" else 1)

    def _solve(self, x):
        """The codes of model.objective = nnse: min |x - a W1|^2 / 2 + lambda sum a +
        ridge / 2 sum a^2, a >= 0, of each row. Many rows are faster with spine-encode."""
        bound = -float(self.b1[0])
        W = self.W1.astype(np.float64)
        gram = W @ W.T
        # Without a ridge the gram of many units is singular; one so small doesn't change what is printed.
        ridge = max(float(self._options.get("ridge", 0)), 1e-9 * gram.diagonal().max())
        gram[np.diag_indices(self.hidden)] += ridge * (gram.diagonal() > 0)
        slopes = x @ W.T - bound  # of each row in each unit, where all values are 0
        return np.array([_solve_row(gram, slope, self.dim, 1e-7 * bound) for slope in slopes],
                        np.float32).reshape(len(x), self.hidden)

    def decode(self, codes):
        """Vectors (n, D) of codes (n, H); what data.clip and remove:K took away doesn't come back."""
        vectors = np.asarray(codes, np.float32) @ self.W2 + self.b2
        return vectors / (np.float32(self.scale) * self.factors) + self.mean

    def code(self, word):
        """The code (H) of a word of the run."""
        data, indices, indptr = self.codes
        row = self._row[word]
        code = np.zeros(self.hidden, np.float32)
        code[indices[indptr[row]:indptr[row + 1]]] = data[indptr[row]:indptr[row + 1]]
        return code

    def _strengths(self, row):
        """{dimension: value before the clamp} of a row."""
        found = {}
        for part in (self.codes, self.excess):
            if part is not None:
                data, indices, indptr = part
                for at in range(indptr[row], indptr[row + 1]):
                    found[int(indices[at])] = found.get(int(indices[at]), 0) + data[at]
        return found

    def _index(self):
        """For each dimension its rows, strongest first."""
        if self._by_dimension is None:
            lists = [[] for _ in range(self.hidden)]
            for row in range(len(self.words)):
                for dimension, strength in self._strengths(row).items():
                    lists[dimension].append((-float(strength), row))
            self._by_dimension = [sorted(entries) for entries in lists]
        return self._by_dimension

    def top_words(self, dimension, count=10):
        """The strongest words of a dimension."""
        return [self.words[row] for _, row in self._index()[dimension][:count]]

    def dimensions(self, word, count=10):
        """The strongest dimensions of a word: (dimension, strength, its top words)."""
        strengths = sorted(((-float(s), d) for d, s in self._strengths(self._row[word]).items()))
        return [(d, -s, " ".join(self.top_words(d))) for s, d in strengths[:count]]


def _solve_row(gram, slope, rank, tolerance):
    """min a gram a / 2 - a slope over a >= 0, by an active set (Lawson, Hanson 1974): the units with the
    greatest slopes join it, a few at a time, and those leave it that would get negative values. Beyond the
    gram's rank, 'rank' or less, one joins at a time."""
    code = np.zeros(len(slope))
    units, most = np.array([], int), 16
    for _ in range(4 * len(slope)):
        left = slope - gram[:, units] @ code[units]
        left[units] = 0
        left[gram.diagonal() == 0] = 0
        steepest = np.argsort(-left)[:max(min(most, rank - len(units)), 1)]
        joining = steepest[left[steepest] > tolerance]
        if len(joining) == 0:
            return code
        units = np.concatenate([units, joining])
        before = code.copy()
        while len(units) > 0:
            values = np.linalg.solve(gram[np.ix_(units, units)], slope[units])
            if values.min() > 0:
                code[:] = 0
                code[units] = values
                break
            now, falling = code[units], values <= 0
            share = (now[falling] / (now[falling] - values[falling] + 1e-300)).min()
            now = now + share * (values - now)
            code[:] = 0
            code[units] = now
            stays = ~(falling & (now <= 1e-12 * max(abs(now).max(), 1e-300)))
            code[units[~stays]] = 0
            units = units[stays]
        most = 16 if np.any(code != before) else 1  # the steepest alone gets a value above 0
    raise ArithmeticError("no code was found; spine-encode finds it")


def load(directory):
    """Read a finished run: its model.h5 and codes.h5ad."""
    return Run(directory)
