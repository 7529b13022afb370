/* map.js -- the dimensions as points of a plane: those lie close together that add much the same to a
 * word's vector. Pointing at one says its words; a click opens it; a filter lights up those with a word
 * like the text. */

const mapMargin = 14;

/* The dimensions that some word activates, with their places from 0 to 1. */
function mapPoints(run) {
  const points = [];
  for (let dimension = 0; dimension < run.dimensions; dimension++)
    if (run.active[dimension] > 0)
      points.push({dimension, x: run.map[2 * dimension] / 65535, y: run.map[2 * dimension + 1] / 65535,
        radius: 2.5 + 5.5 * Math.sqrt(Math.min(1, run.active[dimension] / run.rows / 0.2))});
  return points;
}

/* What stands beside a dimension's point: its label, cut where it is long, or its strongest word. */
function placeName(run, dimension) {
  const most = 24, label = labelOf(run, dimension);
  if (label === undefined)
    return topWords(run, dimension, 1)[0];
  return label.length > most ? `${label.slice(0, most - 1)}…` : label;
}

/* The names of dimensions beside their points, for as many as have room: the most telling first. */
function mapLabels(run, points, x, y, width) {
  const order = exampleOrder(run).map(dimension => points.find(point => point.dimension === dimension));
  const taken = [], labels = [];
  for (const point of order) {
    const word = placeName(run, point.dimension), half = 3.6 * word.length + 4;
    const left = x(point) - half, right = x(point) + half, base = y(point) - point.radius - 4;
    if (left < 0 || right > width || base < 12 || taken.some(box =>
      left < box.right && right > box.left && Math.abs(base - box.base) < 17))
      continue;
    taken.push({left, right, base});
    labels.push(draw("text", {class: "place", x: x(point), y: base, "text-anchor": "middle"}, word));
  }
  return labels;
}

/* The drawing, and what is said of the dimension that is pointed at. */
function mapDrawing(run) {
  const points = mapPoints(run), said = make("p", {class: "map-said", role: "status"});
  const marks = new Map(points.map(point => [point, draw("circle", {class: `spot run${run.number}`,
    r: point.radius.toFixed(1), "data-dimension": point.dimension})]));
  const back = draw("g"), front = draw("g"); /* behind the labels, and before them */
  let x, y, pointed = null, wanted = "";

  function settle(one) {
    (one.lit || one === pointed ? front : back).append(marks.get(one));
  }

  function point(at) {
    const before = pointed;
    pointed = at;
    if (before !== null) {
      marks.get(before).classList.remove("on");
      settle(before);
    }
    if (at === null) {
      said.replaceChildren("Point at a dimension to see its words; a click opens it.");
      return;
    }
    marks.get(at).classList.add("on");
    settle(at);
    said.replaceChildren(dimensionLink(run, at.dimension), " ",
      wordLinks(matchingFirst(topWords(run, at.dimension, 50), wanted), wanted));
  }

  /* The point next to a pointer, if it is near. */
  function near(event) {
    const box = canvas.getBoundingClientRect();
    const left = event.clientX - box.left, top = event.clientY - box.top;
    let best = null, least = 24;
    for (const one of points) {
      const away = Math.hypot(x(one) - left, y(one) - top) - one.radius;
      if (away < least && (wanted === "" || one.lit)) {
        best = one;
        least = away;
      }
    }
    return best;
  }

  const chart = figure({title: "Decoder rows on a plane", height: Math.max(360, Math.min(620, innerHeight - 330)),
    series: [], summary: `Map of ${plural(points.length, "dimension")}; the list of dimensions says the same in words`},
  (width, height) => {
    x = one => mapMargin + one.x * (width - 2 * mapMargin);
    y = one => mapMargin + 8 + one.y * (height - 2 * mapMargin - 8);
    for (const [one, mark] of marks) {
      mark.setAttribute("cx", x(one).toFixed(1));
      mark.setAttribute("cy", y(one).toFixed(1));
    }
    return [back, draw("g", null, mapLabels(run, points, x, y, width)), front];
  });
  const canvas = chart.querySelector(".canvas");
  canvas.classList.add("map");
  canvas.addEventListener("pointermove", event => {
    if (event.pointerType === "mouse")
      point(near(event));
  });
  canvas.addEventListener("click", event => {
    const at = near(event), isKnown = at === pointed;
    point(at);
    if (at !== null && isKnown)
      go(dimensionHref(run, at.dimension));
  });
  points.forEach(settle);
  point(null);

  return {node: [said, make("div", {class: "card"}, chart)],
    /* Light up those with a word like the text; returns how many. */
    light: text => {
      wanted = text.trim().toLowerCase();
      let lit = 0;
      const named = new Set(wanted === "" ? [] : labelled(run, wanted).map(({dimension}) => dimension));
      for (const [one, mark] of marks) {
        one.lit = named.has(one.dimension) || (wanted !== "" &&
          topWords(run, one.dimension, 50).some(word => word.toLowerCase().includes(wanted)));
        mark.classList.toggle("lit", one.lit);
        lit += one.lit;
        settle(one);
      }
      canvas.classList.toggle("searched", wanted !== "");
      point(null);
      return lit;
    }};
}

function mapHref(run, text) {
  const number = run.number > 0 ? `${run.number + 1}:` : "";
  return number === "" && text === "" ? "#map" : `#map=${number}${encodeURIComponent(text)}`;
}

/* Built once a run, as the list is. */
function dimensionMap(run) {
  const drawing = mapDrawing(run), said = make("span", {class: "soft", role: "status"});
  const field = make("input", {type: "search", id: "filter", spellcheck: false, autocapitalize: "off",
    placeholder: "Light up those with a word like …", oninput: () => {
      light();
      keepAddress(mapHref(run, field.value.trim()));
    }});

  function light() {
    const lit = drawing.light(field.value);
    said.textContent = field.value.trim() === "" ? "" : plural(lit, "dimension");
  }

  return {setFilter: text => {
    if (field.value.trim() !== text) {
      field.value = text;
      light();
    }
  }, node: make("div", null, make("div", {class: "filter"},
    make("label", {class: "hidden-label", for: "filter"}, "Light up dimensions with a word like"),
    field, said), drawing.node)};
}

function mapPage(run, text) {
  run.mapView = run.mapView || dimensionMap(run);
  run.mapView.setFilter(text);
  return {title: "Map", nodes: [
    make("h1", null, "Map"),
    runSwitch(run, one => mapHref(one, "")),
    make("p", {class: "soft"}, "Dimensions that add much the same to a word's vector lie close together. The " +
      "more words a dimension is active for, the larger its point."),
    run.mapView.node,
  ]};
}
