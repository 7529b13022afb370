#!/usr/bin/env python3
"""What a step of training takes on machines that aren't here, by SimGrid's SMPI.

    tools/simulate/simulate.py                 the figures of tools/doc/performance.md, as Markdown
    tools/simulate/simulate.py --check         simulated and real steps on 1 and 2 ranks
    tools/simulate/simulate.py --calibrate     measure this machine's core, into tools/simulate/costs.txt
    tools/simulate/simulate.py --quick         the table's first lines, of one host
    tools/simulate/simulate.py --large         also 16 hosts of 64 ranks; with --timeout 900, hours

The program's own sources of a step, of the grid of ranks and of the messages are compiled by smpicc.
Their arithmetic is replaced by the time that it takes on one core (costs.txt), memory that ranks
share by memory of one process, and the meetings of a host's ranks by what cache lines need to go
around. Needs libsimgrid-dev; --check and --calibrate also a build of the project (--build).

Left out: that cores share the way to memory, and the last level of the cache; other noise of the
system; hosts with several sockets; what messages take of the processor; switches that are congested;
reading the input, evaluation and checkpoints."""
import argparse
import os
import re
import shutil
import statistics
import subprocess
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))
COSTS = os.path.join(HERE, "costs.txt")
CORES = 64  # of a host

# Folders that are compiled as they are; and sources, with the functions in whose place simulated.c
# has others.
FOLDERS = ("base", "config")
SOURCES = {
    "base/random": ("spine_random_add_noise_from",),
    "math/activation": (), "math/partition": (),
    "math/backward": ("spine_backward_begin", "spine_backward_units", "spine_backward_rows"),
    "math/block": ("spine_block_pack",),
    "math/decoding": ("spine_block_decode", "spine_chunk_residual"),
    "math/encoding": ("spine_block_encode",),
    "math/kernels": ("spine_kernel_alloc",),
    "math/model": ("spine_params_randomize", "spine_mode_next"),
    "math/optimizer": ("spine_optimizer_begin", "spine_optimizer_update"),
    "math/products": (), "math/tree": ("spine_tree_sum",),
    "ranks/comm": ("spine_comm_agree", "spine_comm_clock"), "ranks/grid": (), "ranks/timeline": (),
    "train/chain": ("spine_chain_copy",), "train/codes": (), "train/gradient": (),
    "train/groupsum": (), "train/minibatch": (), "train/parallel": (), "train/penalty": (),
    "train/reconstruction": (), "train/rowstream": (), "train/silence": (), "train/step": (),
    "train/stepmemory": (), "train/stepper": (), "train/update": ()}
OWN = ("charge", "costs", "simulated", "steps", "team")

# Gigabit/s and microseconds from host to host.
FAST, ETHERNET = (100, 1.5), (10, 20)


def fail(text):
    sys.exit("simulate.py: " + text)


def run(command, **options):
    """Its output; ends the program if it fails."""
    done = subprocess.run(command, capture_output=True, text=True, **options)
    if done.returncode != 0:
        fail("%s\nended with status %d:\n%s" % (" ".join(command), done.returncode,
                                               (done.stdout + done.stderr)[-2000:]))
    return done.stdout


# --- The simulated program ------------------------------------------------------------------------


def compile_one(compiler, source, target, extra=()):
    run([compiler, "-std=gnu11", "-O1", "-fPIC", "-D_GNU_SOURCE", '-DSPINE_VERSION=""',
         "-ffunction-sections", "-fdata-sections", "-I" + os.path.join(ROOT, "include"),
         "-I" + HERE, *extra, "-c", source, "-o", target])
    return target


def build(folder):
    """Compile and link 'steps' in the folder. What nothing needs is dropped by the linker, and with
    it what it would need: HDF5, BLAS."""
    hidden = ["-fvisibility=hidden"]
    hidden += run(["pkg-config", "--cflags", "libcjson", "libxxhash", "inih"]).split()
    jobs = []
    sources = dict.fromkeys((os.path.join(part, name[:-2]) for part in FOLDERS
                             for name in os.listdir(os.path.join(ROOT, "src", part))
                             if name.endswith(".c")), ())
    sources.update(SOURCES)
    for name, replaced in sources.items():
        extra = hidden + ["-D%s=library_%s" % (function, function) for function in replaced]
        compiler = "cc"
        if name == "ranks/comm":
            compiler = "smpicc"
            extra += ["-include", "mpi.h", "-include", os.path.join(HERE, "messages.h")]
        jobs.append((compiler, os.path.join(ROOT, "src", name + ".c"),
                     os.path.join(folder, name.replace("/", "_") + ".o"), extra))
    for name in OWN:
        jobs.append(("smpicc", os.path.join(HERE, name + ".c"),
                     os.path.join(folder, "own_" + name + ".o"), [] if name == "steps" else hidden))
    with ThreadPoolExecutor(2) as pool:
        objects = list(pool.map(lambda job: compile_one(*job), jobs))
    program = os.path.join(folder, "steps")
    run(["smpicc", "-Wl,--gc-sections", *objects, "-o", program, "-lm"])
    return program


def write_platform(folder, hosts, network):
    """A file of so many hosts, each with one port to one switch without limits."""
    gigabit, latency = network
    path = os.path.join(folder, "platform-%d-%g.xml" % (hosts, gigabit))
    with open(path, "w") as file:
        file.write("""<?xml version='1.0'?>
<!DOCTYPE platform SYSTEM "https://simgrid.org/simgrid.dtd">
<platform version="4.1">
  <cluster id="hosts" prefix="host-" suffix="" radical="0-%d" speed="1Gf" core="%d"
           bw="%gGBps" lat="%gus" sharing_policy="SPLITDUPLEX"/>
</platform>
""" % (hosts - 1, CORES, gigabit / 8, latency / 2))
    return path


class Simulator:
    """Simulated steps, each computed once."""

    def __init__(self, folder, timeout):
        self.folder, self.timeout = folder, timeout
        self.program = build(folder)
        self.known = {}

    def step(self, ranks, hosts, network, shape, batch, grid, mode="sparse"):
        """{'seconds':, 'work':, 'grid':} of a step; None if simulating it takes too long."""
        key = (ranks, hosts, network, shape, batch, grid, mode)
        if key not in self.known:
            self.known[key] = self.simulate(*key)
        return self.known[key]

    def simulate(self, ranks, hosts, network, shape, batch, grid, mode):
        each = ranks // hosts
        machines = os.path.join(self.folder, "hosts-%d-%d" % (ranks, hosts))
        with open(machines, "w") as file:
            for host in range(hosts):
                file.write(("host-%d\n" % host) * each)
        command = ["smpirun", "-np", str(ranks), "-hostfile", machines, "-platform",
                   write_platform(self.folder, hosts, network),
                   "--cfg=smpi/host-speed:1Gf", "--cfg=smpi/simulate-computation:no",
                   # As Open MPI's, but for algorithms that look for hosts at every turn.
                   "--cfg=smpi/coll-selector:ompi", "--cfg=smpi/allreduce:rdb",
                   "--cfg=smpi/bcast:binomial_tree",
                   # No factors that were measured on another network.
                   "--cfg=smpi/bw-factor:0:0.9", "--cfg=smpi/lat-factor:0:1",
                   "--log=root.thres:warning", self.program, COSTS, str(shape[0]), str(shape[1]),
                   str(batch), mode, grid, "1" if ranks > CORES else "2"]
        try:
            done = subprocess.run(["timeout", "-k", "5", str(self.timeout)] + command,
                                  capture_output=True, text=True, cwd=self.folder)
        except OSError as error:
            fail(str(error))
        if done.returncode == 124:
            return None
        found = dict(re.findall(r"(\w+)=(\S+)", done.stdout))
        if done.returncode != 0 or "seconds" not in found:
            fail("%s\n%s" % (" ".join(command), (done.stdout + done.stderr)[-2000:]))
        return {"seconds": float(found["seconds"]), "work": float(found["work"]),
                "grid": found["grid"]}


# --- The table ----------------------------------------------------------------------------------

SHAPES = ((300, 1000), (1024, 16384))
BATCHES = (64, 256, 1024, 4096, 16384)
MACHINES = (("1 host", 1, FAST, (2, 8, 16, 64)),
            ("4 hosts, 100 Gb/s", 4, FAST, (256,)),
            ("4 hosts, 10 Gb/s", 4, ETHERNET, (256,)),
            ("16 hosts, 16 ranks each, 100 Gb/s", 16, FAST, (256,)))
# With all cores of 16 hosts, simulating a step takes one to ten minutes.
LARGE = (("16 hosts, 64 ranks each, 100 Gb/s", 16, FAST, (1024,)),)


def figure(value):
    return "%.2g" % value if value < 10 else "%.0f" % value


def cell(simulator, one, ranks, hosts, network, shape, batch):
    """Speed against one rank, with a group of each host (what 'auto' is in steps.c, where it doesn't
    measure), with groups of rows alone and, on several hosts, with their units divided."""
    found = []
    for grid in ("auto", "rows") + (("1x%d" % ranks,) if hosts > 1 else ()):
        if grid == "rows" and ranks > batch:
            grid = "%dx1" % batch
        step = simulator.step(ranks, hosts, network, shape, batch, grid)
        found.append("-" if step is None else figure(one["seconds"] / step["seconds"]))
    return " / ".join(found)


def reading(step, hosts, shape, batch):
    """MB/s that each host must read for streamed rows not to slow a step down."""
    return 4e-6 * batch * shape[0] / hosts / step["seconds"]


def print_reading(simulator, shapes, machines):
    """What data.residency = stream needs, on all cores; reading isn't simulated."""
    print("\nMB/s that each host reads with data.residency = stream:\n")
    print("| | ranks | " + " | ".join("batch %s" % format(b, ",") for b in BATCHES) + " |")
    print("|---" * (2 + len(BATCHES)) + "|")
    for shape in shapes:
        for name, hosts, network, counts in machines:
            steps = [simulator.step(counts[-1], hosts, network, shape, batch, "auto")
                     for batch in BATCHES]
            print("| D %s, H %s, %s | %s | %s |" % (
                *(format(size, ",") for size in shape), name, format(counts[-1], ","),
                " | ".join("-" if step is None else "%.0f" % reading(step, hosts, shape, batch)
                           for step, batch in zip(steps, BATCHES))), flush=True)


def print_table(simulator, shapes, machines):
    for shape in shapes:
        print("\nD %s, H %s\n" % tuple(format(size, ",") for size in shape))
        print("| | ranks | " + " | ".join("batch %s" % format(b, ",") for b in BATCHES) + " |")
        print("|---" * (2 + len(BATCHES)) + "|")
        ones = [simulator.step(1, 1, FAST, shape, batch, "auto") for batch in BATCHES]
        print("| a step of one rank, ms | 1 | " +
              " | ".join("%.3g" % (1e3 * one["seconds"]) for one in ones) + " |", flush=True)
        for name, hosts, network, counts in machines:
            for ranks in counts:
                cells = [cell(simulator, one, ranks, hosts, network, shape, batch)
                         for one, batch in zip(ones, BATCHES)]
                print("| %s | %s | %s |" % (name, format(ranks, ","), " | ".join(cells)),
                      flush=True)


def print_work(simulator, shape=(300, 1000)):
    print("\nWork of all ranks of a host together, against one rank's, D 300, H 1,000:\n")
    print("| batch | 8 ranks | 64 ranks |\n|---|---|---|")
    for batch in (64, 1024):
        one = simulator.step(1, 1, FAST, shape, batch, "auto")
        print("| %d | %s |" % (batch, " | ".join(
            figure(simulator.step(ranks, 1, FAST, shape, batch, "auto")["work"] / one["work"])
            for ranks in (8, 64))), flush=True)


# --- This machine ---------------------------------------------------------------------------------


def make(folder, target):
    if not os.path.isfile(os.path.join(folder, "CMakeCache.txt")):
        fail("%s is not a build of the project; see --build" % folder)
    run(["cmake", "--build", folder, "--target", target])
    return os.path.join(folder, "bin", target)


def calibrate(folder):
    """Medians of several rounds, as other work on the machine comes and goes."""
    program, rounds = make(folder, "simulate-calibrate"), 3
    times, order = {}, []
    for i in range(rounds):
        print("round %d of %d" % (i + 1, rounds), file=sys.stderr, flush=True)
        for line in run([program]).splitlines():
            key, _, value = line.rpartition(" ")
            if key not in times:
                order.append(key)
            times.setdefault(key, []).append(float(value))
    with open("/proc/cpuinfo") as file:
        model = re.search(r"model name\s*: (.*)", file.read())
    with open(COSTS, "w") as file:
        file.write("# By simulate.py --calibrate, on %s.\n# NAME MODE D UNITS ROWS NANOSECONDS\n"
                   % (model.group(1) if model else "an unknown processor"))
        for key in order:
            file.write("%s %.4g\n" % (key, statistics.median(times[key])))


def alone():
    """What keeps other work off the cores of a command for its second, if we may."""
    command = ["chrt", "-f", "1"]
    try:
        done = subprocess.run(command + ["true"], stderr=subprocess.DEVNULL)
    except OSError:
        return []
    return command if done.returncode == 0 else []


def check(simulator, folder, rounds):
    """Simulated and real steps; real ones are of the processor's time, on their critical path."""
    program, before = make(folder, "simulate-real"), alone()
    shape = SHAPES[0]
    print("| ranks | batch | simulated, ms | real, ms | ratio |\n|---|---|---|---|---|")
    for batch, steps in ((64, 100), (256, 40), (1024, 10)):
        for ranks in (1, 2):
            real = []
            for _ in range(rounds):
                text = run(["mpirun", "-np", str(ranks), "--bind-to", "core", *before,
                            program, COSTS, str(shape[0]), str(shape[1]), str(batch), "sparse",
                            "auto", str(steps)])
                real.append(float(re.search(r"seconds=(\S+)", text).group(1)))
            seconds = simulator.step(ranks, 1, FAST, shape, batch, "auto")["seconds"]
            measured = statistics.median(real)
            print("| %d | %d | %.3g | %.3g | %.2f |" % (ranks, batch, 1e3 * seconds,
                                                        1e3 * measured, seconds / measured),
                  flush=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--check", action="store_true", help="compare with real steps")
    parser.add_argument("--calibrate", action="store_true", help="measure a core")
    parser.add_argument("--quick", action="store_true", help="one host, the smaller model")
    parser.add_argument("--large", action="store_true", help="also 16 hosts of 64 ranks")
    parser.add_argument("--build", default=os.path.join(ROOT, "build"), metavar="DIR",
                        help="a build of the project (build)")
    parser.add_argument("--timeout", type=int, default=60, metavar="SECONDS",
                        help="what takes longer to simulate is left out, '-' (60)")
    arguments = parser.parse_args()

    if arguments.calibrate:
        calibrate(os.path.abspath(arguments.build))
        return
    for program in ("smpicc", "smpirun"):
        if shutil.which(program) is None:
            fail("%s is not installed; on Debian: apt-get install libsimgrid-dev" % program)
    with tempfile.TemporaryDirectory(prefix="spine-simulate-") as folder:
        simulator = Simulator(folder, arguments.timeout)
        if arguments.check:
            check(simulator, os.path.abspath(arguments.build), 3)
        elif arguments.quick:
            print_table(simulator, SHAPES[:1], MACHINES[:1])
            print_reading(simulator, SHAPES[:1], MACHINES[:1])
        else:
            machines = MACHINES + (LARGE if arguments.large else ())
            print_table(simulator, SHAPES, machines)
            print_reading(simulator, SHAPES, machines)
            print_work(simulator)


if __name__ == "__main__":
    main()
