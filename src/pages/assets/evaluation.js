/* evaluation.js -- what spine-eval --json said: a table with a column for each file. */

/* How the values of a measure are written: in digits that fit the largest, counts as counts. */
function measureFormat(measures) {
  const known = measures.filter(measure => measure && isNumber(measure.value));
  const values = known.map(measure => measure.value);
  if (values.every(Number.isInteger) && !known.some(measure => isNumber(measure.low)))
    return count;
  return value => real(value, values.some(one => Math.abs(one) >= 10) ? 1 : 3);
}

/* A value, and under it its interval and how much could be asked: "985 of 1,000". */
function measureText(measure, format) {
  if (!measure)
    return missing;
  const behind = [];
  if (isNumber(measure.low) && isNumber(measure.high))
    behind.push(`${format(measure.low)} to ${format(measure.high)}`);
  if (isNumber(measure.count))
    behind.push(isNumber(measure.missing) && measure.missing > 0
      ? `${count(measure.count)} of ${count(measure.count + measure.missing)}`
      : count(measure.count));
  return [make("span", {class: "measure"}, format(measure.value)),
    behind.length > 0 ? make("span", {class: "behind"}, behind.join(" · ")) : null];
}

/* Which way is better, of the measures for which one is. */
const lessIsBetter = ["dead dimensions", "saturated dimensions", "empty words"];
const neitherIsBetter = /^(share |values a word|Hoyer index|.* by chance$|Fleiss)/;

function direction(group, name) {
  if (lessIsBetter.includes(name))
    return " ↓";
  return neitherIsBetter.test(name) ? "" : " ↑";
}

/* One group of measures: a row for each name, a column for each file. */
function measureTable(files, group) {
  const found = files.map(file => new Map((file.measures || [])
    .filter(measure => measure.group === group).map(measure => [measure.name, measure])));
  const names = [...new Set(found.flatMap(measures => [...measures.keys()]))];
  /* A file that is a run of the page has its colour. */
  const runOf = file => runs.find(run => runs.length > 1 && run.name === file.path.replace(/\/+$/, ""));
  const columns = files.map((file, i) => ({title: file.path, numeric: true,
    colour: runOf(file) && `name run${runOf(file).number}`,
    value: row => found[i].get(row.name)?.value ?? null,
    show: row => measureText(found[i].get(row.name), row.format)}));
  return table({label: group, stacks: true,
    columns: [{title: "measure", lead: true, value: row => row.name,
      show: row => row.name + direction(group, row.name)}, ...columns],
    rows: names.map(name => ({name, format: measureFormat(found.map(all => all.get(name)))}))});
}

function evaluationPage() {
  const files = data.evaluation.files;
  const groups = new Set(files.flatMap(file =>
    (file.measures || []).map(measure => measure.group)));
  return {title: "Evaluation", nodes: [
    make("h1", null, "Evaluation"),
    make("p", {class: "soft"}, "Measured by spine-eval. Under a value is its 95\u202f% interval, " +
      "where it has one, and how much of what was asked could be answered. ↑ more is better, ↓ less."),
    [...groups].map(group =>
      [make("h2", {class: "group"}, group), measureTable(files, group)]),
  ]};
}
