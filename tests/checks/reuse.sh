#!/bin/sh
# reuse.sh BUILD COMPILER ARGUMENT...: compile, as CMake's launcher of the compiler; but take an object of the library
# from another build, with the same compiler and flags, where its source includes neither MPI nor HDF5, by the owners
# in src/layers.txt, to which the test check_layers holds it.
set -eu

build=$1
shift
object='' depfile='' previous=''
for argument; do
    case $previous in
    -o) object=$argument ;;
    -MF) depfile=$argument ;;
    esac
    previous=$argument
done

case $object in
CMakeFiles/spine_objects.dir/src/*.c.o)
    source=${object#CMakeFiles/spine_objects.dir/} source=${source%.o}
    if [ -f "$build/$object" ] && ! grep -E '^owner (mpi|hdf5)\.h ' "$SPINE_SOURCE/src/layers.txt" | grep -qwF "$source"; then
        cp "$build/$object" "$object.new" # whole or not at all, since it is newer than its source at once
        mv "$object.new" "$object"
        [ -z "$depfile" ] || echo "$object: $build/$object" >"$depfile"
        exit
    fi
    ;;
esac
exec "$@"
