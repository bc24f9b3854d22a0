// The log: keeps its rows equal to the state, and keeps the reader's scroll position.

import { elementOf } from "./bodies.js";
import { byId, setText } from "./dom.js";
import { rowsOf } from "./rows.js";

const NEAR = 400; // pixels from the top at which older messages are requested
const AT_END = 60; // pixels from the end that still count as the end
const SETTLING = 300; // milliseconds in which a window takes its new size
const FLOOD = 8; // new rows at once that are not read aloud

export class Log {
  /** `act` has `older()`, `newest()` and `looked(following)`. */
  constructor(act) {
    this.act = act;
    this.element = byId("log");
    this.jump = byId("jump");
    this.shown = new Map(); // key -> {element, state}
    this.conversation = null;
    this.following = true;
    this.element.addEventListener("scroll", () => this.#scrolled(), { passive: true });
    this.jump.addEventListener("click", () => this.toEnd());
    this.place = null; // the row at the top while scrolled back
    this.size = "";
    this.unsettled = 0; // until when scrolling is caused by the window, not by the reader
    new ResizeObserver(() => this.#resized()).observe(this.element);
    addEventListener("resize", () => (this.unsettled = performance.now() + SETTLING));
  }

  /** Show `conversation` as it is now, with its pending requests. */
  render(conversation, waiting, me) {
    const changed = conversation !== this.conversation;
    if (changed) this.#empty(conversation);
    if (!conversation) return;
    const place = this.following ? null : this.#findPlace();
    this.#update(rowsOf(conversation, waiting), me, changed);
    if (changed && conversation.mark) this.#reveal(this.shown.get("new")?.element);
    else if (place) this.#restore(place);
    else this.#stick();
    this.#showTarget(conversation);
    this.#showJump(conversation);
    if (this.element.scrollTop < NEAR) this.act.older();
  }

  /** Scroll to the newest message. */
  toEnd() {
    this.following = true;
    this.#stick();
    this.act.newest();
  }

  /** Scroll to the oldest message that is shown; older ones are fetched then. */
  back() {
    this.following = false;
    this.element.scrollTop = 0;
    this.act.looked(false);
    this.act.older();
  }

  #empty(conversation) {
    this.conversation = conversation;
    this.following = true;
    this.shown.clear();
    this.element.replaceChildren();
  }

  #update(rows, me, changed) {
    const keys = new Set(rows.map((row) => row.key));
    for (const [key, { element }] of this.shown) {
      if (keys.has(key)) continue;
      element.remove();
      this.shown.delete(key);
    }
    const added = rows.filter((row) => !this.shown.has(row.key)).length;
    this.#quiet(changed || added > FLOOD);
    let next = this.element.firstChild;
    for (const row of rows) {
      const inPlace = next !== null && next === this.shown.get(row.key)?.element;
      const element = this.#elementOf(row, me);
      if (inPlace) next = element.nextSibling;
      else this.element.insertBefore(element, next);
    }
  }

  #elementOf(row, me) {
    const known = this.shown.get(row.key);
    if (known?.state === row.state) return known.element;
    const element = elementOf(row, me, this.act);
    known?.element.replaceWith(element);
    this.shown.set(row.key, { element, state: row.state });
    return element;
  }

  // Loaded history is not news: only new messages are read aloud.
  #quiet(quiet) {
    if (!quiet) return;
    this.element.setAttribute("aria-live", "off");
    clearTimeout(this.loud);
    this.loud = setTimeout(() => this.element.setAttribute("aria-live", "polite"), 500);
  }

  #findPlace() {
    const top = this.element.scrollTop;
    for (const element of this.element.children) {
      if (!element.dataset.id || element.offsetTop + element.offsetHeight <= top) continue;
      return { id: element.dataset.id, offset: element.offsetTop - top };
    }
    return { id: null, offset: 0 };
  }

  // By its number: a row whose group begins further up now is another element.
  #restore({ id, offset }) {
    const element = id && this.element.querySelector(`[data-id="${id}"]`);
    if (element) this.element.scrollTop = element.offsetTop - offset;
  }

  #stick() {
    this.element.scrollTop = this.element.scrollHeight;
  }

  #reveal(element) {
    if (!element) return;
    this.element.scrollTop = element.offsetTop - this.element.clientHeight / 4;
    this.following = this.#atEnd();
  }

  #showTarget(conversation) {
    const found = this.element.querySelector(`[data-id="${Number(conversation.target)}"]`);
    if (!conversation.target || !found) return;
    conversation.target = 0;
    this.#reveal(found);
    this.act.looked(this.following);
    found.classList.add("target");
    setTimeout(() => found.classList.remove("target"), 3000);
  }

  #showJump({ below, detached }) {
    this.jump.hidden = this.following && !detached;
    const words = below === 1 ? "1 new message" : `${below} new messages`;
    setText(this.jump.lastElementChild, below ? words : "Newest messages");
  }

  // A telephone is turned, or its keyboard opens: the same messages stay visible.
  #resized() {
    this.size = this.#sizeNow();
    if (this.following) this.#stick();
    else if (this.place) this.#restore(this.place);
  }

  #sizeNow() {
    return `${this.element.clientWidth} ${this.element.clientHeight}`;
  }

  #scrolled() {
    if (this.#sizeNow() !== this.size || performance.now() < this.unsettled) return this.#resized();
    const following = this.#atEnd();
    this.place = following ? null : this.#findPlace();
    if (following !== this.following) {
      this.following = following;
      this.act.looked(following);
    }
    if (this.element.scrollTop < NEAR) this.act.older();
  }

  #atEnd() {
    const { scrollHeight, scrollTop, clientHeight } = this.element;
    return scrollHeight - scrollTop - clientHeight < AT_END;
  }
}
