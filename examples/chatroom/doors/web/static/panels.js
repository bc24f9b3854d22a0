// Drawers and dialogs: they open beside or above the conversation, and close with Escape.

import { words } from "./bodies.js";
import { byId, setText, toLine } from "./dom.js";

const WIDE = matchMedia("(min-width: 64em)");

export class Panels {
  constructor() {
    this.app = byId("app");
    this.opener = null;
    WIDE.addEventListener("change", () => this.reset());
    this.reset();
    byId("open-rooms").addEventListener("click", () => this.toggle("rooms"));
    byId("open-people").addEventListener("click", () => this.toggle("people"));
    byId("open-search").addEventListener("click", () => this.toggle("search"));
    byId("backdrop").addEventListener("click", () => this.close());
    for (const button of document.querySelectorAll("[data-close]")) {
      button.addEventListener("click", () => this.closeAround(button));
    }
    addEventListener("keydown", (event) => event.key === "Escape" && this.#escape(event));
  }

  /** Show the side panel that belongs to this width. */
  reset() {
    this.#set(WIDE.matches ? "people" : "");
  }

  /** Open the panel `name`, or close it if it is open. */
  toggle(name) {
    if (this.app.dataset.panel === name) this.close();
    else this.open(name);
  }

  /** Open the panel `name`, and focus it. */
  open(name) {
    this.opener ??= document.activeElement;
    this.#set(name);
    const panel = byId(`${name}-panel`);
    (panel.querySelector("[data-first]") ?? panel).focus();
  }

  /** Close the open panel, and return the focus to where it was opened. */
  close() {
    const search = this.app.dataset.panel === "search";
    this.#set(WIDE.matches && search ? "people" : "");
    this.opener?.focus();
    this.opener = null;
  }

  /** On a narrow page the chosen conversation replaces the panel. */
  chosen() {
    if (!WIDE.matches) this.#set("");
  }

  closeAround(button) {
    const dialog = button.closest("dialog");
    if (dialog) dialog.close();
    else this.close();
  }

  #set(name) {
    this.app.dataset.panel = name;
    for (const each of ["rooms", "people", "search"]) {
      byId(`open-${each}`).setAttribute("aria-expanded", String(name === each));
    }
  }

  #escape(event) {
    const { panel } = this.app.dataset;
    if (event.defaultPrevented || document.querySelector("dialog[open]")) return;
    if (panel === "search" || (panel && !WIDE.matches)) this.close();
    else toLine();
  }
}

/**
 * Request one line of text in a dialog; `done(text)` is called if it is confirmed.
 *
 * `full` is shown above the field: the whole present text, with its links.
 */
export function askLine({ title, label, value, most, full = "" }, done) {
  const dialog = byId("ask");
  const field = byId("ask-value");
  setText(byId("ask-title"), title);
  setText(byId("ask-label"), label);
  byId("ask-full").replaceChildren(...words(full, ""));
  byId("ask-full").hidden = full === "";
  Object.assign(field, { value, maxLength: most });
  byId("ask-form").onsubmit = () => {
    const text = field.value.trim();
    if (text && text !== value) done(text);
  };
  dialog.onclose = toLine;
  dialog.showModal();
  field.select();
}
