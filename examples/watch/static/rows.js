// The latest actions, in the three lanes, and the table of channels. Both are drawn by lanes.js, as
// the player of the book draws its recorded runs.

const { lanes, grid, legend } = globalThis.Lanes;
const MOST_STEPS = 120;
const COLUMNS = [
  ["#", "the registration's serial number: never used again, unlike the descriptor"],
  ["fd", "descriptor"], ["channel", "the object's class, and the peer's address"],
  ["interest", "what the selector watches for"], ["dirty", "asked in the next refresh", "dirty"],
  ["in", "bytes received", "number"], ["out", "bytes sent", "number"],
  ["queued", "bytes of output", "number"], ["last handler", "the handler that was called last"],
];

const steps = lanes("What happened last");
const rows = grid("Channels", COLUMNS);
const hidden = document.getElementById("hidden");
const calls = new Map(); // number of the registration -> handlers called at the last drawing
let newest = 0;

document.getElementById("log").append(steps.element);
document.getElementById("channels-box").append(rows.element);
document.getElementById("legend").prepend(legend());
rows.element.querySelector("tbody").id = "rows";

export function drawSteps(log) {
  const fresh = log.filter((entry) => entry.index > newest);
  if (!fresh.length) {
    const last = log[log.length - 1];
    if (last) steps.retell(last.text); // a wait that has ended
    return;
  }
  steps.retell(log[log.length - fresh.length - 1]?.text);
  for (const entry of fresh) steps.add(entry);
  newest = fresh[fresh.length - 1].index;
  steps.keep(MOST_STEPS);
  steps.show(steps.rows.length - 1);
}

export function drawRows(picture) {
  rows.draw(picture.rows.map((row) => describe(row, picture.row)));
  const numbers = new Set(picture.rows.map((row) => row.number));
  for (const number of calls.keys()) if (!numbers.has(number)) calls.delete(number);
  hidden.hidden = !picture.hidden;
  hidden.textContent = `and ${picture.hidden} more`;
}

function describe(row, running) {
  const lit = row.calls !== calls.get(row.number);
  calls.set(row.number, row.calls);
  return {
    key: row.number,
    cells: [
      row.number, row.fd, row.address ? `${row.kind} ${row.address}` : row.kind,
      row.wants.join(", ") || "nothing", row.dirty ? "yes" : "", text(row.received),
      text(row.sent), text(row.queued), row.last,
    ],
    lit,
    on: row.number === running,
  };
}

function text(size) {
  return size.toLocaleString("en");
}
