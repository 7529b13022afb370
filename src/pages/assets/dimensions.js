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

const unitColumns = {
  number: run => ({title: "dimension", value: row => row.unit, show: row => unitLink(run, row.unit)}),
  words: run => ({title: "strongest words", wide: true,
    show: row => wordLinks(topWords(run, row.unit, 10))}),
  coherence: run => ({title: "coherence", numeric: true,
    hint: "mean cosine between its ten strongest words, in the space of the input",
    value: row => run.coherence[row.unit], show: row => real(run.coherence[row.unit])}),
  size: run => ({title: "words", numeric: true, hint: "how many words it is on for",
    value: row => run.active[row.unit], show: row => count(run.active[row.unit])}),
  density: run => ({title: "density", numeric: true, hint: "share of the words that it is on for",
    value: row => run.active[row.unit] / run.rows,
    show: row => percent(run.active[row.unit] / run.rows, 2)}),
  strength: run => ({title: "strength", numeric: true,
    hint: "mean strength of the ten strongest words; what the clamp at 1 cut off counts",
    value: row => run.strength[row.unit], show: row => real(run.strength[row.unit])}),
};

function unitTable(run, text) {
  const wanted = text.trim().toLowerCase();
  const rows = Array.from({length: run.units}, (none, unit) => ({unit})).filter(row =>
    wanted === "" || topWords(run, row.unit, 50).some(word => word.toLowerCase().includes(wanted)));
  if (rows.length === 0)
    return make("p", {class: "empty card"}, `No dimension has a word like “${text.trim()}” among ` +
      "its strongest.");
  const columns = ["number", "words", run.coherence && "coherence", "size", "density", "strength"]
    .filter(Boolean).map(name => unitColumns[name](run));
  return table({label: `Dimensions of ${run.name}`, columns, rows, stacks: true,
    sort: columns.findIndex(column => column.title === (run.coherence ? "coherence" : "strength"))});
}

/* Built once a run, so that coming back finds it as it was left. */
function unitList(run) {
  const place = make("div", null, unitTable(run, ""));
  const said = make("span", {class: "soft", role: "status"});
  const field = make("input", {type: "search", id: "filter", spellcheck: false,
    placeholder: "Only those with a word like …", autocapitalize: "off", oninput: () => {
      place.replaceChildren(unitTable(run, field.value));
      const left = place.querySelectorAll("tbody tr").length;
      said.textContent = field.value.trim() === "" ? "" :
        place.querySelector(".more:not([hidden])") ? "many" : plural(left, "dimension");
    }});
  return make("div", null, make("div", {class: "filter"},
    make("label", {class: "hidden-label", for: "filter"}, "Only dimensions with a word like"),
    field, said), place);
}

function runSwitch(current, hrefOf) {
  return runs.length < 2 ? null : make("nav", {class: "switch", "aria-label": "Runs"},
    runs.map(run => make("a", {href: hrefOf(run), class: `run${run.number}`,
      "aria-current": run === current ? "page" : null}, run.name)));
}

function dimensionsPage(run) {
  run.list = run.list || unitList(run);
  return {title: "Dimensions", nodes: [
    make("h1", null, "Dimensions"),
    runSwitch(run, one => one.number > 0 ? `#dims=${one.number + 1}` : "#dims"),
    run.list,
  ]};
}

/* --- One dimension --- */

/* A list of units with what is said of each. */
function unitNeighbours(run, title, hint, entries) {
  return make("section", {class: "card"}, make("h2", null, title), make("p", {class: "soft"}, hint),
    entries.length === 0 ? make("p", {class: "soft"}, "None.") : make("ul", {class: "near"},
      entries.map(entry => make("li", null, unitLink(run, entry.unit),
        wordLinks(topWords(run, entry.unit, 4)),
        make("span", {class: "value"}, entry.said)))));
}

function unitFacts(run, unit) {
  const facts = [`on for ${count(run.active[unit])} of ${plural(run.rows, "word")} ` +
    `(${percent(run.active[unit] / run.rows, 2)})`];
  if (run.coherence)
    facts.push(`coherence ${real(run.coherence[unit])}`);
  return facts.join(" · ");
}

function counterparts(run, unit) {
  return runs.filter(other => other !== run).map(other => {
    const found = counterpart(run, unit, other);
    return make("section", {class: "card"}, make("h2", null, `In ${other.name}`), found === null
      ? make("p", {class: "soft"}, "No dimension shares two of its strongest words.")
      : [make("p", null, unitLink(other, found.unit), " shares ",
        `${found.count} of the ${topWords(run, unit, 50).length} strongest words.`),
      wordLinks(topWords(other, found.unit, 10))]);
  });
}

function dimensionPage(run, unit) {
  const top = run.wordsOf(unit), bins = run.bins;
  const counts = Array.from(run.histogram.slice(unit * bins, (unit + 1) * bins));
  const words = topWords(run, unit, 3);
  const step = by => (unit + by + run.units) % run.units;
  return {title: `Dimension ${unit}: ${words.join(" ")}`, nodes: [
    make("p", {class: "crumbs"},
      make("a", {href: run.number > 0 ? `#dims=${run.number + 1}` : "#dims"}, "Dimensions"),
      runs.length > 1 ? ` of ${run.name}` : null,
      make("span", {class: "steps"},
        make("a", {href: unitHref(run, step(-1)), rel: "prev"}, "← previous"),
        make("a", {href: unitHref(run, step(1)), rel: "next"}, "next →"))),
    make("h1", null, make("span", {class: "kicker"}, `Dimension ${unit}`),
      words.length ? words.join(", ") : "no word"),
    make("p", {class: "soft"}, unitFacts(run, unit)),
    make("div", {class: `columns run${run.number}`},
      make("section", {class: "card"}, make("h2", null, "Strongest words"), top.length === 0
        ? make("p", {class: "soft"}, "It is on for no word: a dead dimension.")
        : barList(top.map(one => ({node: wordLink(run.words[one.item]), value: one.value})),
          "Strongest words")),
      make("div", {class: "stack"},
        top.length === 0 ? null : make("section", {class: "card"}, histogram({
          title: "Its values", axis: "value where it is on", noun: "words",
          edges: Array.from({length: bins + 1}, (none, i) => i / bins),
          format: value => String(Number(value.toFixed(2))), ticks: [0, 0.25, 0.5, 0.75, 1],
          series: [{name: run.name, counts}]})),
        run.nearest ? unitNeighbours(run, "Nearest", "By the cosine of what they add to a word's " +
          "vector.", run.nearest(unit).slice(0, 8).map(one =>
          ({unit: one.item, said: real(one.value, 2)}))) : null,
        unitNeighbours(run, "Fires with", "How many of its words they share.",
          run.together(unit).slice(0, 8).map(one => ({unit: one.item,
            said: percent(one.value / run.active[unit], 0)}))),
        counterparts(run, unit))),
  ]};
}

/* --- One word --- */

/* A run's part of a word's page: its dimensions, as senses. */
function senses(run, word) {
  const index = run.index.get(word);
  if (index === undefined)
    return make("section", null, runs.length > 1 ? make("h2", null, run.name) : null,
      make("p", {class: "empty card"}, `“${word}” is not among the words of this page.`));
  const entries = run.unitsOf(index), all = run.numUnits[index];
  const most = Math.max(1, ...entries.map(entry => entry.value));
  const row = run.rowOf ? run.rowOf[index] : index;
  const near = nearestWords(run, index, 16);
  return make("section", {class: `senses run${run.number}`},
    runs.length > 1 ? make("h2", {class: "name"}, run.name) : null,
    make("p", {class: "soft"}, `word ${count(row + 1)} of ${count(run.rows)} · on in ` +
      `${count(all)} of ${plural(run.units, "dimension")}` +
      (all > entries.length ? ` · the ${count(entries.length)} strongest` : "")),
    make("ol", {class: "card sense-list", "aria-label": "Its dimensions, strongest first"},
      entries.map(({item, value}) => make("li", null,
        make("span", {class: "bar-track", "aria-hidden": "true"}, make("span", {class: "bar-fill",
          style: {width: `${(100 * value / most).toFixed(1)}%`}})),
        make("span", {class: "value"}, real(value)),
        unitLink(run, item),
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
