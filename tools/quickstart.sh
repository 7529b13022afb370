#!/usr/bin/env bash
# Install what is missing, build into build/, train the sample (5,000 GloVe words) on two ranks and
# show the first dimensions; report.html has all of them. Results go to DIRECTORY (default
# quickstart); a second run replaces them.
# Usage: tools/quickstart.sh [DIRECTORY]
set -euo pipefail

if [ $# -gt 1 ] || [[ ${1-} == -* ]]; then
    echo "usage: quickstart.sh [DIRECTORY]" >&2
    exit 2
fi
directory=${1:-quickstart}
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
bin=$root/build/bin
# shellcheck source=tools/scripts/packages.sh
. "$root/tools/scripts/packages.sh"

install_packages build
cmake -S "$root" -B "$root/build" -DCMAKE_BUILD_TYPE=Release -DSPINE_TESTS=OFF
cmake --build "$root/build" -j "$(nproc)"

mkdir -p "$directory"
if [ "$(id -u)" -eq 0 ]; then # a container, most likely; Open MPI wants to be told twice
    export OMPI_ALLOW_RUN_AS_ROOT=1 OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1
fi
# None where /sys is missing, as in a bare chroot: then they are taken for too few.
cores=$({ lscpu --parse=core,socket 2>/dev/null || true; } | { grep -v '^#' || true; } | sort -u | wc -l)
if [ "$cores" -lt 2 ] || [ "$(nproc)" -lt 2 ]; then
    export OMPI_MCA_rmaps_base_oversubscribe=1
fi
"$bin/spine-convert" "$root/tests/data/glove.6B.100d.5k.txt.gz" "$directory/vectors.h5"
mpirun -np 2 "$bin/spine-mpi" "$root/slurm/sample.ini" \
    "data.input=$directory/vectors.h5" "output.directory=$directory/run"
"$bin/spine-top" "$directory/run"
"$bin/spine-report" "$directory/run" -o "$directory/report.html" >/dev/null

cat <<END

The run is in $directory/run: codes.h5ad and codes.txt hold the sparse codes, model.h5 the dictionary,
metrics.jsonl a line an epoch. $directory/report.html shows all of it in a browser.
Next: $bin/spine-top $directory/run WORD
END
