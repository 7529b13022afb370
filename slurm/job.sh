# shellcheck shell=bash
# job.sh -- what the job scripts share: starting ranks, forwarding signals, and requeueing the job. A
# script sets 'here', the directory of both, and sources this.
#
# On USR1, which Slurm sends to the script before the time limit (#SBATCH --signal), the ranks save and
# leave with status 75. The script then requeues its job, which resumes. It also does so when mpirun
# lost a node (status 205): if the job runs under mpirun, Slurm itself only notices the loss of the node
# with the script; and when mpirun hangs at its end and must be killed, unless the program has said that
# it failed. After three attempts in a row that saved nothing new, the job ends.
#
# SIGTERM, which scancel and preemption send, is also forwarded as USR1: on SIGTERM mpirun would kill
# the ranks a second later, even if they are saving, and end with status 1. (The delay can be set by
# OMPI_MCA_odls_base_sigkill_timeout, but mpirun then waits twice as long whenever a rank leaves with a
# status other than 0, so each requeue would cost two minutes instead of two seconds.)

if [ -z "${here-}" ] || [ -z "${SLURM_JOB_ID-}" ]; then
    echo "job.sh: is a part of the job scripts: sbatch train.sbatch CONFIG.ini" >&2
    exit 2
fi
ulimit -c 0
export OPENBLAS_NUM_THREADS=1 OMP_NUM_THREADS=1 # one rank per core
# Let mpirun notice in 8 seconds, rather than 8 minutes, that a host lost its network.
export OMPI_MCA_oob_tcp_keepalive_time=5 OMPI_MCA_oob_tcp_keepalive_intvl=1
export OMPI_MCA_oob_tcp_keepalive_probes=3
# shellcheck source=slurm/env.sh
. "$here/env.sh"

# This job, as Slurm's commands call it; an array's last task has the number of the whole array.
job=$SLURM_JOB_ID
if [ -n "${SLURM_ARRAY_JOB_ID-}" ]; then
    job=${SLURM_ARRAY_JOB_ID}_$SLURM_ARRAY_TASK_ID
fi

say()
{
    echo "$(date +%T) job $job: $*" >&2
}

# alone PROGRAM ARGUMENT...: run it here, as a single process that Slurm didn't start.
alone()
{
    env -u SLURM_PROCID "$@"
}

# patiently COMMAND...: retry for a minute if Slurm's controller doesn't answer.
patiently()
{
    local i
    for ((i = 0; i < 6; i++)); do
        if "$@"; then return; fi
        sleep 10
    done
    return 1
}

# Copy mpirun's output, except its blocks of text about ranks that left with 75: they have saved, and
# nothing was aborted. Signals that end the job don't end this before mpirun has ended. Returns 1 if a
# program has said that it failed, in a line that begins with its name and isn't a warning.
without_farewell()
{
    trap '' TERM USR1
    exec awk '
        /^spine-[a-z]+: / && !/^spine-[a-z]+: (trial [0-9]+: )?(\[rank [0-9]+\] )?warning: / &&
            !/run the same command again/ { failed = 1 }
        /^-------------------------+$/ && !is_block { is_block = 1; block = $0; next }
        is_block {
            block = block "\n" $0
            if ($0 !~ /^-+$/)
                next
            is_block = 0
            if (block ~ /Primary job +terminated normally, but/ || block ~ /Exit code: +75\n/)
                next
            print block
            fflush()
            next
        }
        { print; fflush() }
        END { if (is_block) print block; exit failed }'
}

# children PID: the names of its child processes that haven't ended.
children()
{
    local child
    # shellcheck disable=SC2013 # they are words
    for child in $(cat /proc/"$1"/task/*/children 2>/dev/null); do
        [[ "$(cat "/proc/$child/stat" 2>/dev/null)" == *') Z '* ]] ||
            cat "/proc/$child/comm" 2>/dev/null || true
    done
}

# end_if_stuck PID: kill an mpirun that doesn't end although all processes that it started have: Open MPI
# 4.1's sometimes hangs after a rank was killed. Returns 3 if it killed it. It only does so where a healthy
# mpirun has a child as long as any rank lives: a rank if the job has one node, srun if it has several.
# With ssh, which ends earlier, and where Linux doesn't list children, it never does.
patience=60 # seconds
end_if_stuck()
{
    local last='' names shows=''
    [ "$SPINE_LAUNCHER" = mpirun ] || return 0
    while [ -d "/proc/$1" ]; do
        names=$(children "$1")
        case ${SLURM_JOB_NUM_NODES:-1} in
        1) ! grep -qvxE 'ssh|rsh|qrsh' <<<"${names:-ssh}" || shows=1 ;;
        *) ! grep -qx srun <<<"$names" || shows=1 ;;
        esac
        if [ -n "$names" ]; then
            last=$SECONDS
        elif [ -n "$shows" ] && [ $((SECONDS - last)) -gt "$patience" ]; then
            trap '' TERM # launch ends this when mpirun has ended
            kill -KILL "$1" 2>/dev/null || return 0
            say "mpirun hadn't ended $patience s after its last process: killed it"
            return 3
        fi
        sleep 5 >/dev/null 2>&1 # a killed watch leaves it, but not with the job's output open
    done
}

# has_failed COPIER: has the program said that it failed? Waits for the copier, but not for long: a
# process that mpirun left may keep its output open.
drain=10 # seconds
has_failed()
{
    local until=$((SECONDS + drain)) code=0
    while kill -0 "$1" 2>/dev/null; do
        [ "$SECONDS" -lt "$until" ] || return 1
        sleep 0.2
    done
    wait "$1" 2>/dev/null || code=$?
    [ "$code" = 1 ]
}

# launch PROGRAM ARGUMENT...: run it on all of the job's tasks, forward signals to them, and set
# 'status'.
launch()
{
    local command=(mpirun) filter copier pid watch signals=0 seen stuck=''
    case $SPINE_LAUNCHER in
    mpirun) ;;
    srun) command=(srun --mpi=pmix --kill-on-bad-exit=1) ;;
    *)
        say "SPINE_LAUNCHER is '$SPINE_LAUNCHER', expected mpirun or srun"
        exit 2
        ;;
    esac
    say "attempt $((${SLURM_RESTART_COUNT:-0} + 1)) on $SLURM_JOB_NODELIST by ${command[0]}," \
        "tasks: $SLURM_NTASKS"
    exec {filter}> >(without_farewell >&2) # a child of this script, not of mpirun
    copier=$!
    "${command[@]}" "$@" 2>&"$filter" {filter}>&- &
    pid=$!
    exec {filter}>&-
    end_if_stuck $pid &
    watch=$!
    trap 'signals=$((signals + 1)); say "USR1: the ranks save and leave"; kill -USR1 $pid || true' USR1
    trap 'signals=$((signals + 1)); say "TERM: the ranks save and leave"; kill -USR1 $pid || true' TERM
    while :; do # wait returns early at a signal
        seen=$signals status=0
        wait "$pid" || status=$?
        [ "$signals" != "$seen" ] || break
    done
    case $signals:$status in
    0:*) ;;
    *:-1 | *:127) status=75 ;; # it ended just as a signal came, and bash has lost its status
    esac
    trap '' USR1 # too late now
    trap - TERM
    kill $watch 2>/dev/null || true
    wait $watch || [ $? != 3 ] || stuck=1
    if [ -n "$stuck" ]; then # what the ranks ended with is lost; 2, of a configuration, becomes 1
        status=205
        if has_failed "$copier"; then
            say "the program had failed, so the job isn't requeued"
            status=1
        fi
    fi
}

# may_hide: may this mpirun return 0 although the ranks left with 75, as MPICH's sometimes does?
may_hide()
{
    [ "$SPINE_LAUNCHER" = mpirun ] || return 1
    case $(mpirun --version 2>/dev/null) in
    *'Open MPI'*) return 1 ;;
    esac
}

# launch_again PROGRAM ARGUMENT...: launch it; end the job with its status, or requeue the job if that
# helps. The script's function 'progress' prints how far the work is; 'ask' returns 75 if there is more
# to do. Attempts without progress are counted in the job's comment.
launch_again()
{
    local before vain
    before=$(progress)
    launch "$@"
    if [ "$status" = 0 ] && may_hide; then
        ask || status=$?
    fi
    case $status in
    75 | 205) ;;
    *) exit "$status" ;;
    esac
    if [ "$(patiently squeue -h -j "$job" -o %T)" != RUNNING ]; then
        exit "$status" # it was cancelled
    fi
    vain=$(patiently squeue -h -j "$job" -o %k | sed -n 's/^attempts in vain: //p')
    if [ "$(progress)" = "$before" ]; then
        vain=$((vain + 1))
        patiently scontrol update JobId="$job" Comment="attempts in vain: $vain" || true
    elif [ -n "$vain" ]; then
        vain=0
        patiently scontrol update JobId="$job" Comment= || true
    fi
    if [ "${vain:-0}" -ge 3 ]; then
        say "three attempts in a row have saved nothing new; is the time limit (sbatch -t) too" \
            "short, or a node broken?"
        exit "$status"
    fi
    say "status $status: back into the queue"
    patiently scontrol requeue "$job" || exit "$status"
    sleep 60 # Slurm ends this script
    exit "$status"
}
