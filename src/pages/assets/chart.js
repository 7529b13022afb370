/* chart.js -- charts by hand, in SVG, drawn anew when their width changes.
 *
 *     lineChart({title, series: [{name, x: [...], y: [...]}, ...], format, axis})
 *     histogram({title, series: [{name, counts}, ...], edges, axis, format})
 *
 * A series that has null for y has a gap there. format writes a value, axis names the x axis. The
 * first series has the accent's colour, the second the other one: a legend is for the page to show, once. */

const chartMargin = {top: 8, right: 12, bottom: 32, left: 52};

/* About 'wanted' round numbers from least to most. */
function niceTicks(least, most, wanted) {
  const rough = (most - least) / wanted || 1;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = power * [1, 2, 5, 10].find(factor => factor * power >= rough);
  const ticks = [];
  for (let i = Math.ceil(least / step - 1e-9); i * step <= most + 1e-9 * step; i++)
    ticks.push(Number((i * step).toPrecision(12)));
  return ticks;
}

/* 1, 2 and 5 times powers of ten from least to most; powers alone where those would be many. */
function logTicks(least, most) {
  const factors = most / least > 1000 ? [1] : [1, 2, 5], ticks = [];
  for (let power = Math.floor(Math.log10(least)); power <= Math.log10(most); power++)
    ticks.push(...factors.map(factor => Number((factor * 10 ** power).toPrecision(12))));
  return ticks.filter(tick => tick >= least && tick <= most);
}

/* 0.05, 12k, 1e-5: short enough for an axis. */
function tickText(value) {
  if (value === 0)
    return "0";
  const size = Math.abs(value);
  if (size >= 1e6)
    return `${Number((value / 1e6).toPrecision(3))}M`;
  if (size >= 1e4)
    return `${Number((value / 1e3).toPrecision(3))}k`;
  return size < 1e-3 ? value.toExponential(0) : String(Number(value.toPrecision(3)));
}

/* 87 %, 99.96 %: all digits but those of rounding, since ticks are round numbers. */
function shareTick(value) {
  return `${Number((100 * value).toPrecision(10))}\u202f%`;
}

function scale(fromLeast, fromMost, toLeast, toMost) {
  const ratio = (toMost - toLeast) / (fromMost - fromLeast || 1);
  return value => toLeast + (value - fromLeast) * ratio;
}

/* A drawing as a file of its own: with the page's style, whose selectors begin with the figure's class. */
function saveDrawing(canvas, title) {
  const drawing = canvas.querySelector("svg").cloneNode(true);
  const style = [...document.querySelectorAll("style")].map(one => one.textContent).join("\n");
  const inner = draw("g", {class: "chart"}, ...drawing.childNodes);
  drawing.replaceChildren(draw("style", null, style), inner);
  drawing.setAttribute("xmlns", "http://www.w3.org/2000/svg");
  download(fileName(title, "svg"), "image/svg+xml", new XMLSerializer().serializeToString(drawing));
}

/* A figure whose drawing follows its width. paint(width, height) gives SVG children. */
function figure(options, paint) {
  const height = options.height || 168;
  const canvas = make("div", {class: "canvas", style: {height: `${height}px`}});
  new ResizeObserver(entries => {
    const width = Math.round(entries[0].contentRect.width);
    if (width > 0)
      canvas.replaceChildren(draw("svg", {width, height, viewBox: `0 0 ${width} ${height}`,
        role: "img", "aria-label": options.summary || options.title}, paint(width, height)));
  }).observe(canvas);
  return make("figure", {class: "chart"},
    make("figcaption", null, make("span", null, make("span", {class: "title"}, options.title),
      options.note ? ["  ", make("span", {class: "note"}, options.note)] : null),
      make("button", {type: "button", class: "save", "aria-label": `Save ${options.title} as SVG`,
        onclick: () => saveDrawing(canvas, options.title)}, "SVG")), canvas);
}

function axes(x, y, xTicks, yTicks, width, height, options) {
  const bottom = height - chartMargin.bottom, right = width - chartMargin.right;
  const yText = options.tick || tickText;
  return [
    yTicks.map(tick => [
      draw("line", {class: "grid", x1: chartMargin.left, x2: right, y1: y(tick), y2: y(tick)}),
      draw("text", {class: "tick", x: chartMargin.left - 8, y: y(tick) + 4, "text-anchor": "end"},
        yText(tick))]),
    xTicks.map(tick => draw("text", {class: "tick", x: x(tick), y: bottom + 16,
      "text-anchor": "middle"}, (options.xTick || tickText)(tick))),
    draw("line", {class: "base", x1: chartMargin.left, x2: right, y1: bottom, y2: bottom}),
    options.axis ? draw("text", {class: "axis", x: right, y: height - 2, "text-anchor": "end"},
      options.axis) : null,
  ];
}

/* Points of a series, cut where a value is missing; unevaluated epochs between are bridged. */
function pathOf(one, x, y) {
  let path = "";
  one.x.forEach((at, i) => {
    if (isNumber(one.y[i]))
      path += `${path ? "L" : "M"}${x(at).toFixed(1)} ${y(one.y[i]).toFixed(1)}`;
  });
  return path;
}

function lineChart(options) {
  const format = options.format || real;
  const points = options.series.flatMap(one =>
    one.x.map((x, i) => [x, one.y[i]]).filter(([, y]) => isNumber(y)));
  if (points.length === 0)
    return null;
  const xs = points.map(point => point[0]), ys = points.map(point => point[1]);
  const first = Math.min(...xs), last = Math.max(...xs);
  const low = options.fromZero ? 0 : Math.min(...ys), high = Math.max(...ys);
  const room = (high - low || Math.abs(high) || 1) * 0.06;
  /* Where it falls by much, most of a curve would lie flat at the bottom. */
  const isLog = options.log && low > 0 && high / low > 3;
  const lowest = isLog ? low / 1.1 : Math.max(low - room, low >= 0 ? 0 : -Infinity);
  const highest = isLog ? high * 1.1 : high + room;
  if (isLog)
    options.note = "log scale";
  options.summary = options.series.map(one => {
    const known = one.y.filter(isNumber);
    return known.length === 0 ? "" : `${options.series.length > 1 ? one.name + ": " : ""}` +
      `from ${format(known[0])} to ${format(known[known.length - 1])}`;
  }).filter(Boolean).join("; ");
  options.summary = `${options.title}, ${options.summary}`;

  return figure(options, (width, height) => {
    const x = scale(first, last, chartMargin.left, width - chartMargin.right);
    const bend = isLog ? Math.log10 : value => value;
    const straight = scale(bend(lowest), bend(highest), height - chartMargin.bottom, chartMargin.top);
    const y = value => straight(bend(value));
    const cursor = draw("g", {class: "cursor", visibility: "hidden"});
    const cover = draw("rect", {class: "cover", x: chartMargin.left, y: 0,
      width: Math.max(0, width - chartMargin.left - chartMargin.right), height,
      onpointermove: event => point(event), onpointerdown: event => point(event),
      onpointerleave: () => cursor.setAttribute("visibility", "hidden")});

    /* Say the values that are nearest to the pointer. */
    function point(event) {
      const at = event.clientX - cover.ownerSVGElement.getBoundingClientRect().left;
      const near = options.series.map(one => {
        let best = -1;
        one.x.forEach((value, i) => {
          if (isNumber(one.y[i]) &&
              (best < 0 || Math.abs(x(value) - at) < Math.abs(x(one.x[best]) - at)))
            best = i;
        });
        return best;
      });
      const texts = [], dots = [];
      let middle = at;
      options.series.forEach((one, s) => {
        const i = near[s];
        if (i < 0)
          return;
        middle = x(one.x[i]);
        texts.push(draw("text", {class: `said run${s}`, y: chartMargin.top + 12 + 16 * texts.length},
          `${options.axis || ""} ${count(one.x[i])}: ${format(one.y[i])}`.trim()));
        dots.push(draw("circle", {class: `dot run${s}`, cx: middle, cy: y(one.y[i]), r: 3.5}));
      });
      const end = middle > width / 2;
      cursor.replaceChildren(
        draw("line", {x1: middle, x2: middle, y1: chartMargin.top, y2: height - chartMargin.bottom}),
        ...dots,
        ...texts);
      texts.forEach(text => {
        text.setAttribute("x", middle + (end ? -8 : 8));
        text.setAttribute("text-anchor", end ? "end" : "start");
      });
      cursor.setAttribute("visibility", "visible");
    }

    return [axes(x, y, niceTicks(first, last, Math.max(2, width / 90)).filter(Number.isInteger),
      (isLog ? logTicks(lowest, highest) : niceTicks(lowest, highest, 5)).filter(format === count ? Number.isInteger : () => true),
      width, height, options),
    options.series.map((one, s) => {
      const known = one.x.filter((at, i) => isNumber(one.y[i]));
      if (known.length === 1) {
        const i = one.x.indexOf(known[0]);
        return draw("circle", {class: `dot run${s}`, cx: x(known[0]), cy: y(one.y[i]), r: 3.5});
      }
      return draw("path", {class: `line run${s}`, d: pathOf(one, x, y)});
    }), cursor, cover];
  });
}

/* Bars over edges[i] to edges[i + 1]; each has its own hint. */
function histogram(options) {
  const edges = options.edges, format = options.format || tickText;
  const most = Math.max(1, ...options.series.flatMap(one => one.counts));
  const total = options.series[0].counts.reduce((sum, value) => sum + value, 0);
  options.summary = `${options.title}: ${count(total)} ${options.noun || ""}`.trim();
  return figure(options, (width, height) => {
    const x = scale(edges[0], edges[edges.length - 1], chartMargin.left, width - chartMargin.right);
    const y = scale(0, most, height - chartMargin.bottom, chartMargin.top);
    const share = 1 / options.series.length;
    return [axes(x, y, options.ticks || niceTicks(edges[0], edges[edges.length - 1], 6),
      niceTicks(0, most, 4).filter(Number.isInteger), width, height,
      Object.assign({xTick: format}, options)),
    options.series.map((one, s) => one.counts.map((value, i) => {
      const left = x(edges[i]), wide = (x(edges[i + 1]) - left) * share;
      return value === 0 ? null : draw("rect", {class: `bar run${s}`, x: left + wide * s + 0.5,
        y: Math.min(y(value), y(0) - 1), width: Math.max(0.5, wide - 1),
        height: Math.max(1, y(0) - y(value))},
      draw("title", null, `${format(edges[i])} to ${format(edges[i + 1])}: ` +
        `${count(value)} ${options.noun || ""}`));
    }))];
  });
}
