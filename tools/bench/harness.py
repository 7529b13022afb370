"""What the benchmarks share: running programs, results as table and CSV, the environment."""
import csv
import json
import os
import platform
import re
import shutil
import statistics
import subprocess
import sys
import tempfile
import time

HERE = os.path.dirname(os.path.abspath(__file__))
TORCH_SPINE = os.path.join(HERE, "torch_spine.py")


def program(name):
    folder = os.environ.get("SPINE_BIN", os.path.join(HERE, "..", "..", "build", "bin"))
    path = os.path.abspath(os.path.join(folder, name))
    if not os.access(path, os.X_OK):
        sys.exit("%s is not there; build it, or set SPINE_BIN to the folder of the programs" % path)
    return path


def input_file(path):
    if not os.path.isfile(path):
        sys.exit("%s: no such file" % path)
    return os.path.abspath(path)


# --- Running --------------------------------------------------------------------------------------


class Scratch:
    """A directory for the files of a benchmark, gone at its end."""

    def __enter__(self):
        self.path = tempfile.mkdtemp(prefix="spine-bench-")
        return self

    def __exit__(self, *_):
        shutil.rmtree(self.path, ignore_errors=True)

    def file(self, name):
        return os.path.join(self.path, name)


def as_ranks(ranks, command):
    """Unbound: mpirun would bind two jobs of one rank each to the same core."""
    return ["mpirun", "-np", str(ranks), "--bind-to", "none"] + command


def finish(process, command):
    _, complaint = process.communicate()
    if process.returncode != 0:
        sys.exit("%s\nended with status %d:\n%s" % (" ".join(command), process.returncode,
                                                   complaint))


def start(command, environment=None):
    return subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True,
                            env=environment)


def run_side_by_side(commands, environment=None):
    """Start all, wait for all; the seconds until the last one ended."""
    began = time.perf_counter()
    running = [start(command, environment) for command in commands]
    for process, command in zip(running, commands):
        finish(process, command)
    return time.perf_counter() - began


def spine_command(scratch, name, settings, ranks=1):
    """A training run of ours into scratch/name, without evaluation. settings: key -> value."""
    config = scratch.file(name + ".ini")
    sections = {}
    settings = {"model.objective": "spine", "train.evaluate_every": 0, "output.merge": "no", **settings}
    settings.setdefault("parallel.grid", "1x%d" % ranks) # all of them: auto may leave some idle
    for key, value in {**settings, "output.directory": scratch.file(name),
                       "output.overwrite": "yes"}.items():
        section, option = key.split(".", 1)
        sections.setdefault(section, []).append("%s = %s\n" % (option, value))
    with open(config, "w") as file:
        for section, lines in sections.items():
            file.write("[%s]\n%s" % (section, "".join(lines)))
    command = [program("spine-mpi"), "--quiet", config]
    return as_ranks(ranks, command) if ranks > 1 else command


def read_metrics(path):
    """Records of metrics.jsonl, one an epoch."""
    with open(path) as file:
        return [json.loads(line) for line in file]


def run_spine(scratch, name, settings, ranks=1):
    run_side_by_side([spine_command(scratch, name, settings, ranks)])
    return read_metrics(os.path.join(scratch.file(name), "metrics.jsonl"))


def our_blas():
    """The OpenBLAS that spine-mpi loads, symbolic links resolved; None if it can't be told."""
    libraries = subprocess.run(["ldd", program("spine-mpi")], capture_output=True, text=True).stdout
    found = re.search(r"=> (\S*/lib\S*blas\S*)", libraries)
    return os.path.realpath(found.group(1)) if found else None


def torch_environment(threads, blas=None):
    """For PyTorch to load the libblas.so.3 of this folder; by default that of our OpenBLAS."""
    environment = dict(os.environ, OMP_NUM_THREADS=str(threads), OPENBLAS_NUM_THREADS=str(threads))
    if blas is None:
        blas = os.path.dirname(our_blas() or "")
    if os.path.exists(os.path.join(blas, "libblas.so.3")):
        rest = os.environ.get("LD_LIBRARY_PATH")
        environment["LD_LIBRARY_PATH"] = blas + (":" + rest if rest else "")
    return environment


def run_torch(scratch, name, arguments, settings, threads=1, processes=1, blas=None):
    metrics = scratch.file(name + ".jsonl")
    command = [sys.executable, TORCH_SPINE, "--threads", str(threads), "--processes",
               str(processes), "--metrics", metrics] + arguments
    command += ["%s=%s" % item for item in settings.items()]
    run_side_by_side([command], torch_environment(threads, blas))
    return read_metrics(metrics)


# --- The environment ------------------------------------------------------------------------------


def cpu():
    model, flags = platform.machine(), ""
    try:
        with open("/proc/cpuinfo") as file:
            for line in file:
                name, _, value = line.partition(":")
                if name.strip() == "model name":
                    model = value.strip()
                if name.strip() == "flags":
                    flags = value
    except OSError:
        pass
    wide = " ".join(flag for flag in ("avx2", "fma", "avx512f") if flag in flags.split())
    return "%s, %d CPUs, %s" % (model, len(os.sched_getaffinity(0)), wide or "no AVX2")


def variables():
    names = re.compile("OPENBLAS_|OMP_|OMPI_MCA_|ATEN_|MKL_|GLOO_")
    found = ["%s=%s" % item for item in sorted(os.environ.items()) if names.match(item[0])]
    return " ".join(found) or "none"


def torch_facts(threads=1, blas=None):
    answer = subprocess.run([sys.executable, TORCH_SPINE, "--environment", "--threads",
                             str(threads)], env=torch_environment(threads, blas),
                            capture_output=True, text=True)
    if answer.returncode != 0:
        sys.exit("PyTorch does not work here:\n" + answer.stderr)
    return json.loads(answer.stdout)


def torch_line(facts):
    return "%s, ATen %s; BLAS %s, %s kernels" % (facts["version"], facts["capability"],
                                                 facts["blas"], facts["kernel"])


def environment(with_torch=False):
    """(name, text) of what the figures depend on."""
    version = subprocess.run([program("spine-mpi"), "--version"], capture_output=True, text=True,
                             check=True).stdout.splitlines()
    lines = [("CPU", cpu()), ("load", "%.2f of others before the start" % os.getloadavg()[0])]
    lines += [("ours", version[0])]
    lines += [tuple(line.split(": ", 1)) for line in version[1:] if ": " in line]
    if with_torch:
        facts = torch_facts()
        same = facts["blas"] == our_blas()
        lines += [("PyTorch", torch_line(facts)),
                  ("same BLAS", "yes" if same else "NO: ours is %s" % our_blas())]
    return lines + [("variables", variables())]


# --- Results --------------------------------------------------------------------------------------


def print_table(rows):
    """Rows of text, the first the heading; the first two columns are left-aligned."""
    widths = [max(len(row[i]) for row in rows) for i in range(len(rows[0]))]
    for row in rows:
        cells = [cell.ljust(w) if i < 2 else cell.rjust(w)
                 for i, (cell, w) in enumerate(zip(row, widths))]
        print("  ".join(cells).rstrip())


class Results:
    """Measurements of several sides, taken in turn; medians, and ratios of medians."""

    def __init__(self, title, duration, with_torch=False):
        self.values = {}  # (what, side) -> list
        self.units = {}
        self.ratios = []  # what, text, ratio, least and most over the rounds, target or None
        print("%s; takes about %s" % (title, duration))
        for name, text in environment(with_torch):
            print("  %-10s %s" % (name, text))
        print(flush=True)

    def add(self, what, side, value, unit):
        self.values.setdefault((what, side), []).append(value)
        self.units[what, side] = unit

    def median(self, what, side):
        return statistics.median(self.values[what, side])

    def ratio(self, what, over, under, target=None, scale=1, text=None):
        """The ratio of the medians, and its range over the rounds if both have as many."""
        pairs = list(zip(self.values[what, over], self.values[what, under]))
        if len(self.values[what, over]) != len(self.values[what, under]):
            pairs = []
        each = [scale * a / b for a, b in pairs]
        value = scale * self.median(what, over) / self.median(what, under)
        self.ratios.append((what, text or "%s / %s" % (over, under), value,
                            min(each, default=value), max(each, default=value), target))

    def show(self, path=None):
        number = lambda value: "%.4g" % value if abs(value) < 1e4 else "%.0f" % value
        rows = [("what", "side", "median", "least", "most", "rounds", "unit")]
        for (what, side), values in self.values.items():
            rows.append((what, side, number(statistics.median(values)), number(min(values)),
                         number(max(values)), str(len(values)), self.units[what, side]))
        print_table(rows)
        if self.ratios:
            print()
            rows = [("what", "ratio of medians", "", "least", "most", "target", "")]
            for what, text, value, least, most, target in self.ratios:
                verdict = "" if target is None else "met" if value >= target else "MISSED"
                rows.append((what, text, number(value), number(least), number(most),
                             "" if target is None else ">= %g" % target, verdict))
            print_table(rows)
        sys.stdout.flush()
        if path is not None:
            self.write(path)

    def write(self, path):
        with open(path, "w", newline="") as file:
            out = csv.writer(file)
            out.writerow(("what", "side", "round", "value", "unit"))
            for (what, side), values in self.values.items():
                for i, value in enumerate(values):
                    out.writerow((what, side, i + 1, "%.6g" % value, self.units[what, side]))
                out.writerow((what, side, "median", "%.6g" % statistics.median(values),
                              self.units[what, side]))
            for what, text, value, _, _, _ in self.ratios:
                out.writerow((what, text, "ratio of medians", "%.6g" % value, ""))


def median_of_last(records, key, count, skip=0):
    """Median of a metric over the last epochs, without the very last 'skip' ones."""
    end = len(records) - skip
    return statistics.median(record[key] for record in records[max(0, end - count):end])
