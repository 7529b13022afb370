#!/usr/bin/python3
"""How soon does model.objective = nnse have a dictionary of a quality, beside scikit-learn's
MiniBatchDictionaryLearning and beside AdaGrad as in SPOWV? All on one core; seconds are processor time, so
that other work on the machine counts little.

The quality is the objective of all, |x - a W|^2 / 2 + lambda |a|_1, mean over all rows, with codes that
scikit-learn solves for. spine-mpi trains first, from start to files, and chooses lambda; the others begin
with the same atoms and learn until they are as good, or for --most times as long. Their time is that of
learning alone; spine-mpi's is given with and without that of a run of 0 epochs, which starts, reads,
finds a lambda, codes all rows and writes them.

SPOWV is Faruqui, Tsvetkov, Yogatama, Dyer, Smith: "Sparse overcomplete word vector representations", ACL
2015. Word by word, its step takes one gradient of the word's code, by AdaGrad with regularised dual
averaging, and one of the dictionary, by AdaGrad; both with the rate 0.05. Here codes are non-negative, and
atoms of length at most 1, as in the objective above, which replaces SPOWV's small ridge on the dictionary;
so atoms that a word doesn't use need no update, which saves most of the time."""
import argparse
import os
import resource
import subprocess
import time

for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ[name] = "1"

import h5py
import numpy as np
from sklearn.decomposition import MiniBatchDictionaryLearning, sparse_encode

import harness


def train(given, scratch, epochs):
    """A run's atoms, lambda, scaled input; and the seconds that it took."""
    run = scratch.file("epochs-%d" % epochs)
    config = scratch.file("empty.ini")
    open(config, "w").close()
    command = [harness.program("spine-mpi"), "--quiet", config,
               "data.input=" + harness.input_file(given.input), "data.limit=%d" % given.limit,
               "model.objective=nnse", "model.hidden=%d" % given.hidden, "model.l0=%g" % given.l0,
               "model.ridge=0", "train.refit=no", "train.epochs=%d" % epochs,
               "train.evaluate_every=0",
               "output.directory=" + run]
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run(command, check=True)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)

    with h5py.File(os.path.join(run, "model.h5"), "r") as file:
        atoms, penalty = file["W1"][:].astype(np.float64), -float(file["b1"][0])
        with h5py.File(given.input, "r") as vectors:
            x = vectors["vectors"][:given.limit].astype(np.float64)
        x = (x - file["input_mean"][:]) * float(file.attrs["input_scale"])
    return atoms, penalty, x, after.ru_utime - before.ru_utime


def quality(x, atoms, penalty):
    codes = sparse_encode(x, atoms, algorithm="lasso_cd", alpha=penalty, positive=True, max_iter=2000)
    squares = ((x - codes @ atoms) ** 2).sum() / 2
    return (squares + penalty * codes.sum()) / len(x), (codes > 0).sum() / len(x)


def scikit_learn(x, begun, penalty, given):
    """Atoms after each pass over the rows."""
    learner = MiniBatchDictionaryLearning(
        n_components=len(begun), alpha=penalty, fit_algorithm="cd", positive_code=True,
        dict_init=begun, batch_size=given.batch, random_state=1)
    random = np.random.RandomState(1)
    while True:
        order = random.permutation(len(x))
        for first in range(0, len(x), given.batch):
            learner.partial_fit(x[order[first:first + given.batch]])
        yield learner.components_


def adagrad(x, begun, penalty, given):
    """The same by SPOWV's steps. A gradient of |x - a W|^2 + 2 lambda |a|_1 is twice that of the
    objective, as published."""
    atoms, squares = begun.copy(), np.zeros(begun.shape)
    codes, sums, code_squares = np.zeros((3, len(x), len(begun)))
    random, passes = np.random.RandomState(1), 0
    while True:
        passes += 1
        for i in random.permutation(len(x)):
            used = np.flatnonzero(codes[i])
            code = codes[i, used]
            residual = x[i] - code @ atoms[used]
            gradient = -2 * (atoms @ residual)
            sums[i] += gradient
            code_squares[i] += gradient * gradient
            codes[i] = np.maximum(-sums[i] - passes * 2 * penalty, 0) * \
                given.rate / np.sqrt(code_squares[i] + 1e-12)
            if len(used) == 0:
                continue
            gradient = np.outer(-2 * code, residual)
            squares[used] += gradient * gradient
            moved = atoms[used] - given.rate * gradient / np.sqrt(squares[used] + 1e-12)
            lengths = np.sqrt((moved * moved).sum(1))
            atoms[used] = moved / np.maximum(lengths, 1)[:, None]
        yield atoms


def race(name, learner, x, penalty, wanted, most):
    """Learn until the quality is the wanted one; the seconds, and whether it is."""
    seconds, found, passes, measure = 0.0, np.inf, 0, 1
    while found > wanted and seconds < most:
        start = time.process_time()
        atoms = next(learner)
        seconds += time.process_time() - start
        passes += 1
        if passes < measure:
            continue
        found = quality(x, atoms, penalty)[0]
        measure = max(passes + 1, passes * 1.1)  # to measure takes longer than some passes
        print("%s: %d passes, %.2f s, objective %.4f" % (name, passes, seconds, found), flush=True)
    return seconds, found <= wanted


RIVALS = {"scikit-learn": scikit_learn, "adagrad": adagrad}


def main():
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("input", metavar="VECTORS.h5")
    parser.add_argument("--limit", type=int, default=2000, help="rows [2000]")
    parser.add_argument("--hidden", type=int, default=200, help="atoms [200]")
    parser.add_argument("--l0", type=float, default=12, help="values a word [12]")
    parser.add_argument("--epochs", type=int, default=5, help="of spine-mpi [5]")
    parser.add_argument("--batch", type=int, default=64, help="rows of scikit-learn's steps [64]")
    parser.add_argument("--rate", type=float, default=0.05, help="of AdaGrad [0.05]")
    parser.add_argument("--most", type=float, default=100, help="times as long as spine-mpi [100]")
    parser.add_argument("--rivals", nargs="+", choices=RIVALS, default=list(RIVALS), help="[all]")
    given = parser.parse_args()

    with harness.Scratch() as scratch:
        begun, _, _, rest = train(given, scratch, 0)
        atoms, penalty, x, ours = train(given, scratch, given.epochs)
    wanted, values = quality(x, atoms, penalty)
    print("spine-mpi: %.2f s, of which 0 epochs take %.2f s; objective %.4f, %.1f values a word; at "
          "the start %.4f" % (ours, rest, wanted, values, quality(x, begun, penalty)[0]), flush=True)

    for name in given.rivals:
        theirs, is_as_good = race(name, RIVALS[name](x, begun, penalty, given), x, penalty, wanted,
                                  given.most * ours)
        print("%s %s %.1f times as long; %.1f times without the time of 0 epochs"
              % (name, "took" if is_as_good else "isn't as good after", theirs / ours,
                 theirs / (ours - rest)), flush=True)


if __name__ == "__main__":
    main()
