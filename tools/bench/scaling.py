#!/usr/bin/python3
"""Two ranks against what the machine's two cores can do.

Weak: a run of two ranks with 64 or 256 rows a rank, against two runs of one rank side by side at
the same moment, each with that many rows a batch, the same learning rate and half the epochs. So
every core takes as many steps of as many rows in both, and its codes become about as sparse; what
differs is the communication.
Strong: global batches of 64 and 512 rows on two ranks against one rank alone.
With --objective nnse, which has no batches: a run of two ranks against two runs of one rank side by
side, each of them on all rows.

Every run takes about --steps steps; the epochs of its last third count, but for the very last:
one of two runs side by side may have ended by then. In turn, in rounds. 'waiting' is
comm_share, the share of the time that rank 0 waits in communication. 'capacity' is how much more
the two runs do side by side than one of them alone does: 2 if nothing were shared, 1.3 where two
busy cores share a physical one."""
import argparse
import os

import harness


def main():
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("vectors", metavar="VECTORS.h5")
    parser.add_argument("--rounds", type=int, default=5, help="default: 5")
    parser.add_argument("--steps", type=int, default=2000, help="of a run; default: 2000")
    parser.add_argument("--hidden", type=int, default=1000, help="default: 1000")
    parser.add_argument("--words", type=int, default=17000,
                        help="use the first ones; default: 17000")
    parser.add_argument("--objective", choices=("spine", "nnse"), default="spine",
                        help="default: spine")
    parser.add_argument("--csv", metavar="FILE", help="write all measurements")
    options = parser.parse_args()
    is_nnse = options.objective == "nnse"
    vectors = harness.input_file(options.vectors)
    results = harness.Results("Scaling from one rank to two", "%d minutes for 17,000 x 300"
                              % (1 + options.rounds * options.steps // 1000))
    unit = "words/s"

    def settings(batch_size, rate_batch=64):
        epochs = max(6, round(options.steps * batch_size / options.words))
        return {"data.input": vectors, "data.limit": options.words, "model.hidden": options.hidden,
                "train.batch_size": batch_size, "train.epochs": epochs,
                "train.rate_batch": rate_batch}

    with harness.Scratch() as scratch:

        def late(name, key):
            records = harness.read_metrics(os.path.join(scratch.file(name), "metrics.jsonl"))
            return harness.median_of_last(records, key, max(1, len(records) // 3), skip=1)

        def add(what, side, names):
            results.add(what, side, sum(late(name, "words_per_second") for name in names), unit)
            results.add(what, side + ": active", late(names[0], "density"), "share")
            if len(names) == 1 and "2 ranks" in side:
                results.add(what, side + ": waiting", late(names[0], "comm_share"), "share")

        def compare(what, both, one):
            harness.run_spine(scratch, "both", both, ranks=2)
            add(what, "2 ranks", ["both"])
            harness.run_side_by_side([harness.spine_command(scratch, name, one)
                                      for name in ("left", "right")])
            add(what, "two runs of 1 rank", ["left", "right"])
            harness.run_spine(scratch, "alone", one)
            add(what, "one run alone", ["alone"])

        for _ in range(options.rounds):
            if is_nnse:
                whole = {"data.input": vectors, "data.limit": options.words,
                         "model.hidden": options.hidden, "model.objective": "nnse"}
                compare("all rows", whole, whole)
                continue
            for rows in (64, 256):
                what = "weak, %d rows each" % rows
                # The rate of half the batch.
                compare(what, settings(2 * rows, 128), settings(rows))
            for batch_size in (64, 512):
                what = "strong, batch %d" % batch_size
                for ranks in (2, 1):
                    harness.run_spine(scratch, "run", settings(batch_size), ranks)
                    add(what, "%d rank%s" % (ranks, "s" * (ranks > 1)), ["run"])
    targets = {"all rows": 0.85} if is_nnse else {"weak, 64 rows each": 0.6,
                                                  "weak, 256 rows each": 0.85}
    for what, target in targets.items():
        results.ratio(what, "2 ranks", "two runs of 1 rank", target)
        results.ratio(what, "two runs of 1 rank", "one run alone", text="capacity")
    for batch_size in () if is_nnse else (64, 512):
        results.ratio("strong, batch %d" % batch_size, "2 ranks", "1 rank")
    results.show(options.csv)


if __name__ == "__main__":
    main()
