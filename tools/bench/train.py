#!/usr/bin/python3
"""Words per second at the end of a run, when the codes are sparse: spine-mpi against PyTorch.

On one core: one rank against one thread, by autograd and with the gradients written out by hand.
On two: two ranks against DistributedDataParallel on two processes (gloo), with the same global
batch, and PyTorch on two threads beside it. Each round runs all of them in turn. Ours trains from
the beginning, and its last third of epochs counts; PyTorch goes on from the model that ours ended
with, and all its epochs but the first count. Both use one OpenBLAS; the heading says if they do."""
import argparse

import harness


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("vectors", metavar="VECTORS.h5")
    parser.add_argument("--rounds", type=int, default=5, help="default: 5")
    parser.add_argument("--epochs", type=int, default=15, help="of ours; default: 15")
    parser.add_argument("--torch-epochs", type=int, default=4, help="default: 4")
    parser.add_argument("--hidden", type=int, default=1000, help="default: 1000")
    parser.add_argument("--batch-size", type=int, default=64, help="global; default: 64")
    parser.add_argument("--csv", metavar="FILE", help="write all measurements")
    options = parser.parse_args()
    settings = {"data.input": harness.input_file(options.vectors), "train.epochs": options.epochs,
                "model.hidden": options.hidden, "train.batch_size": options.batch_size}
    results = harness.Results("Training speed", "%d minutes for 17,000 x 300"
                              % (1 + options.rounds * 5 // 6), with_torch=True)
    counted = max(1, options.epochs // 3)
    speed, unit = "words_per_second", "words/s"
    with harness.Scratch() as scratch:
        harness.run_spine(scratch, "first", settings)  # PyTorch goes on from this one
        resumed = ["--from=" + scratch.file("first/model.h5")]
        later = {"train.epochs": options.torch_epochs, "train.schedule": "constant",
                 "train.warmup": 0, "train.learning_rate": 1e-5}

        def ours(what, ranks):
            records = harness.run_spine(scratch, "ours", settings, ranks)
            side = "ours, %d rank%s" % (ranks, "s" * (ranks > 1))
            results.add(what, side, harness.median_of_last(records, speed, counted), unit)
            for key, name in (("density", "active"), ("comm_share", "waiting")):
                share = harness.median_of_last(records, key, counted)
                results.add("shares", "%s: %s" % (side, name), share, "")

        def torch(what, side, arguments=(), **how):
            records = harness.run_torch(scratch, "torch", resumed + list(arguments), later, **how)
            counted = max(1, len(records) - 1)
            results.add(what, side, harness.median_of_last(records, speed, counted), unit)

        for _ in range(options.rounds):
            ours("one core", 1)
            torch("one core", "PyTorch, 1 thread")
            torch("one core", "PyTorch by hand", ["--backward=manual"])
            ours("two cores", 2)
            torch("two cores", "DDP, 2 processes", processes=2)
            torch("two cores", "PyTorch, 2 threads", threads=2)
    results.ratio("one core", "ours, 1 rank", "PyTorch, 1 thread", 5)
    results.ratio("one core", "ours, 1 rank", "PyTorch by hand")
    results.ratio("two cores", "ours, 2 ranks", "DDP, 2 processes", 8)
    results.ratio("two cores", "ours, 2 ranks", "PyTorch, 2 threads")
    results.show(options.csv)


if __name__ == "__main__":
    main()
