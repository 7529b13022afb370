/* search.js -- the search field: "/" goes there, arrows choose, Enter opens, Escape leaves. */

/* What fits a text: dimensions by number; words that are it, begin with it, hold it; at most 12. */
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
  const exact = [], starting = [], holding = [], seen = new Set();
  for (const run of runs)
    for (const word of run.words) {
      const at = word.toLowerCase().indexOf(wanted);
      if (at < 0 || seen.has(word))
        continue;
      seen.add(word);
      (word.toLowerCase() === wanted ? exact : at === 0 ? starting : holding).push(word);
    }
  for (const word of [...exact, ...starting, ...holding].slice(0, most - matches.length)) {
    const run = runs.find(one => one.index.has(word));
    matches.push({href: `#word=${encodeURIComponent(word)}`, text: word, isWord: true,
      hint: plural(run.numDimensions[run.index.get(word)], "dimension")});
  }
  return matches;
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
    make("span", {class: match.isWord ? "word" : null}, match.text),
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
