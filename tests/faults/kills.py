#!/usr/bin/python3
"""Kill the programs, start them again on other numbers of ranks, and judge what comes of it.

    kills.py N [--seed S] [--only PROGRAM,...] [--jobs J] [--seconds T]

A story is a command that is killed again and again, each time on another number of ranks, until it
has been killed six times or ends by itself; then it runs to its end. SIGKILL hits one of

    all        mpirun and all ranks, at a random moment
    mpirun     mpirun alone; its ranks must end by themselves
    rank       one rank; mpirun must end the others, and with a status that isn't 0
    call       one rank, at the n-th of its calls that write, sync, rename, open or remove

until N were killed. What must hold at the end of a story: the outputs are those of a command that was
never killed, to the byte; nothing half-written is left. And after each kill: no output is half there
under its final name, a training resumes from the newest checkpoint that it had, a sweep trains no trial
again that was finished. Prints a table, and what is left in the directories for temporary files: Open
MPI's own, where mpirun was killed. Exit status 0: all of it held. Needs SPINE_BIN, SPINE_FAULTS and
mpirun, as campaign.py does."""

import argparse
import collections
import concurrent.futures
import glob
import json
import os
import random
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time

import campaign
from campaign import program, write

MOST_KILLS = 6  # of a story
MOST_RANKS = 4
PATIENCE = 120  # seconds for ranks to notice that mpirun is gone
CALLS = "wsroum"
STEPS = {"train": 10, "nnse": 1}  # of an epoch: of SPINE, 600 words in batches of 60

RUN_INI = """[data]
input = s.h5
[model]
objective = spine
hidden = 60
[train]
epochs = 15
batch_size = 60
learning_rate = 0.005
evaluate_every = 7
checkpoint_every = 1
[output]
formats = h5ad, txt
"""
NNSE_INI = """[data]
input = s.h5
[model]
objective = nnse
hidden = 60
l0 = 8
[train]
epochs = 15
evaluate_every = 7
checkpoint_every = 1
[output]
formats = h5ad, txt
"""
SWEEP_INI = RUN_INI.replace("epochs = 15", "epochs = 6") + """[sweep]
method = grid
objective = maximize intrusion
model.hidden = 20, 40
train.noise = 0.1, 0.2, 0.4
"""

# --- What is killed ---------------------------------------------------------------------------


def make_text(directory):
    numbers = random.Random(11)
    lines = []
    for word in range(600):
        near = numbers.gauss(0, 1) if word % 10 == 0 or not lines else near
        vector = " ".join(f"{near + numbers.gauss(0, 1):.4f}" for _ in range(20))
        lines.append(f"word{word} {vector}\n")
    write(directory, "s.txt", "".join(lines))


def make_input(directory):
    make_text(directory)
    campaign.must(directory, *program("spine-convert", "s.txt", "s.h5"))
    write(directory, "run.ini", RUN_INI)
    write(directory, "nnse.ini", NNSE_INI)
    write(directory, "sweep.ini", SWEEP_INI)


def make_run(directory):
    make_input(directory)
    campaign.must(directory, *program("spine-mpi", "run.ini"))


def make_shards(directory):
    make_input(directory)
    campaign.must(directory, "mpirun", "-np", "3", *program("spine-mpi", "run.ini", "output.merge=no"))


FORMS = ["-o", "out.h5ad", "-o", "out.txt", "-o", "out.npz", "-o", "out.vec.gz"]
Program = collections.namedtuple("Program", "make command outputs most_ranks")
PROGRAMS = {
    "train": Program(make_input, program("spine-mpi", "run.ini"), "run/codes.*", MOST_RANKS),
    "nnse": Program(make_input, program("spine-mpi", "nnse.ini"), "run/codes.*", MOST_RANKS),
    "convert": Program(make_text, program("spine-convert", "s.txt", "out.h5"), "out.*", MOST_RANKS),
    "merge": Program(make_shards, program("spine-merge", "run", *FORMS), "out.*", 1),
    "encode": Program(make_run, program("spine-encode", "run", "s.txt", *FORMS), "out.*", MOST_RANKS),
    "sweep": Program(make_input, program("spine-sweep", "run", "sweep.ini"),
                     "sweep/trials/*/codes.*", MOST_RANKS),
}


def outputs(directory, pattern):
    """{path: bytes} of what a program made for people, without the times in it."""
    found = {}
    for path in [path for one in (pattern, "sweep/summary.tsv")
                 for path in glob.glob(os.path.join(directory, one))]:
        if campaign.is_half(path):
            continue
        with open(path, "rb") as file:
            found[os.path.relpath(path, directory)] = file.read()
    return found


class Failure(Exception):
    """What must hold doesn't."""


class Reference:
    """A command that isn't killed: its outputs, its calls and how long it takes."""

    def __init__(self, name, scratch):
        self.name, self.program = name, PROGRAMS[name]
        self.template = os.path.join(scratch, name + "-template")
        os.makedirs(self.template)
        self.program.make(self.template)
        directory = os.path.join(scratch, name + "-reference")
        shutil.copytree(self.template, directory)
        log = directory + ".log"
        injector = [os.path.join(campaign.FAULTS, "inject"), "-p", directory, "-c", CALLS, "-l", log]
        began = time.monotonic()
        campaign.must(directory, *campaign.on_ranks(self.program.command, 1, 0, injector))
        self.seconds = time.monotonic() - began
        with open(log, encoding="utf-8", errors="replace") as lines:
            self.calls = len(list(lines))
        self.outputs = outputs(directory, self.program.outputs)
        if not self.outputs:
            sys.exit(f"kills.py: {name} made nothing")


# --- Processes --------------------------------------------------------------------------------


def members(session):
    """The processes of a session that live: mpirun gives each rank a process group of its own."""
    found = []
    for entry in filter(str.isdigit, os.listdir("/proc")):
        try:
            with open(f"/proc/{entry}/stat", encoding="latin1") as file:
                state, _, _, its = file.read().rsplit(")", 1)[1].split()[:4]
        except OSError:
            continue
        if int(its) == session and state not in "ZX":
            found.append(int(entry))
    return found


def kill(pid):
    try:
        os.kill(pid, signal.SIGKILL)
    except ProcessLookupError:
        pass


def wait_for_all(session, seconds, what):
    end = time.monotonic() + seconds
    while members(session):
        if time.monotonic() > end:
            for pid in members(session):
                kill(pid)
            raise Failure(what)
        time.sleep(0.02)


def kill_all(process):
    while members(process.pid):
        for pid in members(process.pid):
            kill(pid)
        time.sleep(0.01)
    process.wait()


def kill_mpirun(process):
    kill(process.pid)
    process.wait()
    wait_for_all(process.pid, PATIENCE, "ranks outlive mpirun")


def kill_rank(process, generator):
    """True if all ranks ended, but mpirun didn't: Open MPI 4.1 may wait for itself for ever."""
    ranks = [pid for pid in members(process.pid) if pid != process.pid]
    if not ranks:
        kill_all(process)
        return False
    kill(generator.choice(ranks))
    try:
        status = process.wait(PATIENCE)
    except subprocess.TimeoutExpired:
        is_alone = members(process.pid) == [process.pid]
        kill_all(process)
        if is_alone:
            return True
        raise Failure("a killed rank leaves the others hanging") from None
    wait_for_all(process.pid, PATIENCE, "ranks outlive mpirun")
    if status == 0:
        raise AfterItsEnd("status 0 although a rank was killed")
    return False


class AfterItsEnd(Failure):
    """A rank was killed after its work, which mpirun needn't notice."""


# --- A story ----------------------------------------------------------------------------------


class Story:
    def __init__(self, reference, number, seed, scratch):
        self.reference, self.program = reference, reference.program
        self.generator = random.Random(f"{seed} {reference.name} {number}")
        self.directory = os.path.join(scratch, f"{reference.name}-{number}")
        self.temporary = self.directory + ".tmp"
        shutil.copytree(reference.template, self.directory)
        os.mkdir(self.temporary)
        self.kills = collections.Counter()
        self.resumes = collections.Counter()
        self.finished = {}
        self.error = ""
        self.stuck = 0  # how often mpirun hung in its own end, when all ranks had ended
        self.left = collections.Counter()

    def environment(self):
        """Whatever is temporary is in one directory, to be looked at."""
        names = ("TMPDIR", "OMPI_MCA_orte_tmpdir_base", "OMPI_MCA_btl_vader_backing_directory",
                 "OMPI_MCA_osc_sm_backing_directory")
        return dict(os.environ, OMP_NUM_THREADS="1", LC_ALL="C",
                    **dict.fromkeys(names, self.temporary))

    def start(self, ranks, injector):
        faulty = self.generator.randrange(ranks)
        command = campaign.on_ranks(self.program.command, ranks, faulty, injector)
        self.log = open(self.directory + ".err", "w+b")
        return subprocess.Popen(command, cwd=self.directory, env=self.environment(),
                                stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                                stderr=self.log, start_new_session=True)

    def said(self):
        with open(self.directory + ".err", encoding="latin1") as file:
            return file.read()

    def kill_once(self):
        """Start the command and kill it; false if it had ended by itself."""
        generator, ranks = self.generator, self.generator.randint(1, self.program.most_ranks)
        way = generator.choice(("all", "call") if ranks == 1 else ("all", "mpirun", "rank", "call"))
        calls = generator.randint(1, self.reference.calls)
        injector = [] if way != "call" else [
            os.path.join(campaign.FAULTS, "inject"), "-p", self.directory, "-c", CALLS,
            "-n", str(calls), "-m", "kill"]
        before = self.state()
        self.last = f"{ranks} ranks, {way}" + (f" {calls}" if injector else "")
        process = self.start(ranks, injector)
        self.resumes[ranks] += 1
        if way == "call":
            status = self.wait(process)
        else:
            status = self.wait_at_random(process)
            if status is None and way == "all":
                kill_all(process)
            elif status is None and way == "mpirun":
                kill_mpirun(process)
            elif status is None:
                try:
                    self.stuck += kill_rank(process, generator)
                except AfterItsEnd:
                    status = 0
        self.log.close()
        if status == 0:
            self.judge_start(before)
            return False
        if way != "call" and status is not None:
            raise Failure(f"status {status} before it was killed: {self.said()[-300:]}")
        if way == "call" and status not in (-9, 137):
            raise Failure(f"status {status} when it was killed at call {calls}: {self.said()[-300:]}")
        self.kills[way] += 1
        self.judge_start(before)
        self.judge_files()
        return True

    def wait_at_random(self, process):
        """The status; None if it still runs after a random time."""
        seconds = self.reference.seconds * self.generator.uniform(0.2, 2)
        try:
            return process.wait(seconds)
        except subprocess.TimeoutExpired:
            return None

    def wait(self, process):
        try:
            return process.wait(PATIENCE)
        except subprocess.TimeoutExpired:
            is_alone = members(process.pid) == [process.pid]
            kill_all(process)
            if not is_alone:
                raise Failure("hangs") from None
            self.stuck += 1
            return 128 + signal.SIGKILL

    def state(self):
        """The steps of the newest checkpoint, and the finished trials' models."""
        checkpoints = glob.glob(os.path.join(self.directory, "run", "checkpoint-*.h5"))
        steps = max((int(re.search(r"-(\d+)\.h5$", path)[1]) for path in checkpoints), default=0)
        trials = {}
        for path in glob.glob(os.path.join(self.directory, "sweep", "trials", "*", "trial.json")):
            with open(path, encoding="utf-8") as file:
                if json.load(file).get("rungs"):
                    model = os.path.join(os.path.dirname(path), "model.h5")
                    trials[model] = os.stat(model).st_mtime_ns
        return steps, trials

    def judge_start(self, before):
        """Did the command begin where the one before it was killed?"""
        steps, trials = before
        for model, written in trials.items():
            if os.stat(model).st_mtime_ns != written:
                raise Failure(f"{model} was finished, and is trained again")
        of_epoch = STEPS.get(self.reference.name)
        if of_epoch is None or steps == 0:
            return
        resumed = re.search(r"resuming after epoch (\d+), step (\d+)", self.said())
        if resumed and int(resumed[1]) * of_epoch + int(resumed[2]) != steps:
            raise Failure(f"resumes after epoch {resumed[1]}, but had a checkpoint of step {steps}")
        if re.search(r"^epoch 1/", self.said(), re.M):
            raise Failure(f"begins anew, but had a checkpoint of step {steps}")

    def judge_files(self):
        for path, data in outputs(self.directory, self.program.outputs).items():
            if "summary" not in path and data != self.reference.outputs[path]:
                raise Failure(f"{path} isn't whole after a kill")

    def finish(self):
        self.last = "the command that follows"
        before = self.state()
        ranks = self.generator.randint(1, self.program.most_ranks)
        status = self.wait(self.start(ranks, []))
        self.log.close()
        self.resumes[ranks] += 1
        if status != 0:
            raise Failure(f"the command that follows ends with {status}: {self.said()[-300:]}")
        self.judge_start(before)
        self.judge_end()

    def judge_end(self):
        if self.reference.name == "sweep" and not self.state()[1]:
            raise Failure("no trial is finished")
        found = outputs(self.directory, self.program.outputs)
        for path, data in self.reference.outputs.items():
            if found.get(path) != data:
                raise Failure(f"{path} isn't what it is without a kill")
        half = [path for path in campaign.snapshot(self.directory) if campaign.is_half(path)]
        if half:
            raise Failure(f"half-written files are left: {half}")
        for base, _, names in os.walk(self.temporary):
            for name in names:
                self.left[re.sub(r"[0-9a-f]{4,}|[0-9]+", "N", name)] += 1

    def tell(self, wanted):
        try:
            while sum(self.kills.values()) < wanted and self.kill_once():
                pass
            self.finish()
        except (Failure, OSError, KeyError) as failure:
            self.error = f"{self.directory}: {self.last}: {failure}"
            return self
        shutil.rmtree(self.directory)
        shutil.rmtree(self.temporary)
        os.unlink(self.directory + ".err")
        return self


# --- All of it --------------------------------------------------------------------------------


def print_table(stories):
    print("| program | stories | " + " | ".join(("all", "mpirun", "rank", "call")) +
          " | killed | started on 1, 2, 3, 4 ranks | failed |")
    print("|---|---|---|---|---|---|---|---|---|")
    for name in list(PROGRAMS) + ["all"]:
        mine = [story for story in stories if name in (story.reference.name, "all")]
        kills = sum((story.kills for story in mine), collections.Counter())
        ranks = sum((story.resumes for story in mine), collections.Counter())
        print(f"| {name} | {len(mine)} | " +
              " | ".join(str(kills[way]) for way in ("all", "mpirun", "rank", "call")) +
              f" | {sum(kills.values())} | {', '.join(str(ranks[i + 1]) for i in range(4))}"
              f" | {sum(bool(story.error) for story in mine)} |")


def tell_stories(references, options, scratch):
    end = float("inf") if options.seconds is None else time.monotonic() + options.seconds
    lock, stories, number = threading.Lock(), [], 0

    def killed():
        return sum(sum(story.kills.values()) for story in stories)

    def work():
        nonlocal number
        while True:
            with lock:
                left = options.kills - killed()
                if left <= 0 or time.monotonic() > end or campaign.STOPPING.is_set():
                    return
                number += 1
                story = Story(references[number % len(references)], number, options.seed, scratch)
            story.tell(min(left, MOST_KILLS))
            with lock:
                stories.append(story)
                if story.error:
                    print(story.error, flush=True)
                elif number % 20 == 0:
                    print(f"{killed()} killed", file=sys.stderr, flush=True)

    with concurrent.futures.ThreadPoolExecutor(options.jobs) as pool:
        try:
            for done in [pool.submit(work) for _ in range(options.jobs)]:
                done.result()
        except BaseException:  # a signal: no more stories, and what runs is ended
            campaign.STOPPING.set()
            campaign.end_all(scratch)
            raise
    return stories


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("kills", type=int, metavar="N")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--only", default=",".join(PROGRAMS))
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--seconds", type=float, metavar="T")
    options = parser.parse_args()

    campaign.end_on_signals()
    memory = "/dev/shm" if os.access("/dev/shm", os.W_OK) else None
    scratch = tempfile.mkdtemp(prefix="spine-kills-", dir=memory)
    stories = []
    try:
        references = [Reference(name, scratch) for name in options.only.split(",")]
        stories = tell_stories(references, options, scratch)
    finally:
        if not any(story.error for story in stories):  # else what is there tells why
            shutil.rmtree(scratch, ignore_errors=True)
    left = sum((story.left for story in stories), collections.Counter())
    print_table(stories)
    print("mpirun hung in its own end, when all ranks had ended:",
          sum(story.stuck for story in stories), "times")
    print("left in the directories for temporary files: " +
          (", ".join(f"{count} {name}" for name, count in left.items()) or "nothing"))
    return 1 if any(story.error for story in stories) else 0


if __name__ == "__main__":
    sys.exit(main())
