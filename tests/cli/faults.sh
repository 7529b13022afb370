#!/usr/bin/env bash
# A call that fails on one rank, or a file that other ranks don't see, ends all ranks with the true
# cause: no hang, no wrong data, and nothing whole is called damaged.
set -euo pipefail
# shellcheck source=tests/cli/lib.sh
. "$(dirname "$0")/lib.sh"
need_python h5py
limit=60 # seconds, after which it is a hang
trainer=$SPINE_BIN/spine-mpi
inject=$SPINE_BIN/../tests/faults/inject
export OMPI_MCA_btl_vader_backing_directory=$scratch

$python - <<'END_OF_PYTHON'
import random
numbers = random.Random(1)
with open("s.txt", "w") as file:
    for word in range(60):
        file.write(f"word{word} " + " ".join(f"{numbers.gauss(0, 1):.4f}" for _ in range(6)) + "\n")
END_OF_PYTHON
run "$SPINE_BIN/spine-convert" s.txt s.h5
cat >run.ini <<'END'
[data]
input = s.h5
[model]
objective = spine
hidden = 12
[train]
epochs = 2
batch_size = 20
END
train 2 run.ini output.directory=ref

# said PROGRAM STATUS TEXT
said()
{
    [ "$status" = "$2" ] || fail "status $status, expected $2: $(cat stderr)"
    one_line "$1" "$3"
}

# --- Files that only some ranks see ---------------------------------------------------------------

mkdir elsewhere
cp s.txt s.h5 elsewhere
host=$(hostname)
attempt mpirun -np 1 "$SPINE_BIN/spine-convert" s.txt out.h5 : \
    -np 1 --wdir "$scratch/elsewhere" "$SPINE_BIN/spine-convert" s.txt out.h5
said spine-convert 1 "rank 1: out.h5 is not visible on $host: a shared file system is needed"
[ -z "$(find . -name 'out.h5*')" ] || fail "left: $(find . -name 'out.h5*')"

attempt mpirun -np 1 "$trainer" run.ini output.directory=far : \
    -np 1 --wdir "$scratch/elsewhere" "$trainer" "$scratch/run.ini" output.directory=far
said spine-mpi 1 "rank 1: far is not visible on $host: a shared file system is needed"
[ ! -s far/metrics.jsonl ] || fail "that was said after the work"

sed 's/word59 /other59 /' s.txt >elsewhere/s.txt
(cd elsewhere && run "$SPINE_BIN/spine-convert" s.txt s.h5)
attempt mpirun -np 1 "$trainer" run.ini output.directory=other : \
    -np 1 --wdir "$scratch/elsewhere" "$trainer" "$scratch/run.ini" output.directory=other
said spine-mpi 1 "rank 1: s.h5 is another file on $host than on rank 0's node"

# Nor do a sweep's groups train on different inputs, or from different runs.
cat run.ini - >sweep.ini <<'END'
[sweep]
method = grid
objective = maximize intrusion
train.noise = 0.2, 0.4
END
# apart WHAT OPTION... : a sweep on two nodes of one rank each, the second of which has a disk of its own.
apart()
{
    local what=$1 words=("$scratch/sweep.ini" sweep.directory="$scratch/apart" "${@:2}")
    SPINE_RANKS_PER_NODE=1 attempt mpirun -np 1 "$SPINE_BIN/spine-sweep" run "${words[@]}" : \
        -np 1 --wdir "$scratch/elsewhere" "$SPINE_BIN/spine-sweep" run "${words[@]}"
    said spine-sweep 1 "rank 1: $what on $host than on rank 0's node"
    [ ! -e apart ] || fail "that was said after the sweep had begun"
}
apart "s.h5 is another file"
apart "s.h5 is another file" data.holdout=0.2
cp s.h5 elsewhere
train 1 run.ini train.seed=2 output.directory=elsewhere/ref
apart "ref is another run" train.start_from=ref
apart "ref is another run" train.start_from=ref data.holdout=0.2

# --- Files that others have locked ------------------------------------------------------------------

$python - "$SPINE_BIN" <<'END'
import fcntl, subprocess, sys
with open("s.h5") as file:
    fcntl.flock(file, fcntl.LOCK_EX)
    got = subprocess.run([sys.argv[1] + "/spine-eval", "s.h5", "--space", "s.h5"],
                         capture_output=True, text=True)
expected = ("spine-eval: s.h5: another program has it open for writing and has locked it; close it "
            "there\n")
assert got.returncode == 1 and got.stderr == expected, got
END

# A whole file whose writer was killed: HDF5's newer format marks it.
$python - <<'END'
import h5py, os
if os.fork() == 0:
    with h5py.File("s.h5") as old, h5py.File("marked.h5", "w", libver="latest") as new:
        for name in old:
            old.copy(name, new)
        new.flush()
        os._exit(0)
os.wait()
END
for program in spine-convert spine-top; do
    attempt "$SPINE_BIN/$program" marked.h5 marked
    said $program 2 "marked.h5: is marked as open for writing; close it in the program that writes it or, if that has crashed, remove the mark with 'h5clear -s marked.h5'"
done

# --- Closed standard descriptors --------------------------------------------------------------------

"$SPINE_BIN/spine-eval" s.h5 --space s.h5 --json scores.json >&- 2>&- || true
$python -c 'import json; json.load(open("scores.json"))' || fail "$(cat scores.json)"

# --- SIGTERM to mpirun ------------------------------------------------------------------------------

# mpirun reads nothing that the ranks print in the 3 s before it passes TERM on. With epochs of several
# milliseconds their lines fit into the pipe; shorter ones fill it, and rank 0 must not be stuck there.
for hidden in 20000 12; do
    ranks=$((hidden == 12 ? 1 : 2))
    OMPI_MCA_odls_base_sigkill_timeout=3 timeout -k 5 60 mpirun -np $ranks "$trainer" run.ini \
        train.epochs=10000000 model.hidden=$hidden output.directory=term$hidden >stdout 2>stderr &
    job=$!
    for _ in $(seq 300); do
        [ ! -s term$hidden/metrics.jsonl ] || break
        sleep 0.1
    done
    kill -TERM "$(pgrep -P $job -x mpirun || pgrep -P $job)"
    wait $job || true
    [ $hidden = 12 ] ||
        grep -q "it kills the ranks 3 s after it, saved or not; send it USR1 instead" stderr ||
        fail "$(cat stderr)"
    find term$hidden -name 'checkpoint-*.h5' | grep -q . || fail "nothing was saved: $(tail stderr)"
done

# --- One rank's calls -------------------------------------------------------------------------------

# shellcheck disable=SC2016 # the inner shell expands it
attempt mpirun -np 1 "$SPINE_BIN/spine-convert" s.txt out.h5 : \
    -np 1 bash -c 'ulimit -n 20; exec "$0" s.txt out.h5' "$SPINE_BIN/spine-convert"
[ "$status" != 124 ] || fail "a rank without descriptors hangs the others"

if [ ! -x "$inject" ]; then
    echo "SKIPPED: CALLS THAT FAIL ARE NOT TESTED: there is no tests/faults/inject" >&2
    exit 0
fi
attempt "$inject" -m half true
[ "$status" = 98 ] || fail "status $status of an unknown mode"

# faulty OPTION... : the run, with a fault on rank 1.
faulty()
{
    rm -rf run
    attempt mpirun -np 1 "$trainer" run.ini output.directory=run : \
        -np 1 "$inject" -p "$scratch/s.h5" "$@" "$trainer" run.ini output.directory=run
}

faulty -c R -l reads -n 0
[ "$status" = 0 ] || fail "$(cat stderr)"
reads=$(wc -l <reads)
[ "$reads" -gt 3 ] || fail "rank 1 reads the input in $reads calls"
for read in 2 $((reads / 2)) "$reads"; do
    faulty -c R -n "$read" -e 5
    said spine-mpi 1 "rank 1: s.h5: *Input/output error"
    [ ! -e run/model.h5 ] || fail "read $read failed, and there is a model"
    faulty -c R -n "$read" -m short
    [ "$status" = 0 ] || fail "a short read: status $status: $(cat stderr)"
    cmp run/codes.h5ad ref/codes.h5ad || fail "a short read gives other codes"
done

for code in 37 95; do # ENOLCK, EOPNOTSUPP: the file system has no locks
    faulty -c l -P -n 1 -e $code
    [ "$status" = 0 ] || fail "without locks: $(cat stderr)"
done
faulty -c o -P -n 1 -e 24
said spine-mpi 1 "rank 1: s.h5: Too many open files"

# A save that takes longer than mpirun waits before it kills. After USR1 mpirun doesn't kill.
for signal in USR1 TERM; do
    OMPI_MCA_odls_base_sigkill_timeout=1 timeout -k 5 60 mpirun -np 1 "$inject" -p "$scratch/slow$signal/checkpoint" \
        -c s -m slow -n 1 -e 4 "$trainer" run.ini train.epochs=10000000 train.checkpoint_every=0 \
        output.directory=slow$signal >stdout 2>stderr &
    job=$!
    for _ in $(seq 300); do
        [ ! -s slow$signal/metrics.jsonl ] || break
        sleep 0.1
    done
    kill -$signal "$(pgrep -P $job -x mpirun || pgrep -P $job)"
    status=0
    wait $job || status=$?
    saved=$(find slow$signal -name 'checkpoint-*.h5')
    [ $signal != USR1 ] || { [ "$status" = 75 ] && [ -n "$saved" ]; } ||
        fail "status $status of a slow save: $(ls slow$signal) $(tail stderr)"
    attempt "$trainer" --status slow$signal # after TERM it is lost, as the run says and README does
    ! grep "damaged" stdout || fail "what a slow save left"
    rm -rf slow$signal
done

# Memory that runs out on one rank while it parses the configuration ends all.
printf '[sweep]\nmethod = grid\nobjective = maximize intrusion\nmodel.hidden = 8, 12\n' >>run.ini
for allocation in 2 4 6 8; do
    attempt mpirun -np 1 "$SPINE_BIN/spine-sweep" plan run.ini : -np 1 env \
        LD_PRELOAD="$(dirname "$inject")/nomemory.so" NOMEMORY_N=$allocation NOMEMORY_EXE=spine- \
        NOMEMORY_CALLERS=spine,cjson,inih "$SPINE_BIN/spine-sweep" plan run.ini
    said spine-sweep 1 "rank 1: *out of memory*"
done

# A trial whose claim failed is claimed by others, which depend on it.
attempt mpirun -np 1 "$SPINE_BIN/spine-sweep" run run.ini sweep.directory=halved sweep.method=asha \
    sweep.min_epochs=1 : -np 1 "$inject" -p "$scratch/halved/.changes" -c w -n 1 -e 5 \
    "$SPINE_BIN/spine-sweep" run run.ini sweep.directory=halved sweep.method=asha sweep.min_epochs=1
said spine-sweep 1 "*halved/.changes: Input/output error"
rm -rf halved

# A sweep's lock is released by a close() that reports an error.
attempt mpirun -np 1 "$SPINE_BIN/spine-sweep" run run.ini sweep.directory=closed : \
    -np 1 "$inject" -p "$scratch/closed/.lock" -c c -P -n 1 -e 5 -l closes \
    "$SPINE_BIN/spine-sweep" run run.ini sweep.directory=closed
[ "$status" = 0 ] || fail "status $status when closing .lock fails: $(cat stderr)"
[ -s closes ] || fail "no close of .lock failed"
rm -rf closed

# A trial's record that can't be looked up isn't said to be missing.
attempt "$inject" -p "$scratch/tried/trials/0000/trial.json" -c o -n 1 -e 116 \
    "$SPINE_BIN/spine-sweep" run run.ini sweep.directory=tried
said spine-sweep 1 "*tried/trials/0000/trial.json: Stale file handle"

# Allocations of a summary, from about its first one on: status 0 only with the table.
summarise()
{
    attempt env LD_PRELOAD="$(dirname "$inject")/nomemory.so" NOMEMORY_N="$1" NOMEMORY_EXE=spine- \
        NOMEMORY_CALLERS=spine,cjson,inih "$SPINE_BIN/spine-sweep" summary run.ini sweep.directory=tried
}
summarise 0
[ "$status" = 0 ] || fail "$(cat stderr)"
mv stdout table
before=0 first=4096
while [ $((first - before)) -gt 1 ]; do
    middle=$(((before + first) / 2))
    summarise $middle
    if [ "$status" = 0 ] || grep -q 'for the summary' stderr; then first=$middle; else before=$middle; fi
done
for allocation in $(seq "$first" $((first + 7))); do
    summarise "$allocation"
    if [ "$status" = 0 ]; then
        cmp table stdout || fail "allocation $allocation of a summary fails, with status 0 and no table"
    else
        said spine-sweep 1 "out of memory *"
    fi
done
rm -rf tried

# An I/O error isn't taken for a file, or a part of one, that isn't there.
"$inject" -p "$scratch/ref" -c oRt -l calls -n 0 "$SPINE_BIN/spine-report" ref -o whole.html >stdout
calls=$(wc -l <calls)
for call in $(seq 1 $((calls / 12 + 1)) "$calls"); do
    attempt "$inject" -p "$scratch/ref" -c oRt -n "$call" -e 5 "$SPINE_BIN/spine-report" ref -o page.html
    [ "$status" != 0 ] || [ "$(wc -c <whole.html)" = "$(wc -c <page.html)" ] ||
        fail "call $call fails, and the page is another: $(cat stderr)"
    if grep "damaged\|not an HDF5" stderr; then
        fail "call $call fails"
    fi
done

# Nor is what can't be opened or read called damaged.
for fault in "-c o -P -n 4 -e 24" "-c R -n 8 -e 5"; do
    # shellcheck disable=SC2086 # they are words
    attempt "$inject" -p "$scratch/ref" $fault "$trainer" --status ref
    said spine-mpi 1 "ref/*: *"
done

# A temporary file that was made and can't be used is removed.
for call in $(seq 6); do
    attempt "$inject" -p "$scratch/made" -c t -n "$call" -e 116 "$SPINE_BIN/spine-merge" ref -o made.vec
    [ -z "$(find . -name 'made.*.part')" ] || fail "call $call fails, and leaves $(echo made.*)"
done

# --- What can't be looked up isn't taken for what isn't there -----------------------------------------

# each STRIDE CALLS PREFIX JUDGE COMMAND...: make every so-many-th of the command's calls on files that
# begin with PREFIX fail, and let JUDGE look at what comes of it. Some can be done without, but not all.
each()
{
    local stride=$1 classes=$2 prefix=$3 judge=$4 number calls num_failed=0
    shift 4
    rm -f calls
    "$inject" -p "$prefix" -c "$classes" -l calls -n 0 "$@" >stdout 2>stderr || fail "$(cat stderr)"
    calls=$(wc -l <calls)
    for number in $(seq 1 "$stride" "$calls"); do
        attempt "$inject" -p "$prefix" -c "$classes" -n "$number" -e 5 "$@"
        case $status in
            0) ;;
            1 | 2) num_failed=$((num_failed + 1)) ;;
            *) fail "call $number: status $status: $* $(sed -n "${number}p" calls) $(cat stderr)" ;;
        esac
        $judge "call $number ($(sed -n "${number}p" calls))"
    done
    [ $num_failed -gt 0 ] || fail "of $calls calls ($classes, $prefix), none that fails matters to: $*"
}

not_converted()
{
    [ ! -e one/input.h5 ] || fail "$1 fails, and the input is converted as if it were another form"
    rm -rf one
}
# So too while a name is split into an archive's and a member's.
$python -c "
import numpy
numpy.savez('s.npz', vectors=numpy.ones((3, 2), 'f4') * [[1], [2], [3]], words=numpy.array(['a', 'b', 'c']))"
not_missing()
{
    ! grep "No such file" stderr || fail "$1 fails, and the input is called missing"
}
each 1 t "$scratch/s.npz" not_missing "$SPINE_BIN/spine-convert" s.npz npz.h5
each 2 oRt "$scratch/s.h5" not_converted "$trainer" --dry-run run.ini output.directory=one

not_damaged()
{
    if grep "damaged\|not the directory\|another program\|was changed" stdout stderr; then
        fail "$1 fails"
    fi
}
each 6 oRt "$scratch/ref/model.h5" not_damaged "$trainer" --status ref
caused()
{
    not_damaged "$1"
    [ "$status" = 0 ] || grep -q "Input/output error$" stderr || fail "$1 fails: $(cat stderr)"
}
each 6 R "$scratch/ref/codes.index" caused "$SPINE_BIN/spine-top" ref --dump
each 1 t "$scratch/again.h5" caused "$SPINE_BIN/spine-convert" s.txt again.h5
each 1 t "$scratch/zipped.npz.zip" caused "$SPINE_BIN/spine-merge" ref -o zipped.npz
rm -f zipped.*
each 5 t "$scratch/s.h5" not_damaged "$trainer" run.ini --dry-run output.directory=one
attempt "$inject" -p "$scratch/q" -c w -n 1 -e 28 "$SPINE_BIN/spine-eval" ref s.h5 --n=10 --questionnaire=q.tsv
said spine-eval 1 "q.tsv: No space left on device"

"$SPINE_BIN/spine-encode" ref s.txt -o whole.h5ad 2>stderr >stdout || fail "$(cat stderr)"
same_codes()
{
    [ "$status" != 0 ] || cmp whole.h5ad coded.h5ad || fail "$1 fails, and the codes are others"
    [ -z "$(find . -name 'coded.*.part' -o -name 'coded.*input*')" ] || fail "$1 fails: left: $(echo coded.*)"
    rm -f coded.*
}
each 13 oRt "$scratch/ref/codes.h5ad" same_codes "$SPINE_BIN/spine-encode" ref s.txt -o coded.h5ad
each 9 oRt "$scratch/coded.h5ad.input.h5" same_codes "$SPINE_BIN/spine-encode" ref s.txt -o coded.h5ad
each 1 os "$scratch/." same_codes "$SPINE_BIN/spine-encode" ref s.txt -o coded.h5ad

"$SPINE_BIN/spine-eval" ref --json whole.json >whole.txt 2>stderr || fail "$(cat stderr)"
same_figures()
{
    [ "$status" != 0 ] || cmp whole.txt stdout || fail "$1 fails, and the figures are others"
}
each 11 oRt "$scratch/s.h5" same_figures "$SPINE_BIN/spine-eval" ref --json figures.json

# Each allocation of a listing in turn: no crash, and no words that are empty.
for allocation in 3 8 9 10; do
    attempt env LD_PRELOAD="$(dirname "$inject")/nomemory.so" NOMEMORY_N="$allocation" NOMEMORY_EXE=spine- \
        NOMEMORY_CALLERS=spine,cjson,inih "$SPINE_BIN/spine-top" ref --dump
    [ "$status" = 0 ] || said spine-top 1 "out of memory*"
    ! grep -P '\t\t' stdout || fail "allocation $allocation fails, and words are empty"
done

# --- Killed, and started again: nothing is left -------------------------------------------------------

for call in $(seq 8); do
    attempt "$inject" -p "$scratch/killed" -c uo -m kill -n "$call" \
        "$SPINE_BIN/spine-merge" ref -o killed.h5ad -o killed.npz
done
: >killed.npz.zip.part
: >killed.npz.zip.part.a1B2c3 # libzip's
run "$SPINE_BIN/spine-merge" ref -o killed.h5ad -o killed.npz
[ "$(echo killed.*)" = "killed.h5ad killed.index killed.npz killed.words.txt" ] ||
    fail "left after a kill: $(echo killed.*)"

# Killed at any call, no program leaves codes beside the words of others.
"$inject" -p "$scratch/mixed" -c ru -l calls -n 0 "$SPINE_BIN/spine-encode" ref s.txt -o mixed.npy -o mixed.mtx >stdout
[ "$(wc -l <calls)" -ge 4 ] || fail "files are renamed or removed by calls that aren't seen: $(cat calls)"
mkdir new
mv mixed.* new
for call in $(seq "$(wc -l <calls)"); do
    rm -f mixed.*
    for name in mixed.npy mixed.mtx mixed.words.txt; do echo old >$name; done
    attempt "$inject" -p "$scratch/mixed" -c ru -m kill -n "$call" \
        "$SPINE_BIN/spine-encode" ref s.txt -o mixed.npy -o mixed.mtx
    [ -e mixed.words.txt ] || continue
    for name in mixed.npy mixed.mtx; do
        if cmp -s $name new/$name; then list=new/mixed.words.txt; else list=$name; fi
        cmp mixed.words.txt $list || fail "killed at call $(sed -n "${call}p" calls): $name beside other words"
    done
done
rm -r mixed.* new

# OpenBLAS, which waits for memory for ever, is made sure to have it.
if (ulimit -v 150000 && "$SPINE_BIN/spine-report" --version >stdout 2>stderr); then
    # shellcheck disable=SC2016 # the inner shell expands it
    attempt bash -c 'ulimit -v 150000; exec "$0" ref -o small.html' "$SPINE_BIN/spine-report"
    said spine-report 1 "out of memory for *"
    # So it is for each thread; with fewer threads where there isn't enough for all. Whether there is
    # depends on the machine: it neither hangs nor crashes.
    train 1 run.ini model.hidden=2000 train.epochs=1 output.directory=wide
    # shellcheck disable=SC2016 # the inner shell expands it
    attempt env OMP_NUM_THREADS=4 bash -c 'ulimit -v 550000; exec "$0" wide -o small.html' \
        "$SPINE_BIN/spine-report"
    [ "$status" = 0 ] || said spine-report 1 "out of memory for *"
else
    echo "SKIPPED: spine-report without memory: it doesn't start with 150 MB"
fi

# A short write isn't a full disk.
attempt "$inject" -p "$scratch/swept/.changes" -c w -m short -n 1 "$SPINE_BIN/spine-sweep" run run.ini \
    output.directory=swept
[ "$status" = 0 ] || fail "a short write: $(cat stderr)"
