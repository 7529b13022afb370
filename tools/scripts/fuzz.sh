#!/usr/bin/env bash
# Fuzz for MINUTES (0.5, say), all harnesses of tests/fuzz one after the other or only HARNESS:
#
#     tools/scripts/fuzz.sh MINUTES [HARNESS]
#     tools/scripts/fuzz.sh --runs N HARNESS        N executions, the same every time: what tests do
#     tools/scripts/fuzz.sh --build                 only build them
#
# Builds with clang in build-fuzz/, where each harness's corpus grows from run to run. An input that
# makes a harness fail is left in build-fuzz/failures/; mended, it belongs in tests/fuzz/crashes/.
# What HDF5 itself doesn't survive while a harness damages a file through it (fuzz_change()) is counted
# and left behind. Without clang and its libFuzzer: exit status 77.
set -euo pipefail

cd "$(dirname "${BASH_SOURCE[0]}")/../.."
usage='usage: tools/scripts/fuzz.sh MINUTES [HARNESS], --runs N HARNESS, or --build'
harnesses=(number config text tabular labelled word2vec fasttext npy npz safetensors shardindex sparse h5_vectors h5_codes h5_model)
most_runs=-1 first_seed=0 # as many as there is time for; another seed each time
if [ "${1:?$usage}" = --runs ]; then
    most_runs=${2:?$usage} first_seed=1 seconds=600
    harnesses=("${3:?$usage}")
elif [ "$1" = --build ]; then
    renice -n 15 $$ >/dev/null # it takes what others leave
else
    seconds=$(awk -v minutes="$1" 'BEGIN { print int(60 * minutes) }')
    [ $# -lt 2 ] || harnesses=("$2")
fi
build=$PWD/build-fuzz

command -v clang >/dev/null || { echo "SKIPPED: NO FUZZING: clang is not installed" >&2; exit 77; }
echo 'int LLVMFuzzerTestOneInput(void); int LLVMFuzzerTestOneInput(void) { return 0; }' |
    clang -fsanitize=fuzzer,address -x c - -o /dev/null 2>/dev/null ||
    { echo "SKIPPED: NO FUZZING: clang has no libFuzzer (libclang-rt-14-dev)" >&2; exit 77; }

mkdir -p "$build/failures"
(
    flock 9 # of several at a time one builds
    cmake -S . -B "$build" -DCMAKE_C_COMPILER=clang -DCMAKE_BUILD_TYPE=RelWithDebInfo \
        -DCMAKE_C_FLAGS_RELWITHDEBINFO='-O1 -g1' -DSPINE_SANITIZE=address,undefined -DSPINE_FUZZ=ON
    cmake --build "$build" -j "$(nproc)" "${harnesses[@]/#/--target=fuzz_}"
) 9>"$build/lock" >"$build/build.log" 2>&1 || { cat "$build/build.log" >&2; exit 1; }
[ "$1" != --build ] || exit 0

# In memory where there is such a directory: scratch files are written thousands of times a second.
[ ! -w /dev/shm ] || TMPDIR=/dev/shm
TMPDIR=$(mktemp -d)
export TMPDIR
trap 'rm -rf "$TMPDIR"' EXIT

# An input of a few kilobytes has no reason to take more memory than this, or longer.
limits=(-malloc_limit_mb=200 -rss_limit_mb=2048 -timeout=60 -max_len=4096)
# Of where memory was allocated three frames are kept, which name the caller of spine_memory_get(): ten
# would take a quarter of the time.
asan=max_malloc_fill_size=0:quarantine_size_mb=4:malloc_context_size=3
status=0
for harness in "${harnesses[@]}"; do
    # The one with MPI: Open MPI leaks.
    [ "$harness" = h5_vectors ] && leaks=0 || leaks=1
    export ASAN_OPTIONS=$asan:detect_leaks=$leaks
    corpus=$build/corpus/$harness
    [ "$most_runs" = -1 ] || corpus=$TMPDIR/corpus # what was found before would change what is tried
    mkdir -p "$corpus"
    seeds=()
    for directory in tests/fuzz/seeds/$harness tests/fuzz/crashes/$harness; do
        [ ! -d "$directory" ] || seeds+=("$directory")
    done
    log=$build/$harness-$$.log runs=0 edges=0 peak=0 in_hdf5=0
    end=$((SECONDS + seconds)) seed=$first_seed
    while left=$((end - SECONDS)) && [ $left -gt 0 ]; do
        failed=0
        "$build/bin/fuzz_$harness" -max_total_time=$left -runs="$most_runs" -print_final_stats=1 "${limits[@]}" \
            -seed="$seed" -artifact_prefix="$build/failures/$harness-" \
            "$corpus" "${seeds[@]}" >"$log" 2>&1 || failed=1
        read -r more edges peak <<<"$(awk '
            /number_of_executed_units/ { runs = $2 } /peak_rss_mb/ { peak = $2 }
            / cov: / { for (i = 1; i < NF; i++) if ($i == "cov:") edges = $(i + 1) }
            END { print runs + 0, edges + 0, peak + 0 }' "$log")"
        runs=$((runs + more)) seed=$((seed == 0 ? 0 : seed + 1))
        [ $failed = 1 ] || break
        if ! grep -q ' in fuzz_change ' "$log"; then
            status=1
            tail -60 "$log" >&2
            break
        fi
        in_hdf5=$((in_hdf5 + 1))
        rm -f "$(sed -n 's/.*Test unit written to //p' "$log")"
    done
    echo "$harness: $runs executions, $edges edges, $peak MB$(
        [ $in_hdf5 = 0 ] || echo ", $in_hdf5 times HDF5 failed to make the file")"
    rm "$log"
done
exit $status
