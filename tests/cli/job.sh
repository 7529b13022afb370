#!/usr/bin/env bash
# job.sh without Slurm: what the ranks end with is known, also when a signal comes at that moment.
set -euo pipefail
# shellcheck source=tests/cli/lib.sh
. "$(dirname "$0")/lib.sh"

# An mpirun whose job gets USR1 just as it ends.
mkdir bin
# shellcheck disable=SC2016 # mpirun expands it
printf '#!/bin/sh\nsleep 0.2\nkill -USR1 $PPID\nexit 75\n' >bin/mpirun
chmod +x bin/mpirun

cat >job.sh <<'END_JOB'
set -euo pipefail
SLURM_JOB_ID=1 SLURM_JOB_NODELIST=here SLURM_NTASKS=1
here=$SPINE_SOURCE/slurm
. "$here/job.sh"
PATH=$PWD/bin:$PATH
for i in 1 2 3 4 5; do
    launch program
    kill -USR1 $$
    echo "$status"
done
END_JOB
run bash job.sh
[ "$(sort stdout | uniq -c | tr -s ' ')" = ' 5 75' ] || fail "the statuses: $(cat stdout stderr)"

# --- Without Slurm --------------------------------------------------------------------------------

for script in train.sbatch merge.sbatch sweep.sbatch sweep-alloc.sbatch job.sh; do
    refused "$script" "is a * sbatch *" env -u SLURM_JOB_ID bash "$SPINE_SOURCE/slurm/$script" run.ini
done

# --- What mpirun says ---------------------------------------------------------------------------

# Of ranks that have saved and left nothing; of others, and of all else, every line.
cat >farewell.c <<'END'
#include <mpi.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>

int main(int argc, char **argv)
{
    int rank;
    MPI_Init(&argc, &argv);
    MPI_Comm_rank(MPI_COMM_WORLD, &rank);
    if (rank == 0)
        fprintf(stderr, "a word\n");
    if (rank == 1 && atoi(argv[1]) == 9)
        raise(SIGKILL);
    MPI_Finalize();
    return atoi(argv[1]);
}
END
cat >job-farewell.sh <<'END_JOB'
set -euo pipefail
SLURM_JOB_ID=1 SLURM_JOB_NODELIST=here SLURM_NTASKS=2 SPINE_LAUNCHER=mpirun
here=$SPINE_SOURCE/slurm
. "$here/job.sh"
launch -np 2 ./farewell "$1"
echo "$status"
END_JOB
if command -v mpicc >/dev/null && mpirun --version | grep -q 'Open MPI'; then
    run mpicc farewell.c -o farewell
    for case in 75:75 1:1 9:137; do
        # Through a pipe, which ends when the copy of what mpirun says does.
        # shellcheck disable=SC2016 # the inner shell expands it
        run bash -c '{ bash job-farewell.sh "$1" 2>&1 >&3 3>&- | cat >&2; } 3>&1' - "${case%:*}"
        [ "$(cat stdout)" = "${case#*:}" ] || fail "status of $case: $(cat stdout stderr)"
        grep -qx 'a word' stderr || fail "$case: what a rank says is lost: $(cat stderr)"
        case $case in
        75:*) [ "$(wc -l <stderr)" = 2 ] || fail "a save ends in: $(cat stderr)" ;;
        1:*) grep -q 'Exit code: *1' stderr || fail "a failure isn't said: $(cat stderr)" ;;
        9:*) grep -q 'signal 9' stderr || fail "a signal isn't said: $(cat stderr)" ;;
        esac
    done
fi

# --- Names ------------------------------------------------------------------------------------

# A training by train.sbatch in a folder of an odd name, in a directory of an odd name: nothing of
# what lies around is touched, and the run's directory is found. Slurm is made of stubs.
mkdir stubs
for name in sbatch.d 'with blanks' '-rf'; do
    scripts="$PWD/at/$name/my.sbatch.d"
    mkdir -p -- "$scripts"
    cp -r -- "$SPINE_SOURCE"/slurm/. "$scripts"
    cat >stubs/scontrol <<END_STUB
#!/bin/sh
echo "   Command=$scripts/train.sbatch run.ini output.directory=x/y.sbatch"
END_STUB
    printf '#!/bin/sh\necho RUNNING\n' >stubs/squeue
    # What it would have launched, and how far the run is: by the names of its checkpoints.
    # shellcheck disable=SC2016 # it expands there
    printf '#!/bin/sh\n[ ! -e "$PWD/thesis" ] || echo launched >>"$PWD/launched"\nexit 0\n' >stubs/mpirun
    chmod +x stubs/*
    # shellcheck disable=SC2016 # a name with a dollar in it
    for directory in -delete -exec '$HOME' '*' 'a b'; do
        rm -rf job
        mkdir job
        (
            cd job
            mkdir thesis
            echo precious >thesis/chapter.tex
            printf '[data]\ninput = s.h5\n[output]\ndirectory = %s\n' "$directory" >run.ini
            PATH=$PWD/../stubs:$SPINE_BIN:$PATH SLURM_JOB_ID=1 SLURM_JOB_NODELIST=here \
                SLURM_NTASKS=1 bash -- "$scripts/train.sbatch" run.ini >out 2>&1 || true
            [ "$(cat thesis/chapter.tex run.ini | head -n 1)" = precious ] ||
                fail "directory = $directory: the job removed what isn't its own: $(cat out)"
            [ -e launched ] || fail "$scripts, directory = $directory: nothing was launched: $(cat out)"
        )
    done
done

# --- An mpirun that hides it --------------------------------------------------------------------

# MPICH's mpiexec may return 0 though the ranks have saved and left: the run is asked, and the job goes
# back into the queue; not when the run is finished, nor with Open MPI, which can be believed.
run "$SPINE_BIN/spine-convert" --limit 200 "$SPINE_SOURCE/tests/data/glove.6B.100d.5k.txt.gz" s.h5
printf '[data]\ninput = s.h5\n[model]\nobjective = spine\nhidden = 10\n[train]\nepochs = 4\n' >run.ini
attempt "$SPINE_BIN/spine-mpi" run.ini train.time_limit=1e-6
[ "$status" = 75 ] || fail "the run wasn't paused: status $status: $(cat stderr)"
cat >stubs/scontrol <<END_STUB
#!/bin/sh
[ "\$1" != requeue ] || echo requeued >>"$PWD/requeued"
echo "   Command=$SPINE_SOURCE/slurm/train.sbatch run.ini"
END_STUB
printf '#!/bin/sh\nexit 0\n' >stubs/sleep
chmod +x stubs/*
# by_stub VERSION STATUS ARGUMENT...: train.sbatch with an mpirun that says so, trains nothing and ends
# with 0; the job's status.
by_stub()
{
    # shellcheck disable=SC2016 # it expands there
    printf '#!/bin/sh\n[ "$1" != --version ] || echo "%s"\n' "$1" >stubs/mpirun
    rm -f requeued
    status=0
    PATH=$PWD/stubs:$SPINE_BIN:$PATH SLURM_JOB_ID=1 SLURM_JOB_NODELIST=here SLURM_NTASKS=1 \
        bash "$SPINE_SOURCE/slurm/train.sbatch" run.ini "${@:3}" >out 2>&1 || status=$?
    [ "$status" = "$2" ] || fail "status $status by $1, expected $2: $(cat out)"
}
by_stub 'HYDRA build details' 75
[ -e requeued ] || fail "a paused run isn't requeued: $(cat out)"
by_stub 'HYDRA build details' 0 train.stop_after=2
[ ! -e requeued ] || fail "a run that was to stop is requeued: $(cat out)"
by_stub 'mpirun (Open MPI) 4.1.4' 0
run "$SPINE_BIN/spine-mpi" run.ini
by_stub 'HYDRA build details' 0
[ ! -e requeued ] || fail "a finished run is requeued: $(cat out)"

# --- SIGTERM ----------------------------------------------------------------------------------

# It reaches mpirun as USR1, so that the ranks save and leave by themselves.
printf '#!/bin/sh\ntrap "exit 75" USR1\ntrap "exit 1" TERM\ntouch began\nwhile :; do sleep 0.1; done\n' >bin/mpirun
cat >job-term.sh <<'END_JOB'
set -euo pipefail
SLURM_JOB_ID=1 SLURM_JOB_NODELIST=here SLURM_NTASKS=1
here=$SPINE_SOURCE/slurm
. "$here/job.sh"
PATH=$PWD/bin:$PATH
{ while [ ! -e began ]; do sleep 0.1; done; kill -TERM $$; } &
launch program
echo "$status"
END_JOB
run bash job-term.sh
[ "$(cat stdout)" = 75 ] || fail "SIGTERM to the job: $(cat stdout stderr)"

# --- An mpirun that doesn't end -----------------------------------------------------------------

# Its processes have ended: it is killed, and the job goes back into the queue. Not if it may have
# started processes on other nodes that can't be seen: on several nodes without srun.
if [ ! -e /proc/$$/task/$$/children ]; then
    echo "SKIPPED: an mpirun that doesn't end: Linux doesn't list children here" >&2
    exit 0
fi
mkfifo never
cat >bin/mpirun <<'END'
#!/bin/bash
[ -z "${SAYS-}" ] || echo "$SAYS" >&2
[ -z "${LEAVES-}" ] || (
    command sleep 60 &
    echo $! >left
)
# Its child ends after it was seen.
sleep 100 &
: >child
while [ ! -e seen ]; do read -r -t 0.1 <>never; done
kill %1
read -r -t "$PATIENCE" <>never
exit 7
END
cat >job-stuck.sh <<'END_JOB'
set -euo pipefail
SLURM_JOB_ID=1 SLURM_JOB_NODELIST=here SLURM_NTASKS=1
here=$SPINE_SOURCE/slurm
. "$here/job.sh"
patience=1
[ -z "${LEAVES-}" ] || drain=1
# Between this one's first two calls the child is there.
sleep()
{
    [ ! -e twice ] || : >seen
    [ ! -e child ] || : >twice
    command sleep 0.2
}
PATH=$PWD/bin:$PATH
launch program
echo "$status"
END_JOB
PATIENCE=60 run bash job-stuck.sh
[ "$(cat stdout)" = 205 ] || fail "an mpirun that doesn't end: $(cat stdout stderr)"
grep -q "mpirun hadn't ended 1 s after its last process: killed it" stderr || fail "$(cat stderr)"
# Unless the ranks have said that they failed: neither warned nor saved.
rm child twice seen
SAYS='spine-mpi: run.ini:2: epochs: 4x is not a number' PATIENCE=60 run bash job-stuck.sh
[ "$(cat stdout)" = 1 ] || fail "a failure before an mpirun that doesn't end: $(cat stdout stderr)"
grep -q "the program had failed, so the job isn't requeued" stderr || fail "$(cat stderr)"
rm child twice seen
SAYS='spine-mpi: saved run after epoch 1, step 2; run the same command again to resume
spine-mpi: warning: the file system of run cannot lock files
spine-mpi: [rank 0] warning: two ranks share a core
spine-sweep: trial 0007: [rank 1] warning: the same' PATIENCE=60 run bash job-stuck.sh
[ "$(cat stdout)" = 205 ] || fail "a save before an mpirun that doesn't end: $(cat stdout stderr)"
# A process that it leaves with its output open isn't waited for.
rm child twice seen
LEAVES=1 PATIENCE=60 run bash job-stuck.sh
[ "$(cat stdout)" = 205 ] || fail "an mpirun that leaves a process: $(cat stdout stderr)"
[ -e /proc/"$(cat left)" ] || fail "the process that was left has ended before the job"
kill "$(cat left)"
rm child twice seen
PATIENCE=4 SLURM_JOB_NUM_NODES=2 run bash job-stuck.sh
[ "$(cat stdout)" = 7 ] || fail "an mpirun that may have ranks elsewhere: $(cat stdout stderr)"
