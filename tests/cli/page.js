"use strict";
/* page.js -- looks at the pages that page.sh made, as people would: node page.js DIRECTORY
 * SCREENSHOTS CHROMIUM, SCREENSHOTS being a directory for them, or empty. Any request that leaves the page,
 * any message on the console, any dialog is a failure. */
const assert = require("node:assert/strict");
const fs = require("node:fs");
const path = require("node:path");
const {pathToFileURL} = require("node:url");
const {chromium} = require("playwright-core");

const [directory, screenshots, program] = process.argv.slice(2);
const flags = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
  "--disable-background-networking", "--disable-component-update", "--disable-sync"];
const sizes = {phone: {width: 390, height: 844}, desktop: {width: 1280, height: 900}};

function urlOf(file, hash = "") {
  return pathToFileURL(path.join(directory, file)).href + hash;
}

/* A fresh tab that fails on whatever a page of ours doesn't do. */
async function open(browser, url, options = {}) {
  const context = await browser.newContext({viewport: sizes.desktop, ...options});
  const page = await context.newPage();
  const complaints = [];
  page.on("console", message => complaints.push(`console: ${message.text()}`));
  page.on("pageerror", error => complaints.push(`error: ${error.message}`));
  page.on("dialog", dialog => {
    complaints.push(`dialog: ${dialog.message()}`);
    dialog.dismiss();
  });
  context.on("request", request => {
    if (!request.url().startsWith("data:") && request.url().split("#")[0] !== url.split("#")[0])
      complaints.push(`request: ${request.url()}`);
  });
  await page.goto(url);
  return {page, close: async () => {
    await context.close();
    assert.deepEqual(complaints, []);
  }};
}

const heading = page => page.locator("main h1").textContent();
const texts = (page, selector) => page.locator(selector).allTextContents();
const hashOf = page => page.evaluate(() => location.hash);

/* Wait until the page of this address is shown: report.js keeps it in shownHash. */
async function expectHash(page, hash) {
  await page.waitForFunction(wanted => shownHash === wanted, hash);
}

/* Wait until there is one such element. */
async function expectOne(page, selector) {
  await page.waitForFunction(wanted => document.querySelectorAll(wanted).length === 1, selector);
}

/* --- What people do --- */

async function searchesByKeyboard(browser) {
  const {page, close} = await open(browser, urlOf("report.html"));
  assert.match(await heading(page), /^run$/);
  assert.match(await page.locator(".summary").textContent(), /^5,000 words as codes of 200 dim/);
  await page.keyboard.press("/");
  assert.equal(await page.evaluate(() => document.activeElement.id), "find");
  await page.keyboard.type("musi");
  const offered = await texts(page, "#found [role=option] .word");
  assert.ok(offered.includes("music") && offered.includes("musical"), offered.join(" "));
  assert.ok(offered.every(word => word.includes("musi")), offered.join(" "));
  await page.keyboard.press("ArrowDown");
  await page.keyboard.press("ArrowUp");
  await page.keyboard.press("ArrowUp"); /* round to the last */
  await page.keyboard.press("ArrowDown");
  const chosen = await page.locator("#found [aria-selected=true]").getAttribute("id");
  assert.equal(await page.locator("#find").getAttribute("aria-activedescendant"), chosen);
  await page.keyboard.press("Enter");
  await expectHash(page, "#word=music");
  assert.equal(await heading(page), "music");
  assert.equal(await page.title(), "music · spine");
  const values = (await texts(page, ".sense-list .value")).map(Number);
  assert.ok(values.length > 3 && values.every((value, i) => i === 0 || value <= values[i - 1]));
  await page.keyboard.press("/");
  await page.keyboard.type("17");
  await page.keyboard.press("Enter");
  await expectHash(page, "#dim=17");
  await page.keyboard.press("/");
  await page.keyboard.type("kiing");
  assert.equal((await texts(page, "#found [role=option] .word"))[0], "king");
  await page.keyboard.press("Escape");
  await page.goto(urlOf("report.html", "#word=KING"));
  await expectHash(page, "#word=KING");
  assert.equal(await heading(page), "king");
  await page.goto(urlOf("report.html", "#word=kiing"));
  await expectHash(page, "#word=kiing");
  assert.match(await page.locator("main").textContent(), /The nearest: king/);
  await page.goto(urlOf("report.html", "#dim=17"));
  await page.keyboard.press("/");
  await page.keyboard.type("zzzzqq");
  assert.match(await page.locator("#found").textContent(), /nothing like it/);
  await page.keyboard.press("Enter");
  await page.keyboard.press("Escape");
  assert.ok(await page.locator("#found").isHidden());
  assert.equal(await hashOf(page), "#dim=17");
  await close();
}

async function opensADimensionAndComesBack(browser) {
  const {page, close} = await open(browser, urlOf("report.html", "#word=music"));
  const first = await page.locator(".sense-list .dimension").first().textContent();
  await page.locator(".sense-list .dimension").first().click();
  await expectHash(page, `#dim=${first}`);
  assert.match(await heading(page), new RegExp(`^Dimension ${first}`));
  const values = (await texts(page, ".bars .value")).map(Number);
  assert.ok(values.every((value, i) => i === 0 || value <= values[i - 1]), values.join(" "));
  const bars = await page.locator(".bar-fill").evaluateAll(all =>
    all.map(bar => bar.getBoundingClientRect().width));
  assert.ok(bars.every((width, i) => i === 0 || width <= bars[i - 1] + 0.01), bars.join(" "));
  for (const title of ["Strongest words", "Nearest", "Fires with"])
    assert.ok((await texts(page, "main h2")).includes(title), title);
  const counts = await page.locator(".chart .bar title").allTextContents();
  assert.ok(counts.length > 0 && counts.every(text => /words$/.test(text)));
  const neighbour = await page.locator(".near .dimension").first().textContent();
  await page.locator(".near .dimension").first().click();
  await expectHash(page, `#dim=${neighbour}`);
  await page.goBack();
  await expectHash(page, `#dim=${first}`);
  await page.goBack();
  await expectHash(page, "#word=music");
  assert.equal(await heading(page), "music");
  await close();
}

async function showsLabelsAndFindsThem(browser) {
  const {page, close} = await open(browser, urlOf("labels.html", "#dim=17"));
  assert.equal(await heading(page), "Dimension 17music & <b>songs</b>");
  assert.equal(await page.locator(".note").textContent(), "of 3 people, 2 agree");
  for (const text of ["songs</b>", "3 PEOPLE"]) { // by label, by note
    await page.locator("#find").fill(text);
    assert.deepEqual(await texts(page, "#found [role=option] .label"), ["music & <b>songs</b>"]);
    await page.keyboard.press("Enter");
    await expectHash(page, "#dim=17");
  }
  await page.goto(urlOf("labels.html", "#filter=songs<"));
  await expectOne(page, "main tbody tr");
  assert.equal(await page.locator("main tbody .dimension").textContent(), "17 music & <b>songs</b>");
  await page.goto(urlOf("labels.html", "#map=songs<"));
  await expectOne(page, ".spot.lit");
  assert.equal(await page.evaluate(() => placeName(runs[0], 17)), "music & <b>songs</b>");

  /* Bars of lines with and without a label have one scale. */
  await page.setViewportSize(sizes.phone);
  const word = await page.evaluate(() => topWords(runs[0], 17, 1)[0]);
  await page.goto(urlOf("labels.html", `#word=${word}`));
  await expectOne(page, ".sense-list .label");
  const widths = await page.locator(".sense-list .bar-track").evaluateAll(all =>
    all.map(one => Math.round(one.getBoundingClientRect().width)));
  assert.ok(widths.length > 1 && new Set(widths).size === 1, widths.join(" "));
  await close();
}

/* No chart repeats a figure or another chart. */
async function leavesOutEmptyCharts(browser) {
  const {page, close} = await open(browser, urlOf("report.html"));
  const telling = (name, history) => page.evaluate(([metric, values]) =>
    isTelling(metric, [{history: values}]), [name, history]);
  assert.equal(await telling("l0", {l0: [null, 40]}), false);
  assert.equal(await telling("l0", {l0: [38, 40]}), true);
  assert.equal(await telling("held_out_l0", {held_out_l0: [null, 40]}), true);
  assert.equal(await telling("total", {rl: [2, 1], total: [2, 1]}), false);
  assert.equal(await telling("total", {rl: [2, 1], total: [3, 2]}), true);
  assert.equal(await telling("comm_share", {comm_share: [1e-5, 3e-5]}), false);
  assert.equal(await telling("asl", {asl: [0, 0]}), false);
  await close();
}

async function sortsAndFilters(browser) {
  const {page, close} = await open(browser, urlOf("report.html", "#dims"));
  const rows = "main tbody tr";
  const column = async number => (await texts(page, `${rows} td:nth-child(${number})`))
    .map(text => Number(text.replace(/[^0-9.]/g, "")));
  const titles = await texts(page, "main thead th");
  assert.deepEqual(titles, ["dimension", "strongest words", "coherence", "words", "density",
    "strength"]);
  assert.equal(await page.locator("th[aria-sort=descending]").textContent(), "coherence");
  for (const title of ["words", "strength", "coherence"]) {
    const heads = page.locator("main thead button", {hasText: new RegExp(`^${title}$`)});
    const number = titles.indexOf(title) + 1;
    if (title !== "coherence" || await page.locator("th[aria-sort]").textContent() !== title)
      await heads.click();
    const falling = await column(number);
    assert.ok(falling.every((value, i) => i === 0 || value <= falling[i - 1]), title);
    await heads.click();
    assert.equal(await page.locator("th[aria-sort=ascending]").textContent(), title);
    const rising = (await column(number)).filter(value => value > 0);
    assert.ok(rising.every((value, i) => i === 0 || value >= rising[i - 1]), title);
  }
  assert.equal(await page.locator(rows).count(), 100);
  await page.locator("button.more").click();
  assert.equal(await page.locator(rows).count(), 200);
  await page.locator("#filter").fill("music");
  const left = await page.locator(rows).count();
  assert.ok(left > 0 && left < 60, `${left} dimensions have music`);
  const number = await page.locator(`${rows} .dimension`).first().textContent();
  await page.locator(`${rows} .dimension`).first().click();
  await expectHash(page, `#dim=${number}`);
  const words = await texts(page, ".bars .word");
  assert.ok(words.some(word => word.includes("music")), words.join(" "));
  await page.keyboard.press("ArrowRight");
  await expectHash(page, `#dim=${(Number(number) + 1) % 200}`);
  await page.keyboard.press("ArrowLeft");
  await expectHash(page, `#dim=${number}`);
  await page.goBack();
  await page.goBack();
  await page.goBack(); /* as it was left */
  await expectHash(page, "#filter=music");
  assert.equal(await page.locator(`${rows}:has(mark)`).count(), left);
  assert.equal(await page.locator(".filter [role=status]").textContent(),
    `${left} dimension${left === 1 ? "" : "s"}`);
  assert.equal(await page.locator("#filter").inputValue(), "music");
  assert.equal(await page.locator(rows).count(), left);
  await page.locator("#filter").fill("zzzzqq");
  assert.match(await page.locator("main").textContent(), /No dimension has a word like “zzzzqq”/);
  await page.locator("#filter").fill("music");
  const saved = (await Promise.all([page.waitForEvent("download"),
    page.locator(".table .save").click()]))[0];
  const lines = fs.readFileSync(await saved.path(), "utf8").trim().split("\r\n");
  assert.equal(saved.suggestedFilename().slice(-4), ".csv");
  assert.equal(lines.length, left + 1);
  assert.match(lines[0], /^"dimension","strongest words","coherence"/);
  await page.goto(urlOf("report.html", "#overview"));
  const drawn = (await Promise.all([page.waitForEvent("download"),
    page.locator(".chart .save").first().click()]))[0];
  assert.match(fs.readFileSync(await drawn.path(), "utf8"), /^<svg [^>]*xmlns=.*<path class="line/s);
  await close();
}

/* Where the point of a dimension is, in the window. */
async function spotOf(page, dimension) {
  const box = await page.locator(`.spot[data-dimension="${dimension}"]`).boundingBox();
  return [box.x + box.width / 2, box.y + box.height / 2];
}

async function findsOnTheMap(browser) {
  const {page, close} = await open(browser, urlOf("report.html", "#map"));
  assert.equal(await heading(page), "Map");
  assert.equal(await page.locator("nav [aria-current=page]").textContent(), "Map");
  const places = await page.evaluate(() => [...document.querySelectorAll(".spot")].map(spot =>
    [Number(spot.dataset.dimension), Number(spot.getAttribute("cx")), Number(spot.getAttribute("cy"))]));
  assert.equal(places.length, await page.evaluate(() => runs[0].dimensions - runs[0].dead));
  assert.ok((await texts(page, ".place")).length > 20);

  /* The nearest by cosine are nearer on the map than any others are in the mean. */
  const near = await page.evaluate(places => {
    const away = (a, b) => Math.hypot(a[1] - b[1], a[2] - b[2]), at = new Map(places.map(one => [one[0], one]));
    const pairs = places.map(one => [one, at.get(runs[0].nearest(one[0])[0]?.item)]).filter(([, other]) => other);
    const mean = one => places.reduce((sum, other) => sum + away(one, other), 0) / places.length;
    return pairs.filter(([one, other]) => away(one, other) < mean(one) / 2).length / pairs.length;
  }, places);
  assert.ok(near > 0.8, `only ${near} of the nearest are near`);

  await page.locator("#filter").fill("music");
  await expectHash(page, "#map=music");
  const lit = await page.locator(".spot.lit").count();
  assert.ok(lit > 0 && lit < 40, String(lit));
  assert.equal(await page.locator(".filter [role=status]").textContent(), `${lit} dimension${lit === 1 ? "" : "s"}`);
  const dimension = await page.locator(".spot.lit").first().getAttribute("data-dimension");
  const [x, y] = await spotOf(page, dimension);
  await page.mouse.move(x, y);
  assert.ok((await texts(page, ".map-said .word")).some(word => word.includes("music")));
  const said = await page.locator(".map-said .dimension").textContent();
  await page.mouse.click(x, y);
  await expectHash(page, `#dim=${said}`);
  await page.goBack();
  await expectHash(page, "#map=music");
  assert.equal(await page.locator(".spot.lit").count(), lit);
  await close();

  const bare = await open(browser, urlOf("nasty.html", "#map")); // codes alone have no decoder
  assert.match(await bare.page.locator("main").textContent(), /needs the run's model/);
  await bare.close();
}

async function followsDeepLinks(browser) {
  const pages = [
    ["report.html", "#dim=3", /^Dimension 3/],
    ["report.html", "#word=king", /^king$/],
    ["report.html", "#eval", /^Evaluation$/],
    ["report.html", "#dim=200", /^Not in this page$/],
    ["report.html", "#dim=2:3", /^Not in this page$/],
    ["report.html", "#dim=x", /^Not in this page$/],
    ["report.html", "#word=kiiing", /^Not in this page$/],
    ["report.html", "#word=%E0%A4%A", /^Not in this page$/],
    ["report.html", "#nothing", /^Not in this page$/],
    ["two.html", "#dim=2:99", /^Dimension 99/],
    ["two.html", "#dims=2", /^Dimensions$/],
    ["two.html", "#word=king", /^king$/],
  ];
  for (const file of new Set(pages.map(([name]) => name))) {
    const {page, close} = await open(browser, urlOf(file));
    for (const [, hash, wanted] of pages.filter(([name]) => name === file)) {
      await page.goto("about:blank");
      await page.goto(urlOf(file, hash));
      assert.match(await heading(page), wanted, hash);
    }
    await close();
  }
}

async function showsTwoRunsSideBySide(browser) {
  const {page, close} = await open(browser, urlOf("two.html"));
  assert.equal(await heading(page), "run and other");
  assert.equal(await page.locator(".figures dd").count(), 2 * await page.locator(".figures dt").count());
  assert.ok(await page.locator(".chart path.run0").count() > 5);
  assert.ok(await page.locator(".chart path.run1").count() > 5);
  await page.goto(urlOf("two.html", "#word=king"));
  assert.deepEqual(await texts(page, ".senses h2.name"), ["run", "other"]);
  const [left, right] = await page.locator(".senses").evaluateAll(all =>
    all.map(one => one.getBoundingClientRect()).map(({left, top}) => ({left, top})));
  assert.ok(right.left > left.left && right.top === left.top);
  const number = await page.locator(".senses.run1 .dimension").first().textContent();
  await page.locator(".senses.run1 .dimension").first().click();
  await expectHash(page, `#dim=2:${number}`);
  assert.ok((await texts(page, "main h2")).includes("In run"));
  await close();
}

async function showsTheEvaluation(browser) {
  const {page, close} = await open(browser, urlOf("report.html"));
  await page.locator("nav a", {hasText: "Evaluation"}).click();
  await expectHash(page, "#eval");
  assert.deepEqual(await texts(page, "main h2"), ["interpretability", "similarity"]);
  const cells = await texts(page, "main tbody td");
  assert.ok(cells.includes("0.9600.950 to 0.970 · 195 of 200"), cells.join("|"));
  assert.ok(cells.includes("<b>pairs</b>.tsv ↑") && cells.includes("–"), cells.join("|"));
  await close();
}

/* Words are text: whatever they hold, they come through as they are and nothing else happens. */
async function isSafeFromWords(browser) {
  const {page, close} = await open(browser, urlOf("nasty.html"));
  const words = await page.evaluate(() => data.runs[0].words);
  assert.ok(words.includes("</script><img src=x onerror=alert(1)>"));
  assert.ok(words.includes("\\xFF\\xFE") && words.includes("\u2028line\u2029"));
  for (const word of words) {
    await page.evaluate(hash => { location.hash = hash; }, `#word=${encodeURIComponent(word)}`);
    await page.waitForFunction(wanted => document.querySelector("main h1").textContent === wanted,
      word);
  }
  await page.goto(urlOf("nasty.html", "#dims"));
  assert.equal(await page.locator("main tbody tr").count(), 12);
  await page.locator("#find").fill("<");
  const offered = await texts(page, "#found [role=option] .word");
  assert.ok(offered.length >= 3 && offered.every(word => word.includes("<")));
  assert.equal(await page.locator("img, body script:not([nonce]):not(#data)").count(), 0);
  await close();
}

/* On a page that reloads so seldom that it doesn't between two clicks. */
async function pausesAPageThatReloads(browser) {
  const text = fs.readFileSync(path.join(directory, "later.html"), "utf8");
  const changed = text.replace('"live":{"seconds":1', '"live":{"seconds":600');
  assert.notEqual(changed, text);
  fs.writeFileSync(path.join(directory, "seldom.html"), changed);
  const {page, close} = await open(browser, urlOf("seldom.html"));
  const live = page.locator(".live");
  assert.match(await live.textContent(), /Epoch 4 was finished .* reloads every 600 seconds/);
  assert.ok(await page.locator("#search").isHidden());
  for (const label of ["Go on", "Pause"]) {
    await live.locator("button").click();
    assert.equal(await live.locator("button").textContent(), label);
  }
  await close();
}

async function reloadsWhileARunGoesOn(browser) {
  const {page, close} = await open(browser, urlOf("later.html"));
  assert.match(await page.locator(".live").textContent(), /reloads every 1 second/);
  /* The run ends; model.h5 comes last. */
  for (const name of ["codes.h5ad", "metrics.jsonl", "model.h5"])
    fs.renameSync(path.join(directory, "ready", name), path.join(directory, "later", name));
  await page.waitForFunction(() => !document.querySelector(".live") &&
    document.querySelector("nav a[href='#dims']"), null, {timeout: 60000});
  await close();
}

/* --- How it looks --- */

/* What a reader with a screen reader, or with bad eyes, would miss; in the page. */
function findBarriers() {
  const found = [];
  const luminance = color => {
    const [r, g, b] = color.map(value => value / 255)
      .map(value => value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4);
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const parse = text => (text.match(/[\d.]+/g) || []).map(Number);
  const background = element => {
    for (let at = element; at; at = at.parentElement) {
      const color = parse(getComputedStyle(at).backgroundColor);
      if (color.length === 3 || color[3] === 1)
        return color.slice(0, 3);
    }
    return [255, 255, 255];
  };
  for (const element of document.querySelectorAll("body *")) {
    const own = [...element.childNodes].some(node =>
      node.nodeType === Node.TEXT_NODE && node.textContent.trim() !== "");
    if (!own || element.closest("script, noscript, title") || element.getClientRects().length === 0)
      continue;
    const style = getComputedStyle(element);
    const color = parse(element.closest("svg") ? style.fill : style.color).slice(0, 3);
    const [a, b] = [luminance(color), luminance(background(element))];
    const contrast = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
    if (contrast < 4.5)
      found.push(`contrast ${contrast.toFixed(2)}: ${element.textContent.slice(0, 30)}`);
  }
  for (const element of document.querySelectorAll("a, button, input, summary, [role=img], nav"))
    if (!(element.getAttribute("aria-label") || element.textContent.trim() ||
      (element.labels && element.labels.length)))
      found.push(`no name: ${element.outerHTML.slice(0, 60)}`);
  for (const landmark of ["header", "nav", "main", "footer", "[role=search]"])
    if (!document.querySelector(landmark) &&
        !(landmark === "[role=search]" && document.getElementById("trials")))
      found.push(`no ${landmark}`);
  if (document.querySelectorAll("h1").length !== 1)
    found.push("not one h1");
  const ids = [...document.querySelectorAll("[id]")].map(element => element.id);
  if (new Set(ids).size !== ids.length)
    found.push("an id twice");
  if (document.documentElement.scrollWidth > document.documentElement.clientWidth)
    found.push(`wider than the window: ${document.documentElement.scrollWidth}`);
  return found;
}

/* What moved since the page was opened (layout-shift entries); in the page. */
function findMoved() {
  return new Promise(resolve => {
    const moved = [];
    new PerformanceObserver(list => list.getEntries().forEach(entry => moved.push(...entry.sources.map(source =>
      `${(source.node?.outerHTML ?? String(source.node?.textContent)).slice(0, 80)}: ` +
        `${JSON.stringify(source.previousRect)} to ${JSON.stringify(source.currentRect)}`))))
      .observe({type: "layout-shift", buffered: true});
    setTimeout(() => resolve(moved), 200);
  });
}

async function showsASweep(browser) {
  const {page, close} = await open(browser, urlOf("sweep.html"));
  assert.equal(await heading(page), "A sweep of 8 trials");
  assert.match(await page.locator("main").textContent(), /4 finished, 4 failed|4 failed, 4 finished/);
  assert.equal(await page.locator("main img, main b").count(), 0);
  const rows = () => texts(page, "#trials tbody tr");
  assert.equal((await rows()).filter(row => row.includes("<img src=x")).length, 4);
  const best = await page.locator(".best h2").textContent();
  assert.match(best, /^Best: trial 000[0-7]$/);
  const heights = await texts(page, "#trade .tick[text-anchor=end]");
  assert.ok(heights.length > 1 && new Set(heights).size === heights.length, heights.join(" "));
  await page.locator("#trials th button", {hasText: /^trial$/}).click();
  await page.locator("#trials th button", {hasText: /^trial$/}).click();
  assert.ok((await rows())[0].startsWith("0000"), (await rows())[0]);
  assert.equal(await page.locator("#trade .point").count(), 4);
  await page.locator("#trade .point").first().hover();
  assert.match(await page.locator("#said-trial").textContent(), /^Trial 000\d, finished: data.input glove/);
  assert.ok(await page.locator("[data-trial].on").count() >= 3);
  const links = await page.locator("#trials a").evaluateAll(all => all.map(link => link.getAttribute("href")));
  assert.ok(links.length === 4 && links.every(link => fs.existsSync(path.join(directory, "sweep", link))), links.join(" "));
  assert.match(await page.locator("main").textContent(), /explained_variance ≥ 20\u202f%/);
  await close();

  const far = await open(browser, urlOf("far.html")); // a trial has diverged
  assert.deepEqual(await far.page.evaluate(() => [.9992, .9994, 3 * .1].map(shareTick)),
    ["99.92\u202f%", "99.94\u202f%", "30\u202f%"]);
  const ticks = await far.page.locator("#trade .tick").allTextContents();
  assert(ticks.length > 2 && ticks.every(text => !/\d{4}/.test(text)), ticks.join(" "));
  await far.close();
}

async function looksRight(browser, size) {
  const views = [["report.html", "#overview"], ["report.html", "#dims"], ["report.html", "#dim=3"],
    ["report.html", "#word=music"], ["report.html", "#map=music"], ["report.html", "#eval"],
    ["labels.html", "#dims"], ["labels.html", "#dim=17"], ["two.html", "#overview"],
    ["two.html", "#word=king"], ["two.html", "#dim=2:5"], ["nasty.html", "#dims"], ["sweep.html", "#"]];
  for (const [file, hash] of views) {
    const {page, close} = await open(browser, urlOf(file, hash), {viewport: sizes[size], colorScheme: "light"});
    assert.deepEqual(await page.evaluate(findMoved), [], `${file}${hash} on a ${size}: things moved`);
    for (const colorScheme of ["light", "dark"]) {
      await page.emulateMedia({colorScheme});
      assert.deepEqual(await page.evaluate(findBarriers), [], `${file}${hash} on a ${size}, ${colorScheme}`);
      if (screenshots)
        await page.screenshot({fullPage: true, path: path.join(screenshots,
          `${path.basename(file, ".html")}${hash.replace(/[^a-z0-9]/g, "-")}-${size}-${colorScheme}.png`)});
    }
    await close();
  }
}

const looksRightOnAPhone = browser => looksRight(browser, "phone");
const looksRightOnADesktop = browser => looksRight(browser, "desktop");

async function perform(look, browser) {
  await look(browser).catch(error => {
    throw new Error(`${look.name}: ${error.message}`);
  });
  console.log(look.name);
}

async function main() {
  const browser = await chromium.launch({executablePath: program, args: flags});
  try {
    for (const look of [searchesByKeyboard, opensADimensionAndComesBack,
      showsLabelsAndFindsThem, leavesOutEmptyCharts, sortsAndFilters, findsOnTheMap,
      followsDeepLinks, showsTwoRunsSideBySide, showsTheEvaluation, showsASweep, isSafeFromWords,
      pausesAPageThatReloads, reloadsWhileARunGoesOn])
      await perform(look, browser);
    await Promise.all([looksRightOnAPhone, looksRightOnADesktop].map(look => perform(look, browser)));
  } finally {
    await browser.close();
  }
}

main().catch(error => {
  console.error(error.message);
  process.exit(1);
});
