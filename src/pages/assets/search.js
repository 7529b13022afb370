/* search.js -- the search field: "/" goes there, arrows choose, Enter opens, Escape leaves. */

/* The dimensions whose label or note holds a text, in small letters. */
function labelled(run, wanted) {
  return [...run.labels.values()].filter(({label, note}) =>
    [label, note || ""].some(text => text.toLowerCase().includes(wanted)));
}

/* What fits a text: dimensions by number and by label; words that are it, begin with it, hold it; at
 * most 12, half of them by label. If nothing does, the words nearest to it. */
function findMatches(text) {
  const wanted = text.trim().toLowerCase(), most = 12;
  const matches = [];
  if (wanted === "")
    return matches;
  if (/^\d+$/.test(wanted))
    for (const run of runs)
      if (Number(wanted) < run.dimensions)
        matches.push({href: dimensionHref(run, Number(wanted)), text: `dimension ${Number(wanted)}`,
          hint: runs.length > 1 ? run.name : topWords(run, Number(wanted), 3).join(" ")});
  for (const run of runs)
    for (const {dimension, label} of labelled(run, wanted).slice(0, most / 2))
      matches.push({href: dimensionHref(run, dimension), text: label, isLabel: true,
        hint: `dimension ${dimension}${runs.length > 1 ? ` of ${run.name}` : ""}`});
  const exact = [], starting = [], holding = [], seen = new Set();
  for (const run of runs)
    for (const word of run.words) {
      const at = word.toLowerCase().indexOf(wanted);
      if (at < 0 || seen.has(word))
        continue;
      seen.add(word);
      (word.toLowerCase() === wanted ? exact : at === 0 ? starting : holding).push(word);
    }
  const found = [...exact, ...starting, ...holding];
  const isNear = found.length + matches.length === 0;
  for (const word of isNear ? similarlySpelled(wanted, 3) : found.slice(0, Math.max(0, most - matches.length))) {
    const run = runs.find(one => one.index.has(word));
    matches.push({href: `#word=${encodeURIComponent(word)}`, text: word, isWord: true,
      hint: (isNear ? "the nearest; " : "") +
        plural(run.numDimensions[run.index.get(word)], "dimension")});
  }
  return matches;
}

/* A word of the page in the case that was written, in lower, mixed or upper case; or undefined. */
function wordInAnyCase(text) {
  const word = text.normalize("NFC"), lower = word.toLowerCase();
  return [text, word, lower, lower.charAt(0).toUpperCase() + lower.slice(1), word.toUpperCase()]
    .find(one => runs.some(run => run.index.has(one)));
}

/* How many letters differ; more than 'limit' may be any number above it. */
function spellingDistance(a, b, limit) {
  if (Math.abs(a.length - b.length) > limit)
    return limit + 1;
  let row = Array.from({length: b.length + 1}, (_, j) => j);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++)
      next.push(Math.min(row[j] + 1, next[j - 1] + 1, row[j - 1] + (a[i - 1] !== b[j - 1])));
    row = next;
  }
  return row[b.length];
}

/* The words most like one that the page lacks: no more than a third of its letters differ. */
function similarlySpelled(text, most) {
  const wanted = text.trim().toLowerCase(), limit = Math.max(1, Math.floor(wanted.length / 3));
  const found = new Map();
  for (const run of runs)
    for (const word of run.words) {
      const distance = spellingDistance(wanted, word.toLowerCase(), limit);
      if (distance <= limit && !found.has(word))
        found.set(word, distance);
    }
  return [...found].sort((a, b) => a[1] - b[1]).slice(0, most).map(([word]) => word);
}

function startSearch() {
  const form = document.getElementById("search");
  const field = document.getElementById("find"), list = document.getElementById("found");
  let chosen = -1;

  function choose(place) {
    const options = [...list.children];
    chosen = options.length === 0 ? -1 : (place + options.length) % options.length;
    options.forEach((option, i) => option.setAttribute("aria-selected", String(i === chosen)));
    if (chosen < 0)
      field.removeAttribute("aria-activedescendant");
    else {
      field.setAttribute("aria-activedescendant", options[chosen].id);
      options[chosen].scrollIntoView({block: "nearest"});
    }
  }

  function close() {
    list.hidden = true;
    field.setAttribute("aria-expanded", "false");
    choose(-1);
  }

  function open(href) {
    field.value = "";
    close();
    field.blur();
    go(href);
  }

  function show() {
    const matches = findMatches(field.value);
    list.replaceChildren(...matches.map((match, i) => make("li", {role: "option", id: `found-${i}`,
      "aria-selected": "false", "data-href": match.href,
      onpointerdown: event => { event.preventDefault(); open(match.href); }},
    make("span", {class: match.isWord ? "word" : match.isLabel ? "label" : null}, match.text),
    make("span", {class: "soft"}, match.hint))));
    if (matches.length === 0 && field.value.trim() !== "")
      list.append(make("li", {class: "none soft"}, "nothing like it in this page"));
    list.hidden = list.children.length === 0;
    field.setAttribute("aria-expanded", String(!list.hidden));
    if (matches.length > 0)
      choose(0);
    else
      chosen = -1;
  }

  field.addEventListener("input", show);
  field.addEventListener("focus", show);
  field.addEventListener("blur", close);
  field.addEventListener("keydown", event => {
    if (event.key === "ArrowDown" || event.key === "ArrowUp") {
      event.preventDefault();
      choose(chosen + (event.key === "ArrowDown" ? 1 : -1));
    } else if (event.key === "Escape") {
      field.value = "";
      field.blur();
    }
  });
  form.addEventListener("submit", event => {
    event.preventDefault();
    const option = list.children[chosen];
    if (option && option.dataset.href)
      open(option.dataset.href);
  });
  document.addEventListener("keydown", event => {
    const typing = event.target.closest("input, textarea, select");
    if (event.key === "/" && !typing && !event.ctrlKey && !event.metaKey && !event.altKey) {
      event.preventDefault();
      field.focus();
    }
  });
}
