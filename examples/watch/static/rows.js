// The table of channels: a row for each registration, lit when its handlers were called.

const body = document.getElementById("rows");
const hidden = document.getElementById("hidden");
const shown = new Map(); // number of the registration -> its row

export function drawRows(picture) {
  const present = new Set(picture.rows.map((row) => row.number));
  for (const [number, line] of shown) {
    if (present.has(number)) continue;
    line.element.remove();
    shown.delete(number);
  }
  for (const row of picture.rows) drawRow(row, picture.row);
  hidden.hidden = !picture.hidden;
  hidden.textContent = `and ${picture.hidden} more`;
}

function drawRow(row, running) {
  const line = shown.get(row.number) ?? make(row);
  const { element, cells } = line;
  const quiet = row.calls === line.calls;
  element.classList.toggle("lit", !quiet);
  element.classList.toggle("on", row.number === running);
  line.calls = row.calls;
  set(cells.wants, row.wants.join(", ") || "nothing");
  cells.wants.classList.toggle("dirty", row.dirty);
  cells.wants.title = row.dirty ? "dirty: it will be asked again" : "";
  set(cells.received, row.received.toLocaleString("en"));
  set(cells.sent, row.sent.toLocaleString("en"));
  set(cells.queued, row.queued.toLocaleString("en"));
  set(cells.last, row.last);
}

function make(row) {
  const element = document.createElement("tr");
  const cells = {};
  for (const [name, text, style] of [
    ["number", row.number, ""], ["fd", row.fd, ""], ["kind", row.kind, ""], ["wants", "", ""],
    ["received", "", "number"], ["sent", "", "number"], ["queued", "", "number"], ["last", "", ""],
  ]) {
    cells[name] = document.createElement("td");
    cells[name].textContent = text;
    if (style) cells[name].className = style;
    element.append(cells[name]);
  }
  if (row.address) {
    const address = document.createElement("span");
    address.className = "quiet";
    address.textContent = row.address;
    cells.kind.append(address);
  }
  body.append(element);
  const line = { element, cells, calls: row.calls };
  shown.set(row.number, line);
  return line;
}

function set(cell, text) {
  if (cell.textContent !== text) cell.textContent = text;
}
