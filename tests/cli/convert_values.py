#!/usr/bin/python3
"""convert_values.py TEXT HDF5 -- does HDF5 hold the words and vectors of TEXT?

TEXT is read anew in the plainest way: D is what HDF5 says, the last D fields are the numbers.
"""
import sys

import h5py
import numpy as np

with h5py.File(sys.argv[2], "r") as file:
    vectors = file["vectors"][:]
    words = [bytes(word) for word in file["words"][:]]
    kind = h5py.check_string_dtype(file["words"].dtype)
    assert file.attrs["format"] in ("spine-vectors", b"spine-vectors"), file.attrs["format"]

assert vectors.dtype == np.float32, vectors.dtype
assert kind.encoding == "utf-8" and kind.length is None, kind
rows, dimension = vectors.shape
with open(sys.argv[1], "rb") as text:
    lines = text.read().split(b"\n")
if lines[-1] == b"":
    lines.pop()
if lines[0].split() == [b"%d" % rows, b"%d" % dimension]:
    lines.pop(0)
assert len(lines) == rows == len(words), (len(lines), rows, len(words))
for line, word, vector in zip(lines, words, vectors):
    fields = line.rsplit(b" ", dimension)
    assert fields[0] == word, (fields[0], word)
    expected = np.array([float(field) for field in fields[1:]]).astype(np.float32)
    assert (expected == vector).all(), (word, expected, vector)
