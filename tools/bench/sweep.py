#!/usr/bin/python3
"""A sweep of 27 trials by spine-sweep, against what people do without it, and asha against a grid.

Throughput: two groups of one rank in one job, against two independent series of single runs side by
side, each of every other trial, one spine-mpi after the other. The series are spared what the sweep
does besides: it judges how readable every trial's codes are. By the clock, and by processor time,
which others at work on the machine disturb less.
asha: the best trial's objective over that of the grid, and how many times more epochs the grid
trains; for two objectives.

VECTORS.h5 is the sample of tests/data, converted. In turn, in rounds."""
import argparse
import csv
import json
import os
import resource
import shlex

import harness

EPOCHS = 27
PARAMETERS = {"model.hidden": ["100", "300", "500"], "train.noise": ["0.2", "0.4", "0.6"],
              "train.learning_rate": ["3e-4", "1e-3", "3e-3"]}
OBJECTIVES = {"explained_variance": "", "intrusion": "explained_variance >= 0.6"}


def processor_seconds():
    """Of all programs that have been run and have ended."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def write_config(scratch, name, vectors, method, objective):
    path = scratch.file(name + ".ini")
    with open(path, "w") as file:
        file.write("[data]\ninput = %s\n[model]\nobjective = spine\n[train]\nepochs = %d\nevaluate_every = 0\n"
                   "[sweep]\nmethod = %s\nobjective = maximize %s\ndirectory = %s\n"
                   % (vectors, EPOCHS, method, objective, scratch.file(name)))
        if OBJECTIVES[objective]:
            file.write("subject_to = %s\n" % OBJECTIVES[objective])
        if method == "asha":
            file.write("min_epochs = 3\nreduction = 3\n")
        for item in PARAMETERS.items():
            file.write("%s = %s\n" % (item[0], ", ".join(item[1])))
    return path


def sweep(scratch, name, vectors, method, objective):
    """Seconds, the best trial's objective, and the epochs trained in all."""
    config = write_config(scratch, name, vectors, method, objective)
    seconds = harness.run_side_by_side(
        [harness.as_ranks(2, [harness.program("spine-sweep"), "run", config])])
    directory = scratch.file(name)
    with open(os.path.join(directory, "summary.json")) as file:
        summary = json.load(file)
    best = summary["trials"][summary["best"]]["scores"][objective]
    epochs = sum(trial["epochs"] for trial in summary["trials"])
    return seconds, best, epochs


def best_of(scratch, name, objective):
    """The best objective within the limits in the table of a grid."""
    limit = float(OBJECTIVES[objective].split()[-1]) if OBJECTIVES[objective] else None
    with open(os.path.join(scratch.file(name), "summary.tsv"), newline="") as file:
        rows = list(csv.DictReader(file, delimiter="\t"))
    return max(float(row[objective]) for row in rows
               if limit is None or float(row["explained_variance"]) >= limit)


def series(scratch, vectors, plan, first):
    """Every second trial of the plan, one after the other; with a TMPDIR of its own, since Open MPI's
    session directories get in each other's way where many programs start."""
    temporary = scratch.file("tmp-%d" % first)
    os.makedirs(temporary, exist_ok=True)
    commands = ["export TMPDIR=" + shlex.quote(temporary)]
    for row in plan[first::2]:
        directory = scratch.file("single-%s" % row["trial"])
        words = [harness.program("spine-mpi"), "--quiet", scratch.file("base.ini"),
                 "output.directory=" + directory, "output.overwrite=yes"]
        words += ["%s=%s" % (name, row[name]) for name in PARAMETERS]
        commands.append(shlex.join(words))
    return ["sh", "-c", " && ".join(commands)]


def main():
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("vectors", metavar="VECTORS.h5")
    parser.add_argument("--rounds", type=int, default=3, help="default: 3")
    parser.add_argument("--csv", metavar="FILE", help="write all measurements")
    options = parser.parse_args()
    vectors = harness.input_file(options.vectors)
    results = harness.Results("A sweep of 27 trials", "%d minutes" % (2 * options.rounds))

    with harness.Scratch() as scratch:
        with open(scratch.file("base.ini"), "w") as file:
            file.write("[data]\ninput = %s\n[model]\nobjective = spine\n[train]\nepochs = %d\nevaluate_every = 0\n"
                       % (vectors, EPOCHS))
        combinations = [{"trial": i, "model.hidden": hidden, "train.noise": noise,
                         "train.learning_rate": rate}
                        for i, (hidden, noise, rate) in enumerate(
                            (h, n, r) for h in PARAMETERS["model.hidden"]
                            for n in PARAMETERS["train.noise"]
                            for r in PARAMETERS["train.learning_rate"])]
        for number in range(options.rounds):
            begun = processor_seconds()
            seconds = harness.run_side_by_side([series(scratch, vectors, combinations, first)
                                                for first in (0, 1)])
            results.add("throughput", "two series of single runs", 27 / seconds, "trials/s")
            between = processor_seconds()
            results.add("processor time", "two series of single runs", between - begun, "s")
            grid = "grid-%d" % number
            seconds, _, epochs = sweep(scratch, grid, vectors, "grid", "intrusion")
            results.add("throughput", "sweep, two groups", 27 / seconds, "trials/s")
            results.add("processor time", "sweep, two groups", processor_seconds() - between, "s")
            for objective in OBJECTIVES:
                what = "asha, " + objective
                _, found, few = sweep(scratch, "asha-%s-%d" % (objective, number), vectors, "asha",
                                      objective)
                results.add(what, "grid: best", best_of(scratch, grid, objective), "score")
                results.add(what, "asha: best", found, "score")
                results.add(what, "grid: epochs", epochs, "epochs")
                results.add(what, "asha: epochs", few, "epochs")
    results.ratio("throughput", "sweep, two groups", "two series of single runs", 0.9)
    results.ratio("processor time", "two series of single runs", "sweep, two groups", 0.9)
    for objective in OBJECTIVES:
        what = "asha, " + objective
        results.ratio(what, "asha: best", "grid: best", 0.99)
        results.ratio(what, "grid: epochs", "asha: epochs", 2.5)
    results.show(options.csv)


if __name__ == "__main__":
    main()
