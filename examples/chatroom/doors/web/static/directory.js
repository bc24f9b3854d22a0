// The dialog by which one joins a room: the list of all rooms, and a name and a key to type.

import { keyOf } from "./conversation.js";
import { byId, icon, make, setText, toLine } from "./dom.js";

export class Directory {
  /** `join(room, key)` asks to be let in; `refresh()` asks for the list of rooms. */
  constructor(chat, join, refresh, choose) {
    Object.assign(this, { chat, join, refresh, choose });
    this.dialog = byId("join");
    byId("open-join").addEventListener("click", () => this.open());
    byId("join-form").addEventListener("submit", (event) => {
      event.preventDefault();
      const room = byId("join-room").value.trim().replace(/^#/, "");
      if (room) this.#ask(room, byId("join-key").value);
    });
  }

  open() {
    byId("join-form").reset();
    setText(byId("join-said"), "");
    this.rendered = null;
    this.refresh();
    this.render();
    if (!this.dialog.open) this.dialog.showModal();
  }

  /** Show the list of rooms, if it has changed. */
  render() {
    if (!this.dialog.open || this.rendered === this.chat.directory) return;
    this.rendered = this.chat.directory;
    byId("directory").replaceChildren(...this.rendered.map((room) => this.#entry(room)));
  }

  /** The server has answered: one is in the room, or its last sentence says why not. */
  answered(entered) {
    if (entered) {
      this.dialog.close();
      toLine();
    } else setText(byId("join-said"), this.chat.notice);
  }

  #entry(room) {
    const joined = this.chat.conversations.has(keyOf(room.name, false));
    const people = room.people === 1 ? "1 person" : `${room.people} people`;
    const state = [people, joined && "you are in", room.closed && "needs a key"].filter(Boolean);
    const onclick = () => this.#choose(room, joined);
    const button = make("button", { type: "button", class: "entry", onclick });
    button.append(icon(room.closed ? "lock" : "room"));
    button.append(make("bdi", { class: "label" }, room.name));
    button.append(make("span", { class: "quiet" }, state.join(", ")));
    if (room.topic) button.append(make("bdi", { class: "topic-line" }, room.topic));
    return make("li", {}, button);
  }

  #choose(room, joined) {
    if (joined) {
      this.dialog.close();
      this.choose(keyOf(room.name, false));
    } else if (room.closed) {
      byId("join-room").value = room.name;
      byId("join-key").focus();
      setText(byId("join-said"), `${room.name} is closed: please type its key.`);
    } else this.#ask(room.name, "");
  }

  #ask(room, key) {
    setText(byId("join-said"), "Asking…");
    this.chat.notice = "";
    this.join(room, key);
  }
}
