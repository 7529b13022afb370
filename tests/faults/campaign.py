#!/usr/bin/python3
"""Inject faults into the programs, one a run, and judge what comes of each.

    campaign.py [--sample N] [--seed S] [--only SCENARIO,...] [--kinds KIND,...] [--jobs J]
                [--seconds T] [--results FILE]

A scenario is a command on one or two ranks. It is run once without a fault, to list its calls and to
know its outputs. Then it is run again and again, each time with another call failing on one rank:
with --sample N, a seeded choice of N; otherwise all of them. With --seconds T, none begins after T
seconds. FILE gets a line of JSON for each; what it has already, but for the wrong, hung and crashed
ones, isn't injected again, so that a campaign may be stopped and resumed. Each run is one of:

    clean      it ended with status 1 or 2 and one sentence, left nothing half-written, and the same
               command without a fault then gives the outputs of the run without one
    harmless   it ended with status 0 and the same outputs
    wrong      anything else that ended: status 0 with other outputs, a final name on a half-written
               file, no sentence, two of them, or the command that follows fails or differs
    hung       it did not end in time
    crashed    it ended by a signal

A run that failed and left the directory untouched, to the times of its files, needs no second
command. Prints a table by scenario and the wrong, hung and crashed runs. Exit status 0: there are none of
these; 1: there are. Needs SPINE_BIN (the programs) and SPINE_FAULTS (inject and nomemory.so), and
the environment in which mpirun works."""

import argparse
import concurrent.futures
import gzip
import hashlib
import json
import os
import random
import re
import shutil
import signal
import subprocess
import struct
import sys
import tempfile
import threading
import time
import zipfile

BIN = os.environ["SPINE_BIN"]
FAULTS = os.environ["SPINE_FAULTS"]
TIMEOUT = int(os.environ.get("SPINE_FAULTS_TIMEOUT", "60"))

STOPPING = threading.Event()  # a signal came: no more commands

CALLS = {"write": "w", "pwrite": "w", "writev": "w", "pwritev": "w", "ftruncate": "w",
         "fallocate": "w", "fsync": "s", "fdatasync": "s", "rename": "r", "renameat": "r",
         "renameat2": "r", "link": "r", "linkat": "r", "open": "o", "openat": "o", "creat": "o",
         "unlink": "u", "unlinkat": "u", "rmdir": "u", "mkdir": "m", "mkdirat": "m", "read": "R",
         "pread": "R", "readv": "R", "preadv": "R", "close": "c", "flock": "l", "fcntl": "l",
         "mmap": "M"}  # all others are "t"
CLASSES = "wsroumRlctM"

# Whose allocations fail. HDF5 doesn't survive all failures of its own, so that kind is for a look by
# hand: it isn't among those that run unless they are named.
CALLERS = {"memory": "spine,cjson,inih", "memory-hdf5": "hdf5"}
BY_HAND = ("memory-hdf5",)

# kind: classes of calls, errno, mode of inject, persistent
KINDS = {
    "no-space": ("wm", 28, "fail", False),
    "disk-full": ("wm", 28, "fail", True),
    "io-write": ("wsruc", 5, "fail", False),
    "io-read": ("oRt", 5, "fail", False),
    "stale": ("oRt", 116, "fail", False),
    "descriptors": ("o", 24, "fail", True),
    "locks": ("l", 37, "fail", False),
    "map": ("M", 12, "fail", False),
    "short": ("wR", 5, "short", False),
    "kill": ("wsroum", 0, "kill", False),
    "memory": ("", 12, "memory", False),
    "memory-hdf5": ("", 12, "memory-hdf5", False),
}

RUN_INI = """[data]
input = s.h5
[model]
objective = spine
hidden = 12
[train]
epochs = 4
batch_size = 20
evaluate_every = 2
checkpoint_every = 1
[output]
formats = h5ad, txt
tensorboard = yes
"""
SWEEP_INI = RUN_INI.replace("tensorboard = yes\n", "") + """[sweep]
method = grid
objective = maximize intrusion
model.hidden = 8, 12
train.noise = 0.2, 0.4
"""


# --- Running ----------------------------------------------------------------------------------


def processes_of(directory):
    """The processes at work there: ranks are in process groups of their own."""
    found = []
    for entry in os.listdir("/proc"):
        if entry.isdigit():
            try:
                if os.readlink(f"/proc/{entry}/cwd").startswith(directory):
                    found.append(int(entry))
            except OSError:
                pass
    return found


def describe_all(directory):
    """What the processes of a hung command wait for: "spine-sweep S fcntl_setlk"."""
    found = []
    for process in processes_of(directory):
        try:
            with open(f"/proc/{process}/stat", encoding="utf-8") as facts, \
                    open(f"/proc/{process}/wchan", encoding="utf-8") as place:
                name, state = re.search(r"\((.*)\) (\w)", facts.read()).groups()
                found.append(f"{name} {state} {place.read()}")
        except (OSError, AttributeError):
            pass
    return sorted(found)


def end_all(directory):
    """Kill what is left of a hung command."""
    for process in processes_of(directory):
        try:
            os.kill(process, signal.SIGKILL)
        except OSError:
            pass


def run(command, directory, extra=None):
    """(status, stdout, stderr); status None: it hung, and stderr ends with its processes."""
    if STOPPING.is_set():
        sys.exit("campaign.py: stopped")  # a thread's end
    environment = dict(os.environ, OMP_NUM_THREADS="1", LC_ALL="C", **(extra or {}))
    process = subprocess.Popen(command, cwd=directory, env=environment, stdin=subprocess.DEVNULL,
                               stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                               start_new_session=True)
    try:
        out, error = process.communicate(timeout=TIMEOUT)
        return process.returncode, out.decode("latin1"), error.decode("latin1")
    except subprocess.TimeoutExpired:
        left = describe_all(directory)
        os.killpg(process.pid, signal.SIGKILL)
        end_all(directory)
        try:
            out, error = process.communicate(timeout=10)
        except subprocess.TimeoutExpired:
            out = error = b""
        return None, out.decode("latin1"), error.decode("latin1") + "left: " + ", ".join(left)


def on_ranks(arguments, ranks, faulty, injector):
    """The command line: 'injector' comes before the program, on rank 'faulty' only."""
    if ranks == 1:
        return injector + arguments
    command = ["mpirun"]
    for rank in range(ranks):
        if rank > 0:
            command.append(":")
        command += ["-np", "1"] + (injector if rank == faulty else []) + arguments
    return command


# --- Scenarios --------------------------------------------------------------------------------


def program(name, *arguments):
    return [os.path.join(BIN, name), *arguments]


def write(directory, name, text):
    with open(os.path.join(directory, name), "w", encoding="utf-8") as file:
        file.write(text)


def make_text(directory):
    """60 words of 6 numbers, and every tenth a neighbour of the one before it."""
    numbers = random.Random(7)
    lines, vector = [], []
    for word in range(60):
        if word % 10 or not vector:
            vector = [numbers.gauss(0, 1) for _ in range(6)]
        lines.append(f"word{word} " + " ".join(f"{value:.4f}" for value in vector) + "\n")
    write(directory, "s.txt", "".join(lines))


def must(directory, *command):
    status, _, error = run(list(command), directory)
    if status != 0:
        sys.exit(f"campaign.py: {' '.join(command)}: status {status}: {error}")


def make_input(directory):
    make_text(directory)
    must(directory, *program("spine-convert", "s.txt", "s.h5"))
    write(directory, "run.ini", RUN_INI)
    write(directory, "sweep.ini", SWEEP_INI)


def make_stopped(directory):
    make_input(directory)
    must(directory, *program("spine-mpi", "run.ini", "train.stop_after=2"))


def make_done(directory):
    make_input(directory)
    must(directory, *program("spine-mpi", "run.ini"))


def make_shards(directory):
    make_input(directory)
    must(directory, "mpirun", "-np", "2", *program("spine-mpi", "run.ini", "output.merge=no"))


def make_started(directory):
    """A run to start from, and its words in other forms."""
    make_done(directory)
    os.rename(os.path.join(directory, "run"), os.path.join(directory, "first"))


def make_indexed(directory):
    make_done(directory)
    write(directory, "pairs.tsv", "".join(f"word{i}\tword{i + 1}\t{i % 10}\n" for i in range(20)))
    write(directory, "questions.txt", ": pairs\n" + "".join(
        f"word{i} word{i + 1} word{i + 2} word{i + 3}\n" for i in range(12)))
    write(directory, "texts.txt", "".join(f"__label__{i % 2} word{i} word{i + 7}\n" for i in range(40)))


def make_forms(directory):
    """The same vectors in the other forms that are read."""
    make_text(directory)
    with open(os.path.join(directory, "s.txt"), encoding="utf-8") as lines:
        rows = [line.split() for line in lines]
    write(directory, "words.txt", "".join(row[0] + "\n" for row in rows))
    write(directory, "s.csv.txt", f"{len(rows)} 6\n" + "".join(" ".join(row) + "\n" for row in rows))
    numbers = b"".join(struct.pack("<6f", *map(float, row[1:])) for row in rows)
    with open(os.path.join(directory, "s.bin"), "wb") as file:
        file.write(f"{len(rows)} 6\n".encode())
        for i, row in enumerate(rows):
            file.write(row[0].encode() + b" " + numbers[24 * i:24 * i + 24] + b"\n")
    header = f"{{'descr': '<f4', 'fortran_order': False, 'shape': ({len(rows)}, 6), }}"
    header += " " * (117 - len(header)) + "\n"
    with open(os.path.join(directory, "s.npy"), "wb") as file:
        file.write(b"\x93NUMPY\x01\x00" + struct.pack("<H", len(header)) + header.encode() + numbers)
    with zipfile.ZipFile(os.path.join(directory, "s.npz"), "w", zipfile.ZIP_DEFLATED) as archive:
        archive.write(os.path.join(directory, "s.npy"), "vectors.npy")
    described = json.dumps({"e": {"dtype": "F32", "shape": [len(rows), 6],
                                  "data_offsets": [0, len(numbers)]}}).encode()
    with open(os.path.join(directory, "s.safetensors"), "wb") as file:
        file.write(struct.pack("<Q", len(described)) + described + numbers)
    with gzip.open(os.path.join(directory, "s.txt.gz"), "wb") as file, \
            open(os.path.join(directory, "s.txt"), "rb") as text:
        file.write(text.read())


def make_half_swept(directory):
    """A sweep that was stopped after its first trials."""
    make_swept(directory)
    shutil.rmtree(os.path.join(directory, "sweep", "trials", "0003"))
    shutil.rmtree(os.path.join(directory, "sweep", "trials", "0002"))


def make_swept(directory):
    make_input(directory)
    must(directory, *program("spine-sweep", "run", "sweep.ini"))


TRAIN = program("spine-mpi", "run.ini")
CONVERT = program("spine-convert", "s.txt", "out.h5")
ALL_FORMS = [part for name in ("h5ad", "txt", "vec.gz", "bin", "npz", "mtx", "npy", "sparse.zst", "tsv")
             for part in ("-o", "out." + name)]
SWEEP = program("spine-sweep", "run", "sweep.ini")
# name: how its directory is made, the command, ranks, the rank with the fault
SCENARIOS = {
    "convert-1": (make_text, CONVERT, 1, 0),
    "convert-2-0": (make_text, CONVERT, 2, 0),
    "convert-2-1": (make_text, CONVERT, 2, 1),
    "train-1": (make_input, TRAIN, 1, 0),
    "train-2-0": (make_input, TRAIN, 2, 0),
    "train-2-1": (make_input, TRAIN, 2, 1),
    "resume-1": (make_stopped, TRAIN, 1, 0),
    "resume-2-0": (make_stopped, TRAIN, 2, 0),
    "resume-2-1": (make_stopped, TRAIN, 2, 1),
    "overwrite-1": (make_done, TRAIN + ["output.overwrite=yes", "train.seed=2"], 1, 0),
    "again-1": (make_done, TRAIN, 1, 0),
    "merge-1": (make_shards, program("spine-merge", "run", "-o", "out.h5ad", "-o", "out.txt"), 1, 0),
    "report-1": (make_done, program("spine-report", "run", "-o", "report.html"), 1, 0),
    "eval-1": (make_done, program("spine-eval", "s.h5", "run", "--json", "figures.json"), 1, 0),
    "top-1": (make_done, program("spine-top", "run", "--json", "word1"), 1, 0),
    "sweep-1": (make_input, SWEEP, 1, 0),
    "sweep-2-0": (make_input, SWEEP, 2, 0),
    "sweep-2-1": (make_input, SWEEP, 2, 1),
    "convert-binary-1": (make_forms, program("spine-convert", "s.bin", "out.h5"), 1, 0),
    "convert-npy-1": (make_forms, program("spine-convert", "--words=words.txt", "s.npy", "out.h5"),
                      1, 0),
    "convert-npz-1": (make_forms, program("spine-convert", "--words=words.txt", "s.npz", "out.h5"),
                      1, 0),
    "convert-tensors-1": (make_forms, program("spine-convert", "--words=words.txt",
                                              "s.safetensors", "out.h5"), 1, 0),
    "convert-gzip-1": (make_forms, program("spine-convert", "s.txt.gz", "out.h5"), 1, 0),
    "train-text-1": (make_input, TRAIN + ["data.input=s.txt", "data.cache=cache.h5"], 1, 0),
    "train-text-2-1": (make_input, TRAIN + ["data.input=s.txt", "data.cache=cache.h5"], 2, 1),
    "train-topk-1": (make_input, TRAIN + ["model.objective=topk", "model.k=3",
                                          "data.whiten=column", "data.clip=2",
                                          "train.learning_rate=0.02"], 1, 0),
    "train-batchtopk-1": (make_input, TRAIN + ["model.objective=batchtopk", "model.k=3",
                                               "train.refit=yes", "data.whiten=remove:1"], 1, 0),
    "train-ksparse-1": (make_input, TRAIN + ["model.objective=ksparse", "model.k=3",
                                             "model.first_k=6", "data.holdout=0.2"], 1, 0),
    "train-relu-2-1": (make_input, TRAIN + ["model.objective=relu", "train.revive_after=1"], 2, 1),
    "train-nnse-1": (make_input, TRAIN + ["model.objective=nnse", "model.l0=3"], 1, 0),
    "train-nnse-2-1": (make_input, TRAIN + ["model.objective=nnse", "model.l0=3"], 2, 1),
    "dry-run-nnse-2-1": (make_input, TRAIN + ["model.objective=nnse", "model.l0=3", "--dry-run"],
                         2, 1),
    "train-start-1": (make_started, TRAIN + ["train.start_from=first", "model.start=random"], 1, 0),
    "train-stream-1": (make_input, TRAIN + ["data.residency=stream"], 1, 0),
    "train-stream-2-1": (make_input, TRAIN + ["data.residency=stream"], 2, 1),
    "train-half-1": (make_input, TRAIN + ["data.dtype=bfloat16"], 1, 0),
    "train-grid-2-1": (make_input, TRAIN + ["parallel.grid=1x2"], 2, 1),
    "compat-1": (make_input, program("spine-compat", "--input=s.txt", "--output=out.txt", "--hdim=12",
                                     "--num_epochs=3", "--batch_size=20", "--denoising"), 1, 0),
    "dry-run-1": (make_input, TRAIN + ["--dry-run"], 1, 0),
    "run-status-1": (make_done, program("spine-mpi", "--status", "run"), 1, 0),
    "formats-1": (make_shards, program("spine-merge", "run", *ALL_FORMS), 1, 0),
    "model-1": (make_done, program("spine-merge", "run", "--model=model"), 1, 0),
    "encode-1": (make_done, program("spine-encode", "run", "s.txt", *ALL_FORMS[:8]), 1, 0),
    "encode-2-1": (make_done, program("spine-encode", "run", "s.txt", *ALL_FORMS[:8]), 2, 1),
    "words-1": (make_done, program("spine-encode", "run", "s.txt", "--words", "word1"), 1, 0),
    "tests-1": (make_indexed, program("spine-eval", "run", "s.h5", "--similarity=pairs.tsv",
                                      "--analogies=questions.txt", "--cross-validate=t=texts.txt",
                                      "--json=figures.json"), 1, 0),
    "questions-1": (make_indexed, program("spine-eval", "run", "s.h5", "--n=10",
                                          "--questionnaire=q.tsv"), 1, 0),
    "near-1": (make_done, program("spine-top", "run", "--near=word1"), 1, 0),
    "dump-1": (make_done, program("spine-top", "run", "--dump"), 1, 0),
    "sweep-again-1": (make_half_swept, SWEEP, 1, 0),
    "status-1": (make_swept, program("spine-sweep", "status", "sweep.ini"), 1, 0),
    "summary-1": (make_swept, program("spine-sweep", "summary", "sweep.ini"), 1, 0),
}


# --- What a run left --------------------------------------------------------------------------

TIMES = re.compile(rb'"(seconds|words_per_second|comm_share|written|time_left)":\s*[-0-9.e+]+')
COLUMNS_OF_TIMES = re.compile(rb'"(seconds|words_per_second|comm_share)":\[[^\]]*\]')
NONCES = re.compile(rb"[0-9a-f]{32}")
# Files that grow, or say who works at what: they may differ after a fault.
LIVE = re.compile(r"(^|/)(metrics\.jsonl|events\.out\.tfevents|trial\.json|[^/]*\.lock|\.[^/]*|ledger[^/]*)$")


def digest(path):
    """Of what must be the same again: without times. Of checkpoints and event files, the size."""
    name = os.path.basename(path)
    if name.startswith(("checkpoint", "events.out")):
        return f"{os.path.getsize(path)} bytes"
    with open(path, "rb") as file:
        data = file.read()
    if name.endswith((".json", ".jsonl", ".html")):
        data = COLUMNS_OF_TIMES.sub(b"", TIMES.sub(b"", data))
    if name.endswith(".html"):
        data = NONCES.sub(b"", data)
    return hashlib.md5(data).hexdigest()


def snapshot(directory):
    found = {}
    for base, _, names in os.walk(directory):
        for name in names:
            path = os.path.join(base, name)
            if not os.path.islink(path) and os.path.isfile(path):
                found[os.path.relpath(path, directory)] = digest(path)
    return found


def is_half(path):
    return any(end in os.path.basename(path) for end in (".part", ".spool", ".member", ".input.h5"))


class Scenario:
    """A scenario, its template directory, and what its command does without a fault."""

    def __init__(self, name, scratch):
        make, self.command, self.ranks, self.faulty = SCENARIOS[name]
        self.name, self.scratch = name, scratch
        self.template = os.path.join(scratch, make.__name__)
        self.before = snapshot(self.template)
        self.calls = []
        self.allocations = {}
        self.reference, self.output = self.list_calls()

    def directory(self, suffix):
        path = os.path.join(self.scratch, f"{self.name}-{suffix}")
        shutil.rmtree(path, ignore_errors=True)
        shutil.copytree(self.template, path)
        return path

    def list_calls(self):
        directory = self.directory("reference")
        log = directory + ".log"
        injector = [os.path.join(FAULTS, "inject"), "-p", directory, "-c", CLASSES, "-l", log]
        status, out, error = run(on_ranks(self.command, self.ranks, self.faulty, injector), directory)
        if status != 0:
            sys.exit(f"campaign.py: {self.name}: status {status} without a fault: {error}")
        with open(log, encoding="utf-8", errors="replace") as lines:
            for line in lines:
                _, call, path = line.rstrip("\n").split(" ", 2)
                self.calls.append((call, CALLS.get(call, "t"), os.path.relpath(path, directory)))
        os.unlink(log)
        reference = snapshot(directory)
        shutil.rmtree(directory)
        for kind, callers in CALLERS.items():
            directory = self.directory("reference")
            log = directory + ".log"
            run(on_ranks(self.command, self.ranks, self.faulty, no_memory(0, callers, log)), directory)
            with open(log, encoding="utf-8") as lines:
                totals = [int(line.split()[1]) for line in lines if line.startswith("total")]
            self.allocations[kind] = max(totals, default=0)
            os.unlink(log)
            shutil.rmtree(directory)
        return reference, out

    def faults(self, kind):
        """(number, what) of all that can be injected."""
        classes = KINDS[kind][0]
        if kind.startswith("memory"):
            return [(number, "allocation") for number in range(1, self.allocations[kind] + 1)]
        hit = [call for call in self.calls if call[1] in classes]
        return [(number, f"{call} {path}") for number, (call, _, path) in enumerate(hit, 1)]


def make_scenarios(names, scratch, jobs):
    """First the directories, some of which several scenarios begin with, then the scenarios."""
    makes = sorted({SCENARIOS[name][0] for name in names}, key=lambda make: make.__name__)
    for make in makes:
        os.makedirs(os.path.join(scratch, make.__name__))
    with concurrent.futures.ThreadPoolExecutor(jobs) as pool:
        list(pool.map(lambda make: make(os.path.join(scratch, make.__name__)), makes))
        return list(pool.map(lambda name: Scenario(name, scratch), names))


def no_memory(number, callers, log):
    library = os.path.join(FAULTS, "nomemory.so")
    return ["env", f"LD_PRELOAD={library}", f"NOMEMORY_N={number}", f"NOMEMORY_CALLERS={callers}",
            "NOMEMORY_EXE=spine-", f"NOMEMORY_LOG={log}"]


def injector_of(kind, number, directory, log):
    classes, error, mode, persist = KINDS[kind]
    if mode.startswith("memory"):
        return no_memory(number, CALLERS[mode], log)
    return [os.path.join(FAULTS, "inject"), "-p", directory, "-c", classes, "-n", str(number), "-e",
            str(error), "-m", mode, "-l", log] + (["-P"] if persist else [])


# --- Judging ----------------------------------------------------------------------------------

SENTENCE = re.compile(r"^spine-[a-z]+(: trial \d+)?: ")


def stamps(directory):
    """What shows that a file was changed, made or removed."""
    found = {}
    for base, directories, names in os.walk(directory):
        for name in directories:
            found[os.path.relpath(os.path.join(base, name), directory)] = "directory"
        for name in names:
            path = os.path.join(base, name)
            state = os.lstat(path)
            found[os.path.relpath(path, directory)] = (state.st_size, state.st_mtime_ns)
    return found


def differing(reference, found):
    return [path for path, value in reference.items()
            if not LIVE.search(path) and found.get(path) != value]


def is_partial_summary(scenario, status, path):
    """A sweep whose trial has failed sums up the others, and ends with status 1."""
    return scenario.name.startswith("sweep") and status == 1 and "/summary." in path


def judge_files(scenario, status, kind, after):
    """What is wrong with the files that a failed run left."""
    wrong = []
    for path, value in after.items():
        if value == scenario.before.get(re.sub(r"/replaced(-\d+)?/", "/", path)):
            continue  # set aside
        if is_half(path):
            if kind != "kill" and status != 0:
                wrong.append(f"left {path}")
        elif is_partial_summary(scenario, status, path) or LIVE.search(path) or value in (scenario.before.get(path), scenario.reference.get(path)):
            continue
        elif not os.path.basename(path).startswith("checkpoint") and not path.startswith("."):
            wrong.append(f"{path} is neither the old one nor the new one")
    return wrong


def judge_again(scenario, directory, untouched):
    """The same command once more, without a fault, must give what it gives without one; with --retry,
    which takes up a sweep's failed trials."""
    if stamps(directory) == untouched:
        return []
    command = list(scenario.command)
    if scenario.name.startswith("sweep"):
        command.insert(2, "--retry")
    status, _, error = run(on_ranks(command, scenario.ranks, scenario.faulty, []), directory)
    if status != 0:
        return [f"the command that follows ends with {status}: {error.strip()[-300:]}"]
    after = snapshot(directory)
    wrong = [f"after the command that follows, {path} differs"
             for path in differing(scenario.reference, after)]
    wrong += [f"the command that follows left {path}" for path in after if is_half(path)]
    if "damaged" in error:
        wrong.append(f"the command that follows calls something damaged: {error.strip()[-300:]}")
    return wrong


def read_log(log, directory, kind, what):
    """(whether a call was hit, which): in a sweep on two ranks the n-th call isn't always the same."""
    if not os.path.exists(log):
        return False, what
    with open(log, encoding="utf-8", errors="replace") as lines:
        text = lines.read()
    if kind.startswith("memory"):
        return "hit" in text, what
    fields = text.rstrip("\n").split(" ", 2)
    return True, f"{fields[1]} {os.path.relpath(fields[2], directory)}" if len(fields) == 3 else what


def inject(scenario, kind, number, what):
    directory = scenario.directory(f"{kind}-{number}")
    log = directory + ".log"
    injector = injector_of(kind, number, directory, log)
    untouched = stamps(directory)
    began = time.monotonic()
    status, out, error = run(on_ranks(scenario.command, scenario.ranks, scenario.faulty, injector),
                             directory)
    took = time.monotonic() - began
    hit, what = read_log(log, directory, kind, what)
    said = [line for line in error.split("\n") if SENTENCE.match(line) and "warning" not in line]
    after = snapshot(directory)

    wrong = []
    killed = KINDS[kind][2] == "kill"
    if status is None:
        verdict, wrong = "hung", [error.strip()[-600:]]
    elif status == 0:
        wrong += [f"status 0, but {path} differs" for path in differing(scenario.reference, after)]
        if out != scenario.output and not scenario.name.startswith(("train", "resume", "sweep",
                                                                    "convert", "status", "dry-run")):
            wrong.append("status 0, but its output differs")
        verdict = "wrong" if wrong else "harmless"
    elif killed:
        wrong += judge_files(scenario, status, kind, after) + judge_again(scenario, directory, untouched)
        verdict = "wrong" if wrong else "clean"
    elif status < 0 or status >= 128:
        verdict = "crashed"
    else:
        if status not in (1, 2):
            wrong.append(f"status {status}")
        if len(said) != 1 and not scenario.name.startswith("sweep"):
            wrong.append(f"{len(said)} sentences: {error.strip()[-300:]}")
        if any("Success" in line for line in said):
            wrong.append("says Success")
        wrong += judge_files(scenario, status, kind, after) + judge_again(scenario, directory, untouched)
        verdict = "wrong" if wrong else "clean"
    if KINDS[kind][2] == "short" and status != 0 and verdict == "clean":
        verdict, wrong = "wrong", ["a short transfer is no error"]
    shutil.rmtree(directory, ignore_errors=True)
    if os.path.exists(log):
        os.unlink(log)
    return {"scenario": scenario.name, "kind": kind, "number": number, "what": what, "hit": hit,
            "verdict": verdict, "status": status, "seconds": round(took, 2), "wrong": wrong,
            "said": said[:3]}


# --- The campaign -----------------------------------------------------------------------------

VERDICTS = ("clean", "harmless", "wrong", "hung", "crashed")


def print_table(results):
    rows = {}
    for result in results:
        row = rows.setdefault(result["scenario"], dict.fromkeys(("injected",) + VERDICTS, 0))
        row["injected"] += 1
        row[result["verdict"]] += 1
    total = dict.fromkeys(("injected",) + VERDICTS, 0)
    print("| scenario | injected | " + " | ".join(VERDICTS) + " |")
    print("|---|" + "---|" * (len(VERDICTS) + 1))
    for name, row in rows.items():
        print(f"| {name} | " + " | ".join(str(value) for value in row.values()) + " |")
        for key, value in row.items():
            total[key] += value
    print("| all | " + " | ".join(str(value) for value in total.values()) + " |")


def choose(scenarios, kinds, sample, seed):
    """The faults to inject, each (scenario, kind, number, what), in turn of scenarios and kinds."""
    every = [(scenario, kind, number, what) for scenario in scenarios for kind in kinds
             for number, what in scenario.faults(kind)]
    sample = len(every) if sample is None else min(sample, len(every))
    # The same share of each scenario and kind, however many calls it has.
    generator = random.Random(seed)
    groups = {}
    for fault in every:
        groups.setdefault((fault[0].name, fault[1]), []).append(fault)
    chosen = []
    order = sorted(groups)
    generator.shuffle(order)
    for group in groups.values():
        generator.shuffle(group)
    while len(chosen) < sample:
        for key in order:
            if groups[key] and len(chosen) < sample:
                chosen.append(groups[key].pop())
    return chosen


def read_results(path):
    """Of a campaign that was stopped: those that needn't be injected again."""
    if path is None or not os.path.exists(path):
        return []
    with open(path, encoding="utf-8") as lines:
        results = [json.loads(line) for line in lines]
    return [result for result in results if result["verdict"] in ("clean", "harmless")]


def inject_all(faults, options, scratch, results):
    end = None if options.seconds is None else time.monotonic() + options.seconds

    def one(fault):
        return None if end is not None and time.monotonic() > end else inject(*fault)

    with concurrent.futures.ThreadPoolExecutor(options.jobs) as pool, \
            open(options.results or os.devnull, "a", encoding="utf-8") as out:
        try:
            for done in concurrent.futures.as_completed([pool.submit(one, fault) for fault in faults]):
                if done.result() is not None:
                    results.append(done.result())
                    out.write(json.dumps(done.result()) + "\n")
                    out.flush()
        except BaseException:  # a signal: nothing more begins, and what runs is ended
            STOPPING.set()
            pool.shutdown(wait=False, cancel_futures=True)
            end_all(scratch)
            raise


def end_on_signals():
    """So that SIGTERM, too, removes the scratch directory: it raises SystemExit."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))
    signal.signal(signal.SIGHUP, lambda *_: sys.exit(128 + signal.SIGHUP))


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("--sample", type=int, metavar="N")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--only", default=",".join(SCENARIOS))
    parser.add_argument("--kinds", default=",".join(kind for kind in KINDS if kind not in BY_HAND))
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--seconds", type=float, metavar="T")
    parser.add_argument("--results", metavar="FILE")
    parser.add_argument("--list", action="store_true", help="count what could be injected")
    options = parser.parse_args()

    end_on_signals()
    memory = "/dev/shm" if os.access("/dev/shm", os.W_OK) else None
    scratch = tempfile.mkdtemp(prefix="spine-faults-", dir=memory)
    try:
        scenarios = make_scenarios(options.only.split(","), scratch, options.jobs)
        faults = choose(scenarios, options.kinds.split(","), options.sample, options.seed)
        if options.list:
            for scenario in scenarios:
                counts = {kind: len(scenario.faults(kind)) for kind in options.kinds.split(",")}
                print(scenario.name, sum(counts.values()), json.dumps(counts))
            print(len(faults))
            return 0
        results = read_results(options.results)
        have = {(result["scenario"], result["kind"], result["number"]) for result in results}
        faults = [fault for fault in faults if (fault[0].name, *fault[1:3]) not in have]
        inject_all(faults, options, scratch, results)
    finally:
        shutil.rmtree(scratch, ignore_errors=True)

    bad = [result for result in results if result["verdict"] in ("wrong", "hung", "crashed")]
    for result in bad:
        print(f"{result['verdict']}: {result['scenario']}: {result['kind']} {result['number']} "
              f"({result['what']}): status {result['status']}: {'; '.join(result['wrong'])[:600]} "
              f"{' / '.join(result['said'])[:300]}")
    print_table(results)
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
