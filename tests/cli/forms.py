#!/usr/bin/python3
"""Write the same words and vectors in all forms, with the libraries that people write them with, to
the current directory; or compare: forms.py compare FILE.h5 [words|numbers] [half]."""
import bz2
import gzip
import json
import lzma
import struct
import sys
import zipfile

import h5py
import numpy as np

NUM_ROWS, DIMENSION = 300, 20
SPECIAL = ["new york", "\u00e9t\u00e9", "\u4e2d\u6587", "in the long run", "1984", "Apollo 13"]


def words():
    """Words of one to 25 letters, some with blanks and other letters than ASCII's."""
    return SPECIAL + ["w" + "abcdefghijklmnopqrstuvwxyz"[:i % 25] + str(i)
                      for i in range(len(SPECIAL), NUM_ROWS)]


def vectors():
    return np.random.default_rng(1).normal(0, .4, (NUM_ROWS, DIMENSION)).astype("f4")


def word2vec(name, newline, encoding="utf-8"):
    with open(name, "wb") as out:
        out.write(b"%d %d\n" % (NUM_ROWS, DIMENSION))
        for word, row in zip(words(), vectors()):
            out.write(word.encode(encoding, "replace") + b" " + row.tobytes() + newline)


def twofold():
    """Every row can also be read as one that begins in the middle of the row before it."""
    generator = np.random.default_rng(2)
    rows = b""
    for i in range(298):
        a, b, c, d = bytes(generator.integers(65, 250, 4).astype("u1"))
        rows += bytes([65 + i // 26, 97 + i % 26]) + b" " + bytes([a, 62, b, 62, 32, c, d, 63])
    open("twofold.bin", "wb").write(b"298 2\n" + rows)


def fasttext(name):
    """A model without n-grams, as fastText's source has it."""
    with open(name, "wb") as out:
        out.write(struct.pack("<14id", 793712314, 12, DIMENSION, 5, 5, 1, 5, 1, 2, 2, 0, 0, 0, 100,
                              1e-4))
        out.write(struct.pack("<3iqq", NUM_ROWS, NUM_ROWS, 0, 99, -1))
        for word in words():
            out.write(word.encode() + b"\0" + struct.pack("<qb", 7, 0))
        out.write(struct.pack("<bqq", 0, NUM_ROWS, DIMENSION) + vectors().tobytes())


def safetensors(name):
    table = vectors()
    half = table.astype("f2")
    header = {"table": {"dtype": "F32", "shape": list(table.shape),
                        "data_offsets": [0, table.nbytes]},
              "half": {"dtype": "F16", "shape": list(half.shape),
                       "data_offsets": [table.nbytes, table.nbytes + half.nbytes]},
              "__metadata__": {"format": "pt"}}
    text = json.dumps(header).encode()
    with open(name, "wb") as out:
        out.write(struct.pack("<Q", len(text)) + text + table.tobytes() + half.tobytes())


def plain(out, table=None, **storage):
    out.create_dataset("vectors", data=vectors() if table is None else table, **storage)
    out.create_dataset("words", data=words(), dtype=h5py.string_dtype())


def hdf5():
    with h5py.File("plain.h5", "w") as out: # as the README has it
        plain(out)
    with h5py.File("other.h5", "w") as out:
        out["deep/table"] = vectors().astype("f8")
        out["vocabulary"] = np.array([word.encode() for word in words()])
    with h5py.File("two.h5", "w") as out:
        out["a"], out["b"] = vectors(), vectors()[:5]
    with h5py.File("behind.h5", "w", userblock_size=1024) as out:
        plain(out)
    with h5py.File("matlab.mat", "w", userblock_size=512) as out:
        out["/v"] = vectors().T
        out["/v"].attrs["MATLAB_class"] = np.bytes_("double")
    with h5py.File("ints.mat", "w", userblock_size=512) as out:
        out["/v"] = (vectors() * 50).astype("i1").T
        out["/v"].attrs["MATLAB_class"] = np.bytes_("int8")
    for name in "matlab.mat", "ints.mat":
        with open(name, "r+b") as file:
            file.write(b"MATLAB 7.3 MAT-file, Platform: GLNXA64".ljust(124) + b"\0\2IM")
    with h5py.File("frame.h5", "w") as out: # pandas' HDFStore of whole numbers, as Numberbatch has it
        out["/mat/axis1"] = np.array(words(), dtype=h5py.string_dtype())
        out["/mat/block0_values"] = (vectors() * 50).astype("i1")
    with h5py.File("layers.h5ad", "w") as out: # whose other matrices have the words of X
        out["X"], out["obsm/pca"] = vectors()[:, :2], vectors()
        out.create_dataset("obs/name", data=words(), dtype=h5py.string_dtype())
        out.create_dataset("obs/other", data=words(), dtype=h5py.string_dtype())
        out["obs"].attrs["_index"] = "name"
        out["variables/pca"] = vectors()
        out.create_dataset("var/_index", data=words()[::-1], dtype=h5py.string_dtype())
    with h5py.File("sides.h5ad", "w") as out:
        out["X"], out["varm/pca"] = vectors(), vectors()
        out.create_dataset("obs/_index", data=words()[::-1], dtype=h5py.string_dtype())
        out.create_dataset("var/_index", data=words(), dtype=h5py.string_dtype())
    with h5py.File("lzf.h5", "w") as out:
        plain(out, compression="lzf")
    with h5py.File("turned.h5", "w") as out:
        plain(out, vectors().T)
    with h5py.File("categories.h5ad", "w") as out: # of a pandas.CategoricalIndex
        out["X"] = vectors()
        out.create_dataset("obs/_index/categories", data=sorted(words()), dtype=h5py.string_dtype())
        out["obs/_index/codes"] = np.array([sorted(words()).index(word) for word in words()], "i2")
    for name, gaps in (("whole.h5ad", []), ("masked.h5ad", [6])): # of pandas' nullable strings
        with h5py.File(name, "w") as out:
            out["X"] = vectors()
            out.create_dataset("obs/_index/values", data=words(), dtype=h5py.string_dtype())
            out["obs/_index/mask"] = np.isin(np.arange(NUM_ROWS), gaps)
    gzip.open("packed.h5.gz", "wb").write(open("plain.h5", "rb").read())


def h5ad():
    try:
        import anndata
        import scipy.sparse
    except ImportError:
        return
    for name, x in (("dense.h5ad", vectors()), ("sparse.h5ad", scipy.sparse.csr_matrix(vectors()))):
        data = anndata.AnnData(x)
        data.obs_names = words()
        data.write_h5ad(name)


def text():
    with open("plain.vec", "w", encoding="utf-8") as out:
        out.write(f"{NUM_ROWS} {DIMENSION}\n")
        for word, row in zip(words(), vectors()):
            out.write(word + " " + " ".join(f"{x:.9g}" for x in row) + "\n")
    plain = open("plain.vec", "rb").read()
    gzip.open("t.gz", "wb").write(plain)
    bz2.open("t.bz2", "wb").write(plain)
    lzma.open("t.xz", "wb").write(plain)
    with zipfile.ZipFile("one.zip", "w", zipfile.ZIP_DEFLATED) as out:
        out.writestr("folder/t.vec", plain)
    gzip.open("twice.gz", "wb").write(gzip.compress(plain))
    rows = [f'"{word}" ' if " " in word else word + " " for word in words()]
    rows = [row + " ".join(f"{x:.9g}" for x in numbers) for row, numbers in zip(rows, vectors())]
    open("quoted.txt", "w", encoding="utf-8").write("\n".join(rows) + "\n")
    open("comment.txt", "w").write("# two\n# comments\na 1 2\nb 3 4\nc 5 6\n")
    open("utf32.txt", "wb").write("a 1 2\nb 3 4\n".encode("utf-32"))
    open("lines.json", "w").write('{"word": "a", "v": [1, 2]}\n{"word": "b", "v": [3, 4]}\n')
    with zipfile.ZipFile("lzma.zip", "w", zipfile.ZIP_LZMA) as out:
        out.writestr("t.vec", plain)
    with zipfile.ZipFile("two.zip", "w", zipfile.ZIP_DEFLATED) as out:
        out.writestr("t.vec", plain)
        out.writestr("readme.txt", "no vectors")


def word_lists():
    """Lists of the words of a matrix, as pandas, GloVe and others write them."""
    def write(name, line):
        open(name, "w", encoding="utf-8").write("".join(
            line(i, word) + "\n" for i, word in enumerate(words())))
    write("numbered.tsv", lambda i, word: f"{i}\t{word}")
    write("counted.txt", lambda i, word: f"{word} {9999 - i // 2}")
    write("words.csv", lambda i, word: f"{word},{i}")
    write("columns.tsv", lambda i, word: f"{word}\t{i}\t7\t.5")
    np.save("titled.npy", np.array(["word"] + words()))


def make():
    text()
    word2vec("gensim.bin", b"")
    word2vec("original.bin", b"\n")
    gzip.open("gensim.bin.gz", "wb").write(open("gensim.bin", "rb").read())
    open("nul.bin", "wb").write(open("gensim.bin", "rb").read().replace(b"250 ", b"2\0000 "))
    twofold()
    fasttext("model.bin")
    table = vectors()
    np.save("c.npy", table)
    np.save("fortran.npy", np.asfortranarray(table.astype(">f8")))
    np.save("half.npy", table.astype("f2"))
    np.savez("pair.npz", vectors=table, words=np.array(words()))
    np.savez_compressed("packed.npz", vectors=table, words=np.array(words()), counts=np.arange(3))
    np.savez("several.npz", a=table, b=table[:5], words=np.array(words()))
    np.savez("one.npz", a=table, counts=np.arange(3))
    np.savez_compressed("large.npz", a=table, unused=np.zeros(1 << 22))
    np.savez("shaped.npz", a=table, format="f4", shape=table.shape)
    np.savez("objects.npz", a=table, words=np.array(words(), dtype=object))
    np.savez("each.npz", a=table[0], b=table[1])
    np.savez("few.npz", a=table, words=np.array(words()[:-1]))
    np.savez("scipy.npz", indices=[0], indptr=[0, 1], data=[.5], shape=[1, 1], format=b"csr")
    np.save("fields.npy", np.zeros(3, [("word", "U9"), ("value", "f4", 5)]))
    np.save("objects.npy", np.array(words(), dtype=object), allow_pickle=True)
    open("words.txt", "w", encoding="utf-8").write("".join(w + "\n" for w in words()))
    open("utf16.txt", "w", encoding="utf-16").write("".join(w + "\n" for w in words()))
    open("metadata.tsv", "w", encoding="utf-8").write(
        "word\tcount\n" + "".join(f"{w}\t7\n" for w in words()))
    np.save("words.npy", np.array(words()))
    word_lists()
    safetensors("model.safetensors")
    files = {"half": "model.safetensors", "wte.weight": "model.safetensors",
             "table": "missing.safetensors", "torch": "pytorch_model-1.bin"}
    json.dump({"metadata": {}, "weight_map": files}, open("model.safetensors.index.json", "w"))
    hdf5()
    h5ad()


def compare(name, *rules):
    with h5py.File(name) as data:
        found = [word.decode() for word in data["words"]]
        expected = [str(i) for i in range(NUM_ROWS)] if "numbers" in rules else words()
        assert found == expected, [pair for pair in zip(found, expected) if pair[0] != pair[1]][:3]
        table = vectors()
        if "half" in rules:
            table = table.astype("f2").astype("f4")
        assert (data["vectors"][:] == table).all(), "the vectors differ"


def compare_all(listing):
    """The files of the list, a line each: the name and the rules."""
    lines = open(listing).read().splitlines()
    assert lines
    for line in lines:
        try:
            compare(*line.split())
        except Exception as error:
            sys.exit(f"{line}: {error!r}")


if sys.argv[1:2] == ["compare"]:
    compare(*sys.argv[2:])
elif sys.argv[1:2] == ["compare-all"]:
    compare_all(sys.argv[2])
else:
    make()
