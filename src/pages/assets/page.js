"use strict";
/* page.js -- what all pages share: the data, elements, numbers as people write them. */

const data = JSON.parse(document.getElementById("data").textContent);

/* An element: make("p", {class: "soft", onclick: act}, "text", node, [nodes]). Attributes that are
 * null or false are left out; style is an object. Text is text, never markup. */
function make(tag, attributes, ...children) {
  return furnish(document.createElement(tag), attributes, children);
}

/* The same for SVG. */
function draw(tag, attributes, ...children) {
  return furnish(document.createElementNS("http://www.w3.org/2000/svg", tag), attributes, children);
}

function furnish(element, attributes, children) {
  for (const [name, value] of Object.entries(attributes || {})) {
    if (value === null || value === undefined || value === false)
      continue;
    if (name.startsWith("on"))
      element.addEventListener(name.slice(2), value);
    else if (name === "style")
      for (const [property, text] of Object.entries(value))
        element.style.setProperty(property, text);
    else
      element.setAttribute(name, value === true ? "" : value);
  }
  element.append(...children.flat(Infinity).filter(child => child !== null && child !== undefined));
  return element;
}

/* --- Numbers: what isn't there is a dash. --- */

const missing = "–";
const grouped = new Intl.NumberFormat("en-US", {maximumFractionDigits: 0});

function isNumber(value) {
  return typeof value === "number" && Number.isFinite(value);
}

/* 17,000 */
function count(value) {
  return isNumber(value) ? grouped.format(value) : missing;
}

/* 0.078, and 1.2e-5 where that would be 0.000. */
function real(value, digits = 3) {
  if (!isNumber(value))
    return missing;
  const fixed = value.toFixed(digits);
  return Number(fixed) === 0 && value !== 0 ? value.toExponential(1) : fixed;
}

/* 96.4 % */
function percent(value, digits = 1) {
  return isNumber(value) ? (100 * value).toFixed(digits) + "\u202f%" : missing;
}

/* 1 word, 2 words */
function plural(value, noun) {
  return `${count(value)} ${noun}${value === 1 ? "" : "s"}`;
}

/* 2 h 05 min, 3 min 20 s, 4.2 s */
function duration(seconds) {
  if (!isNumber(seconds))
    return missing;
  if (seconds < 60)
    return `${seconds.toFixed(seconds < 10 ? 1 : 0)} s`;
  const whole = Math.round(seconds), minutes = Math.floor(whole / 60);
  if (minutes < 60)
    return `${minutes} min ${String(whole % 60).padStart(2, "0")} s`;
  return `${Math.floor(minutes / 60)} h ${String(minutes % 60).padStart(2, "0")} min`;
}

/* Let the reader keep a text as a file. */
function download(name, type, text) {
  const address = URL.createObjectURL(new Blob([text], {type}));
  make("a", {href: address, download: name}).click();
  setTimeout(() => URL.revokeObjectURL(address), 1000);
}

/* "Its values" as the beginning of a file's name. */
function fileName(title, ending) {
  return `${title.toLowerCase().replace(/[^a-z0-9]+/g, "-").replace(/^-|-$/g, "")}.${ending}`;
}
