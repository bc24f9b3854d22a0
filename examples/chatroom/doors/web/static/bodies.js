// One row of the log as an element.

import { icon, make } from "./dom.js";
import { piecesOf } from "./pieces.js";
import { badge, nameTag } from "./people.js";

// As at the telnet door; and five characters always fit beside a line.
const CLOCK = new Intl.DateTimeFormat([], { hour: "2-digit", minute: "2-digit", hourCycle: "h23" });
const DAY = new Intl.DateTimeFormat([], {
  weekday: "long", day: "numeric", month: "long", year: "numeric",
});
const UNKEPT = "Only the two of you can read this; it is kept nowhere.";
const FULL = new Intl.DateTimeFormat([], { dateStyle: "full", timeStyle: "medium" });

/** Return the element for `row`; `me` is the reader's name, `act` has the actions of its buttons. */
export function elementOf(row, me, act) {
  return (MAKERS.get(row.type) ?? event)(row, me, act);
}

/** Return a <time> for a message; its title has the number, for `/forget`. */
export function clock({ at, id = 0 }) {
  const date = new Date(at * 1000);
  const title = FULL.format(date) + (id ? `, message ${id}` : "");
  return make("time", { datetime: date.toISOString(), title }, CLOCK.format(date));
}

/** Return the words of a message, the reader's name, links and code marked, all as text. */
export function words(text, me) {
  return piecesOf(text, me).map((piece) => {
    if (piece.type === "mention") return make("mark", {}, piece.text);
    if (piece.type === "text") return piece.text;
    if (piece.type === "code") return make("code", {}, piece.text.slice(1, -1));
    const link = { href: piece.href, target: "_blank", rel: "noopener noreferrer nofollow" };
    return make("a", link, piece.text);
  });
}

function speech({ item, first }, me) {
  const mine = item.sender === me;
  const body = make("div", { class: "body" }, paragraph(item.text, mine ? "" : me));
  if (item.kept === false) body.append(notKept());
  if (!first) {
    body.prepend(make("span", { class: "unseen" }, `${item.sender}: `));
    return line("speech", item, clock(item), body);
  }
  body.prepend(make("div", { class: "head" }, nameTag(item.sender), clock(item)));
  return line("speech first", item, badge(item.sender), body);
}

function action({ item }, me) {
  const words = paragraph(item.text, item.sender === me ? "" : me);
  const body = make("div", { class: "body" }, nameTag(item.sender), " ", words);
  if (item.kept === false) body.append(notKept());
  return line("action", item, clock(item), body);
}

function waiting({ request }, me) {
  const body = make("div", { class: "body" }, paragraph(request.shown, ""));
  body.prepend(make("span", { class: "unseen" }, `${me}: `));
  body.append(make("span", { class: "flag" }, "waiting to be sent"));
  return make("div", { class: "row speech waiting" }, icon("clock"), body);
}

function notice({ item }) {
  return make("div", { class: "row notice" }, make("p", { class: "text", dir: "auto" }, item.text));
}

function presence({ items }) {
  const row = make("div", { class: "row event" });
  items.slice(-6).forEach((item, index) => row.append(index ? ", " : "", ...comingOrGoing(item)));
  if (items.length > 6) row.prepend(`${items.length - 6} came or went, `);
  row.append(" ", clock(items.at(-1)));
  return row;
}

function comingOrGoing(item) {
  if (item.kind === "joined") return [nameTag(item.sender), " came in"];
  const reason = make("bdi", {}, item.text);
  return [nameTag(item.sender), " left", ...(item.text ? [" (", reason, ")"] : [])];
}

function event({ item }) {
  const [before, after] = EVENTS.get(item.kind) ?? [` ${item.kind} `, ""];
  const text = make("bdi", {}, item.text);
  const shown = item.kind === "renamed" ? nameTag(item.text) : text;
  const words = [nameTag(item.sender), before, shown, after, " ", clock(item)];
  return make("div", { class: "row event" }, ...words);
}

const EVENTS = new Map([
  ["renamed", [" is now called ", ""]],
  ["topic", [" set the topic: ", ""]],
  ["operator", [" is an operator now", ""]],
  ["locked", [" closed the room with a key", ""]],
  ["unlocked", [" opened the room for everybody", ""]],
]);

function edge({ state, isPrivate }, _me, act) {
  const row = make("div", { class: "row edge" });
  if (state === "start") row.append(isPrivate ? UNKEPT : "This is the beginning.");
  else if (state === "loading") row.append("Older messages are coming…");
  else row.append(button("Older messages", () => act.older()));
  return row;
}

function newer(_row, _me, act) {
  const last = button("Go to the newest messages", () => act.newest());
  return make("div", { class: "row edge" }, last);
}

function button(words, onclick) {
  return make("button", { type: "button", onclick }, words);
}

function rule(kind, words) {
  return make("div", { class: `row rule ${kind}` }, make("span", {}, words));
}

const MAKERS = new Map([
  ["said", speech],
  ["whispered", speech],
  ["acted", action],
  ["notice", notice],
  ["presence", presence],
  ["waiting", waiting],
  ["edge", edge],
  ["newer", newer],
  ["day", (row) => rule("day", DAY.format(new Date(row.at * 1000)))],
  ["new", () => rule("new", "New messages")],
]);

function paragraph(text, me) {
  return make("p", { class: "text", dir: "auto" }, ...words(text, me));
}

function notKept() {
  return make("span", { class: "flag", title: "The history could not be written" }, "not kept");
}

function line(kind, item, ...children) {
  return make("div", { class: `row ${kind}`, "data-id": item.id || null }, ...children);
}
