/* evaluation.js -- what spine-eval --json said: a table with a column for each file. */

function measureText(measure) {
  if (!measure || !isNumber(measure.value))
    return missing;
  const parts = [real(measure.value)];
  if (isNumber(measure.low) && isNumber(measure.high))
    parts.push(make("span", {class: "soft"}, ` ${real(measure.low)} to ${real(measure.high)}`));
  return parts;
}

/* "985 of 1,000": how much could be asked. */
function askedText(measure) {
  if (!measure || !isNumber(measure.count))
    return missing;
  return isNumber(measure.missing) && measure.missing > 0
    ? `${count(measure.count)} of ${count(measure.count + measure.missing)}` : count(measure.count);
}

function evaluationPage() {
  const files = data.evaluation.files;
  const key = measure => `${measure.group}\n${measure.name}`;
  const found = files.map(file =>
    new Map((file.measures || []).map(measure => [key(measure), measure])));
  const groups = new Map();
  for (const file of files)
    for (const measure of file.measures || []) {
      const names = groups.get(measure.group) || groups.set(measure.group, new Set()).get(measure.group);
      names.add(measure.name);
    }
  return {title: "Evaluation", nodes: [
    make("h1", null, "Evaluation"),
    make("p", {class: "soft"}, "Measured by spine-eval. Behind a value is its 95\u202f% interval, " +
      "where it has one, and how much of what was asked could be answered."),
    [...groups].map(([group, names]) => [make("h2", {class: "group"}, group), table({label: group,
      columns: [{title: "measure", value: row => row.name}].concat(files.flatMap((file, i) => [
        {title: file.path, numeric: true, value: row => found[i].get(row.key)?.value ?? null,
          show: row => measureText(found[i].get(row.key))},
        {title: "asked", numeric: true, value: row => found[i].get(row.key)?.count ?? null,
          show: row => make("span", {class: "soft"}, askedText(found[i].get(row.key)))}])),
      rows: [...names].map(name => ({name, key: `${group}\n${name}`}))})]),
  ]};
}
