#!/usr/bin/python3
"""How soon does model.objective = nnse have a dictionary of a quality, beside scikit-learn's
MiniBatchDictionaryLearning? Both on one core; seconds are processor time, so that other work on the
machine counts little.

The quality is the objective of both, |x - a W|^2 / 2 + lambda |a|_1, mean over all rows, with codes that
scikit-learn solves for. spine-mpi trains first, from start to files, and chooses lambda; scikit-learn begins
with the same atoms and learns until it is as good, or for --most times as long. Its time is that of
partial_fit alone; spine-mpi's is given with and without that of a run of 0 epochs, which starts, reads,
finds a lambda, codes all rows and writes them."""
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


def main():
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("input", metavar="VECTORS.h5")
    parser.add_argument("--limit", type=int, default=2000, help="rows [2000]")
    parser.add_argument("--hidden", type=int, default=200, help="atoms [200]")
    parser.add_argument("--l0", type=float, default=12, help="values a word [12]")
    parser.add_argument("--epochs", type=int, default=8, help="of spine-mpi [8]")
    parser.add_argument("--batch", type=int, default=64, help="rows of scikit-learn's steps [64]")
    parser.add_argument("--most", type=float, default=100, help="times as long as spine-mpi [100]")
    given = parser.parse_args()

    with harness.Scratch() as scratch:
        begun, _, _, rest = train(given, scratch, 0)
        atoms, penalty, x, ours = train(given, scratch, given.epochs)
    wanted, values = quality(x, atoms, penalty)
    print("spine-mpi: %.2f s, of which 0 epochs take %.2f s; objective %.4f, %.1f values a word; at "
          "the start %.4f" % (ours, rest, wanted, values, quality(x, begun, penalty)[0]), flush=True)

    learner = MiniBatchDictionaryLearning(
        n_components=given.hidden, alpha=penalty, fit_algorithm="cd", positive_code=True,
        dict_init=begun, batch_size=given.batch, random_state=1)
    random, theirs, found, passes = np.random.RandomState(1), 0.0, np.inf, 0
    while found > wanted and theirs < given.most * ours:
        order = random.permutation(len(x))
        start = time.process_time()
        for first in range(0, len(x), given.batch):
            learner.partial_fit(x[order[first:first + given.batch]])
        theirs += time.process_time() - start
        found, passes = quality(x, learner.components_, penalty)[0], passes + 1
        print("scikit-learn: %d passes, %.2f s, objective %.4f" % (passes, theirs, found), flush=True)
    print("%s %.1f times as long; %.1f times without the time of 0 epochs"
          % ("took" if found <= wanted else "isn't as good after", theirs / ours,
             theirs / (ours - rest)))


if __name__ == "__main__":
    main()
