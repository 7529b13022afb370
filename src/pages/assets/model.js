/* model.js -- the runs of the page: what rundata.h packed, unpacked. */

/* Whole numbers of 1, 2 or 4 bytes each, from base64. */
function unpack(text, width) {
  const bytes = Uint8Array.from(atob(text), character => character.charCodeAt(0));
  return new {1: Uint8Array, 2: Uint16Array, 4: Uint32Array}[width](bytes.buffer);
}

/* Lists of (item, value): get(i) is list i. Items below 'count' have 2 bytes if that is enough. */
function unpackLists(packed, count, valueWidth, factor) {
  const counts = unpack(packed.counts, 2), items = unpack(packed.items, count <= 65536 ? 2 : 4);
  const values = unpack(packed.values, valueWidth), starts = [0];
  counts.forEach((size, i) => starts.push(starts[i] + size));
  return i => Array.from({length: counts[i]}, (none, k) =>
    ({item: items[starts[i] + k], value: values[starts[i] + k] * factor}));
}

/* A run: with its codes if they are there, else only its history. */
function readRun(packed, number) {
  const run = {number, name: packed.name, history: packed.history || null,
    written: packed.written || null, config: packed.config || null, hasCodes: packed.words !== undefined};
  if (!run.hasCodes)
    return run;
  const {rows, dimensions, values, words} = packed;
  Object.assign(run, {
    rows, dimensions, values, words, dim: packed.dim, kept: packed.kept,
    index: new Map(words.map((word, i) => [word, i])),
    rowOf: packed.row_of ? unpack(packed.row_of, 4) : null,
    active: unpack(packed.active, 4),
    histogram: unpack(packed.histogram, 4),
    activeOfRows: unpack(packed.active_of_rows, 4),
    coherence: packed.coherence || null,
    labels: new Map((packed.labels || []).map(one => [one.dimension, one])),
    numDimensions: unpack(packed.num_dimensions, 4),
    dimensionsOf: unpackLists(packed.top_dimensions, dimensions, 2, 0.001),
    wordsOf: unpackLists(packed.top_words, words.length, 2, 0.001),
    nearest: packed.nearest ? unpackLists(packed.nearest, dimensions, 4, 0.001) : null,
    map: packed.map ? unpack(packed.map, 2) : null,
    together: unpackLists(packed.together, dimensions, 4, 1),
  });
  run.bins = run.histogram.length / dimensions;
  run.dead = run.active.reduce((dead, size) => dead + (size === 0), 0);
  run.strength = Array.from({length: dimensions}, (none, dimension) => {
    const top = run.wordsOf(dimension).slice(0, 10);
    return top.reduce((sum, one) => sum + one.value, 0) / 10;
  });
  return run;
}

const runs = data.runs.map(readRun);
const hasCodes = runs.every(run => run.hasCodes);

/* The last value of a field of the metrics that isn't null. */
function lastOf(run, field) {
  const known = run.history ? run.history[field].filter(isNumber) : [];
  return known.length ? known[known.length - 1] : null;
}

/* The words that are strongest in a dimension, as texts. */
function topWords(run, dimension, most) {
  return run.wordsOf(dimension).slice(0, most).map(one => run.words[one.item]);
}

/* The dimensions that a word activates, the most telling first: strong, their words alike. */
function exampleOrder(run) {
  const score = dimension => run.strength[dimension] * (run.coherence ? run.coherence[dimension] ?? 0 : 1);
  return Array.from({length: run.dimensions}, (none, dimension) => dimension)
    .filter(dimension => run.active[dimension] > 0).sort((a, b) => score(b) - score(a));
}

/* Some dimensions to show a run by, each with words of its own. */
function exampleDimensions(run, most) {
  const seen = new Set(), chosen = [];
  for (const dimension of exampleOrder(run)) {
    const words = topWords(run, dimension, 10);
    if (chosen.length === most || words.some(word => seen.has(word)))
      continue;
    words.forEach(word => seen.add(word));
    chosen.push(dimension);
  }
  return chosen;
}

/* The words whose codes are nearest to a word's, by the cosine of what the page keeps of them. */
function nearestWords(run, index, most) {
  if (!run.byDimension) {
    run.byDimension = Array.from({length: run.dimensions}, () => []);
    run.lengths = new Float64Array(run.words.length);
    run.words.forEach((word, i) => {
      for (const {item, value} of run.dimensionsOf(i)) {
        run.byDimension[item].push([i, value]);
        run.lengths[i] += value * value;
      }
    });
  }
  const sums = new Float64Array(run.words.length);
  for (const {item, value} of run.dimensionsOf(index))
    for (const [other, strength] of run.byDimension[item])
      sums[other] += value * strength;
  sums[index] = 0;
  const near = [];
  sums.forEach((sum, i) => {
    if (sum > 0)
      near.push({item: i, value: sum / Math.sqrt(run.lengths[i] * run.lengths[index])});
  });
  return near.sort((a, b) => b.value - a.value).slice(0, most);
}

/* The dimension of another run that shares the most top words with one; null if none shares two. */
function counterpart(run, dimension, other) {
  const shared = new Map();
  for (const word of topWords(run, dimension, 50)) {
    const index = other.index.get(word);
    if (index === undefined)
      continue;
    for (const {item} of other.dimensionsOf(index))
      if (topWords(other, item, 50).includes(word))
        shared.set(item, (shared.get(item) || 0) + 1);
  }
  const [best, count] = [...shared].reduce((a, b) => b[1] > a[1] ? b : a, [null, 1]);
  return best === null ? null : {dimension: best, count};
}

/* --- Links --- */

function wordLink(word, extra) {
  return make("a", {class: "word", href: `#word=${encodeURIComponent(word)}`}, extra, word);
}

function dimensionHref(run, dimension) {
  return `#dim=${run.number > 0 ? `${run.number + 1}:` : ""}${dimension}`;
}

/* The name that somebody gave to a dimension; undefined if it has none. */
function labelOf(run, dimension) {
  return run.labels.get(dimension)?.label;
}

function dimensionLink(run, dimension) {
  const label = labelOf(run, dimension);
  return make("a", {class: `dimension run${run.number}`, href: dimensionHref(run, dimension),
    "aria-label": `dimension ${dimension}${label === undefined ? "" : `: ${label}`}`}, String(dimension),
  label === undefined ? null : [" ", make("span", {class: "label"}, label)]);
}

/* Some words in a row, each a link; those that contain 'wanted', in small letters, are marked. */
function wordLinks(words, wanted = "") {
  return make("span", {class: "words"}, words.length === 0 ? make("span", {class: "soft"}, "no word")
    : words.map((word, i) => [i > 0 ? " " : null, wanted !== "" && word.toLowerCase().includes(wanted)
      ? make("mark", null, wordLink(word)) : wordLink(word)]));
}
