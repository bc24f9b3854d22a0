// Searching the open room: the query, and the results.

import { clock } from "./bodies.js";
import { byId, make, setText } from "./dom.js";
import { excerptOf } from "./marks.js";
import { nameTag } from "./people.js";

const DATE = new Intl.DateTimeFormat([], { day: "numeric", month: "short", year: "numeric" });
const LONGEST = 180; // characters shown of a message

export class Search {
  /**
   * `ask(room, text, before)` sends the query, with an empty room for the open one; `visit(message)`
   * shows a message in its room.
   */
  constructor(ask, visit) {
    this.ask = ask;
    this.visit = visit;
    this.shown = null;
    this.waiting = false;
    this.more = byId("found-more");
    this.more.addEventListener("click", () => this.#older());
    byId("search-form").addEventListener("submit", (event) => {
      event.preventDefault();
      this.start(byId("search-text").value.trim());
    });
  }

  /** Search for `text` in the open room. */
  start(text) {
    if (!text) return;
    byId("search-text").value = text;
    byId("found").replaceChildren();
    this.more.hidden = true;
    this.#tell("Searching…");
    this.waiting = true;
    this.ask("", text, 0);
  }

  /** Show the results. */
  render({ found, notice }) {
    if (this.waiting && notice) this.#refused(notice);
    if (!found || found === this.shown) return;
    this.shown = found;
    this.#tell(`${countOf(found)} with “${found.query}” in ${found.room}`);
    byId("found").replaceChildren(...[...found.messages].reverse().map((each) => this.#entry(each)));
    this.more.hidden = !found.more;
    this.more.disabled = false;
    setText(this.more, `Older ones (${found.messages.length} of ${found.total} shown)`);
  }

  #older() {
    const { room, query, back } = this.shown;
    this.waiting = this.more.disabled = true;
    this.ask(room, query, back);
  }

  // No results, but a reason.
  #refused(notice) {
    this.#tell(notice);
    this.more.disabled = false;
  }

  #tell(text) {
    this.waiting = false;
    setText(byId("search-said"), text);
  }

  #entry(message) {
    const date = DATE.format(new Date(message.at * 1000));
    const head = make("span", { class: "head" }, nameTag(message.sender), date, " ", clock(message));
    const pieces = excerptOf(message.text, this.shown.query, LONGEST);
    const words = pieces.map((piece) => (piece.marked ? make("mark", {}, piece.text) : piece.text));
    const text = make("span", { class: "text", dir: "auto" }, ...words);
    const onclick = () => this.visit(message);
    const button = make("button", { type: "button", class: "entry", onclick }, head, text);
    return make("li", {}, button);
  }
}

function countOf({ total, counted = true }) {
  const many = total === 1 ? "1 message" : `${total || "No"} messages`;
  return counted ? many : `At least ${many}`;
}
