/* dimensions.js -- the list of dimensions, a dimension's page, a word's page. */

/* Bars of strength: each entry {node, value}, to the scale of 'most' or 1. */
function barList(entries, label) {
  const most = Math.max(1, ...entries.map(entry => entry.value));
  return make("ol", {class: "bars", "aria-label": label}, entries.map(entry => make("li", null,
    entry.node,
    make("span", {class: "bar-track", "aria-hidden": "true"}, make("span", {class: "bar-fill",
      style: {width: `${(100 * entry.value / most).toFixed(1)}%`}})),
    make("span", {class: "value"}, real(entry.value)))));
}

/* --- The list --- */

const dimensionColumns = {
  number: run => ({title: "dimension", value: row => row.dimension, show: row => dimensionLink(run, row.dimension)}),
  words: (run, wanted) => ({title: "strongest words", wide: true,
    show: row => wordLinks(matchingFirst(topWords(run, row.dimension, 50), wanted), wanted)}),
  coherence: run => ({title: "coherence", numeric: true,
    hint: "mean cosine between its ten strongest words, in the space of the input",
    value: row => run.coherence[row.dimension], show: row => real(run.coherence[row.dimension])}),
  size: run => ({title: "words", numeric: true, hint: "for how many words it is active",
    value: row => run.active[row.dimension], show: row => count(run.active[row.dimension])}),
  density: run => ({title: "density", numeric: true, hint: "share of the words for which it is active",
    value: row => run.active[row.dimension] / run.rows,
    show: row => percent(run.active[row.dimension] / run.rows, 2)}),
  strength: run => ({title: "strength", numeric: true,
    hint: "mean strength of the ten strongest words; what the clamp at 1 cut off counts",
    value: row => run.strength[row.dimension], show: row => real(run.strength[row.dimension])}),
};

/* Ten of a dimension's words; if none of them is like the wanted one, the last is one that is. */
function matchingFirst(words, wanted) {
  const isLike = word => wanted !== "" && word.toLowerCase().includes(wanted);
  const ten = words.slice(0, 10), like = words.find(isLike);
  return like === undefined || ten.some(isLike) ? ten : [...ten.slice(0, 9), like];
}

/* The table of those with a word or a label like the text, and how many they are. */
function dimensionTable(run, text) {
  const wanted = text.trim().toLowerCase();
  const named = new Set(labelled(run, wanted).map(({dimension}) => dimension));
  const rows = Array.from({length: run.dimensions}, (none, dimension) => ({dimension})).filter(row =>
    wanted === "" || named.has(row.dimension) ||
    topWords(run, row.dimension, 50).some(word => word.toLowerCase().includes(wanted)));
  if (rows.length === 0)
    return [make("p", {class: "empty card"}, `No dimension has a word like “${text.trim()}” among ` +
      "its strongest."), 0];
  const columns = ["number", "words", run.coherence && "coherence", "size", "density", "strength"]
    .filter(Boolean).map(name => dimensionColumns[name](run, wanted));
  return [table({label: `Dimensions of ${run.name}`, columns, rows, stacks: true,
    sort: columns.findIndex(column => column.title === (run.coherence ? "coherence" : "strength"))}), rows.length];
}

/* Built once a run, so that coming back finds it as it was left. The filter is in the address. */
function dimensionList(run) {
  const place = make("div"), said = make("span", {class: "soft", role: "status"});
  const field = make("input", {type: "search", id: "filter", spellcheck: false,
    placeholder: "Only those with a word like …", autocapitalize: "off", oninput: () => {
      fill();
      keepAddress(filterHref(run, field.value.trim()));
    }});

  function fill() {
    const [list, left] = dimensionTable(run, field.value);
    place.replaceChildren(list);
    said.textContent = field.value.trim() === "" ? "" : plural(left, "dimension");
  }

  fill();
  return {setFilter: text => {
    if (field.value.trim() !== text) {
      field.value = text;
      fill();
    }
  }, node: make("div", null, make("div", {class: "filter"},
    make("label", {class: "hidden-label", for: "filter"}, "Only dimensions with a word like"),
    field, said), place)};
}

function filterHref(run, text) {
  const number = run.number > 0 ? String(run.number + 1) : "";
  return text === "" ? `#dims${number && `=${number}`}`
    : `#filter=${number && `${number}:`}${encodeURIComponent(text)}`;
}

function runSwitch(current, hrefOf) {
  return runs.length < 2 ? null : make("nav", {class: "switch", "aria-label": "Runs"},
    runs.map(run => make("a", {href: hrefOf(run), class: `run${run.number}`,
      "aria-current": run === current ? "page" : null}, run.name)));
}

function dimensionsPage(run, text = null) {
  run.list = run.list || dimensionList(run);
  if (text !== null)
    run.list.setFilter(text);
  return {title: "Dimensions", nodes: [
    make("h1", null, "Dimensions"),
    runSwitch(run, one => one.number > 0 ? `#dims=${one.number + 1}` : "#dims"),
    run.list.node,
  ]};
}

/* --- One dimension --- */

/* A list of dimensions with what is said of each. */
function dimensionNeighbours(run, title, hint, entries) {
  return make("section", {class: "card"}, make("h2", null, title), make("p", {class: "soft"}, hint),
    entries.length === 0 ? make("p", {class: "soft"}, "None.") : make("ul", {class: "near"},
      entries.map(entry => make("li", null, dimensionLink(run, entry.dimension),
        wordLinks(topWords(run, entry.dimension, 4)),
        make("span", {class: "value"}, entry.said)))));
}

function dimensionFacts(run, dimension) {
  const facts = [`active for ${count(run.active[dimension])} of ${plural(run.rows, "word")} ` +
    `(${percent(run.active[dimension] / run.rows, 2)})`];
  if (run.coherence)
    facts.push(`coherence ${real(run.coherence[dimension])}`);
  return facts.join(" · ");
}

function counterparts(run, dimension) {
  return runs.filter(other => other !== run).map(other => {
    const found = counterpart(run, dimension, other);
    return make("section", {class: "card"}, make("h2", null, `In ${other.name}`), found === null
      ? make("p", {class: "soft"}, "No dimension shares two of its strongest words.")
      : [make("p", null, dimensionLink(other, found.dimension), " shares ",
        `${found.count} of the ${topWords(run, dimension, 50).length} strongest words.`),
      wordLinks(topWords(other, found.dimension, 10))]);
  });
}

function dimensionPage(run, dimension) {
  const top = run.wordsOf(dimension), bins = run.bins;
  const counts = Array.from(run.histogram.slice(dimension * bins, (dimension + 1) * bins));
  const words = topWords(run, dimension, 3), {label, note} = run.labels.get(dimension) || {};
  const step = by => (dimension + by + run.dimensions) % run.dimensions;
  return {title: `Dimension ${dimension}: ${label ?? words.join(" ")}`, nodes: [
    make("p", {class: "crumbs"},
      make("a", {href: run.number > 0 ? `#dims=${run.number + 1}` : "#dims"}, "Dimensions"),
      runs.length > 1 ? ` of ${run.name}` : null,
      make("span", {class: "steps"},
        make("a", {href: dimensionHref(run, step(-1)), rel: "prev"}, "← previous"),
        make("a", {href: dimensionHref(run, step(1)), rel: "next"}, "next →"))),
    make("h1", null, make("span", {class: "kicker"}, `Dimension ${dimension}`),
      label ?? (words.length ? words.join(", ") : "no word")),
    note === undefined ? null : make("p", {class: "note"}, note),
    make("p", {class: "soft"}, dimensionFacts(run, dimension)),
    make("div", {class: `columns run${run.number}`},
      make("section", {class: "card"}, make("h2", null, "Strongest words"), top.length === 0
        ? make("p", {class: "soft"}, "No word activates it: a dead dimension.")
        : barList(top.map(one => ({node: wordLink(run.words[one.item]), value: one.value})),
          "Strongest words")),
      make("div", {class: "stack"},
        top.length === 0 ? null : make("section", {class: "card"}, histogram({
          title: "Its values", axis: "value where it is active", noun: "words",
          edges: Array.from({length: bins + 1}, (none, i) => i / bins),
          format: value => String(Number(value.toFixed(2))), ticks: [0, 0.25, 0.5, 0.75, 1],
          series: [{name: run.name, counts}]})),
        run.nearest ? dimensionNeighbours(run, "Nearest", "By the cosine of what they add to a word's " +
          "vector.", run.nearest(dimension).slice(0, 8).map(one =>
          ({dimension: one.item, said: real(one.value, 2)}))) : null,
        dimensionNeighbours(run, "Fires with", "How many of its words they share.",
          [...run.together(dimension)].sort((a, b) => b.value - a.value).slice(0, 8).map(one => ({dimension: one.item,
            said: percent(one.value / run.active[dimension], 0)}))),
        counterparts(run, dimension))),
  ]};
}

/* --- One word --- */

/* A run's part of a word's page: its dimensions, as senses. */
function senses(run, word) {
  const index = run.index.get(word);
  if (index === undefined)
    return make("section", null, runs.length > 1 ? make("h2", null, run.name) : null,
      make("p", {class: "empty card"}, `“${word}” is not among the words of this page.`));
  const entries = run.dimensionsOf(index), all = run.numDimensions[index];
  const most = Math.max(1, ...entries.map(entry => entry.value));
  const row = run.rowOf ? run.rowOf[index] : index;
  const near = nearestWords(run, index, 16);
  return make("section", {class: `senses run${run.number}`},
    runs.length > 1 ? make("h2", {class: "name"}, run.name) : null,
    make("p", {class: "soft"}, `word ${count(row + 1)} of ${count(run.rows)} · active in ` +
      `${count(all)} of ${plural(run.dimensions, "dimension")}` +
      (all > entries.length ? ` · the ${count(entries.length)} strongest` : "")),
    make("p", {class: "soft", "aria-hidden": "true"}, "Its value, the dimension, and the strongest words there:"),
    make("ol", {class: "card sense-list", "aria-label": "Its dimensions, strongest first"},
      entries.map(({item, value}) => make("li", null,
        make("span", {class: "bar-track", "aria-hidden": "true"}, make("span", {class: "bar-fill",
          style: {width: `${(100 * value / most).toFixed(1)}%`}})),
        make("span", {class: "value"}, real(value)),
        dimensionLink(run, item),
        wordLinks(topWords(run, item, 9).filter(other => other !== word).slice(0, 8))))),
    near.length === 0 ? null : [make("h2", null, "Nearest words"),
      make("p", {class: "soft"}, "By the cosine of the codes, as far as this page keeps them."),
      make("p", {class: "chips"}, near.map(one => make("a", {class: "word",
        href: `#word=${encodeURIComponent(run.words[one.item])}`, title: real(one.value)},
      run.words[one.item])))]);
}

function wordPage(word) {
  return {title: word, nodes: [
    make("h1", {class: "headword"}, word),
    make("div", {class: runs.length > 1 ? "pair" : null}, runs.map(run => senses(run, word))),
  ]};
}
