// The log-in: entering a name, and showing why it was refused.

import { byId, setText } from "./dom.js";
import { rememberName, rememberedName } from "./storage.js";

export class Login {
  /** `enter(name)` is called with the typed name. */
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

  /** Show the log-in, with `words` about the last name if there was one. */
  show(words = "") {
    document.body.dataset.view = "login";
    this.refuse(words);
  }

  /** Show why the name was refused. */
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
