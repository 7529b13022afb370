#!/usr/bin/env bash
# --dry-run says what memory a rank will take, and a rank takes that: its rows once, the parameters,
# the optimizer and a batch. Measured for many rows, for many units, for a big batch, for silent units,
# for a refit, and for nnse.
set -euo pipefail
# shellcheck source=tests/cli/lib.sh
. "$(dirname "$0")/lib.sh"
need_python h5py
trainer=$SPINE_BIN/spine-mpi

sample glove.h5
$python - <<'END'
import h5py, numpy
with h5py.File("many.h5", "w") as file:
    file.attrs["format"], file.attrs["format_version"] = "spine-vectors", 1
    file["vectors"] = numpy.random.default_rng(1).standard_normal((200000, 100), numpy.float32)
    file.create_dataset("words", data=["word%d" % i for i in range(200000)],
                        dtype=h5py.string_dtype())
END
cat >run.ini <<'END'
[data]
input = glove.h5
[model]
objective = spine
[train]
epochs = 1
END

# check NAME ARGUMENT...: train on two ranks; together they take what was said of the node, give or take
# 20 %. Each alone may differ: of what they share, a page counts for the rank that uses it.
check()
{
    local name=$1 said
    shift
    run mpirun -np 2 "$trainer" --dry-run run.ini output.directory="$name" "$@"
    said=$(awk '
        /^memory of a rank/ && match($0, /program [0-9.]+/) { program = substr($0, RSTART + 8, RLENGTH - 8) }
        sub(/^memory of a node +/, "") && $2 == "MiB" { node = $1 }
        END { if (program > 0 && node > 0) print 2 * program + node }' stdout)
    [ -n "$said" ] || fail "--dry-run doesn't say what memory is needed: $(cat stdout)"
    mkdir "$name-peak"
    run mpirun -np 2 "$SPINE_SOURCE/tests/cli/peak_memory.py" "$name-peak" \
        "$trainer" run.ini output.directory="$name" "$@"
    cat "$name-peak/0" "$name-peak/1" | awk -v name="$name" -v said="$said" '
        { peak += $1 / 1048576 }
        END {
            printf "%s: %.1f MiB said, %.1f MiB taken\n", name, said, peak
            exit !(peak > 0 && said >= 0.8 * peak && said <= 1.2 * peak)
        }' || fail "--dry-run is too far from what was taken for $name"
}

check rows data.input=many.h5 model.hidden=20
# The shard is 38 MiB, 43 padded: a second one would show.
[ "$(cat rows-peak/1)" -lt $((110 << 20)) ] || fail "the rows are in memory twice"
check units model.hidden=8000 data.limit=1000
check batch train.batch_size=4096 train.kernel=dense
check pairs train.batch_size=4096 train.kernel=sparse
check both train.batch_size=4096
# Saving after every epoch, so that rank 0's copy for a checkpoint is used.
few=(data.limit=1000 model.start=random train.epochs=3 train.checkpoint_every=1)
check silent "${few[@]}" model.objective=topk model.aux_k=50 model.hidden=4000 train.refit=no
check refit "${few[@]}" model.objective=topk
check nnse "${few[@]}" model.objective=nnse model.l0=10 model.hidden=1000 train.refit=yes
run "$trainer" --dry-run run.ini output.directory=alone model.objective=topk
grep -q '^memory of a rank .*, refit 25\.2, files ' stdout || fail "no memory of the refit: $(cat stdout)"
# disk ALPHA: what files with codes of 4 ALPHA values a word take.
disk()
{
    run "$trainer" --dry-run run.ini output.directory=alone model.objective=ksparse model.k=4 model.alpha="$1"
    sed -n 's/^disk  *\([0-9]*\)\..*/\1/p' stdout
}
one=$(disk 1) twenty=$(disk 20)
[ "$twenty" -gt $((one + 2)) ] || fail "codes of alpha k values a word take $twenty MiB of disk, of k $one"
