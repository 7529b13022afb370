#!/usr/bin/python3
"""SPINE and its rivals in NumPy float64, written from the equations alone: the yardstick of the C program.

    tools/scripts/reference.py            write tests/golden (README.md there describes the files)
    tools/scripts/reference.py --check    recompute them, compare, and check the gradients by differences
"""
import os
import sys

try:
    import numpy as np
except ImportError:
    print("SKIPPED: python3-numpy is not installed", file=sys.stderr)
    sys.exit(77)

GOLDEN = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "tests", "golden")
MASK = 0xFFFFFFFF
INITIAL, ORDER, NOISE = 1 << 24, 2 << 24, 3 << 24  # purposes, in a counter's last word
TENSORS = ("W1", "b1", "W2", "b2")

# --- Random numbers ------------------------------------------------------------------------------


def philox(counter, key):
    """Philox4x32-10: four 32-bit words."""
    c0, c1, c2, c3 = counter
    k0, k1 = key
    for _ in range(10):
        left, right = 0xD2511F53 * c0, 0xCD9E8D57 * c2
        c0, c1, c2, c3 = (right >> 32) ^ c1 ^ k0, right & MASK, (left >> 32) ^ c3 ^ k1, left & MASK
        k0, k1 = (k0 + 0x9E3779B9) & MASK, (k1 + 0xBB67AE85) & MASK
    return c0, c1, c2, c3


# Known answers of Random123 (kat_vectors): counter, key, block.
KNOWN = (
    ((0, 0, 0, 0), (0, 0), (0x6627E8D5, 0xE169C58D, 0xBC57AC4C, 0x9B00DBD8)),
    ((MASK,) * 4, (MASK,) * 2, (0x408F276D, 0x41C83B0E, 0xA20BC7C6, 0x6D5451FD)),
    ((0x243F6A88, 0x85A308D3, 0x13198A2E, 0x03707344), (0xA4093822, 0x299F31D0),
     (0xD16CFE09, 0x94FDCCEB, 0x5001E420, 0x24126EA1)),
)


def key_of(seed):
    return seed & MASK, seed >> 32


def uniform(seed, tensor, shape, bound):
    """Initial weights: uniform in [-bound, bound)."""
    values = np.empty(int(np.prod(shape)))
    for e in range(values.size):
        block = e // 4
        word = philox((block & MASK, block >> 32, tensor, INITIAL), key_of(seed))[e % 4]
        values[e] = bound * (2 * (word >> 8) / 2**24 - 1)
    return values.reshape(shape)


def shuffled(seed, epoch, stratum, n):
    """The order of a stratum of n rows in an epoch."""
    p = list(range(n))
    for i in range(n - 1, 0, -1):
        word = philox((i, stratum, epoch, ORDER), key_of(seed))[0]
        j = (word * (i + 1)) >> 32
        p[i], p[j] = p[j], p[i]
    return p


def normals(seed, epoch, row, count):
    """The noise of one row, of standard deviation 1."""
    values = np.empty(count)
    for j in range(count):
        group, q, lane = j // 64, j % 64 // 16, j % 16
        counter = (group * 16 + lane, row & MASK, epoch, NOISE + (row >> 32))
        words = philox(counter, key_of(seed))
        radius_word, angle_word = words[0:2] if q < 2 else words[2:4]
        radius = np.sqrt(-2 * np.log(((radius_word >> 8) + 1) / 2**24))
        angle = 2 * np.pi * (angle_word >> 8) / 2**24
        values[j] = radius * (np.cos(angle) if q % 2 == 0 else np.sin(angle))
    return values


# --- SPINE ---------------------------------------------------------------------------------------


def initial_parameters(seed, dim, hidden):
    shapes = ((hidden, dim), (hidden,), (hidden, dim), (dim,))
    bounds = (dim**-0.5, dim**-0.5, hidden**-0.5, hidden**-0.5)
    return {name: uniform(seed, t, shapes[t], bounds[t]) for t, name in enumerate(TENSORS)}


def steps_of_epoch(seed, epoch, num_rows, num_strata):
    """The rows of every step of an epoch: row t of all strata that have one."""
    first = [s * num_rows // num_strata for s in range(num_strata + 1)]
    orders = [shuffled(seed, epoch, s, first[s + 1] - first[s]) for s in range(num_strata)]
    for t in range(max(map(len, orders))):
        yield [first[s] + order[t] for s, order in enumerate(orders) if t < len(order)]


def activate(case, z):
    """h, and where a derivative passes."""
    cap = case["cap"] or np.inf
    active = z >= 0
    if case["k"] > 0:
        order = np.argsort(-z, axis=1, kind="stable")
        rank = np.argsort(order, axis=1, kind="stable")
        active = (z > 0) & (rank < case["k"])
    if case["k_mean"] > 0:
        kept = np.sort(z.ravel())[-case["k_mean"] * len(z)]
        active = (z > 0) & (z >= kept)
    return np.where(active, np.minimum(z, cap), 0), active & (z <= cap)


def silent_codes(case, z, silent):
    """The aux_k largest of a row's silent units, above 0."""
    rank = np.argsort(np.argsort(-np.where(silent, z, -np.inf), axis=1, kind="stable"), axis=1)
    return np.where(silent & (z > 0) & (rank < case["aux_k"]), z, 0)


def silent_loss(p, a, e):
    """AUX: how far the silent units' codes a are from the error e, which is given."""
    return ((a @ p["W2"] - e) ** 2).sum() / (e**2).sum()


def forward(case, p, clean, noisy, error=None):
    """RL, ASL, PSL, L1, total, and what backward() needs. With a weight for AUX, 'error' is the silent
    units, and the error that they are to learn, or None: this one."""
    batch, dim = clean.shape
    hidden = len(p["b1"])
    z = noisy @ p["W1"].T + p["b1"]
    h, passes = activate(case, z)
    ys = [h[:, :width] @ p["W2"][:width] + p["b2"] for width in (*case["prefixes"], hidden)]
    y = ys[-1]
    excess = np.maximum(0, h.mean(axis=0) - (1 - case["sparsity"]))
    rl = ((y - clean) ** 2).sum() / (batch * dim)
    asl = (excess**2).sum() / hidden
    psl = np.maximum(0, h * (1 - h)).sum() / (batch * hidden)
    l1 = h.sum() / (batch * dim)
    total = rl + case["asl_weight"] * asl + case["psl_weight"] * psl + case["l1_weight"] * l1
    total += sum(((narrow - clean) ** 2).sum() for narrow in ys[:-1]) / (batch * dim)
    silent, e = error or (np.zeros(hidden, bool), None)
    if silent.any():
        e = clean - y if e is None else e
        total += case["aux_weight"] * silent_loss(p, silent_codes(case, z, silent), e)
    return (rl, asl, psl, l1, total), (z, h, ys, excess, passes, (silent, e))


def backward(case, p, clean, noisy, seen):
    z, h, ys, excess, passes, (silent, e) = seen
    batch, dim = clean.shape
    scale = batch * len(p["b1"])
    dys = [2 * (y - clean) / (batch * dim) for y in ys]
    dh = np.full(h.shape, case["l1_weight"] / (batch * dim))
    dw2 = np.zeros(p["W2"].shape)
    for width, dy in zip((*case["prefixes"], len(p["b1"])), dys):
        dh[:, :width] += dy @ p["W2"][:width].T
        dw2[:width] += h[:, :width].T @ dy
    dh += case["psl_weight"] * (1 - 2 * h) / scale + case["asl_weight"] * 2 * excess / scale
    dz = np.where(passes, dh, 0)
    dw1, db2 = dz.T @ noisy, sum(dy.sum(axis=0) for dy in dys)
    db1 = dz.sum(axis=0)
    if silent.any():
        a = silent_codes(case, z, silent)
        left = case["aux_weight"] * 2 * (a @ p["W2"] - e) / (e**2).sum()
        da = np.where(a > 0, left @ p["W2"].T, 0)
        dw1, db1, dw2 = dw1 + da.T @ noisy, db1 + da.sum(axis=0), dw2 + a.T @ left
    if case["tied"]:
        dw1 = dw2 = dw1 + dw2
    return {"W1": dw1, "b1": db1, "W2": dw2, "b2": db2}


# --- The golden cases ----------------------------------------------------------------------------

CASES = {
    "plain": dict(num_rows=61, dim=7, hidden=11, batch_size=8, seed=20181, sparsity=0.85,
                  asl_weight=1, psl_weight=1, l1_weight=0, k=0, k_mean=0, tied=0, unit_norm=0, prefixes=(), cap=1, noise=0.4, learning_rate=0.5,
                  num_steps=10, input_bound=1),
    "saturated": dict(num_rows=45, dim=20, hidden=17, batch_size=12, seed=(7 << 32) + 20182,
                      sparsity=0.85, asl_weight=2.5, psl_weight=0.3, l1_weight=0, k=0, k_mean=0, tied=0, unit_norm=0, prefixes=(), cap=1,
                      noise=0.4, learning_rate=0.5, num_steps=10, input_bound=3),
    "relu": dict(num_rows=45, dim=20, hidden=17, batch_size=12, seed=20183, sparsity=0.85,
                 asl_weight=0, psl_weight=0, l1_weight=0.6, k=0, k_mean=0, tied=0, unit_norm=1, prefixes=(), cap=0, noise=0.4,
                 learning_rate=0.3, num_steps=10, input_bound=2),
    "topk": dict(num_rows=45, dim=20, hidden=17, batch_size=12, seed=20184, sparsity=0.85,
                 asl_weight=0, psl_weight=0, l1_weight=0, k=4, k_mean=0, tied=0, unit_norm=0, prefixes=(), cap=1, noise=0.4,
                 learning_rate=0.5,
                 num_steps=10, input_bound=2),
    "batchtopk": dict(num_rows=45, dim=20, hidden=17, batch_size=12, seed=20185, sparsity=0.85,
                      asl_weight=0, psl_weight=0, l1_weight=0, k=0, k_mean=4, tied=0, unit_norm=0, prefixes=(), cap=0, noise=0.4,
                      learning_rate=0.3, num_steps=10, input_bound=2),
    "ksparse": dict(num_rows=45, dim=20, hidden=17, batch_size=12, seed=20186, sparsity=0.85,
                    asl_weight=0, psl_weight=0, l1_weight=0, k=4, k_mean=0, tied=1, unit_norm=0, prefixes=(),
                    cap=0, noise=0, learning_rate=0.3, num_steps=10, input_bound=2),
    "matryoshka": dict(num_rows=45, dim=20, hidden=17, batch_size=12, seed=20187, sparsity=0.85,
                       asl_weight=0, psl_weight=0, l1_weight=0, k=5, k_mean=0, tied=0, unit_norm=0,
                       prefixes=(3, 8), cap=1, noise=0.4, learning_rate=0.2, num_steps=10,
                       input_bound=2),
    "auxk": dict(num_rows=45, dim=20, hidden=29, batch_size=12, seed=20188, sparsity=0.85,
                 asl_weight=0, psl_weight=0, l1_weight=0, k=2, k_mean=0, tied=0, unit_norm=0,
                 prefixes=(), cap=1, noise=0.4, learning_rate=0.5, num_steps=10,
                 aux_k=2, aux_weight=2, silent_rows=20, input_bound=2),
}


def draw_input(case):
    """Rows of multiples of 1/64 (exact as float32) in [-bound, bound]."""
    bound = 64 * case["input_bound"]
    draw = lambda i, j: philox((i, j, 0, 0), key_of(case["seed"]))[0] % (2 * bound + 1) - bound
    rows = [[draw(i, j) / 64 for j in range(case["dim"])] for i in range(case["num_rows"])]
    return np.array(rows)


def unit_rows(matrix):
    return matrix / np.linalg.norm(matrix, axis=1, keepdims=True)


def descend(case, p, gradient):
    """A step of SGD; rows of W2 of length 1 move across and are scaled back."""
    if case["unit_norm"]:
        along = (gradient["W2"] * p["W2"]).sum(axis=1, keepdims=True)
        gradient = {**gradient, "W2": gradient["W2"] - along * p["W2"]}
    p = {name: p[name] - case["learning_rate"] * gradient[name] for name in TENSORS}
    return {**p, "W2": unit_rows(p["W2"])} if case["unit_norm"] else p


def train(case):
    """Train a case; returns its records and the parameters, clean and noisy rows of each step."""
    x = draw_input(case)
    p = initial_parameters(case["seed"], case["dim"], case["hidden"])
    if case["tied"]:
        p["W2"] = p["W1"]
    if case["unit_norm"]:
        p["W2"] = unit_rows(p["W2"])
    options = [(name, value) for name, value in case.items() if name != "input_bound"]
    records = options + [("input", x)] + [("initial_" + name, p[name]) for name in TENSORS]
    visited, idle = [], np.zeros(case["hidden"], int)
    for epoch in range(case["num_steps"]):
        batches = steps_of_epoch(case["seed"], epoch, case["num_rows"], case["batch_size"])
        for step, rows in enumerate(batches):
            if len(visited) == case["num_steps"]:
                break
            noise = np.array([normals(case["seed"], epoch, r, case["dim"]) for r in rows])
            clean = x[rows]
            noisy = clean + case["noise"] * noise
            losses, seen = forward(case, p, clean, noisy)
            if "aux_k" in case:
                idle = np.where((seen[1] > 0).any(axis=0), 0, idle + len(rows))
                silent = idle >= case["silent_rows"]
                losses, seen = forward(case, p, clean, noisy, (silent, None))
            gradient = backward(case, p, clean, noisy, seen)
            if not visited:
                records.append(("first_noise", noise))
            records += [("epoch", epoch), ("step", step), ("rows", rows), ("losses", losses)]
            if "aux_k" in case:
                records.append(("silent", silent.astype(int)))
            records += [("d" + name, gradient[name]) for name in TENSORS]
            visited.append((p, clean, noisy, seen, gradient))
            p = descend(case, p, gradient)
    return records + [("final_" + name, p[name]) for name in TENSORS], visited


# --- Codes over a dictionary -----------------------------------------------------------------------

NNSE = dict(num_rows=45, dim=20, hidden=17, seed=20207, l0=5, ridge=0.1, num_epochs=4, input_bound=2)


def solve_codes(x, atoms, penalty, ridge):
    """The non-negative elastic net, by coordinate descent over all rows at once; and how near it is to
    another set of active atoms."""
    gram, products = atoms @ atoms.T + ridge * np.eye(len(atoms)), x @ atoms.T
    codes = np.zeros(products.shape)
    for _ in range(3000):
        for j in range(len(atoms)):
            rest = products[:, j] - codes @ gram[:, j] + codes[:, j] * gram[j, j]
            codes[:, j] = np.maximum(0, rest - penalty) / gram[j, j]
    slack = penalty - (products - codes @ gram)
    return codes, min(codes[codes > 0].min(), slack[codes == 0].min())


def move_atoms(before, gram, cross):
    """1.8 times as far as by three rounds of block coordinate descent; no atom is longer than 1."""
    atoms = before.copy()
    for _ in range(3):
        for j in range(len(atoms)):
            atoms[j] += (cross[j] - gram[j] @ atoms) / gram[j, j]
            atoms[j] /= max(1, np.linalg.norm(atoms[j]))
    atoms = before + 1.8 * (atoms - before)
    return atoms / np.maximum(1, np.linalg.norm(atoms, axis=1))[:, None]


def adjust_penalty(penalty, count_ratio):
    """The penalty that gives the wanted number of values, which count_ratio(penalty) is divided by: at most
    three steps of the secant method on logarithmic scales, the first with a power of -1.3."""
    low, high, power, last, ratio = penalty / 1.25, penalty * 1.25, 1.3, None, 0
    for _ in range(3):
        if high <= low * 1.002 or abs(ratio - 1) < 0.01:
            break
        ratio = count_ratio(penalty)
        low, high = (penalty, high) if ratio > 1 else (low, penalty)
        if last and ratio != last[1]:
            power = -np.log(ratio / last[1]) / np.log(penalty / last[0])
        last = penalty, ratio
        penalty *= ratio ** (1 / power)
        if not low < penalty < high:
            penalty = last[0] if abs(ratio - 1) < 0.01 else np.sqrt(low * high)
    return penalty


def nnse_records():
    """Epochs of nnse from given atoms and lambda."""
    case = NNSE
    x = draw_input(case)
    atoms = unit_rows(uniform(case["seed"], 0, (case["hidden"], case["dim"]), 1))
    penalty = 0.8
    records = [(name, value) for name, value in case.items() if name != "input_bound"]
    records += [("input", x), ("initial_atoms", atoms), ("initial_lambda", penalty)]

    def solve(penalty):
        codes, edge = solve_codes(x, atoms, penalty, case["ridge"])
        assert edge > 2e-4, "nnse: a code is within %g of a change" % edge
        return codes

    for _ in range(case["num_epochs"]):
        codes = solve(penalty)
        records += [("squares", ((x - codes @ atoms) ** 2).sum()), ("values", np.count_nonzero(codes))]
        assert (codes > 0).any(axis=0).all()
        atoms = move_atoms(atoms, codes.T @ codes, codes.T @ x)
        penalty = adjust_penalty(
            penalty, lambda tried: np.count_nonzero(solve(tried)) / len(x) / case["l0"])
        records += [("atoms", atoms), ("lambda", penalty)]
    return records


def random_records():
    """Random numbers at the edges of their definitions: large seeds, rows, epochs; many lanes."""
    records = []
    for counter, key, block in KNOWN:
        records.append(("philox", counter + key + block))
    seed = 0x123456789ABCDEF
    records.append(("seed", (seed & MASK, seed >> 32)))
    for epoch, row in ((0, 0), (3, 5), (3999, 2**32 + 5)):
        records += [("noise_of", (epoch, row)), ("noise", normals(seed, epoch, row, 70))]
    for epoch, stratum, n in ((0, 0, 1), (0, 3, 13), (7, 63, 100)):
        records += [("order_of", (epoch, stratum)), ("order", shuffled(seed, epoch, stratum, n))]
    records.append(("uniform", uniform(seed, 2, (10,), 0.25)))
    return records


def all_files(trained):
    """{name: records} of tests/golden; trained: {name: what train() returns} of the cases."""
    return {"random.txt": random_records(), "nnse.txt": nnse_records(),
            **{name + ".txt": records for name, (records, _) in trained.items()}}


def train_all():
    return {name: train(case) for name, case in CASES.items()}


# --- Files ---------------------------------------------------------------------------------------


def as_text(records):
    """A record: its name, how many numbers follow, the numbers."""
    parts = []
    for name, values in records:
        flat = np.asarray(values).ravel()
        numbers = [str(v) if flat.dtype.kind in "iu" else format(v, ".10g") for v in flat]
        lines = [" ".join(numbers[i:i + 8]) for i in range(0, len(numbers), 8)]
        parts.append("%s %d\n%s\n" % (name, len(numbers), "\n".join(lines)))
    return "".join(parts) + "end 0\n"


def write():
    for name, records in all_files(train_all()).items():
        with open(os.path.join(GOLDEN, name), "w") as file:
            file.write(as_text(records))


# --- Checks --------------------------------------------------------------------------------------


def check_same(name, records):
    """The file must hold these records, to the digits that it has."""
    with open(os.path.join(GOLDEN, name)) as file:
        found = file.read().split()
    wanted = as_text(records).split()
    assert len(found) == len(wanted), "%s has %d fields, not %d" % (name, len(found), len(wanted))
    for i, (f, w) in enumerate(zip(found, wanted)):
        if f != w and not np.isclose(float(f), float(w), rtol=1e-8, atol=1e-12):
            raise AssertionError("%s: field %d is %s, not %s" % (name, i, f, w))


def check_gradients(name, case, visited):
    """Gradients against central differences, in the first and the last step."""
    delta = 1e-6
    for p, clean, noisy, seen, gradient in (visited[0], visited[-1]):
        for tensor in TENSORS:
            for at in np.ndindex(p[tensor].shape):
                losses = []
                for sign in 1, -1:
                    moved = {**p, tensor: p[tensor].copy()}
                    moved[tensor][at] += sign * delta
                    if case["tied"] and tensor in ("W1", "W2"):
                        moved["W1"] = moved["W2"] = moved[tensor]
                    losses.append(forward(case, moved, clean, noisy, seen[-1])[0][-1])
                slope = (losses[0] - losses[1]) / (2 * delta)
                assert abs(slope - gradient[tensor][at]) < 1e-8, \
                    "%s: d%s%s is %g, its difference quotient %g" % (
                        name, tensor, at, gradient[tensor][at], slope)


def nearest_edge(case, batches, silents):
    """How near a unit is to a clamp, or in rank to one that is kept where it isn't."""
    z = np.concatenate(batches)
    edges = [abs(z).min(), abs(z - case["cap"]).min()]
    for batch in batches if case["k_mean"] > 0 else []:
        falling, kept = -np.sort(-batch.ravel()), case["k_mean"] * len(batch)
        edges.append(falling[kept - 1] - falling[kept])
    if case["k"] > 0:
        falling = -np.sort(-z, axis=1)
        edges.append((falling[:, case["k"] - 1] - falling[:, case["k"]]).min())
    for batch, silent in zip(batches, silents) if "aux_k" in case else []:
        falling = -np.sort(-np.where(silent, np.maximum(batch, 0), 0), axis=1)
        gaps = falling[:, case["aux_k"] - 1] - falling[:, case["aux_k"]]
        edges.append(gaps[falling[:, case["aux_k"]] > 0].min(initial=np.inf))
    return min(edges)


def check_case(name, case, visited):
    """The case must test what it is for, and no unit may be so near a clamp that rounding decides."""
    batches = [seen[0] for _, _, _, seen, _ in visited]
    z = np.concatenate(batches)
    excess = np.concatenate([seen[3] for _, _, _, seen, _ in visited])
    silents = [seen[-1][0] for _, _, _, seen, _ in visited]
    edge = nearest_edge(case, batches, silents)
    share = (z < 0).mean(), ((z >= 0) & (z <= 1)).mean(), (z > 1).mean(), (excess > 0).mean()
    print("%s: z < 0 %.3f, inside %.3f, > 1 %.3f; ASL active %.3f; nearest to a clamp %.1e"
          % ((name,) + share + (edge,)))
    assert edge > 1e-5, "%s: a unit is within %g of a clamp" % (name, edge)
    if "aux_k" in case:
        counts = [silent.sum() for silent in silents]
        print("%s: silent units of the steps %s" % (name, " ".join(map(str, counts))))
        assert counts[0] == 0 and counts[-1] > case["aux_k"], name + ": hardly a unit is silent"
    assert min(share[:2]) > 0.05 and 0.05 < share[3] < 0.95, name
    assert len({len(clean) for _, clean, _, _, _ in visited}) > 1, name + ": no short batch"


def check():
    for counter, key, block in KNOWN:
        assert philox(counter, key) == block, "Philox differs from Random123"
    trained = train_all()
    for name, records in all_files(trained).items():
        check_same(name, records)
    for name, (_, visited) in trained.items():
        check_case(name, CASES[name], visited)
        check_gradients(name, CASES[name], visited)
    print("tests/golden is what the reference computes, and its gradients are right")


if __name__ == "__main__":
    if sys.argv[1:] == ["--check"]:
        check()
    elif not sys.argv[1:]:
        write()
    else:
        print(__doc__, end="", file=sys.stderr)
        sys.exit(2)
