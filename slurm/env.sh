# shellcheck shell=bash
# env.sh -- what differs from site to site; the job scripts source it. Change it to suit yours.

# Modules, or paths to what spine-mpi was built with:
# module load openmpi hdf5 openblas

# How ranks are started: mpirun (Open MPI starts its daemons by srun itself), or srun, by
# "srun --mpi=pmix" ("srun --mpi=list" says whether your Slurm has it).
: "${SPINE_LAUNCHER:=mpirun}"

# The programs: beside these scripts when installed, in build/ in the source; else from PATH.
for bin in "${here:?}/../../bin" "$here/../build/bin"; do
    if [ -x "$bin/spine-mpi" ]; then
        PATH=$bin:$PATH
        break
    fi
done
