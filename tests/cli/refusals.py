#!/usr/bin/python3
"""Make bad inputs for refusals.sh in the current directory, from good.h5 and the run in run/."""
import os
import shutil
import zlib

import h5py
import numpy as np

TEXT = h5py.string_dtype()


def change(source, name, edit):
    """Copy a file and edit the copy."""
    os.makedirs(os.path.dirname(name) or ".", exist_ok=True)
    shutil.copy(source, name)
    with h5py.File(name, "r+") as file:
        edit(file)


def replace(path, *args, **options):
    """An edit: another dataset under the path."""
    def edit(file):
        if path in file:
            del file[path]
        file.create_dataset(path, *args, **options)
    return edit


def attribute(name, value, dtype=None):
    return lambda file: file.attrs.create(name, value, dtype=dtype)


def put(path, index, value):
    def edit(file):
        file[path][index] = value
    return edit


def drop(path):
    def edit(file):
        del file[path]
    return edit


def drop_attribute(name):
    def edit(file):
        del file.attrs[name]
    return edit


def several(*edits):
    return lambda file: [edit(file) for edit in edits]


def words(count):
    return np.array([f"w{i}" for i in range(count)], dtype=object)


def external(name):
    """An edit: vectors whose values are bytes of another file."""
    return lambda file: file.create_dataset("vectors", (30, 5), "f4",
                                            external=[(name, 0, 30 * 5 * 4)])


def virtual(name):
    """An edit: vectors that are a view of another file's."""
    layout = h5py.VirtualLayout((30, 5), "f4")
    layout[:] = h5py.VirtualSource(name, "vectors", (30, 5))
    return lambda file: file.create_virtual_dataset("vectors", layout)


def share_word(name):
    """Let all words be one of 100,000 bytes, which is in the file once."""
    with h5py.File(name, "r+") as file:
        file["words"][:] = "w"
        file["words"][0] = "w" * 100000
        count, offset = len(file["words"]), file["words"].id.get_offset()
    with open(name, "r+b") as file:
        file.seek(offset)
        first = file.read(16)
        file.seek(offset)
        file.write(first * count)


def bad_vectors():
    for name, edit in {
        "format_number": attribute("format", 7),
        "format_fixed": attribute("format", np.bytes_("spine-vectors")),
        "format_two": attribute("format", ["spine-vectors", "x"], TEXT),
        "other_format": attribute("format", "glove"),
        "no_version": drop_attribute("format_version"),
        "version_2": attribute("format_version", 2),
        "version_text": attribute("format_version", "1"),
        "no_vectors": drop("vectors"),
        "no_words": drop("words"),
        "vectors_group": several(drop("vectors"), lambda file: file.create_group("vectors")),
        "vectors_integers": replace("vectors", data=np.zeros((30, 5), "i4")),
        "vectors_text": replace("vectors", data=words(30), dtype=TEXT),
        "vectors_compound": replace("vectors", data=np.zeros(30, [("a", "f4"), ("b", "f4")])),
        "vectors_1d": replace("vectors", data=np.zeros(30, "f4")),
        "vectors_3d": replace("vectors", data=np.zeros((30, 5, 1), "f4")),
        "vectors_scalar": replace("vectors", data=np.float32(1)),
        "vectors_no_rows": several(replace("vectors", data=np.zeros((0, 5), "f4")),
                                   replace("words", data=words(0), dtype=TEXT)),
        "vectors_no_columns": replace("vectors", shape=(30, 0), dtype="f4"),
        "vectors_huge": replace("vectors", shape=(1 << 40, 300), dtype="f4", chunks=(64, 300)),
        "vectors_unwritten": replace("vectors", shape=(30, 5), dtype="f4"),
        "words_few": replace("words", data=words(29), dtype=TEXT),
        "rows_wide": replace("vectors", data=np.eye(30, 30001), dtype="f4"),
        "words_many": replace("words", data=words(31), dtype=TEXT),
        "words_numbers": replace("words", data=np.arange(30)),
        "words_2d": replace("words", data=words(30).reshape(15, 2), dtype=TEXT),
        "words_huge": replace("words", shape=(1 << 40,), dtype=TEXT, chunks=(64,)),
        "nan": put("vectors", (17, 3), np.nan),
        "inf": put("vectors", (29, 0), -np.inf),
        "same": put("vectors", slice(None), 0.25),
        "link": several(drop("vectors"),
                        lambda file: file.__setitem__("vectors", h5py.SoftLink("/nowhere"))),
        "outside": several(drop("vectors"),
                           lambda file: file.__setitem__(
                               "vectors", h5py.ExternalLink("none.h5", "/vectors"))),
        "outside_there": several(drop("words"),
                                 lambda file: file.__setitem__(
                                     "words", h5py.ExternalLink("good.h5", "/words"))),
        "outside_values": several(drop("vectors"), external("good.h5")),
        "outside_virtual": several(drop("vectors"), virtual("good.h5")),
        "control": attribute("format", "glove\x1b[2Kok\nspine-mpi: done"),
    }.items():
        change("good.h5", name + ".h5", edit)
    change("good.h5", "words_shared.h5",
           several(replace("vectors", data=np.arange(100000, dtype="f4").reshape(20000, 5)),
                   replace("words", shape=(20000,), dtype=TEXT)))
    share_word("words_shared.h5")


def bad_shards():
    for name, edit in {
        "units": attribute("hidden", 1 << 40),
        "facts": attribute("total_rows", 3),
        "real": attribute("rows", 30.0),
        "missing": drop_attribute("shards"),
        "no_print": drop_attribute("fingerprint"),
        "no_codes": drop("codes"),
        "data_integers": replace("codes/data", data=np.zeros(4, "i4")),
        "data_2d": replace("codes/data", data=np.zeros((4, 1), "f4")),
        "ends_huge": several(replace("codes/indptr", shape=(1 << 40,), dtype="i8", chunks=(64,)),
                             attribute("rows", (1 << 40) - 1),
                             attribute("total_rows", (1 << 40) - 1)),
        "ends_few": replace("codes/indptr", data=np.zeros(3, "i8")),
        "ends_fall": put("codes/indptr", 4, 1 << 60),
        "ends_below": put("excess/indptr", 0, -1),
        "column": put("codes/indices", 0, 6),
        "columns_fall": put("codes/indices", 0, 5),
        "not_finite": put("codes/data", 3, np.nan),
        "words": replace("words", data=words(2), dtype=TEXT),
    }.items():
        change("run/shards/codes-00000.h5", f"shard_{name}/shards/codes-00000.h5", edit)
    os.makedirs("shard_none/shards")


def bad_merged():
    for name, edit in {
        "no_words": drop("obs/_index"),
        "no_units": drop("var/_index"),
        "zero_units": replace("var/_index", data=words(0), dtype=TEXT),
        "no_excess": drop("layers/excess/data"),
        "ends_few": replace("X/indptr", data=np.zeros(3, "i8")),
        "ends_fall": put("X/indptr", 4, 1 << 60),
        "indices_real": replace("X/indices", data=np.zeros(4, "f4")),
        "column": put("X/indices", 0, -1),
        "not_finite": put("X/data", 0, np.inf),
        "huge": replace("X/data", shape=(1 << 50,), dtype="f4", chunks=(64,)),
    }.items():
        change("run/codes.h5ad", name + ".h5ad", edit)


def bad_files():
    with open("good.h5", "rb") as file:
        whole = file.read()
    with open("cut.h5", "wb") as file:
        file.write(whole[:-100])
    with open("stump.h5", "wb") as file:
        file.write(whole[:600])
    shutil.copy("cut.h5", "cut.h5ad")
    os.makedirs("shard_cut/shards")
    shutil.copy("cut.h5", "shard_cut/shards/codes-00000.h5")
    with open("zeros.txt", "wb") as file:
        file.truncate(100 << 20)
    with open("bomb.txt.gz", "wb") as file:
        packer = zlib.compressobj(9, zlib.DEFLATED, 31)
        for _ in range(100):
            file.write(packer.compress(b"1" * (1 << 20)))
        file.write(packer.flush())


def bad_chunk():
    """A chunk whose checksum is wrong."""
    with h5py.File("chunk.h5", "w") as file:
        file.create_dataset("vectors", data=np.full((30, 5), 1.2345, "f4"), chunks=(30, 5), fletcher32=True)
        file.create_dataset("words", data=["w%d" % i for i in range(30)], dtype=TEXT)
    with open("chunk.h5", "rb+") as file:
        data = file.read()
        file.seek(data.index(np.float32(1.2345).tobytes()))
        file.write(b"\x01")


bad_vectors()
bad_shards()
bad_merged()
bad_files()
bad_chunk()
