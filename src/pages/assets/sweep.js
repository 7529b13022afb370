/* sweep.js -- the page of a sweep: the best trial, the trade-off, what parameters do, the table.
 *
 * A trial is the same everywhere: whatever shows one has data-trial, and pointing at it lights up
 * all of them and says what the trial is. */

const trials = data.trials, names = data.parameters.map(one => one.name);
const best = data.best === null ? null : trials[data.best];
const measured = trials.filter(trial => Object.keys(trial.scores).length > 0);

const scoreOf = name => trial => {
  const value = trial.scores[name];
  return isNumber(value) ? value : null;
};
const objective = scoreOf(data.score);

/* For pictures: one trial that explains far less than nothing, since its rate was too high, would
 * push all others into a corner; it is drawn at the edge. */
const drawnOf = name => trial => {
  const value = scoreOf(name)(trial);
  return value !== null && name === "explained_variance" ? Math.max(value, -0.1) : value;
};

/* A score as people write it. */
const shares = ["explained_variance", "sparsity", "density", "intrusion", "diversity"];
function showScore(name, value) {
  if (!isNumber(value))
    return missing;
  if (shares.includes(name))
    return percent(value);
  return Number.isInteger(value) ? count(value) : String(Number(value.toPrecision(4)));
}

/* Limits such as "explained_variance >= 0.6" with shares as the scores are shown. */
function limitText(text) {
  return text.replace(/(\w+) ([<>]=?) ([-+.\de]+)/g, (all, name, sign, value) =>
    `${name} ${{"<=": "≤", ">=": "≥"}[sign] || sign} ` +
      (shares.includes(name) ? `${Number((100 * Number(value)).toPrecision(6))}\u202f%` : value));
}

const numberName = trial => String(trial.trial).padStart(4, "0");
const parametersOf = trial => names.map(name => `${name} ${trial.parameters[name]}`).join(", ");

function kindOf(trial) {
  if (trial === best)
    return "best";
  if (trial.front)
    return "front";
  return trial.allowed ? "" : "out";
}

/* Draw those last that matter most. */
const order = ["out", "", "front", "best"];
const layered = list => [...list].sort((a, b) => order.indexOf(kindOf(a)) - order.indexOf(kindOf(b)));

/* --- Pointing at a trial --- */

const said = document.getElementById("said-trial");

function light(number) {
  for (const element of document.querySelectorAll("[data-trial]"))
    element.classList.toggle("on", element.dataset.trial === number);
  const trial = trials[Number(number)];
  said.textContent = trial === undefined ? "" : `Trial ${numberName(trial)}, ${trial.state}: ${parametersOf(trial)}` +
      (isNumber(objective(trial)) ? ` · ${data.score} ${showScore(data.score, objective(trial))}` : "");
}

for (const type of ["pointerover", "focusin"])
  document.addEventListener(type, event => {
    const marked = event.target.closest("[data-trial]");
    light(marked === null ? "" : marked.dataset.trial);
  });

/* --- The best trial --- */

function head() {
  const counts = {};
  for (const trial of trials)
    counts[trial.state] = (counts[trial.state] || 0) + 1;
  const states = Object.entries(counts).map(([state, number]) => `${count(number)} ${state}`);
  const epochs = trials.reduce((sum, trial) => sum + trial.epochs, 0);
  const seconds = trials.reduce((sum, trial) => sum + trial.seconds, 0);
  return [
    make("h1", null, "A sweep of ", plural(trials.length, "trial")),
    make("p", null, `${states.join(", ")}; method ${data.method}. `,
      `${plural(epochs, "epoch")} in ${duration(seconds)} of work.`),
    make("p", null, `Wanted: ${data.objective}${data.subject_to ? ` with ${limitText(data.subject_to)}` : ""}.`),
    best === null
      ? make("p", {class: "card"}, "No trial is trained to the end and within the limits yet.")
      : make("div", {class: "card best", "data-trial": best.trial, tabindex: "0"},
        make("h2", null, `Best: trial ${numberName(best)}`),
        names.map(name => fact(name, best.parameters[name])),
        [...new Set([data.score, "explained_variance", "intrusion", "sparsity", "dead"])].map(name =>
          fact(name, showScore(name, scoreOf(name)(best)))),
        best.report ? make("div", null, make("a", {href: best.report}, "its report")) : null),
    trials.some(trial => trial.report) ? null : make("p", {class: "soft"}, "For a page of each finished trial: ",
      make("code", null, `spine-sweep report ${data.directory}`)),
  ];
}

function fact(name, value) {
  return make("dl", null, make("dt", null, name), make("dd", null, value));
}

/* --- Scatter plots --- */

/* What values are, for an axis: numbers where all are, else places in a list; logarithms where the
 * parameter's are drawn by them or a list spans more than a hundredfold. */
function axisOf(name, rows) {
  const parameter = data.parameters.find(one => one.name === name);
  const texts = [...new Set(rows.map(row => row.parameters[name]))];
  const numbers = texts.map(Number);
  if (numbers.some(value => !Number.isFinite(value)))
    return {of: row => texts.indexOf(row.parameters[name]), ticks: texts.map((text, i) => i),
      show: i => texts[i] === undefined ? "" : texts[i]};
  const least = Math.min(...numbers), most = Math.max(...numbers);
  const logarithmic = least > 0 && (parameter.kind.endsWith("log") || most / least > 100);
  const bend = value => logarithmic ? Math.log10(value) : value;
  const unbend = value => logarithmic ? 10 ** value : value;
  const list = parameter.kind === "list" && texts.length <= 8;
  const written = new Map(texts.map((text, i) => [bend(numbers[i]), text]));
  const ticks = list ? numbers.map(bend)
    : niceTicks(bend(least), bend(most), 4).filter(tick => !logarithmic || Number.isInteger(tick));
  return {of: row => bend(Number(row.parameters[name])), ticks,
    show: tick => written.get(tick) ?? tickText(unbend(tick))};
}

/* Room at both ends, so that points don't sit on the frame. */
function widen(values, share) {
  const least = Math.min(...values), most = Math.max(...values);
  const room = (most - least || Math.abs(most) || 1) * share;
  return [least - room, most + room];
}

function scatter(options) {
  const rows = layered(options.rows.filter(row => isNumber(options.x.of(row)) && isNumber(options.y(row))));
  if (rows.length === 0)
    return null;
  const [left, right] = widen(rows.map(options.x.of), 0.06);
  const [low, high] = widen(rows.map(options.y), 0.08);
  options.series = [];
  return figure(options, (width, height) => {
    const x = scale(left, right, chartMargin.left, width - chartMargin.right);
    const y = scale(low, high, height - chartMargin.bottom, chartMargin.top);
    return [
      axes(x, y, options.x.ticks, niceTicks(low, high, 6), width, height,
        {axis: options.axis, xTick: options.x.show, tick: options.tick}),
      options.line ? draw("path", {class: "front-line", d: options.line(rows).map((row, i) =>
        `${i ? "L" : "M"}${x(options.x.of(row)).toFixed(1)} ${y(options.y(row)).toFixed(1)}`).join("")}) : null,
      (options.means || []).filter(([, mean]) => mean >= low && mean <= high).map(([at, mean]) =>
        draw("line", {class: "mean", x1: x(at) - 12, x2: x(at) + 12, y1: y(mean), y2: y(mean)})),
      rows.map(row => draw("circle", {class: `point ${kindOf(row)}`, cx: x(options.x.of(row)),
        cy: y(options.y(row)), r: row === best ? 7 : 5, "data-trial": row.trial, tabindex: "-1"})),
    ];
  });
}

function keys() {
  return make("ul", {class: "keys"},
    make("li", {class: "best-key"}, "best"),
    make("li", {class: "front-key"}, "on the front: nothing is better in both"),
    data.subject_to ? make("li", {class: "out-key"}, "outside the limits") : null,
    make("li", null, "other trials"));
}

function tradeOff() {
  const explained = drawnOf("explained_variance"), readable = scoreOf("intrusion");
  const finished = measured.filter(trial => trial.state === "finished");
  const values = finished.map(explained).filter(isNumber);
  const plot = values.length === 0 ? null : scatter({
    title: "Intrusion found (up), by explained variance (right)", note: "up and right is better", height: 320,
    rows: finished, y: readable, axis: "explained variance", tick: shareTick,
    x: {of: explained, ticks: niceTicks(...widen(values, 0.06), 5), show: shareTick},
    line: rows => rows.filter(row => row.front).sort((a, b) => explained(a) - explained(b))});
  return plot === null ? null : make("section", {id: "trade"},
    make("h2", null, "Readability against reconstruction"),
    make("p", {class: "soft"}, "How many intruders among a dimension's words are found, against how much of " +
      "the input's variance the codes explain."), keys(), make("div", {class: "card"}, plot));
}

/* --- Effects --- */

function effects() {
  const plots = data.effects.map(effect => {
    const axis = axisOf(effect.name, measured);
    const example = text => measured.find(trial => trial.parameters[effect.name] === text);
    const means = (effect.values || []).filter(one => isNumber(one.mean) && example(one.value))
      .map(one => [axis.of(example(one.value)), one.mean]);
    const note = isNumber(effect.rank_correlation)
      ? `rank correlation ${effect.rank_correlation.toFixed(2)}` : means.length > 0 ? "bars: means" : "";
    const plot = scatter({title: `${data.score}, by ${effect.name}`, note, rows: measured, x: axis, y: drawnOf(data.score), means,
      axis: effect.name, tick: shares.includes(data.score) ? shareTick : null});
    return plot === null ? null : make("div", {class: "card"}, plot);
  }).filter(plot => plot !== null);
  return plots.length === 0 ? null : make("section", {id: "effects"},
    make("h2", null, `What each parameter does to ${data.score}`), make("div", {class: "charts"}, plots));
}

/* --- Parallel coordinates --- */

function parallel() {
  const scores = [...new Set([data.score, "explained_variance", "intrusion"])]
    .filter(name => measured.some(trial => isNumber(scoreOf(name)(trial))));
  const poles = names.map(name => Object.assign({name}, axisOf(name, measured))).concat(scores.map(name => {
    const values = measured.map(drawnOf(name)).filter(isNumber);
    return {name, of: drawnOf(name), ticks: [Math.min(...values), Math.max(...values)],
      show: value => showScore(name, value)};
  }));
  const rows = layered(measured.filter(row => poles.every(pole => isNumber(pole.of(row)))));
  if (rows.length === 0)
    return null;
  for (const pole of poles) {
    const values = rows.map(pole.of);
    pole.least = Math.min(...values);
    pole.most = Math.max(...values);
  }
  const plot = figure({title: "All at once", note: "a line is a trial", height: 320, series: []},
    (width, height) => {
      const x = scale(0, poles.length - 1, 24, width - 72);
      const heights = poles.map(pole => scale(pole.least, pole.most, height - 20, 40));
      return [
        rows.map(row => draw("path", {class: `strand ${kindOf(row)}`, "data-trial": row.trial, tabindex: "-1",
          d: poles.map((pole, i) => `${i ? "L" : "M"}${x(i).toFixed(1)} ` +
            heights[i](pole.of(row)).toFixed(1)).join("")})),
        poles.map((pole, i) => [
          draw("line", {class: "pole", x1: x(i), x2: x(i), y1: 40, y2: height - 20}),
          draw("text", {class: "tick", x: x(i) + (i > 0 && i === poles.length - 1 ? 64 : -6),
            y: i % 2 ? 28 : 14, "text-anchor": i > 0 && i === poles.length - 1 ? "end" : "start"}, pole.name),
          pole.ticks.filter(tick => tick >= pole.least && tick <= pole.most).map(tick =>
            draw("text", {class: "tick clear", x: x(i) + 6, y: heights[i](tick) + 4}, pole.show(tick)))]),
      ];
    });
  return make("section", {id: "all"}, make("h2", null, "Parameters and scores together"), keys(),
    make("div", {class: "card wide-scroll"}, plot));
}

/* --- The table --- */

function trialTable() {
  const isText = name => trials.some(trial => !Number.isFinite(Number(trial.parameters[name])));
  const scores = [...new Set([data.score, "explained_variance", "intrusion", "coherence", "total", "rl",
    "sparsity", "l0", "dead"])];
  const failed = trials.some(trial => trial.reason);
  const columns = [
    {title: "trial", value: trial => trial.trial, numeric: true,
      show: trial => make(trial.report ? "a" : "span", {"data-trial": trial.trial, tabindex: "0", href: trial.report,
        class: trial === best ? "best-mark" : null}, trial === best ? `★ ${numberName(trial)}` : numberName(trial))},
    ...names.map(name => ({title: name, numeric: !isText(name), show: trial => trial.parameters[name],
      value: trial => isText(name) ? trial.parameters[name] : Number(trial.parameters[name])})),
    {title: "state", value: trial => trial.state},
    {title: "epochs", value: trial => trial.epochs, show: trial => count(trial.epochs), numeric: true},
    ...scores.map(name => ({title: name, value: scoreOf(name), numeric: true,
      show: trial => showScore(name, scoreOf(name)(trial))})),
    {title: "within limits", value: trial => trial.allowed ? "yes" : "no"},
    {title: "time", value: trial => trial.seconds, show: trial => duration(trial.seconds), numeric: true},
    ...(failed ? [{title: "reason", value: trial => trial.reason || null, wide: true}] : []),
  ];
  return make("section", {id: "trials"}, make("h2", null, "Trials"), table({label: "Trials", columns,
    rows: trials, sort: names.length + 3, ascending: !data.maximize, most: 200,
    first: trial => trial === best}));
}

document.title = `Sweep ${data.directory}`;
document.getElementById("main").append(...[head(), tradeOff(), effects(), parallel(), trialTable()]
  .flat().filter(part => part !== null));
document.getElementById("footer").append(make("p", {class: "soft"},
  `spine-sweep ${data.version}; the same as a table in summary.tsv, for programs in summary.json.`));
for (const link of document.querySelectorAll("nav a"))
  link.hidden = document.querySelector(link.getAttribute("href")) === null;
