// Searching the open room: the question, and what was found.

import { clock } from "./bodies.js";
import { byId, make, setText } from "./dom.js";
import { nameTag } from "./people.js";

const DATE = new Intl.DateTimeFormat([], { day: "numeric", month: "short" });

export class Search {
  /** `ask(text)` sends the question; `visit(id)` goes to a message. */
  constructor(ask, visit) {
    this.ask = ask;
    this.visit = visit;
    this.shown = null;
    this.waiting = false;
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
    this.#tell("Searching…");
    this.waiting = true;
    this.ask(text);
  }

  /** Show what was found. */
  render({ found, notice }) {
    if (this.waiting && notice) this.#tell(notice); // no answer, but the reason why
    if (!found || found === this.shown) return;
    this.shown = found;
    const count = found.messages.length;
    const many = count === 1 ? "1 message" : `${count || "No"} messages`;
    this.#tell(`${many} with “${found.query}” in ${found.room}`);
    byId("found").replaceChildren(...[...found.messages].reverse().map((each) => this.#entry(each)));
  }

  #tell(text) {
    this.waiting = false;
    setText(byId("search-said"), text);
  }

  #entry(message) {
    const date = DATE.format(new Date(message.at * 1000));
    const head = make("span", { class: "head" }, nameTag(message.sender), date, " ", clock(message));
    const text = make("span", { class: "text", dir: "auto" }, message.text);
    const onclick = () => this.visit(message);
    const button = make("button", { type: "button", class: "entry", onclick }, head, text);
    return make("li", {}, button);
  }
}
