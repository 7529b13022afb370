#!/usr/bin/env bash
# What a run writes doesn't go where a symbolic link in its directory leads: the link is replaced, or
# refused before there is anything to lose. Nor is a pipe there waited for.
set -euo pipefail
# shellcheck source=tests/cli/lib.sh
. "$(dirname "$0")/lib.sh"
trainer=$SPINE_BIN/spine-mpi

sample glove.h5
cat >run.ini <<'END'
[data]
input = glove.h5
limit = 200
[model]
objective = spine
hidden = 20
[train]
epochs = 1
batch_size = 100
[output]
formats = h5ad, txt
END

# plant NAME TARGET: an otherwise empty run with a link to elsewhere/TARGET.
plant()
{
    rm -rf run elsewhere
    mkdir -p run/shards elsewhere
    [ "$1" != shards ] || rmdir run/shards
    ln -s "$PWD/elsewhere/$2" "run/$1"
}

for name in metrics.jsonl checkpoint-0000000002.h5.part model.h5 model.h5.part codes.h5ad \
    codes.h5ad.part codes.txt codes.txt.part shards/codes-00000.h5 shards/codes-00000.h5.part; do
    plant $name file
    overwrite=no
    case $name in
    *.part) ;;
    model* | *codes*) overwrite=yes ;; # results without a checkpoint are kept otherwise
    esac
    run "$trainer" run.ini output.overwrite=$overwrite
    [ -z "$(ls elsewhere)" ] || fail "$name led to $(ls elsewhere)"
    [ -z "$(find run -type l)" ] || fail "a link is left: $(find run -type l)"
done

# refuses PATTERN ARGUMENT...
refuses()
{
    local pattern=$1
    shift
    refused spine-mpi "$pattern" "$trainer" run.ini "$@"
    [ -z "$(ls elsewhere)" ] || fail "$pattern: made $(ls elsewhere)"
    [ ! -e run/metrics.jsonl ] || fail "$pattern: it was said after the training had begun"
}

rm -rf run
ln -s nowhere run
refuses "output.directory: run is a symbolic link to a missing directory: create it, or remove the link"
rm run
plant shards ''
refuses "output.directory: run/shards is a symbolic link"
plant .lock file
refuses "output.directory: run/.lock: Too many levels of symbolic links"
plant checkpoint-0000000002.h5 file
attempt "$trainer" run.ini
[ "$status" = 2 ] || fail "a checkpoint that leads elsewhere: status $status: $(cat stderr)"
[ -z "$(ls elsewhere)" ] || fail "a checkpoint led to $(ls elsewhere)"
rm -r run
ln -s "$PWD/elsewhere/file" timeline.json.part
refuses "timeline.json.part: Too many levels of symbolic links" --timeline=timeline.json
rm timeline.json.part

# --- Pipes ------------------------------------------------------------------------------------------

limit=60 # seconds, after which it is a hang

# pipe NAME PROGRAM ARGUMENT...: run the program with a pipe in the place of this file.
pipe()
{
    local name=$1 program=$2
    shift 2
    rm -f "$name"
    mkfifo "$name"
    attempt "$SPINE_BIN/$program" "$@"
    rm "$name"
}

begun=(run.ini train.epochs=2 output.tensorboard=yes output.directory=begun)
run "$trainer" "${begun[@]}" train.stop_after=1
pipe begun/events.out.tfevents spine-mpi "${begun[@]}"
one_line spine-mpi "begun/events.out.tfevents: is not a regular file"
printf '[sweep]\nmethod = grid\nobjective = maximize rl\ntrain.noise = 0.2, 0.4\n' >>run.ini
run "$SPINE_BIN/spine-sweep" run run.ini
pipe sweep/.claims spine-sweep status run.ini
[ "$status" = 0 ] || fail "status $status: $(cat stderr)"
for command in status run; do
    pipe sweep/.changes spine-sweep $command run.ini
    one_line spine-sweep "sweep/.changes: is not a regular file"
done
