# shellcheck shell=bash
# The Debian packages that spine-mpi needs, and their installation. To be sourced.

build_packages=(gcc libc6-dev make cmake pkg-config openmpi-bin libopenmpi-dev
    libhdf5-openmpi-dev libopenblas-serial-dev librandom123-dev libinih-dev zlib1g-dev libzstd-dev
    liblzma-dev libbz2-dev libunistring-dev libzip-dev libcjson-dev libxxhash-dev liblinear-dev libhwloc-dev)
# The Python ones are the real readers of what spine-mpi writes.
test_packages=(libcmocka-dev ninja-build binutils hdf5-tools zstd clang clang-format clang-tidy libclang-rt-14-dev
    shellcheck valgrind man-db groff-base
    python3-numpy python3-h5py python3-scipy python3-anndata python3-sklearn
    python3-protobuf python3-pandas python3-gensim
    python3-nbformat python3-nbclient python3-ipykernel python3-matplotlib)
# The browser in which tests/cli/page.sh looks at pages. Node and npm may come from elsewhere.
test_packages+=(chromium-headless-shell)
if ! { command -v node && command -v npm; } >/dev/null; then
    test_packages+=(nodejs npm)
fi
# The other MPI, and a serial HDF5, of tests/checks/mpich.sh; Open MPI stays the default.
test_packages+=(mpich libmpich-dev libhdf5-dev)
# A whole Slurm, and what tests/slurm makes hosts of.
slurm_packages=(slurmctld slurmd slurm-client slurm-wlm-basic-plugins munge iproute2 util-linux
    procps)

# install_packages build|test|slurm...: install what is missing of these lists.
install_packages()
{
    local list package wanted=() missing=() as_root=()
    for list in "$@"; do
        case $list in
        build) wanted+=("${build_packages[@]}") ;;
        test) wanted+=("${test_packages[@]}") ;;
        slurm) wanted+=("${slurm_packages[@]}") ;;
        *) echo "packages.sh: there is no list '$list'" >&2; return 2 ;;
        esac
    done
    if ! command -v apt-get >/dev/null; then
        echo "no apt-get here: continuing with what is installed; in Debian it is ${wanted[*]}" >&2
        return 0
    fi
    for package in "${wanted[@]}"; do
        [ "$(dpkg-query -W -f '${db:Status-Status}' "$package" 2>/dev/null)" = installed ] ||
            missing+=("$package")
    done
    [ ${#missing[@]} -gt 0 ] || return 0
    if [ "$(id -u)" -ne 0 ]; then
        command -v sudo >/dev/null || {
            echo "missing, and no sudo to install them with: ${missing[*]}" >&2
            return 1
        }
        as_root=(sudo)
    fi
    echo "installing with ${as_root[*]:+sudo }apt-get: ${missing[*]}" >&2
    "${as_root[@]}" apt-get update -q
    "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive \
        apt-get install -q -y --no-install-recommends "${missing[@]}"
}
