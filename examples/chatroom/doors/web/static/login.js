// Giving a name, and hearing that it cannot be had.

import { byId, setText } from "./dom.js";
import { rememberName, rememberedName } from "./storage.js";

export class Login {
  /** `enter(name)` is called with what was typed. */
  constructor(enter) {
    this.name = byId("name");
    this.name.value = rememberedName();
    byId("remember").checked = this.name.value !== "";
    byId("login-form").addEventListener("submit", (event) => {
      event.preventDefault();
      const name = this.name.value.trim();
      if (!name) return this.refuse("Please give a name.");
      rememberName(byId("remember").checked ? name : "");
      this.tell("Coming in…");
      enter(name);
    });
  }

  /** Ask for a name, with `words` about the last one if there was one. */
  show(words = "") {
    document.body.dataset.view = "login";
    this.refuse(words);
  }

  /** Say that the name cannot be had. */
  refuse(words) {
    this.tell(words);
    this.name.setAttribute("aria-invalid", String(words !== ""));
    this.name.focus();
    this.name.select();
  }

  tell(words) {
    this.name.removeAttribute("aria-invalid");
    setText(byId("login-said"), words);
  }
}
