#!/usr/bin/env bash
# data.residency = stream and data.dtype = bfloat16: the same bytes on any ranks, grid and resume; those of
# memory where one window has all rows, with everything that goes over the rows; less memory; and what
# can't be read is said.
set -euo pipefail
# shellcheck source=tests/cli/lib.sh
. "$(dirname "$0")/lib.sh"
need_python h5py

sample glove.h5
cat >run.ini <<'INI'
[data]
input = glove.h5
limit = 700
[model]
objective = spine
hidden = 40
[train]
epochs = 3
learning_rate = 0.004
evaluate_every = 2
[output]
formats = txt
INI
stream="data.residency=stream data.window=0.06"

# equal RUN RUN: the same codes and measures.
equal()
{
    cmp "$1/codes.txt" "$2/codes.txt" || fail "$1 and $2 have other codes"
    diff <(measures "$1") <(measures "$2") || fail "$1 and $2 have other measures"
}
measures()
{
    sed 's/"seconds".*"density"/"density"/' "$1/metrics.jsonl"
}

# shellcheck disable=SC2086 # $stream is two words
{
    train 1 run.ini $stream output.directory=one
    train 3 run.ini $stream parallel.grid=1x3 output.directory=three
    train 2 run.ini $stream parallel.grid=1x2 train.stop_after=2 output.directory=resumed
    train 1 run.ini $stream output.directory=resumed
    train 1 run.ini $stream train.batch_size=256 output.directory=batch
    train 4 run.ini $stream train.batch_size=256 parallel.grid=2x2 output.directory=grid
}
equal one three
cmp one/codes.txt resumed/codes.txt || fail "a resumed run has other codes"
equal batch grid

# Whatever goes over the rows gets those that it would get in memory; not so the batches of small windows.
together="data.holdout=0.2 data.clip=1.5 data.whiten=remove:1 model.start=words train.refit=yes train.revive_after=1"
# shellcheck disable=SC2086
{
    train 1 run.ini $together output.directory=memory
    train 2 run.ini $together data.residency=stream output.directory=stream
    ! cmp -s memory/codes.txt one/codes.txt || fail "a small window changes nothing"
    train 2 run.ini $together data.dtype=bfloat16 parallel.grid=1x2 output.directory=half
    train 1 run.ini model.objective=nnse train.learning_rate=0.001 model.l0=5 train.epochs=1 output.directory=atoms
    train 2 run.ini model.objective=nnse train.learning_rate=0.001 model.l0=5 train.epochs=1 $stream \
        output.directory=streamed-atoms
    train 1 run.ini train.start_from=one data.holdout=0.2 output.directory=later
    train 2 run.ini train.start_from=one data.holdout=0.2 data.residency=stream output.directory=streamed-later
}
# The same with silent units, rows held out and a refitted decoder, and again starting from that run.
silent="model.objective=topk model.k=2 model.aux_k=4 model.silent_rows=150 data.holdout=0.2 train.refit=yes
    model.hidden=200 model.start=random"
# shellcheck disable=SC2086
{
    train 1 run.ini $silent output.directory=silent
    train 2 run.ini $silent data.residency=stream parallel.grid=1x2 output.directory=streamed-silent
    train 1 run.ini $silent data.dtype=bfloat16 output.directory=half-silent
    train 1 run.ini $silent train.start_from=silent output.directory=later-silent
    train 2 run.ini $silent train.start_from=silent data.residency=stream train.stop_after=2 \
        output.directory=streamed-later-silent
    train 1 run.ini $silent train.start_from=silent data.residency=stream output.directory=streamed-later-silent
}
equal silent streamed-silent
cmp later-silent/codes.txt streamed-later-silent/codes.txt || fail "silent units differ when streamed and resumed"
for run in silent half-silent later-silent; do
    awk -F '"aux":' 'NF < 2 { exit 1 } { split($2, a, /[,}]/); if (!(a[1] > 0 && a[1] < 1.2)) exit 1 }' \
        $run/metrics.jsonl || fail "$run: $(cat $run/metrics.jsonl)"
    grep -q '"held_out_explained_variance"' $run/metrics.jsonl || fail "$run has no measures of rows held out"
done
! cmp -s silent/codes.txt half-silent/codes.txt || fail "bfloat16 changes nothing in the codes of silent units"
equal memory stream
equal atoms streamed-atoms
equal later streamed-later
! cmp -s memory/codes.txt half/codes.txt || fail "bfloat16 changes nothing"
loss()
{
    tail -n 1 "$1/metrics.jsonl" | sed 's/.*"rl":\([^,]*\),.*/\1/'
}
awk -v a="$(loss memory)" -v b="$(loss half)" 'BEGIN { exit !(a / b > 0.99 && a / b < 1.01) }' ||
    fail "bfloat16 has a loss of $(loss half), float32 of $(loss memory)"

# Refused, and a file that is cut off or written to meanwhile.
$python - <<'END_PY'
import h5py
with h5py.File("glove.h5") as source, h5py.File("packed.h5", "w") as file:
    file.create_dataset("vectors", data=source["vectors"][:700], compression=1)
    file.create_dataset("words", data=source["words"][:700], dtype=h5py.string_dtype())
END_PY
refused spine-mpi "packed.h5: its vectors can't be read while training: they are compressed, chunked or not 32-bit floats; convert it with spine-convert, or set data.residency = memory and data.dtype = float32" \
    "$SPINE_BIN/spine-mpi" run.ini data.input=packed.h5 data.residency=stream output.directory=packed
printf '[sweep]\nmethod = grid\nobjective = maximize explained_variance\ndata.dtype = float32, bfloat16\n' >sweep.ini
cat run.ini >>sweep.ini
refused spine-sweep "data.dtype: the trials of a sweep share the input in memory; leave it out" \
    "$SPINE_BIN/spine-sweep" run sweep.ini
# begin NAME OPTION...: a long run of NAME.h5 in NAME/, in the background, until it has trained an epoch.
begin()
{
    local name=$1
    shift
    cp glove.h5 "$name.h5"
    mpirun -np 2 "$SPINE_BIN/spine-mpi" run.ini data.input="$name.h5" train.epochs=100000 \
        output.directory="$name" "$@" >stdout 2>stderr </dev/null &
    started=$!
    for _ in $(seq 300); do
        [ "$(wc -l 2>/dev/null <"$name/metrics.jsonl")" -gt 0 ] 2>/dev/null && break
        sleep 0.1
    done
}

begin cut data.residency=stream data.window=0.06
truncate -s 400000 cut.h5
status=0
wait $started || status=$?
# What comes first: a row that isn't there, or a look at the file. Warnings of what so few words learn
# may come before it.
said=$(grep '^spine-mpi: cut.h5: ' stderr || true)
case "$status: $said" in
"1: spine-mpi: cut.h5: can't read row "*": the file ends before it") ;;
"2: spine-mpi: cut.h5: the file was changed while it was read") ;;
*) fail "status $status of a run whose input was cut off: $(cat stderr)" ;;
esac

# Rows that were packed into memory aren't read again: what becomes of the file doesn't matter.
begin packed data.dtype=bfloat16
touch packed.h5
trained=$(wc -l <packed/metrics.jsonl)
for _ in $(seq 300); do
    [ "$(wc -l <packed/metrics.jsonl)" -lt $((trained + 2)) ] || break
    sleep 0.1
done
kill -USR1 $started
status=0
wait $started || status=$?
[ "$status" = 75 ] || fail "status $status of a run in bfloat16 whose input was touched: $(cat stderr)"

# Memory: the rows are 19 MB a rank, of which a run in memory has all.
$python - <<'END_PY'
import h5py, numpy
with h5py.File("many.h5", "w") as file:
    file["vectors"] = numpy.random.default_rng(1).standard_normal((100000, 96), numpy.float32)
    file.create_dataset("words", data=["w%d" % i for i in range(100000)], dtype=h5py.string_dtype())
END_PY
# peak NAME ARGUMENT...: what two ranks take, in MiB, which --dry-run said, give or take a fifth, and for the
# libraries, of which more or less is loaded, 8 MiB a rank.
peak()
{
    local name=$1 said
    shift
    run mpirun -np 2 "$SPINE_BIN/spine-mpi" --dry-run run.ini data.input=many.h5 data.limit=0 \
        output.directory="$name" "$@"
    said=$(sed -n 's/^memory of a rank  *\([0-9]*\).*/\1/p' stdout)
    mkdir "$name-peak"
    run mpirun -np 2 "$SPINE_SOURCE/tests/cli/peak_memory.py" "$name-peak" "$SPINE_BIN/spine-mpi" run.ini \
        data.input=many.h5 data.limit=0 train.epochs=1 train.batch_size=512 output.merge=no \
        output.directory="$name" "$@"
    peak=$(awk '{ sum += $1 / 1048576 } END { print int(sum) }' "$name-peak/0" "$name-peak/1")
    awk -v said=$((2 * said)) -v peak="$peak" 'BEGIN { exit !(said >= 0.8 * peak && said <= 1.2 * peak + 16) }' ||
        fail "$name: $said MiB a rank said, $peak MiB taken by two"
}
peak whole
whole=$peak
peak window data.residency=stream data.window=2
[ $((whole - peak)) -ge 24 ] || fail "streaming takes $peak MiB, memory $whole"
peak halves data.dtype=bfloat16
[ $((whole - peak)) -ge 8 ] || fail "bfloat16 takes $peak MiB, float32 $whole"
