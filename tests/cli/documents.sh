#!/usr/bin/env bash
# What the documents say is so: README's commands run as they are written, files.md has every dataset and
# attribute of the files, and spine-sweep accepts the lines that its help shows.
set -euo pipefail
# shellcheck source=tests/cli/lib.sh
. "$(dirname "$0")/lib.sh"
need_python numpy h5py
mpirun=$(command -v mpirun)

# --- README's commands ------------------------------------------------------------------------------

# mpirun as it is, but on two ranks where the README has a cluster's.
mkdir bin
cat >bin/mpirun <<END
#!/usr/bin/env bash
if [ "\$1" = -np ] && [ "\$2" -gt 2 ]; then
    set -- -np 2 "\${@:3}"
fi
exec $mpirun "\$@"
END
chmod +x bin/mpirun
PATH=$PWD/bin:$SPINE_BIN:$PATH

# Files of the names that it uses, with a few of the sample's words.
$python - "$SPINE_SOURCE/tests/data/glove.6B.100d.5k.txt.gz" <<'END'
import gzip, json, numpy, os, sys, zipfile
lines = gzip.open(sys.argv[1], "rt", encoding="utf-8").read().splitlines()
lines = lines[:240] + [line for line in lines[240:]
                       if line.split(" ")[0] in ("remote", "mathematics", "music", "king", "computer")]
words = [line.split(" ")[0] for line in lines]
vectors = numpy.array([line.split(" ")[1:] for line in lines], "<f4")
text = "\n".join(lines) + "\n"
for name in ("glove.6B.300d.txt", "glove.840B.300d.txt"):
    open(name, "w", encoding="utf-8").write(text)
open("rare-words.txt", "w", encoding="utf-8").write("\n".join(lines[:20]) + "\n")
zipfile.ZipFile("glove.6B.zip", "w").writestr("glove.6B.50d.txt", text)
binary = f"{len(words)} {vectors.shape[1]}\n".encode() + b"".join(
    word.encode() + b" " + vector.tobytes() + b"\n" for word, vector in zip(words, vectors))
gzip.open("GoogleNews-vectors-negative300.bin.gz", "wb").write(binary)
open("vocab.txt", "w", encoding="utf-8").write("\n".join(words) + "\n")
header = json.dumps({"embeddings.weight": {"dtype": "F32", "shape": list(vectors.shape),
                                           "data_offsets": [0, vectors.nbytes]}}).encode()
open("model.safetensors", "wb").write(len(header).to_bytes(8, "little") + header + vectors.tobytes())
word = [w for w in words if w.isalpha()]
open("wordsim.tsv", "w").write("".join(f"{word[i]}\t{word[i + 1]}\t{i % 10}\n" for i in range(40)))
open("questions-words.txt", "w").write(": all\n" + "".join(" ".join(word[i:i + 4]) + "\n" for i in range(40)))
open("ap.tsv", "w").write("".join(f"{i % 3}\t{word[i]}\n" for i in range(40)))
os.mkdir("semcat")
open("semcat/some.txt", "w").write("\n".join(word[:30]) + "\n")
END

# Its commands, a line each; a configuration and a section [sweep] that it shows become config.ini.
$python - "$SPINE_SOURCE/README.md" >commands <<'END'
import re, sys
text = open(sys.argv[1], encoding="utf-8").read()
blocks = re.findall(r"(?:^    .*\n)+", text, re.M)
config = [block for block in blocks if re.match(r"    \[(data|sweep)\]\n", block)]
assert len(config) == 2, config
with open("config.ini", "w") as out:
    out.write("".join(re.sub("^    ", "", block, flags=re.M) for block in config))
    out.write("[train]\nepochs = 3\n")
for block in blocks:
    for line in re.sub(r"\\\n *", "", block).splitlines():
        line = re.sub(r" +# .*", "", line.strip())
        if re.match(r"(mpirun.* |unzip .*)?spine-\w+ ", line):
            print(line)
END
[ "$(wc -l <commands)" -ge 25 ] || fail "README has $(wc -l <commands) commands: $(cat commands)"
run spine-convert glove.6B.300d.txt glove.h5
for seed in 1 2 3; do
    run spine-mpi config.ini output.directory=run$seed train.seed=$seed model.hidden=60
done

# By an ordinary user where it is root who tests: the other tests are root's.
reader=()
user=(setpriv --reuid=nobody --regid=nogroup --clear-groups)
if [ "$(id -u)" = 0 ]; then
    chown -R nobody .
    if "${user[@]}" test -x "$SPINE_BIN/spine-mpi" 2>/dev/null; then
        reader=("${user[@]}" env -u OMPI_ALLOW_RUN_AS_ROOT -u OMPI_ALLOW_RUN_AS_ROOT_CONFIRM "HOME=$PWD")
    else
        echo "SKIPPED: README's commands as an ordinary user, who can't read $SPINE_BIN" >&2
    fi
fi
while IFS= read -r command; do
    case $command in
    unzip*) command -v unzip >/dev/null || continue ;;
    esac
    limit=60 attempt "${reader[@]}" bash -c "$command"
    [ "$status" = 0 ] || fail "README: '$command': status $status: $(cat stderr)"
done <commands
[ ${#reader[@]} = 0 ] || [ "$(stat -c %U run)" = nobody ] || fail "the commands ran as $(stat -c %U run)"

# --- files.md ---------------------------------------------------------------------------------------

run spine-mpi config.ini output.directory=all model.objective=spine train.revive_after=1 data.clip=2 data.whiten=remove:1 \
    model.hidden=60
run spine-mpi config.ini output.directory=column data.whiten=column model.hidden=60
$python - "$SPINE_SOURCE/tools/doc/files.md" <<'END' || fail "files.md isn't complete"
import glob, h5py, re, sys
text = open(sys.argv[1], encoding="utf-8").read()
known = set(re.findall(r"[\w-]+", re.sub(r"^(?!\||AnnData's|and `enc|`spine_).*$", "", text, flags=re.M)))
missing = set()
for path in ["glove.h5", "all/model.h5", "column/model.h5", *glob.glob("all/checkpoint-*"),
             *glob.glob("all/shards/*"), "all/codes.h5ad"]:
    with h5py.File(path) as file:
        def visit(name, item):
            parts = name.split("/")
            if parts[:2] != ["uns", "metrics"]:
                missing.update((path, part) for part in parts if part and part not in known)
            missing.update((path, name, key) for key in item.attrs if key not in known)
        visit("", file)
        file.visititems(visit)
missing = {entry for entry in missing if entry[-1] not in ("format", "format_version", "obsm", "obsp", "varp")}
print(*sorted(missing), sep="\n")
sys.exit(bool(missing))
END

# --- spine-sweep's help -----------------------------------------------------------------------------

{
    printf '[data]\ninput = glove.h5\n[sweep]\n'
    spine-sweep --help | grep -E '^  [a-z0-9_.]+ = ' | sed -E 's/^  //; s/ {3,}.*//' |
        sed 's/^method = .*/method = asha/'
} >shown.ini
[ "$(wc -l <shown.ini)" -ge 13 ] || fail "the help shows few lines: $(cat shown.ini)"
for key in $(sed -n '/^| option | default/,/^$/ s/^| \([a-z_, ]*\) |.*/\1/p' "$SPINE_SOURCE/tools/doc/sweeps.md" |
    tr ',' ' '); do
    [[ "$key" =~ ^(option|any|that|changes|what|is|computed)$ ]] || grep -q "^$key = " shown.ini ||
        fail "spine-sweep --help doesn't show $key"
done
run spine-sweep plan shown.ini
[ "$(grep -c '^[0-9]' stdout)" = 50 ] || fail "expected 50 trials: $(head -3 stdout)"
