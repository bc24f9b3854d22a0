// The actions of a loop, in three lanes, and the channels beside them. The page of examples/watch and
// the player of the book (docs/_static/player.js) both draw with this. A plain script and not a
// module, because a page that was opened as a file may not load modules. All text is set as text.

(function () {
  "use strict";

  const NAMES = { kernel: "The kernel", loop: "The loop", handlers: "The handlers" };

  function element(name, attributes = {}, ...children) {
    const made = document.createElement(name);
    for (const [key, value] of Object.entries(attributes)) {
      if (key === "text") made.textContent = value;
      else if (value === true) made.setAttribute(key, "");
      else if (value !== false && value !== null) made.setAttribute(key, value);
    }
    made.append(...children);
    return made;
  }

  // The table of steps: one row a step, one column a lane. On a narrow screen each row is a block
  // with the name of its lane (lanes.css).
  function lanes(caption) {
    const body = element("tbody");
    const head = element("tr", {}, element("th", { scope: "col", text: "step" }));
    for (const lane of Object.keys(NAMES)) {
      head.append(element("th", { scope: "col", class: lane, text: NAMES[lane] }));
    }
    const table = element(
      "table", { class: "lanes", role: "table" },
      element("caption", { class: "unseen", text: caption }), element("thead", {}, head), body,
    );
    const box = element("div", { class: "lanes-box", tabindex: "0", role: "region", "aria-label": caption }, table);
    let before = "";

    function add(step) {
      const place = placeOf(step);
      const row = element("tr", { "data-lane": step.lane, role: "row" });
      const first = element("th", { scope: "row", role: "rowheader" }, String(step.index));
      if (place && place !== before) {
        first.append(element("span", { class: "place", text: place }));
        row.classList.add("begins");
      }
      before = place;
      row.append(first);
      for (const lane of Object.keys(NAMES)) {
        const cell = element("td", { role: "cell", class: lane, "data-name": NAMES[lane] });
        if (lane === step.lane) cell.textContent = step.text;
        row.append(cell);
      }
      body.append(row);
      return row;
    }

    // Show the rows up to this one, which is the present.
    function show(index) {
      [...body.children].forEach((row, at) => {
        row.hidden = at > index;
        row.classList.toggle("now", at === index);
        row.toggleAttribute("aria-current", at === index);
      });
      const row = body.children[Math.min(index, body.children.length - 1)];
      if (row) box.scrollTop = row.offsetTop + row.offsetHeight - box.clientHeight;
    }

    // Change the text of the last row: its action has ended.
    function retell(text) {
      const cell = body.lastElementChild?.querySelector("td:not(:empty)");
      if (cell && text !== undefined && cell.textContent !== text) cell.textContent = text;
    }

    function keep(most) {
      while (body.children.length > most) body.firstElementChild.remove();
    }

    return { element: box, rows: body.children, add, show, retell, keep };
  }

  function placeOf({ number, stage }) {
    return [number ? `pass ${number}` : "", stage].filter(Boolean).join(", ");
  }

  // A table that is drawn repeatedly: rows are found by their key, and changed cells are
  // highlighted. A column is [name, title, class].
  function grid(caption, columns) {
    const body = element("tbody");
    const shown = new Map();
    const head = element("tr");
    for (const [name, title, kind] of columns) {
      head.append(element("th", { scope: "col", title, class: kind ?? false, text: name }));
    }
    const table = element(
      "table", { class: "grid" },
      element("caption", { class: "unseen", text: caption }), element("thead", {}, head), body,
    );
    const box = element("div", { class: "grid-box", tabindex: "0", role: "region", "aria-label": caption }, table);

    function draw(rows) {
      const keys = new Set(rows.map((row) => row.key));
      for (const [key, row] of shown) {
        if (keys.has(key)) continue;
        row.remove();
        shown.delete(key);
      }
      rows.forEach((row, index) => drawRow(row, index));
    }

    function drawRow({ key, cells, lit, on }, index) {
      const fresh = !shown.has(key);
      const row = shown.get(key) ?? element("tr", {}, ...columns.map(([, , kind]) => element("td", { class: kind ?? false })));
      shown.set(key, row);
      cells.forEach((value, at) => {
        const cell = row.children[at];
        const text = String(value);
        const changed = cell.textContent !== text;
        if (changed) cell.textContent = text;
        cell.classList.toggle("changed", changed && !fresh);
      });
      row.classList.toggle("lit", Boolean(lit));
      row.classList.toggle("on", Boolean(on));
      if (body.children[index] !== row) body.insertBefore(row, body.children[index] ?? null);
    }

    return { element: box, draw };
  }

  function legend() {
    const list = element("ul", { class: "legend", "aria-label": "Legend" });
    const meanings = {
      kernel: "system calls and their answers", loop: "stages, asking, waking",
      handlers: "what the program's code did",
    };
    for (const [lane, meaning] of Object.entries(meanings)) {
      list.append(element("li", {}, element("b", { class: lane, text: NAMES[lane] }), ` ${meaning}`));
    }
    return list;
  }

  globalThis.Lanes = { element, lanes, grid, legend, placeOf, NAMES };
})();
