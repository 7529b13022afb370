#!/usr/bin/env bash
# What cmake --install and cpack make is complete and works from where it is: programs, library, man
# pages, completion, scripts; and the recipes of tools/packaging are well-formed.
#
# With SPINE_TEST_CHROOT=DIRECTORY, a Debian that debootstrap made, the package is installed in it
# with apt-get, and run.
set -euo pipefail
# shellcheck source=tests/cli/lib.sh
. "$(dirname "$0")/lib.sh"
need cmake cpack cc pkg-config dpkg-deb dpkg-shlibdeps
build=$(cd "$SPINE_BIN/.." && pwd)
[ -f "$build/CPackConfig.cmake" ] || skip "$build is not a build with CPack"
[ -d "$build/completion" ] || skip "$build was built without completion"

# --- Configuration ----------------------------------------------------------------------------------

# All that is missing is listed at once; and a CBLAS of the user's is taken before Debian's.
if pkg-config --exists openblas; then
    mkdir -p own/lib/pkgconfig
    sed 's/^Version:.*/Version: 9.9/' "$(pkg-config --variable=pcfiledir openblas)/openblas.pc" \
        >own/lib/pkgconfig/openblas.pc
    CMAKE_PREFIX_PATH=$PWD/own attempt cmake -S "$SPINE_SOURCE" -B unfit -DSPINE_TESTS=OFF \
        -DCMAKE_DISABLE_FIND_PACKAGE_HDF5=ON -DLIBLINEAR_LIBRARY=
    [ "$status" = 1 ] || fail "configured without HDF5: $(cat stdout)"
    grep -q 'Found CBLAS: openblas 9.9' stdout || fail "the user's own CBLAS is passed over: $(cat stdout)"
    for text in "HDF5 1.10.2 or later: Debian's libhdf5-openmpi-dev; or -DHDF5_ROOT=PREFIX" "liblinear: Debian's liblinear-dev" \
        'apt-get install libhdf5-openmpi-dev liblinear-dev'; do
        grep -q -e "$text" stderr || fail "it doesn't say '$text': $(cat stderr)"
    done
fi

# --- cmake --install --------------------------------------------------------------------------------

prefix=$PWD/installed
run cmake --install "$build" --prefix "$prefix"
for program in "$SPINE_BIN"/spine-*; do
    name=$(basename "$program")
    run "$prefix/bin/$name" --version
    for file in share/bash-completion/completions/"$name" share/fish/vendor_completions.d/"$name".fish; do
        [ -s "$prefix/$file" ] || fail "$file is missing"
    done
    [ ! -d "$build/man" ] || [ -s "$prefix/share/man/man1/$name.1" ] || fail "no man page of $name"
    mapfile -t options < <("$program" --help | grep -Eo '^  (-[a-z], )?--[a-z_-]+' | grep -o -e '--.*')
    for option in "${options[@]}"; do
        grep -q -e " $option" "$prefix/share/bash-completion/completions/$name" ||
            fail "bash doesn't complete $name $option"
        grep -q -e "-l ${option#--} " "$prefix/share/fish/vendor_completions.d/$name.fish" ||
            fail "fish doesn't complete $name $option"
        grep -q -e "'${option}[=[]" "$prefix/share/zsh/site-functions/_spine-mpi" ||
            fail "zsh doesn't complete $name $option"
    done
done
for file in spine-mpi/README.md spine-mpi/tools/doc/options.md spine-mpi/tools/doc/report.png; do
    [ -s "$prefix/share/doc/$file" ] || fail "share/doc/$file is missing"
done
for file in train.sbatch eval-data/trec.sh fetch-glove.sh planted.py python/spine.py sample.ini \
    examples/glove.6B.100d.5k.txt.gz; do
    [ -s "$prefix/share/spine-mpi/$file" ] || fail "share/spine-mpi/$file is missing"
done
grep -qx "set root $prefix" "$prefix/share/spine-mpi/modulefile" || fail "modulefile: another root"

bash -c '
    . "$1/share/bash-completion/completions/spine-mpi"
    COMP_CWORD=1
    for word in train.ep --dr; do
        COMP_WORDS=(spine-mpi "$word")
        _spine-mpi
        echo "${COMPREPLY[@]}"
    done' bash "$prefix" >stdout || fail "bash doesn't read its completion"
[ "$(cat stdout)" = $'train.epochs=\n--dry-run' ] || fail "bash completes: $(cat stdout)"
if command -v zsh >/dev/null; then
    zsh -n "$prefix/share/zsh/site-functions/_spine-mpi" || fail "zsh refuses its completion"
fi
if command -v fish >/dev/null; then
    fish -n "$prefix"/share/fish/vendor_completions.d/*.fish || fail "fish refuses its completion"
fi

# --- The library ------------------------------------------------------------------------------------

cat >user.c <<'END'
#include <stdio.h>
#include "spine/base/clock.h"

int main(void)
{
    char text[32];
    spine_clock_duration(200, text, sizeof text);
    puts(text);
    return 0;
}
END
modules=$(dirname "$(find "$prefix" -name spine.pc)")
read -ra flags < <(PKG_CONFIG_PATH=$modules pkg-config --cflags --libs spine)
run cc user.c -o user "${flags[@]}"
LD_LIBRARY_PATH=$(dirname "$modules") run ./user
[ "$(cat stdout)" = "3 min 20 s" ] || fail "the library says '$(cat stdout)'"

cat >CMakeLists.txt <<'END'
cmake_minimum_required(VERSION 3.20)
project(user C)
find_package(spine 0.2 REQUIRED)
add_executable(user user.c)
target_link_libraries(user spine::spine)
END
if [ "${SPINE_SANITIZE:-}" = "" ]; then
    run cmake -S . -B with-cmake -DCMAKE_PREFIX_PATH="$prefix"
    run cmake --build with-cmake
    run with-cmake/user
fi

# --- The package ------------------------------------------------------------------------------------

limit=300 run cpack --config "$build/CPackConfig.cmake" -G DEB -B "$PWD/packed"
package=$(echo packed/*.deb)
run dpkg-deb -x "$package" root
dpkg-deb -f "$package" Depends >depends
for name in openmpi-bin libopenblas0-serial libhdf5 libinih libcjson; do
    grep -q $name depends || fail "the package doesn't depend on $name: $(cat depends)"
done
bin=$PWD/root/usr/bin
for program in "$bin"/spine-*; do
    ! ldd "$program" | grep 'not found' || fail "$program lacks libraries"
done
run "$bin/spine-convert" root/usr/share/spine-mpi/examples/glove.6B.100d.5k.txt.gz glove.h5
printf '[data]\ninput = glove.h5\nlimit = 500\n[model]\nhidden = 20\n[train]\nepochs = 2\n' >run.ini
run mpirun -np 2 "$bin/spine-mpi" run.ini
run "$bin/spine-top" run
[ -s stdout ] || fail "the packaged spine-top prints nothing"
# The example in C, against the installed library: the codes that training wrote, of the default, which has
# no encoder, and of an objective with one.
run mpirun -np 2 "$bin/spine-mpi" run.ini model.objective=spine output.directory=spine
run cc "$SPINE_SOURCE/tools/examples/encode.c" -o encode "${flags[@]}"
zcat root/usr/share/spine-mpi/examples/glove.6B.100d.5k.txt.gz >all.txt
head -500 all.txt | cut -d ' ' -f 2- >numbers
for trained in run spine; do
    LD_LIBRARY_PATH=$(dirname "$modules") ./encode $trained <numbers >encoded ||
        fail "the example fails: $trained"
    run "$bin/spine-merge" $trained -o $trained.sparse
    cut -d ' ' -f 2- $trained.sparse | cmp - encoded ||
        fail "the example's codes differ: $trained: $(head -2 encoded)"
done
LD_LIBRARY_PATH=$(dirname "$modules") ./encode nowhere <numbers 2>stderr && fail "it encodes without a model"
grep -q 'nowhere: No such file or directory' stderr || fail "the example says: $(cat stderr)"

find root -type f -perm /022 | grep . && fail "the package has files that others may write"

if [ -d "${SPINE_TEST_CHROOT:-}" ] && [ "$(id -u)" = 0 ]; then
    cp "$package" "$SPINE_TEST_CHROOT/tmp/spine-mpi.deb"
    limit=600 run chroot "$SPINE_TEST_CHROOT" sh -c '
        set -e
        export DEBIAN_FRONTEND=noninteractive OMPI_ALLOW_RUN_AS_ROOT=1 OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1
        apt-get update -q
        apt-get install -q -y --no-install-recommends /tmp/spine-mpi.deb
        cd /tmp
        rm -rf run
        spine-convert /usr/share/spine-mpi/examples/glove.6B.100d.5k.txt.gz glove.h5
        printf "[data]\ninput = glove.h5\nlimit = 500\n[model]\nhidden = 20\n[train]\nepochs = 2\n" >run.ini
        mpirun --oversubscribe -np 2 spine-mpi run.ini
        spine-top run
        spine-report run'
else
    echo "SKIPPED: $test_name: THE PACKAGE IS NOT INSTALLED: SPINE_TEST_CHROOT is no Debian's, or no root" >&2
fi

# --- Recipes ----------------------------------------------------------------------------------------

recipes=$SPINE_SOURCE/tools/packaging
$python - "$recipes" <<'END' || fail "a recipe is not well-formed"
import ast, glob, os, sys
recipes = sys.argv[1]
tree = ast.parse(open(os.path.join(recipes, "spack/packages/spine-mpi/package.py")).read())
spack = {call.args[0].value.split("@")[0].split()[0] for call in ast.walk(tree)
         if isinstance(call, ast.Call) and getattr(call.func, "id", "") == "depends_on"}
[easy] = glob.glob(os.path.join(recipes, "easybuild/*.eb"))
known = {"SOURCE_TAR_GZ": "source"}
exec(compile(open(easy).read(), easy, "exec"), known)
assert os.path.basename(easy) == "{name}-{version}-{toolchain[name]}-{toolchain[version]}.eb".format(**known)
names = {name.lower() for name, *_ in known["dependencies"]}
for name in ("hdf5", "zstd", "xz", "bzip2", "libzip", "cjson", "xxhash", "inih", "liblinear",
             "random123", "hwloc", "libunistring"):
    assert name in spack, f"Spack: no {name}"
    assert name in names, f"EasyBuild: no {name}"
END
grep -q '^Bootstrap: ' "$recipes/spine-mpi.def" || fail "spine-mpi.def: no Bootstrap"
for file in Dockerfile spine-mpi.def; do
    grep -q 'install_packages build' "$recipes/$file" || fail "$file: another list of packages"
done
if command -v tclsh >/dev/null; then
    # shellcheck disable=SC2016 # Tcl's
    echo 'proc module-whatis a {}; proc conflict a {}; proc prepend-path {a b} {}; proc setenv {a b} {}
        source [lindex $argv 0]' >load.tcl
    tclsh load.tcl "$prefix/share/spine-mpi/modulefile" || fail "Tcl refuses the modulefile"
fi
