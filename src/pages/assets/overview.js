/* overview.js -- the first page: what a run is, how it came about, how it is used. */

/* An option of a run's configuration, which is INI text; null if it isn't there. */
function optionOf(run, name) {
  const found = new RegExp(`^${name} *= *(.*)$`, "m").exec(run.config || "");
  return found ? found[1] : null;
}

/* 25 Nov 2026 */
function day(seconds) {
  return new Date(1000 * seconds).toLocaleDateString("en-GB", {day: "numeric", month: "short", year: "numeric"});
}

/* What the figures below don't say. */
function summary(run) {
  const parts = [];
  if (run.hasCodes) {
    const input = optionOf(run, "input"), objective = optionOf(run, "objective");
    parts.push(`${plural(run.rows, "word")} as codes of ${plural(run.dimensions, "dimension")}` +
      (input ? `, from ${input}` : "") +
      (objective ? `, by the objective ${objective} with seed ${optionOf(run, "seed")}.` : "."));
  }
  const epochs = lastOf(run, "epoch"), saturated = lastOf(run, "saturated");
  const seconds = run.history ? run.history.seconds.filter(isNumber) : [];
  if (isNumber(epochs)) {
    const speed = lastOf(run, "words_per_second");
    /* Where the page leaves epochs out, the mean of those that it has. */
    const total = seconds.reduce((sum, one) => sum + one, 0) / seconds.length * epochs;
    parts.push(`${data.live ? "" : "Trained for "}${plural(epochs, "epoch")} in ` +
      `${duration(total)}${run.written && !data.live ? ` (${day(run.written)})` : ""}, ${data.live ? "now" : "at the end"} with ` +
      `${count(Math.round(speed / 100) * 100)} words a second.`);
  }
  if (run.hasCodes && saturated > 0)
    parts.push(`${plural(saturated, "dimension")} ${saturated === 1 ? "is" : "are"} saturated.`);
  return parts.join(" ");
}

/* The numbers that people ask for first, of all runs. With two, an arrow says which way is better. */
function keyFigures() {
  const figures = [
    ["epoch", run => data.live ? count(lastOf(run, "epoch")) : missing],
    ["total loss", run => data.live ? real(lastOf(run, "total"), 4) : missing],
    ["words", run => count(run.rows)],
    ["dimensions", run => count(run.dimensions)],
    ["active in a word", run => run.hasCodes ? (run.values / run.rows).toFixed(1) : missing],
    ["explained variance\u00a0↑", run => percent(lastOf(run, "explained_variance"))],
    ["sparsity", run => percent(lastOf(run, "sparsity"))],
    ["dead dimensions\u00a0↓", run => run.hasCodes ? count(run.dead) : count(lastOf(run, "dead"))],
  ];
  return make("dl", {class: "figures"}, figures
    .filter(([, show]) => runs.some(run => show(run) !== missing))
    .map(([name, show]) => make("div", {class: "card"}, make("dt", null, runs.length > 1 ? name : name.replace(/\u00a0[↑↓]$/, "")),
      runs.map(run => make("dd", {class: `run${run.number}`}, show(run))))));
}

/* One for all charts of the page. */
function runLegend() {
  return runs.length < 2 ? null : make("ul", {class: "legend", "aria-label": "Colours"},
    runs.map(run => make("li", null, run.name)));
}

/* How the numbers of a metric are written, by their unit. */
const formats = {factor: value => value.toPrecision(3), mean: value => real(value, 1), share: percent, count,
  "words a second": count};

/* The names of the metrics that have a chart where a run has them, in the order of the charts: these, labels
 * and units come with the page's data. */
function chartedMetrics() {
  const position = name => data.metrics[name].chart;
  return Object.keys(data.metrics).filter(position).sort((a, b) => position(a) - position(b));
}

/* Those whose last value is among the figures above. */
const figured = ["explained_variance", "sparsity", "l0", "dead"];

/* Does a chart of the metric show anything? A run's objective may lack such a loss or rate, which is 0 in all
 * epochs; where it has one loss, the total is the same; one rank waits for no other; and one point is a figure. */
function isTelling(name, withHistory) {
  const some = test => withHistory.some(run => (run.history[name] ?? []).some((value, i) => test(value, run.history, i)));
  if (name === "comm_share")
    return some(value => value >= 0.001);
  if (name === "total" && !some((value, history, i) => value !== history.rl?.[i]))
    return false;
  if (figured.includes(name) && !data.live)
    return withHistory.some(run => (run.history[name] ?? []).filter(isNumber).length > 1);
  return !["loss", "factor"].includes(data.metrics[name].unit) || some(value => value !== 0);
}

function trainingCharts() {
  const withHistory = runs.filter(run => run.history && run.history.epoch.length > 0);
  if (withHistory.length === 0)
    return null;
  const charts = chartedMetrics().filter(name => isTelling(name, withHistory)).map(name => {
    const {label, unit} = data.metrics[name];
    return lineChart({
      title: label, axis: "epoch", format: formats[unit], fromZero: unit === "words a second", log: unit === "loss",
      tick: unit === "share" ? shareTick : null,
      series: withHistory.map(run => ({name: run.name, x: run.history.epoch,
        y: run.history[name] ?? run.history.epoch.map(() => null)})),
    });
  }).filter(Boolean).map(chart => make("div", {class: "card"}, chart));
  /* On a phone the others would be a long way to scroll. */
  const first = matchMedia("(max-width: 640px)").matches ? 4 : charts.length;
  return [make("div", {class: "charts-head"}, make("h2", null, "Training"), runLegend()),
    make("div", {class: "charts"}, charts.slice(0, first)),
    first >= charts.length ? null : make("details", {class: "more-charts"},
      make("summary", null, `${charts.length - first} more curves`),
      make("div", {class: "charts"}, charts.slice(first)))];
}

/* How many words have how many active dimensions, in at most 40 bins. */
function activityChart() {
  const longest = Math.max(...runs.map(run => run.activeOfRows.length));
  const width = Math.ceil(longest / 40), bins = Math.ceil(longest / width);
  const edges = Array.from({length: bins + 1}, (none, i) => i * width);
  return histogram({title: "Active dimensions of a word", axis: "active dimensions", noun: "words",
    format: count, edges, series: runs.map(run => ({name: run.name,
      counts: edges.slice(0, -1).map(from => run.activeOfRows.slice(from, from + width)
        .reduce((sum, value) => sum + value, 0))}))});
}

/* How many dimensions are active for which share of the words, by powers of ten. */
function densityChart() {
  const least = Math.floor(Math.log10(1 / Math.max(...runs.map(run => run.rows))));
  const bins = 8 * -least, edges = Array.from({length: bins + 1}, (none, i) => least + i / 8);
  return histogram({title: "Share of the words for which a dimension is active", noun: "dimensions",
    axis: "share of words, log scale", edges,
    format: value => `${Number((100 * 10 ** value).toPrecision(2))} %`,
    ticks: Array.from({length: 1 - least}, (none, i) => least + i),
    series: runs.map(run => {
      const counts = new Array(bins).fill(0);
      for (const size of run.active)
        if (size > 0)
          counts[Math.min(bins - 1, Math.floor((Math.log10(size / run.rows) - least) * 8))]++;
      return {name: run.name, counts};
    })});
}

function dimensionCard(run, dimension) {
  return make("article", {class: "card dimension-card"},
    make("h3", null, dimensionLink(run, dimension)), wordLinks(topWords(run, dimension, 8)));
}

function someDimensions() {
  return runs.map(run => [
    make("h2", null, runs.length > 1 ? `Some dimensions of ${run.name}` : "Some dimensions"),
    make("div", {class: "cards"}, exampleDimensions(run, runs.length > 1 ? 3 : 6)
      .map(dimension => dimensionCard(run, dimension))),
  ]).concat(make("p", null, make("a", {href: "#dims"}, "All dimensions")));
}

/* What the page leaves out to stay small. */
function leftOut() {
  return runs.filter(run => run.rowOf).map(run => make("p", {class: "soft"},
    `${runs.length > 1 ? `${run.name}: this` : "This"} page has ${count(run.words.length)} of ` +
    `${count(run.rows)} words: the first ${count(run.kept.rows)}, and the ${count(run.kept.words)} ` +
    `strongest of each dimension; and up to ${count(run.kept.dimensions)} dimensions of each.`));
}

function configuration() {
  return runs.filter(run => run.config).map(run => make("details", null,
    make("summary", null, `Configuration${runs.length > 1 ? ` of ${run.name}` : ""}`),
    make("pre", {tabindex: "0"}, run.config)));
}

/* What a page says that is rewritten while the run trains. */
function liveNote() {
  if (!data.live)
    return null;
  const since = data.live.written ? Date.now() / 1000 - data.live.written : null;
  const epoch = lastOf(runs[0], "epoch");
  const text = epoch === null ? "No epoch is finished yet."
    : `Epoch ${count(epoch)} was finished ${duration(Math.max(0, since))} ago.`;
  if (data.live.seconds === 0)
    return make("p", {class: "live", role: "status"}, text,
      " The run wasn't finished when this page was last written.");
  const paused = make("button", {type: "button", "aria-pressed": "false", onclick: () => {
    const pause = paused.getAttribute("aria-pressed") === "false";
    paused.setAttribute("aria-pressed", String(pause));
    paused.textContent = pause ? "Go on" : "Pause";
    setReloading(!pause);
  }}, "Pause");
  return make("p", {class: "live", role: "status"}, make("span", null,
    make("span", {class: "pulse"}), text,
    ` This page reloads every ${plural(data.live.seconds, "second")}.`), paused);
}

function overviewPage() {
  const title = runs.map(run => run.name).join(" and ");
  return {title, nodes: [
    make("h1", null, runs.map((run, i) => [i > 0 ? make("span", {class: "soft"}, " and ") : null,
      make("span", {class: runs.length > 1 ? `run${i} name` : null}, run.name)])),
    liveNote(),
    runs.map(run => make("p", {class: "summary"}, runs.length > 1
      ? make("strong", {class: `run${run.number} name`}, `${run.name}: `) : null, summary(run))),
    keyFigures(),
    leftOut(),
    hasCodes ? someDimensions() : null,
    trainingCharts(),
    hasCodes ? [make("div", {class: "charts-head"}, make("h2", null, "Use of the dimensions"), runLegend()), make("div", {class: "charts two"},
      make("div", {class: "card"}, activityChart()), make("div", {class: "card"}, densityChart()))]
      : null,
    configuration(),
  ]};
}
