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
