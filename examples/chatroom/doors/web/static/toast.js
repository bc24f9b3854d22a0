// A line above the message field, visible at every scroll position: the server's sentences that
// arrived out of sight, and an offer to undo the last action.

import { byId, make, toLine } from "./dom.js";

const LASTING = 20_000; // milliseconds in which an action can be undone

export class Toast {
  /** `dismissed()` is called when the reader closes the line. */
  constructor(dismissed) {
    this.element = byId("toast");
    this.offered = null; // {text, act} that can be undone
    this.shown = "";
    byId("toast-act").addEventListener("click", () => this.#act());
    byId("toast-close").addEventListener("click", () => {
      this.#forget();
      dismissed();
      toLine();
    });
  }

  /** Show `text`, and for a while offer to undo it by `act()`. */
  offer(text, act) {
    this.offered = { text, act };
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.#forget(), LASTING);
    this.render(this);
  }

  /** Show the server's sentences in `missed`, or else the offer. */
  render({ missed = [] }) {
    const texts = missed.length ? missed : [this.offered?.text].filter(Boolean);
    const state = JSON.stringify(texts);
    this.element.hidden = texts.length === 0;
    byId("toast-act").hidden = missed.length > 0 || !this.offered;
    if (state === this.shown) return;
    this.shown = state;
    byId("toast-words").replaceChildren(...texts.map((text) => make("p", { dir: "auto" }, text)));
  }

  #act() {
    const { act } = this.offered;
    this.#forget();
    act();
    toLine();
  }

  #forget() {
    clearTimeout(this.timer);
    this.offered = null;
    this.render({});
  }
}
