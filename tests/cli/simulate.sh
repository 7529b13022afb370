#!/usr/bin/env bash
# tools/simulate: steps on simulated ranks take the time that they should. Skipped without SimGrid.
set -euo pipefail
# shellcheck source=tests/cli/lib.sh
. "$(dirname "$0")/lib.sh"
need smpicc smpirun cc python3

cat >steps.py <<'EOF'
import sys
sys.path.insert(0, sys.argv[1])
import simulate

one_host, two_hosts = (1, simulate.FAST), (2, simulate.FAST)
simulator = simulate.Simulator(".", 60)
shape = (300, 1000)


def step(ranks, place, grid, batch=64, mode="sparse"):
    found = simulator.step(ranks, *place, shape, batch, grid, mode)
    assert found is not None, "a simulation took too long"
    return found


one, eight, rows = (step(ranks, one_host, grid) for ranks, grid in
                    ((1, "auto"), (8, "auto"), (8, "rows")))
assert (one["grid"], eight["grid"], rows["grid"]) == ("1x1", "1x8", "8x1")
# One rank waits for nobody; of eight, each has an eighth to do and a little more.
assert abs(one["work"] / one["seconds"] - 1) < 1e-3, one
assert 4 < one["seconds"] / eight["seconds"] < 8, (one, eight)
assert 1 < eight["work"] / one["work"] < 2, (one, eight)
# A batch of 64 rows of 300 floats, read while it is computed with.
assert abs(simulate.reading(eight, 1, shape, 64) * eight["seconds"] - 0.0768) < 1e-9, eight
# Where every rank updates all units, all work more.
assert rows["work"] > 2 * eight["work"], (rows, eight)

# Two hosts exchange the gradient: slower over a slow network.
fast = step(4, two_hosts, "auto", batch=128)
slow = step(4, (2, simulate.ETHERNET), "auto", batch=128)
assert fast["grid"] == "2x2", fast
assert abs(fast["work"] / slow["work"] - 1) < 1e-6, (fast, slow)
# Both matrices, there and back, less each host's own half; of 4 bytes a value.
wire = 2 * 2 * 1000 * 304 * 4 / 2 * 8 / 1e9 / 0.9
more = slow["seconds"] - fast["seconds"]
assert 0.8 < more / (wire / 10 - wire / 100) < 1.5, (more, wire)

# Two hosts that divide the units exchange rows and sums of rows: over a fast network they gain more.
wide = (1024, 16384)
units, gradients = (simulator.step(8, *two_hosts, wide, 256, grid) for grid in ("1x8", "2x4"))
assert (units["grid"], gradients["grid"]) == ("1x8", "2x4")
assert units["seconds"] < 0.85 * gradients["seconds"], (units, gradients)
EOF
$python steps.py "$SPINE_SOURCE/tools/simulate"
