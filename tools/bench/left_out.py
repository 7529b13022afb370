#!/usr/bin/python3
"""Codes of words that weren't trained on beside those of words that were, as a Markdown table: those of
"New words" in tools/doc/evaluation.md are `left_out.py glove.6B.100d.17k.txt.gz`, for SPINE with
`model.objective=spine`.

Leaves NUMBER words out, drawn at random, trains on the others with the defaults and OPTIONs,
encodes the left-out words with spine-encode, and as many drawn from those that were trained on, and
measures both in the space of all vectors. Any form that spine-convert reads will do."""
import argparse
import json
import os
import subprocess
import sys
import tempfile

import h5py
import numpy as np

import harness

sys.path.insert(0, os.path.join(harness.HERE, "..", "python"))
import spine

ROWS = [("values a word", "sparsity", "values a word", "{:.1f}"),
        ("word intrusion found, %", "interpretability", "intrusion", "{:.1%}"),
        ("coherence of top 4 words", "interpretability", "coherence", "{:.3f}"),
        ("DistRatio", "interpretability", "DistRatio", "{:.2f}")]


def call(*command):
    subprocess.run([harness.program(command[0]), *command[1:]], check=True,
                   stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)


def write(path, vectors, words):
    with h5py.File(path, "w") as file:
        file["vectors"] = vectors
        file.create_dataset("words", data=words, dtype=h5py.string_dtype())


def figure(measure, form):
    """A value, with its interval where it has one."""
    text = form.format(measure["value"])
    if measure.get("low") is not None:
        text += " ({} to {})".format(form.format(measure["low"]), form.format(measure["high"]))
    return text.replace("%", "")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("vectors")
    parser.add_argument("option", nargs="*", help="of the run, such as train.epochs=20")
    parser.add_argument("--number", type=int, default=3000, help="words to leave out [3000]")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--ranks", default="2")
    given = parser.parse_args()

    with tempfile.TemporaryDirectory() as scratch:
        source = os.path.join(scratch, "all.h5")
        call("spine-convert", given.vectors, source)
        with h5py.File(source) as file:
            vectors, words = file["vectors"][:], file["words"][:]
        order = np.random.default_rng(given.seed).permutation(len(words))
        left, kept = np.sort(order[:given.number]), np.sort(order[given.number:])
        sample = np.sort(order[given.number:2 * given.number])
        for name, rows in ("left", left), ("kept", kept), ("sample", sample):
            write(os.path.join(scratch, f"{name}.h5"), vectors[rows], words[rows])

        run = os.path.join(scratch, "run")
        with open(os.path.join(scratch, "run.ini"), "w") as file:
            print(f"[data]\ninput = {scratch}/kept.h5\n[output]\ndirectory = {run}",
                  file=file)
        subprocess.run(["mpirun", "-np", given.ranks, harness.program("spine-mpi"),
                        "--quiet", os.path.join(scratch, "run.ini"), *given.option], check=True)
        for name in "left", "sample":
            call("spine-encode", run, f"{scratch}/{name}.h5", "-o", f"{scratch}/{name}.h5ad")
        call("spine-eval", f"--space={source}", f"--json={scratch}/figures.json",
             f"{scratch}/left.h5ad", f"{scratch}/sample.h5ad", run)

        model = spine.load(run)
        mean = vectors[kept].mean(0)
        explained = []
        for rows in left, sample, kept:
            x = vectors[rows]
            lost = ((x - model.decode(model.encode(x))) ** 2).sum()
            explained.append(1 - lost / ((x - mean) ** 2).sum())
        files = [{(m["group"], m["name"]): m for m in file["measures"]}
                 for file in json.load(open(f"{scratch}/figures.json"))["files"]]

    print(f"| | {given.number:,} left out | {given.number:,} trained on | all {len(kept):,} trained on |")
    print("| --- | --- | --- | --- |")
    print("| explained variance, % |", " | ".join(f"{100 * value:.1f}" for value in explained), "|")
    for title, group, name, form in ROWS:
        print(f"| {title} |", " | ".join(figure(file[group, name], form) for file in files), "|")


main()
