#!/usr/bin/python3
"""Megabytes of text a second: spine-convert against gensim and numpy, one rank and two.

GLOVE.txt is repeated under new words until it has as many rows as wanted, and longer ones are made
by joining rows. --sizes: 400000x300 is the size of glove.6B.300d, 1 GB, for which starting and
ending count for little, and 200000x100 a sixth of it. spine-convert's time is that of the whole
program, from its start to the finished HDF5 file; gensim's (load_word2vec_format with
no_header=True) and numpy's (loadtxt, on the first --loadtxt-rows rows) that of the call alone,
which writes nothing. Two ranks convert the whole text; the yardstick, two runs of one rank side by
side, converts half of it each; all under mpirun, whose start they pay alike. 'start' is the seconds
in which spine-convert does nothing but start MPI and end. In turn, in rounds; the text is in the
page cache."""
import argparse
import itertools
import os
import subprocess
import sys

import harness

GENSIM = """
import sys, time
from gensim.models import KeyedVectors
start = time.perf_counter()
KeyedVectors.load_word2vec_format(sys.argv[1], no_header=True)
print(time.perf_counter() - start)
"""
LOADTXT = """
import sys, time
import numpy
columns = len(open(sys.argv[1], encoding="utf-8").readline().split(" "))
start = time.perf_counter()
numpy.loadtxt(sys.argv[1], dtype=numpy.float32, delimiter=" ", comments=None, encoding="utf-8",
              usecols=range(1, columns))
print(time.perf_counter() - start)
"""


def write_text(source, target, num_rows, columns):
    """The rows of source, again and again under new words."""
    with open(source, "rb") as file:
        rows = [line.rstrip().split(b" ", 1) for line in file]
    width = rows[0][1].count(b" ") + 1
    if width == 1:
        sys.exit("%s has a header; give GloVe's form, without one" % source)
    if columns % width != 0:
        sys.exit("%s has %d columns, of which no %d can be made" % (source, width, columns))
    with open(target, "wb") as out:
        for i in range(num_rows):
            again, at = divmod(i, len(rows))
            numbers = [rows[(at + k * (again + 1)) % len(rows)][1] for k in range(columns // width)]
            out.write(rows[at][0] + (b"~%d" % again if again else b"") + b" " + b" ".join(numbers))
            out.write(b"\n")


def write_part(source, target, first, end):
    with open(source, "rb") as file, open(target, "wb") as out:
        out.writelines(itertools.islice(file, first, end))


def timed_python(code, path):
    answer = subprocess.run([sys.executable, "-c", code, path], capture_output=True, text=True)
    if answer.returncode != 0:
        sys.exit(answer.stderr)
    return float(answer.stdout)


def measure(results, source, rows, columns, options):
    unit = "MB/s"
    with harness.Scratch() as scratch:
        whole, small = scratch.file("whole.txt"), scratch.file("small.txt")
        halves = [scratch.file("half%d.txt" % i) for i in range(2)]
        write_text(source, whole, rows, columns)
        write_part(whole, small, 0, options.loadtxt_rows)
        for i, half in enumerate(halves):
            write_part(whole, half, i * rows // 2, (i + 1) * rows // 2)
        size, small_size = os.path.getsize(whole) / 1e6, os.path.getsize(small) / 1e6

        def convert(*texts, ranks=None):
            commands = []
            for i, text in enumerate(texts):
                out = scratch.file("out%d.h5" % i)
                if os.path.exists(out):
                    os.remove(out)
                command = [harness.program("spine-convert"), text, out]
                commands.append(harness.as_ranks(ranks, command) if ranks else command)
            return size / harness.run_side_by_side(commands)

        one, two = "%.0f MB, one core" % size, "%.0f MB, two cores" % size
        version = [harness.program("spine-convert"), "--version"]
        for _ in range(options.rounds):
            results.add(one, "ours: start", harness.run_side_by_side([version]), "s")
            results.add(one, "ours, 1 rank", convert(whole), unit)
            results.add(one, "gensim", size / timed_python(GENSIM, whole), unit)
            results.add(one, "numpy.loadtxt", small_size / timed_python(LOADTXT, small), unit)
            results.add(two, "ours, 2 ranks", convert(whole, ranks=2), unit)
            results.add(two, "two runs of 1 rank", convert(*halves, ranks=1), unit)
    results.ratio(one, "ours, 1 rank", "gensim", 10)
    results.ratio(one, "ours, 1 rank", "numpy.loadtxt")
    results.ratio(two, "ours, 2 ranks", "two runs of 1 rank", 0.85)


def size_of(text):
    rows, columns = text.split("x")
    return int(rows), int(columns)


def main():
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("text", metavar="GLOVE.txt", help="with columns to make those of --sizes of")
    parser.add_argument("--sizes", nargs="+", type=size_of, metavar="ROWSxCOLUMNS",
                        default=[(200000, 100), (400000, 300)],
                        help="default: 200000x100 400000x300")
    parser.add_argument("--loadtxt-rows", type=int, default=20000, help="default: 20000")
    parser.add_argument("--rounds", type=int, default=5, help="default: 5")
    parser.add_argument("--csv", metavar="FILE", help="write all measurements")
    options = parser.parse_args()
    source = harness.input_file(options.text)
    numbers = sum(rows * columns for rows, columns in options.sizes)
    results = harness.Results("Conversion of text to HDF5",
                              "%d minutes" % (1 + options.rounds * numbers // 120e6))
    for rows, columns in options.sizes:
        measure(results, source, rows, columns, options)
    results.show(options.csv)


if __name__ == "__main__":
    main()
