// From messages to the rows of the log: days, groups, the line above new messages. Pure.

const GROUP = 300; // seconds in which one person's messages form a group
const PRESENCE = new Set(["joined", "left"]);

/**
 * Return the rows of `conversation`: {key, type, ...}, with `waiting` requests at the end.
 *
 * A row whose key and `state` are the same as before looks the same as before.
 */
export function rowsOf(conversation, waiting) {
  const rows = [edgeRow(conversation)];
  let day = "";
  for (const item of conversation.items) {
    const today = dayOf(item.at);
    if (today !== day) rows.push({ key: `day ${today}`, type: "day", at: item.at });
    day = today;
    if (item.serial === conversation.mark) rows.push({ key: "new", type: "new" });
    addItem(rows, item);
  }
  if (conversation.detached) rows.push({ key: "newer", type: "newer" });
  for (const request of waiting) rows.push({ key: `w${request.key}`, type: "waiting", request });
  for (const row of rows) row.state ??= "";
  return rows;
}

function edgeRow({ more, loading, isPrivate }) {
  const state = more ? (loading ? "loading" : "more") : "start";
  return { key: "edge", type: "edge", state, isPrivate };
}

function addItem(rows, item) {
  const last = rows.at(-1);
  if (!PRESENCE.has(item.kind)) {
    const first = !follows(last, item);
    const state = `${first} ${item.kept}`;
    rows.push({ key: `m${item.serial}`, type: item.kind, item, first, state });
  } else if (last.type === "presence") {
    last.items.push(item);
    last.state = String(last.items.length);
  } else {
    rows.push({ key: `m${item.serial}`, type: "presence", items: [item], state: "1" });
  }
}

function follows(row, item) {
  const previous = row.item;
  return (
    previous !== undefined &&
    previous.kind === item.kind &&
    (item.kind === "said" || item.kind === "whispered") &&
    previous.sender === item.sender &&
    item.at - previous.at < GROUP
  );
}

function dayOf(at) {
  const date = new Date(at * 1000);
  return `${date.getFullYear()}-${date.getMonth() + 1}-${date.getDate()}`;
}
