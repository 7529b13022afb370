#!/usr/bin/env bash
# A run that can't fit into memory or on the disk ends before it begins, with a sentence that has
# both numbers, and leaves nothing; train.check_room = no lets it try.
set -euo pipefail
# shellcheck source=tests/cli/lib.sh
. "$(dirname "$0")/lib.sh"
need_python h5py
trainer=$SPINE_BIN/spine-mpi

# failed PATTERN: the last attempt's status and only line; there is no run.
failed()
{
    [ "$status" = 1 ] || fail "status $status, expected 1: $(cat stderr)"
    one_line spine-mpi "$1"
}

# --- Memory: the parameters of so many units and columns are 400 GB, and there are five such blocks.

$python - <<'END'
import h5py, numpy
for name, columns in ("wide.h5", 50000), ("narrow.h5", 50):
    with h5py.File(name, "w") as file:
        file.attrs["format"], file.attrs["format_version"] = "spine-vectors", 1
        file["vectors"] = numpy.random.default_rng(1).standard_normal((10, columns), numpy.float32)
        file.create_dataset("words", data=["word%d" % i for i in range(10)], dtype=h5py.string_dtype())
END
cat >wide.ini <<'END'
[data]
input = wide.h5
[model]
objective = spine
hidden = 1048576
[train]
batch_size = 10
[output]
directory = wide
END
said="$(hostname) has too little memory for its 2 ranks: about [0-9]* MiB more needed, [0-9]* MiB free; use\
 fewer ranks per node or a smaller model.hidden, or set train.check_room = no to start anyway"
attempt mpirun -np 2 "$trainer" wide.ini
failed "$said"
[ ! -e wide ] || fail "a run that can't fit made its directory"
attempt mpirun -np 2 "$trainer" --dry-run wide.ini
failed "$said"
grep -q '^memory of a node  [0-9.]* MiB more, of [0-9.]* MiB free$' stdout || fail "$(cat stdout)"
run "$trainer" --dry-run wide.ini train.check_room=no

# Each of 8 ranks needs 14 GB for the refit of 29,999 units, and 0.4 GB without.
attempt mpirun -np 8 "$trainer" --dry-run wide.ini data.input=narrow.h5 model.objective=topk model.hidden=29999 \
    parallel.grid=1x8
if [ "$status" = 1 ]; then
    failed "${said/2 ranks*use/8 ranks*use train.refit = no,}"
fi

# --- Disk -----------------------------------------------------------------------------------------

mkdir small
cleanup()
{
    umount "$scratch/small" 2>/dev/null || true
}
mount -t tmpfs -o size=3m tmpfs small 2>/dev/null ||
    skip "A DISK THAT IS TOO SMALL IS NOT TESTED: only root may mount one"
sample glove.h5
cat >run.ini <<'END'
[data]
input = glove.h5
limit = 1000
[model]
objective = spine
hidden = 1000
[train]
epochs = 1
[output]
directory = small/not/yet/there
END
attempt mpirun -np 2 "$trainer" run.ini
failed "output.directory: small/not/yet/there has too little disk space for the run's files: about\
 [0-9]* MiB more needed, 3 MiB free; set train.check_room = no to start anyway"
[ -z "$(ls small)" ] || fail "a run that can't fit made $(ls small)"
attempt "$trainer" run.ini train.check_room=no
failed "*small/not/yet/there/*: No space left on device"
rm -r small/not

# A run that is finished needs nothing more.
mount -o remount,size=32m small
run "$trainer" run.ini
head -c $(($(df --output=avail -k small | tail -n 1) * 1024)) /dev/zero >small/filler
run "$trainer" run.ini
grep -q "nothing to do" stderr || fail "a finished run: $(cat stderr)"
