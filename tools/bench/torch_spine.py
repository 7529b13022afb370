#!/usr/bin/python3
"""SPINE in PyTorch, the careful way: the rival of spine-mpi in the benchmarks.

    torch_spine.py [OPTION]... VECTORS.h5 [section.key=value...]
    torch_spine.py [OPTION]... --from RUN/model.h5 [section.key=value...]

The options in section.key=value are those of spine-mpi, with the same meanings and the defaults
that its --print-config shows; what has no meaning here is accepted and ignored. The loss is that
of math/model.h: RL and PSL are means over the batch, ASL is computed from the batch's mean of h. All
float32; the data are in memory once and gathered once an epoch in that epoch's order; the noise is
torch.randn_like; no loop over rows, no .item() in the loop, no evaluation in the timed part.
--backward=manual replaces autograd by the gradients written out in in-place
operations: what a PyTorch user could do at the very best.

--processes=N is DistributedDataParallel over gloo, every process taking its N-th of each global
batch. ASL is then that of the global batch, exactly: the processes' means of h are summed while
the reconstruction is computed, and the gradient passes straight through the sum (DDP averages the
gradients, which supplies the 1/N). --asl=rank is the usual, wrong shortcut, one ASL per process.
A last batch that the processes can't share equally loses its remainder.

One JSON object an epoch, as in metrics.jsonl, goes to standard output or --metrics=FILE; after
the last one, the measures on clean input are added, untimed."""
import argparse
import configparser
import ctypes
import json
import math
import os
import subprocess
import sys
import tempfile
import time

try:
    import h5py
    import numpy as np
    import torch
    import torch.distributed as dist
    import torch.nn.functional as functional
except ImportError as error:
    sys.exit("torch_spine.py: %s; Debian: python3-torch python3-h5py" % error)

import harness


class Spine(torch.nn.Module):
    """W1 and W2 are (H, D): row j is unit j's."""

    def __init__(self, dim, hidden, world=1, per_rank_asl=False):
        super().__init__()
        self.world = 1 if per_rank_asl else world
        for name, shape, fan_in in (("W1", (hidden, dim), dim), ("b1", (hidden,), dim),
                                    ("W2", (hidden, dim), hidden), ("b2", (dim,), hidden)):
            bound = fan_in ** -0.5
            setattr(self, name, torch.nn.Parameter(torch.empty(shape).uniform_(-bound, bound)))

    def forward(self, noisy):
        """h, y and the mean of h over the global batch."""
        h = torch.addmm(self.b1, noisy, self.W1.t()).clamp(0, 1)
        mean = h.mean(0)
        if self.world > 1:
            everyone = mean.detach().clone()
            reduction = dist.all_reduce(everyone, async_op=True)
        y = torch.addmm(self.b2, h, self.W2)
        if self.world > 1:
            reduction.wait()
            mean = mean + (everyone / self.world - mean.detach())
        return h, y, mean


def losses(config, clean, h, y, mean):
    """RL, ASL, PSL. The sum of h (1 - h) is sum h - h.h: one pass, no temporary."""
    rl = functional.mse_loss(y, clean)
    asl = (mean - (1 - config["loss.sparsity"])).clamp(min=0).square().mean()
    flat = h.view(-1)
    psl = h.mean() - torch.dot(flat, flat) / flat.numel()
    return rl, asl, psl


@torch.no_grad()
def step_by_hand(config, model, clean, noisy):
    """Losses as above, gradients into .grad."""
    W1, b1, W2, b2 = model.W1, model.b1, model.W2, model.b2
    h = torch.addmm(b1, noisy, W1.t())
    inside = (h >= 0) & (h <= 1)
    h.clamp_(0, 1)
    error = torch.addmm(b2, h, W2).sub_(clean)
    excess = (h.mean(0) - (1 - config["loss.sparsity"])).clamp_(min=0)
    flat, flat_error = h.view(-1), error.view(-1)
    rl = torch.dot(flat_error, flat_error) / error.numel()
    asl = excess.square().mean()
    psl = h.mean() - torch.dot(flat, flat) / flat.numel()
    error.mul_(2 / error.numel())
    torch.mm(h.t(), error, out=W2.grad)
    torch.sum(error, 0, out=b2.grad)
    psl_scale = config["loss.psl_weight"] / h.numel()
    asl_scale = 2 * config["loss.asl_weight"] / h.numel()
    dz = torch.add(excess * asl_scale + psl_scale, h, alpha=-2 * psl_scale)
    dz.addmm_(error, W2.t()).mul_(inside)
    torch.mm(dz.t(), noisy, out=W1.grad)
    torch.sum(dz, 0, out=b1.grad)
    return rl, asl, psl


# --- Data, parameters, schedule -------------------------------------------------------------------


def load_rows(config):
    """The input as spine-mpi transforms it: centred, and scaled to the wanted RMS."""
    with h5py.File(config["data.input"], "r") as file:
        limit = config["data.limit"] or None
        x = np.asarray(file["vectors"][:limit], dtype=np.float32)
    if config["data.center"] == "yes":
        x -= x.mean(axis=0, dtype=np.float64).astype(np.float32)
    if config["data.rms"] != "keep":
        x *= np.float32(config["data.rms"] / math.sqrt(np.mean(np.square(x, dtype=float))))
    return torch.from_numpy(x)


def parse_settings(text):
    """An INI file as section.key -> text."""
    parser = configparser.ConfigParser(interpolation=None)
    parser.read_string(text)
    return {"%s.%s" % (section, key): value for section in parser.sections()
            for key, value in parser.items(section)}


def read_model(path):
    """Settings (section.key -> text) and tensors of a model.h5."""
    with h5py.File(path, "r") as file:
        text = file.attrs["config"]
        tensors = {name: torch.from_numpy(file[name][...]) for name in ("W1", "b1", "W2", "b2")}
    return parse_settings(text.decode() if isinstance(text, bytes) else text), tensors


def make_optimizer(config, model):
    """The for-each forms were no quicker on a CPU, where four tensors make no launch to save."""
    rate, momentum = config["train.learning_rate"], config["train.momentum"]
    if config["train.optimizer"] == "adam":
        return torch.optim.Adam(model.parameters(), rate, (momentum, config["train.beta2"]))
    return torch.optim.SGD(model.parameters(), rate,
                           momentum=momentum if config["train.optimizer"] == "momentum" else 0)


def rate_at(config, step, total):
    peak, warm = config["train.learning_rate"], math.floor(config["train.warmup"] * total)
    if config["train.rate_batch"] != 0:
        ratio = config["train.batch_size"] / config["train.rate_batch"]
        peak *= math.sqrt(ratio) if config["train.optimizer"] == "adam" else ratio
    if step < warm:
        return peak * (step + 1) / warm
    if config["train.schedule"] == "cosine":
        return peak * 0.5 * (1 + math.cos(math.pi * (step - warm) / (total - warm)))
    falling = config["train.decay"] * total if config["train.schedule"] == "linear" else 0
    return peak * (total - step) / falling if total - step < falling else peak


# --- Training -------------------------------------------------------------------------------------


def share_of(count, rank, world):
    """This process's slice of a global batch."""
    each = count // world
    return slice(rank * each, (rank + 1) * each)


def train(config, x, model, rank=0, world=1, by_hand=False):
    """Yields the metrics of every epoch."""
    num_rows, batch_size = len(x), config["train.batch_size"]
    starts = range(0, num_rows, batch_size)
    total_steps = config["train.epochs"] * len(starts)
    order = torch.Generator().manual_seed(config["train.seed"])  # the same on every process
    torch.manual_seed(config["train.seed"] + 1000 * rank)
    optimizer = make_optimizer(config, model)
    network = model
    if world > 1:
        network = torch.nn.parallel.DistributedDataParallel(model, gradient_as_bucket_view=True)
    if by_hand:
        for parameter in model.parameters():
            parameter.grad = torch.empty_like(parameter)
    step = 0
    for epoch in range(config["train.epochs"]):
        if world > 1:
            dist.barrier()
        began = time.perf_counter()
        sums, rows_seen = torch.zeros(3), 0
        gathered = x[torch.randperm(num_rows, generator=order)]
        for first in starts:
            batch = gathered[first:first + batch_size]
            clean = batch[share_of(len(batch), rank, world)]
            if len(clean) == 0:
                continue
            noisy = torch.randn_like(clean).mul_(config["train.noise"]).add_(clean)
            rate = rate_at(config, step, total_steps)
            optimizer.param_groups[0]["lr"] = rate
            if by_hand:
                parts = step_by_hand(config, model, clean, noisy)
            else:
                optimizer.zero_grad(set_to_none=True)
                parts = losses(config, clean, *network(noisy))
                (parts[0] + config["loss.asl_weight"] * parts[1] +
                 config["loss.psl_weight"] * parts[2]).backward()
            optimizer.step()
            sums.add_(torch.stack(parts).detach(), alpha=len(clean))
            rows_seen += len(clean)
            step += 1
        if world > 1:
            dist.all_reduce(sums)
        rl, asl, psl = (sums / (rows_seen * world)).tolist()
        seconds = time.perf_counter() - began
        yield {"epoch": epoch + 1, "rl": rl, "asl": asl, "psl": psl,
               "total": rl + config["loss.asl_weight"] * asl + config["loss.psl_weight"] * psl,
               "learning_rate": rate, "seconds": seconds,
               "words_per_second": rows_seen * world / seconds}


@torch.no_grad()
def measure(model, x):
    """On clean input, in blocks of rows."""
    squares = active = small = 0
    seen = torch.zeros(len(model.b1), dtype=torch.bool)
    for rows in x.split(1024):
        h = torch.addmm(model.b1, rows, model.W1.t()).clamp_(0, 1)
        squares += (torch.addmm(model.b2, h, model.W2) - rows).double().square().sum().item()
        active += (h > 0).sum().item()
        small += (h < 1e-3).sum().item()
        seen |= (h > 0).any(0)
    variance = (x.double() - x.double().mean(0)).square().sum().item()
    pairs = len(x) * len(seen)
    return {"eval_rl": squares / x.numel(), "explained_variance": 1 - squares / variance,
            "sparsity": small / pairs, "l0": active / len(x), "dead": (~seen).sum().item()}


def work(rank, options, config, meeting):
    """One process, from reading the input to the last line of metrics."""
    torch.set_num_threads(options.threads)
    torch.set_flush_denormal(True)
    if options.processes > 1:
        dist.init_process_group("gloo", init_method="file://" + meeting, rank=rank,
                                world_size=options.processes)
    x = load_rows(config)
    torch.manual_seed(config["train.seed"])
    model = Spine(x.shape[1], config["model.hidden"], options.processes, options.asl == "rank")
    if options.start is not None:
        model.load_state_dict(read_model(options.start)[1])
    out = open(options.metrics, "w") if options.metrics and rank == 0 else sys.stdout
    for record in train(config, x, model, rank, options.processes, options.backward == "manual"):
        if rank == 0:
            if record["epoch"] == config["train.epochs"]:
                record.update(measure(model, x))
            print(json.dumps(record), file=out, flush=True)
    if options.processes > 1:
        dist.destroy_process_group()


# --- The program ----------------------------------------------------------------------------------


def loaded_blas():
    """Path and kernel of the BLAS that a product of PyTorch calls."""
    torch.randn(64, 64) @ torch.randn(64, 64)
    with open("/proc/self/maps") as file:
        mapped = sorted({line.split()[-1] for line in file if "/" in line})
    for path in mapped:
        if "openblas" in os.path.basename(path):
            name = ctypes.CDLL(path).openblas_get_corename
            name.restype = ctypes.c_char_p
            return os.path.realpath(path), name().decode()
    for path in mapped:
        if "blas" in os.path.basename(path) or "mkl" in os.path.basename(path):
            return os.path.realpath(path), "unknown"
    return "unknown", "unknown"


def print_environment(threads):
    torch.set_num_threads(threads)
    blas, kernel = loaded_blas()
    capability = [line.split(": ")[1] for line in torch.__config__.show().splitlines()
                  if "CPU capability" in line]
    print(json.dumps({"version": torch.__version__, "threads": torch.get_num_threads(),
                      "capability": capability[0] if capability else "unknown", "blas": blas,
                      "kernel": kernel}))


def number_or_text(value):
    for kind in (int, float):
        try:
            return kind(value)
        except ValueError:
            pass
    return value


def configure(options):
    """The program's defaults, then the settings of the model, then those of the command line."""
    defaults = subprocess.run([harness.program("spine-mpi"), "--print-config", "model.objective=spine"],
                              check=True, capture_output=True, text=True).stdout
    config = parse_settings(defaults)
    if options.start is not None:
        config.update(read_model(options.start)[0])
    settings = list(options.settings)
    if settings and "=" not in settings[0]:
        config["data.input"] = settings.pop(0)
    for setting in settings:
        key, _, value = setting.partition("=")
        if key not in config:
            sys.exit("torch_spine.py: no option %s; there are %s" % (key, " ".join(config)))
        config[key] = value
    if not config["data.input"]:
        sys.exit("torch_spine.py: which vectors? See --help")
    return {key: number_or_text(value) for key, value in config.items()}


def main():
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("settings", nargs="*", metavar="VECTORS.h5 | section.key=value")
    parser.add_argument("--from", dest="start", metavar="MODEL.h5",
                        help="begin with this model's settings and parameters")
    parser.add_argument("--threads", type=int, default=1, help="of each process; default: 1")
    parser.add_argument("--processes", type=int, default=1, help="default: 1")
    parser.add_argument("--asl", choices=("global", "rank"), default="global")
    parser.add_argument("--backward", choices=("autograd", "manual"), default="autograd")
    parser.add_argument("--metrics", metavar="FILE")
    parser.add_argument("--environment", action="store_true",
                        help="print PyTorch's version, BLAS and kernels, as JSON, and end")
    options = parser.parse_args()
    if options.environment:
        print_environment(options.threads)
        return
    if options.backward == "manual" and options.processes > 1:
        parser.error("--backward=manual is for one process")
    config = configure(options)
    if options.processes == 1:
        work(0, options, config, None)
        return
    os.environ.setdefault("GLOO_SOCKET_IFNAME", "lo")
    with tempfile.TemporaryDirectory() as folder:
        torch.multiprocessing.spawn(work, (options, config, os.path.join(folder, "meeting")),
                                    nprocs=options.processes)


if __name__ == "__main__":
    main()
