#!/usr/bin/env python3
"""What a page of spine-report holds, unpacked and computed again from the run's files by NumPy."""
import argparse
import base64
import json
import pathlib
import re

import h5py
import numpy as np
import scipy.sparse


def unpack(text, width):
    return np.frombuffer(base64.b64decode(text), f"<u{width}").astype(np.int64)


def unpack_lists(packed, count, value_width):
    counts = unpack(packed["counts"], 2)
    items = unpack(packed["items"], 2 if count <= 65536 else 4)
    values = unpack(packed["values"], value_width)
    ends = np.cumsum(counts)[:-1]
    return list(zip(np.split(items, ends), np.split(values, ends)))


def read_codes(path):
    """The codes, the strengths (codes + excess) and the words as bytes."""
    with h5py.File(path) as file:
        def matrix(name):
            group = file[name]
            return scipy.sparse.csr_matrix(
                (group["data"][:], group["indices"][:], group["indptr"][:]),
                shape=(len(file["obs/_index"]), len(file["var/_index"])))
        codes = matrix("X")
        return codes, (codes + matrix("layers/excess")).toarray(), file["obs/_index"][:]


def check_lists(lists, rows, strengths_of, most):
    """Each list has the strongest of a row, in order; equal ones by number."""
    for i, row in enumerate(rows):
        strengths = strengths_of(row)
        order = np.lexsort((np.arange(len(strengths)), -strengths))
        order = order[strengths[order] > 0][:most]
        items, values = lists[i]
        assert np.array_equal(items, order), (i, items, order)
        rounded = np.minimum(np.abs(1000 * strengths[order]), 65535)
        assert np.all(np.abs(values - rounded) <= 0.51), (i, values, rounded)


def check_codes(run, path, limits):
    codes, strengths, words = read_codes(path)
    rows, dimensions = codes.shape
    on = (codes.toarray() > 0).astype(np.int64)
    assert (run["rows"], run["dimensions"], run["values"]) == (rows, dimensions, on.sum())

    top = [np.lexsort((np.arange(rows), -strengths[:, j])) for j in range(dimensions)]
    top = [order[strengths[order, j] > 0][:limits.words] for j, order in enumerate(top)]
    kept = np.union1d(np.arange(min(rows, limits.rows)), np.concatenate(top).astype(int))
    if len(kept) < rows:
        assert np.array_equal(unpack(run["row_of"], 4), kept)
    else:
        assert "row_of" not in run
    assert len(run["words"]) == len(kept)
    for word, row in zip(run["words"], kept):
        # Bytes that aren't UTF-8 are \xNN in the page.
        assert word.lower() == words[row].decode("utf-8", "backslashreplace").lower(), (word, row)

    place = {row: i for i, row in enumerate(kept)}
    lists = unpack_lists(run["top_words"], len(kept), 2)
    for j, (items, values) in enumerate(lists):
        assert list(items) == [place[row] for row in top[j]], j
        assert np.all(np.abs(values - np.minimum(1000 * strengths[top[j], j], 65535)) <= 0.51)
    check_lists(unpack_lists(run["top_dimensions"], dimensions, 2), kept, lambda row: strengths[row],
                limits.dimensions)
    assert np.array_equal(unpack(run["num_dimensions"], 4), on.sum(axis=1)[kept])
    assert np.array_equal(unpack(run["active"], 4), on.sum(axis=0))
    assert np.array_equal(unpack(run["active_of_rows"], 4), np.bincount(on.sum(axis=1)))
    histogram = unpack(run["histogram"], 4).reshape(dimensions, 20)
    assert np.array_equal(histogram.sum(axis=1), on.sum(axis=0))
    assert np.array_equal(histogram[:, 19], (codes.toarray() >= np.float32(0.95)).sum(axis=0))

    both = on.T @ on
    sizes = np.maximum(on.sum(axis=0), 1)
    near = both / np.sqrt(np.outer(sizes, sizes))
    np.fill_diagonal(near, 0)
    for j, (items, values) in enumerate(unpack_lists(run["together"], dimensions, 4)):
        best = np.sort(near[j])[::-1][:10]
        assert np.array_equal(values, both[j, items]), j
        assert np.allclose(near[j, items], best[best > 0]), j


def check_model(run, path):
    with h5py.File(path) as file:
        decoder = file["W2"][:].astype(float)
        config = file.attrs["config"]
    # Options that the objective doesn't use are left out.
    lines, used = str(config if isinstance(config, str) else config.decode()).split("\n"), run["config"].split("\n")
    left_out = {line.split(" = ")[0] for line in lines if line not in used}
    assert set(used) <= set(lines) and ("l0" in left_out) != ("objective = nnse" in lines), left_out
    assert "noise" not in left_out or "objective = nnse" in lines, left_out
    assert run["dim"] == decoder.shape[1]
    decoder /= np.linalg.norm(decoder, axis=1, keepdims=True)
    cosine = decoder @ decoder.T
    np.fill_diagonal(cosine, -1)
    for j, (items, values) in enumerate(unpack_lists(run["nearest"], len(cosine), 4)):
        best = np.sort(cosine[j])[::-1][:10]
        assert np.allclose(cosine[j, items], best[best > 0], atol=1e-6), j
        assert np.all(np.abs(values - 1000 * cosine[j, items]) <= 0.51), j


def check_coherence(run, path, vectors):
    """The mean cosine of the pairs of a dimension's ten strongest words that the space has."""
    _, strengths, words = read_codes(path)
    if vectors.endswith(".txt"):
        lines = [line.split(b" ") for line in pathlib.Path(vectors).read_bytes().splitlines()]
        known = np.array([line[0] for line in lines])
        space = np.array([line[1:] for line in lines]).astype(float)
        rows = np.array([np.flatnonzero(words == word)[0] for word in known])
        strengths = strengths[rows]
    else:
        with h5py.File(vectors) as file:
            space = file["vectors"][:].astype(float)
    space /= np.linalg.norm(space, axis=1, keepdims=True)
    for j, found in enumerate(run["coherence"]):
        top = np.lexsort((np.arange(len(strengths)), -strengths[:, j]))[:10]
        if strengths[top[9], j] <= 0:
            assert found is None, j
            continue
        cosine = space[top] @ space[top].T
        assert abs(found - (cosine.sum() - np.trace(cosine)) / 90) < 6e-4, (j, found)


def check_history(run, path):
    epochs = [json.loads(line) for line in path.read_text().splitlines()]
    for field in epochs[-1]:
        found, wanted = run["history"][field], [epoch.get(field) for epoch in epochs]
        assert len(found) == len(wanted)
        for a, b in zip(found, wanted):
            assert (a is None) == (b is None) and (b is None or abs(a - b) <= 1e-5 * abs(b)), field


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("page")
    parser.add_argument("runs", nargs="+", type=pathlib.Path)
    parser.add_argument("--space", help="where coherence is judged; if not given, it isn't")
    parser.add_argument("--words", type=int, default=50)
    parser.add_argument("--dimensions", type=int, default=20)
    parser.add_argument("--rows", type=int, default=50000)
    limits = parser.parse_args()
    text = pathlib.Path(limits.page).read_text(encoding="utf-8")
    blob = re.search(r'<script type="application/json" id="data">(.*?)</script>', text, re.S)
    data = json.loads(blob.group(1))
    assert len(data["runs"]) == len(limits.runs)
    for run, path in zip(data["runs"], limits.runs):
        assert run["name"] == str(path)
        codes = path / "codes.h5ad" if path.is_dir() else path
        check_codes(run, codes, limits)
        assert ("coherence" in run) == (limits.space is not None)
        if limits.space is not None:
            check_coherence(run, codes, limits.space)
        assert ("history" in run, "nearest" in run, "config" in run) == (path.is_dir(),) * 3
        if path.is_dir():
            check_model(run, path / "model.h5")
            check_history(run, path / "metrics.jsonl")


main()
