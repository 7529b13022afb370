# shellcheck shell=bash
# env.sh -- what differs from site to site; the job scripts source it. Adapt it to your site.

# Modules, or paths, of the libraries that spine-mpi was built with:
# module load openmpi hdf5 openblas

# How ranks are started: by mpirun, which starts Open MPI's daemons by srun; or by srun, that is "srun
# --mpi=pmix" ("srun --mpi=list" shows whether your Slurm has it).
: "${SPINE_LAUNCHER:=mpirun}"

# The programs: beside these scripts when installed, in build/ in the source; else from PATH.
for bin in "${here:?}/../../bin" "$here/../build/bin"; do
    if [ -x "$bin/spine-mpi" ]; then
        PATH=$bin:$PATH
        break
    fi
done
