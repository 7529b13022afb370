#!/usr/bin/python3
"""Megabytes of text a second: spine-convert against gensim and numpy, one rank and two.

GLOVE.txt is repeated under new words until it has --rows rows (400,000 is the size of glove.6B).
spine-convert's time is that of the whole program, from its start to the finished HDF5 file;
gensim's (load_word2vec_format with no_header=True) and numpy's (loadtxt, on the first
--loadtxt-rows rows) that of the call alone, which writes nothing. Two ranks convert the whole
text; the yardstick, two runs of one rank side by side, converts half of it each; all under
mpirun, whose start they pay alike. 'start' is the seconds in which spine-convert does nothing but
start MPI and end. In turn, in rounds; the text is in the page cache."""
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


def write_text(source, target, num_rows):
    """The rows of source, again and again under new words."""
    with open(source, "rb") as file:
        rows = file.read().splitlines(keepends=True)
    if len(rows[0].split()) == 2:
        sys.exit("%s has a header; give GloVe's form, without one" % source)
    with open(target, "wb") as out:
        for i in range(num_rows):
            again, at = divmod(i, len(rows))
            word, rest = rows[at].split(b" ", 1)
            out.write(word + (b"~%d" % again if again else b"") + b" " + rest)


def write_part(source, target, first, end):
    with open(source, "rb") as file, open(target, "wb") as out:
        out.writelines(itertools.islice(file, first, end))


def timed_python(code, path):
    answer = subprocess.run([sys.executable, "-c", code, path], capture_output=True, text=True)
    if answer.returncode != 0:
        sys.exit(answer.stderr)
    return float(answer.stdout)


def main():
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("text", metavar="GLOVE.txt")
    parser.add_argument("--rows", type=int, default=400000, help="default: 400000")
    parser.add_argument("--loadtxt-rows", type=int, default=20000, help="default: 20000")
    parser.add_argument("--rounds", type=int, default=5, help="default: 5")
    parser.add_argument("--csv", metavar="FILE", help="write all measurements")
    options = parser.parse_args()
    source = harness.input_file(options.text)
    minutes = 1 + options.rounds * options.rows // 800000
    results = harness.Results("Conversion of %d rows" % options.rows,
                              "%d minutes for 100 columns" % minutes)
    unit = "MB/s"
    with harness.Scratch() as scratch:
        whole, small = scratch.file("whole.txt"), scratch.file("small.txt")
        halves = [scratch.file("half%d.txt" % i) for i in range(2)]
        write_text(source, whole, options.rows)
        write_part(whole, small, 0, options.loadtxt_rows)
        for i, half in enumerate(halves):
            write_part(whole, half, i * options.rows // 2, (i + 1) * options.rows // 2)
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

        version = [harness.program("spine-convert"), "--version"]
        for _ in range(options.rounds):
            results.add("one core", "ours: start", harness.run_side_by_side([version]), "s")
            results.add("one core", "ours, 1 rank", convert(whole), unit)
            results.add("one core", "gensim", size / timed_python(GENSIM, whole), unit)
            results.add("one core", "numpy.loadtxt", small_size / timed_python(LOADTXT, small),
                        unit)
            results.add("two cores", "ours, 2 ranks", convert(whole, ranks=2), unit)
            results.add("two cores", "two runs of 1 rank", convert(*halves, ranks=1), unit)
    results.ratio("one core", "ours, 1 rank", "gensim", 10)
    results.ratio("one core", "ours, 1 rank", "numpy.loadtxt")
    results.ratio("two cores", "ours, 2 ranks", "two runs of 1 rank", 0.85)
    results.show(options.csv)


if __name__ == "__main__":
    main()
