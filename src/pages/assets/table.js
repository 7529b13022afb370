/* table.js -- a table that sorts when a heading is pressed, and shows long lists in pieces.
 *
 *     table({
 *       label: "Dimensions",                          what it is, for a screen reader
 *       columns: [{
 *         title: "coherence", hint: "what it means",
 *         value: row => row.coherence,                what it is sorted by: numbers or text
 *         show: row => real(row.coherence),           text or nodes; if not given, the value
 *         numeric: true,                              set to the right, the largest first
 *         wide: true,                                 takes the room, and may break its lines
 *         colour: "name run1",                        a class of the heading and the cells
 *         lead: true,                                 what the row is about: the first line of a card
 *       }, ...],
 *       rows, sort: 0, ascending: true,               the column to begin with
 *       stacks: true,                                 on a phone a row becomes a small card
 *       most: 100,                                    rows of a piece
 *       first: row => row.best,                       a row that is on top until a heading is pressed
 *     })
 *
 * Rows without a value are at the end in both orders. */

function table(options) {
  const columns = options.columns, piece = options.most || 100;
  let sorted = options.sort === undefined ? null : columns[options.sort];
  let ascending = options.ascending === undefined ? !(sorted && sorted.numeric) : options.ascending;
  let shown = piece, isPinned = true;

  const body = make("tbody", {role: "rowgroup"});
  const more = make("button", {type: "button", class: "more", onclick: () => {
    shown += piece;
    fill();
  }});

  const headings = columns.map(column => {
    const button = make("button", {type: "button", title: column.hint, onclick: () => {
      ascending = sorted === column ? !ascending : !column.numeric;
      sorted = column;
      isPinned = false;
      shown = piece;
      fill();
    }}, column.title);
    return make("th", {scope: "col", role: "columnheader", class: kind(column)}, column.value ? button : column.title);
  });

  function kind(column) {
    return ["numeric", "wide", "lead"].filter(name => column[name]).concat(column.colour || []).join(" ") || null;
  }

  function compare(a, b) {
    if (isPinned && options.first && options.first(a) !== options.first(b))
      return options.first(a) ? -1 : 1;
    const first = sorted.value(a), second = sorted.value(b);
    const lacking = [first, second].map(value =>
      value === null || value === undefined || Number.isNaN(value));
    if (lacking[0] || lacking[1])
      return lacking[0] - lacking[1];
    const order = typeof first === "string" ? first.localeCompare(second) : first - second;
    return ascending ? order : -order;
  }

  function fill() {
    const rows = sorted ? [...options.rows].sort(compare) : options.rows;
    body.replaceChildren(...rows.slice(0, shown).map(row => make("tr", {role: "row"}, columns.map(column => {
      const text = column.show ? column.show(row) : column.value(row);
      return make("td", {role: "cell", class: kind(column), "data-title": column.title},
        text === null || text === undefined ? missing : text);
    }))));
    headings.forEach((heading, i) => {
      if (columns[i] === sorted)
        heading.setAttribute("aria-sort", ascending ? "ascending" : "descending");
      else
        heading.removeAttribute("aria-sort");
    });
    more.hidden = shown >= rows.length;
    more.textContent = `Show ${count(Math.min(piece, rows.length - shown))} more ` +
      `of ${count(rows.length - shown)}`;
  }

  /* All rows, in the order that they have now. */
  function saveRows() {
    const quoted = value => `"${String(value ?? "").replace(/"/g, '""')}"`;
    const cell = (column, row) => column.value ? column.value(row)
      : make("span", null, column.show(row)).textContent;
    const rows = sorted ? [...options.rows].sort(compare) : options.rows;
    const lines = [columns.map(column => column.title), ...rows.map(row =>
      columns.map(column => cell(column, row)))].map(line => line.map(quoted).join(","));
    download(fileName(options.label, "csv"), "text/csv", lines.join("\r\n") + "\r\n");
  }

  fill();
  /* The roles are said because stacked rows would lose them. */
  return make("div", {class: options.stacks ? "table stacks" : "table"},
    make("div", {class: "scroll", role: "region", "aria-label": options.label, tabindex: "0"},
      make("table", {role: "table", "aria-label": options.label},
        make("thead", {role: "rowgroup"}, make("tr", {role: "row"}, headings)), body)),
    more, make("button", {type: "button", class: "save", "aria-label": `Save ${options.label} as CSV`,
      onclick: saveRows}, "CSV"));
}
