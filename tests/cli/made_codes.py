#!/usr/bin/env python3
"""A codes.h5ad that no run made: of any size, or with words that would break a careless page."""
import argparse

import h5py
import numpy as np

NASTY = [
    b"<script>alert(1)</script>", b"</script><img src=x onerror=alert(1)>", b"<!--<script>",
    b"-->", b"\"quotes\"", b"'single'", b"&amp;", b"\\u003c", b"a\\b", b"\xe2\x80\xa8line\xe2\x80\xa9",
    b"\xff\xfe", b"caf\xc3\xa9", b"\xe6\xbc\xa2\xe5\xad\x97", b"tab\there", b"new\nline", b"{{scripts}}",
    b"]]>", b"javascript:alert(1)", b"__proto__", b"constructor", b"100%", b"%41", b"a=b#c", b"2:3",
    b"\xd9\x85\xd8\xb1\xd8\xad\xd8\xa8\xd8\xa7", b"w" * 300]


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("path")
    parser.add_argument("--rows", type=int, default=len(NASTY))
    parser.add_argument("--units", type=int, default=12)
    parser.add_argument("--on", type=int, default=5, help="units of a word")
    parser.add_argument("--nasty", action="store_true")
    options = parser.parse_args()
    rows, units, on = options.rows, options.units, options.on
    random = np.random.default_rng(1)
    words = NASTY if options.nasty else [b"word%06d" % i for i in range(rows)]
    indices = np.concatenate([np.sort(random.permutation(units)[:on]) for _ in range(rows)])
    strengths = random.gamma(1, 0.5, rows * on).astype(np.float32) + np.float32(0.01)
    indptr = np.arange(rows + 1, dtype=np.int64) * on
    above = strengths > 1
    with h5py.File(options.path, "w") as file:
        string = h5py.string_dtype("utf-8")
        file.create_dataset("obs/_index", data=words, dtype=string)
        file.create_dataset("var/_index", data=[b"%d" % j for j in range(units)], dtype=string)
        for name, data, columns, ends in [
                ("X", np.minimum(strengths, 1), indices, indptr),
                ("layers/excess", strengths[above] - 1, indices[above],
                 np.concatenate([[0], np.cumsum(above)])[indptr])]:
            file[f"{name}/data"] = data
            file[f"{name}/indices"] = columns.astype(np.int32)
            file[f"{name}/indptr"] = ends.astype(np.int64)


main()
