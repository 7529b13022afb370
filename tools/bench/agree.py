#!/usr/bin/python3
"""Does torch_spine.py train what spine-mpi trains? Both, on the same settings and other random
numbers, must have the same losses after 5 epochs, to 2 %: with SGD, Adam, and two processes."""
import argparse
import sys

import harness

CASES = (
    ("SGD", {"train.optimizer": "sgd", "train.learning_rate": 5}, []),
    ("Adam", {"train.optimizer": "adam"}, []),
    ("Adam, gradients by hand", {"train.optimizer": "adam"}, ["--backward=manual"]),
    ("Adam, 2 processes", {"train.optimizer": "adam"}, ["--processes=2"]),
    ("batch 256, 2 processes", {"train.batch_size": 256}, ["--processes=2"]),
)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("vectors", metavar="VECTORS.h5")
    parser.add_argument("--epochs", type=int, default=5, help="default: 5")
    options = parser.parse_args()
    vectors = harness.input_file(options.vectors)
    print("5 cases of %d epochs; takes about a minute\n" % options.epochs, flush=True)
    rows = [("case", "", "ours: total", "rl", "psl", "PyTorch: total", "rl", "psl", "difference")]
    worst = 0
    with harness.Scratch() as scratch:
        for name, settings, arguments in CASES:
            settings = {**settings, "data.input": vectors, "train.epochs": options.epochs}
            ours = harness.run_spine(scratch, "ours", settings)[-1]
            theirs = harness.run_torch(scratch, "theirs", arguments, settings)[-1]
            difference = theirs["total"] / ours["total"] - 1
            worst = max(worst, abs(difference))
            numbers = ["%.5f" % side[key] for side in (ours, theirs)
                       for key in ("total", "rl", "psl")]
            rows.append((name, "", *numbers, "%+.2f %%" % (100 * difference)))
    harness.print_table(rows)
    if worst > 0.02:
        sys.exit("they do not train the same")


if __name__ == "__main__":
    main()
