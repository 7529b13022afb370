/* report.js -- which page is shown: the part of the address behind '#' says it.
 *
 *     #overview   #dims  #dims=2   #filter=war  #filter=2:war   #map  #map=war  #map=2:war
 *     #dim=873  #dim=2:873   #word=remote   #eval
 *
 * where 2 is the second run. */

const main = document.getElementById("main");
const scrolled = new Map(); /* where each page was left */
let shownHash = null, followed = false, reloading = null;

function decode(text) {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

/* The run of "2:873" or "873", and the number. */
function readDimension(text) {
  const match = /^(?:(\d+):)?(\d+)$/.exec(text);
  const run = match && runs[Number(match[1] || 1) - 1];
  return run && Number(match[2]) < run.dimensions ? [run, Number(match[2])] : null;
}

function nothingPage(what, nearest = []) {
  const links = nearest.map(word => make("a", {href: `#word=${encodeURIComponent(word)}`}, word));
  return {title: "Not in this page", nodes: [make("h1", null, "Not in this page"),
    make("p", null, what, " ", make("a", {href: "#overview"}, "Back to the overview"), "."),
    links.length > 0 ? make("p", null, "The nearest: ", links.flatMap(link => [link, " "])) : null]};
}

function pageOf(hash) {
  const [name, ...rest] = hash.replace(/^#/, "").split("="), value = decode(rest.join("="));
  if (name === "" || name === "overview" || !hasCodes)
    return overviewPage();
  if (name === "dims")
    return dimensionsPage(runs[Number(value || 1) - 1] || runs[0]);
  if (name === "filter") {
    const [, number, text] = /^(?:(\d+):)?(.*)$/s.exec(value), run = runs[Number(number || 1) - 1];
    return dimensionsPage(run || runs[0], run ? text : value);
  }
  if (name === "map") {
    const [, number, text] = /^(?:(\d+):)?(.*)$/s.exec(value), run = runs[Number(number || 1) - 1];
    const shown = run || runs[0];
    return shown.map ? mapPage(shown, run ? text : value) : nothingPage("The map needs the run's model.h5.");
  }
  if (name === "dim") {
    const found = readDimension(value);
    return found ? dimensionPage(...found) : nothingPage(`There is no dimension ${value}.`);
  }
  if (name === "word") {
    const word = wordInAnyCase(value);
    return word !== undefined ? wordPage(word)
      : nothingPage(`“${value}” is not among its words.`, similarlySpelled(value, 3));
  }
  if (name === "eval" && data.evaluation)
    return evaluationPage();
  return nothingPage(`There is no page “${name}”.`);
}

function showNavigation(hash) {
  const name = hash.replace(/^#/, "").split("=")[0] || "overview";
  const links = [["#overview", "Overview"]];
  if (hasCodes)
    links.push(["#dims", "Dimensions"]);
  if (hasCodes && runs.some(run => run.map))
    links.push([mapHref(runs.find(run => run.map), ""), "Map"]);
  if (data.evaluation && hasCodes)
    links.push(["#eval", "Evaluation"]);
  document.getElementById("pages").replaceChildren(...links.map(([href, text]) => make("a", {href,
    "aria-current": href.split("=")[0] === `#${name}` ? "page" : href === "#dims" && ["dim", "filter"].includes(name) ? "true" : null},
  text)));
}

function showPage() {
  const hash = location.hash;
  if (shownHash !== null)
    scrolled.set(shownHash, window.scrollY);
  const {title, nodes} = pageOf(hash);
  main.replaceChildren(...nodes.flat(Infinity).filter(Boolean));
  document.title = `${title} · spine`;
  showNavigation(hash);
  if (shownHash !== null)
    main.focus({preventScroll: true});
  window.scrollTo(0, followed ? 0 : scrolled.get(hash) || 0);
  followed = false;
  shownHash = hash;
}

/* Another address of the page that is shown. */
function keepAddress(href) {
  history.replaceState(null, "", href);
  shownHash = href;
}

/* The arrow keys walk the dimensions. */
function walk(event) {
  const rel = {ArrowLeft: "prev", ArrowRight: "next"}[event.key];
  if (rel === undefined || event.altKey || event.ctrlKey || event.metaKey || event.shiftKey ||
      event.target.closest("input, textarea, [contenteditable], .scroll"))
    return;
  const link = main.querySelector(`a[rel=${rel}]`);
  if (link !== null)
    go(link.getAttribute("href"));
}

function go(href) {
  followed = true;
  if (location.hash === href)
    showPage();
  else
    location.hash = href;
}

/* A live page reloads itself, but not while nobody looks. */
function setReloading(on) {
  clearInterval(reloading);
  reloading = on ? setInterval(() => {
    if (!document.hidden)
      location.reload();
  }, 1000 * data.live.seconds) : null;
}

history.scrollRestoration = data.live ? "auto" : "manual";
document.addEventListener("click", event => {
  if (event.target.closest("a[href^='#']"))
    followed = true;
});
document.addEventListener("keydown", walk);
document.getElementById("skip").addEventListener("click", () => main.focus());
document.getElementById("footer").append(make("p", null, `Written by spine-report ${data.version}.`));
if (hasCodes)
  startSearch();
else
  document.getElementById("search").hidden = true;
if (data.live && data.live.seconds > 0)
  setReloading(true);
window.addEventListener("hashchange", showPage);
showPage();
