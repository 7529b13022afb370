#!/usr/bin/env python3
"""An input of known sparse atoms, and the share of them that a run finds again.

    planted.py make OUTPUT.txt ATOMS.npy [--rows=N] [--dim=D] [--atoms=K] [--values=L] [--noise=S]
                                         [--seed=N]
    planted.py found ATOMS.npy RUN       a line of figures, or with --json an object

Each row of OUTPUT.txt, embedding text for spine-convert, is a sum of L of K random directions (on
average, each with the same chance) with weights from 0.5 to 1.5, plus normal noise of length S.
ATOMS.npy has the directions, of length 1. A run has found an atom if the row of W2 that is matched
with it, one to one for the greatest sum of cosines, has a cosine above .9."""
import argparse
import json
import os

import h5py
import numpy as np
import scipy.optimize

FOUND = 0.9


def to_unit(rows):
    lengths = np.linalg.norm(rows, axis=1, keepdims=True)
    return np.divide(rows, lengths, out=np.zeros_like(rows), where=lengths > 0)


def make(options):
    random = np.random.default_rng(options.seed)
    atoms = to_unit(random.normal(size=(options.atoms, options.dim)))
    active = random.random((options.rows, options.atoms)) < options.values / options.atoms
    codes = active * random.uniform(0.5, 1.5, active.shape)
    noise = random.normal(size=(options.rows, options.dim)) * options.noise / np.sqrt(options.dim)
    with open(options.output, "w", encoding="ascii") as file:
        for i, row in enumerate(codes @ atoms + noise):
            file.write("row%d %s\n" % (i, " ".join("%.6f" % value for value in row)))
    np.save(options.atoms_file, atoms)


def find(options):
    atoms = np.load(options.atoms_file)
    with h5py.File(os.path.join(options.run, "model.h5"), "r") as file:
        decoder = to_unit(file["W2"][:].astype(np.float64))
    if atoms.shape[1] != decoder.shape[1]:
        raise SystemExit("planted.py: the atoms have %d numbers, the rows of W2 %d"
                         % (atoms.shape[1], decoder.shape[1]))
    cosines = atoms @ decoder.T
    matched = cosines[scipy.optimize.linear_sum_assignment(-cosines)]
    # Atoms without a row of their own aren't found.
    figures = {"atoms": len(atoms), "units": len(decoder),
               "found": float((matched > FOUND).sum() / len(atoms)),
               "mean_cosine": float(matched.sum() / len(atoms))}
    print(json.dumps(figures) if options.json else
          "%(found).3f of %(atoms)d atoms found by %(units)d units, mean cosine %(mean_cosine).3f"
          % figures)


def main():
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    commands = parser.add_subparsers(required=True)
    maker = commands.add_parser("make")
    maker.add_argument("output")
    maker.add_argument("atoms_file")
    maker.add_argument("--rows", type=int, default=10000)
    maker.add_argument("--dim", type=int, default=50)
    maker.add_argument("--atoms", type=int, default=150)
    maker.add_argument("--values", type=float, default=4)
    maker.add_argument("--noise", type=float, default=0.1)
    maker.add_argument("--seed", type=int, default=1)
    maker.set_defaults(run_command=make)
    finder = commands.add_parser("found")
    finder.add_argument("atoms_file")
    finder.add_argument("run")
    finder.add_argument("--json", action="store_true")
    finder.set_defaults(run_command=find)
    options = parser.parse_args()
    options.run_command(options)


if __name__ == "__main__":
    main()
