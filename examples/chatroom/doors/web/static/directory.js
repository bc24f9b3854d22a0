// The dialog for joining a room: a name, which also filters the list of rooms, and a key.

import { keyOf } from "./conversation.js";
import { byId, icon, make, setText, toLine } from "./dom.js";

const ORDER = new Intl.Collator();

export class Directory {
  /** `join(room, key)` requests to join; `refresh()` requests the list of rooms. */
  constructor(chat, join, refresh, choose) {
    Object.assign(this, { chat, join, refresh, choose });
    this.dialog = byId("join");
    this.name = byId("join-room");
    byId("open-join").addEventListener("click", () => this.open());
    this.name.addEventListener("input", () => this.#list());
    byId("join-form").addEventListener("submit", (event) => {
      event.preventDefault();
      const room = this.#typed();
      if (room) this.#ask(room, byId("join-key").value);
    });
  }

  open() {
    byId("join-form").reset();
    byId("empty-rooms").open = false;
    setText(byId("join-said"), "");
    this.rendered = null;
    this.refresh();
    this.render();
    if (!this.dialog.open) this.dialog.showModal();
    if (!matchMedia("(pointer: coarse)").matches) this.name.focus();
  }

  /** Show the list of rooms, if it has changed. */
  render() {
    if (!this.dialog.open || this.rendered === this.chat.directory) return;
    this.#list();
  }

  /** Handle the server's answer: the user is in the room, or the last sentence gives the reason. */
  answered(entered) {
    if (entered) {
      this.dialog.close();
      toLine();
    } else setText(byId("join-said"), this.chat.notice);
  }

  // Empty rooms are hidden, unless the user filters by name.
  #list() {
    this.rendered = this.chat.directory;
    const wanted = this.#typed().toLowerCase();
    const has = (text) => text.toLowerCase().includes(wanted);
    const rooms = this.rendered.filter(({ name, topic }) => has(name) || has(topic ?? ""));
    rooms.sort((one, other) => other.people - one.people || ORDER.compare(one.name, other.name));
    const busy = rooms.filter((room) => wanted || room.people);
    const empty = rooms.slice(busy.length);
    byId("directory").replaceChildren(...busy.map((room) => this.#entry(room)));
    byId("empty-rooms").hidden = empty.length === 0;
    setText(byId("empty-count"), empty.length === 1 ? "1 empty room" : `${empty.length} empty rooms`);
    byId("empty-list").replaceChildren(...empty.map((room) => this.#entry(room)));
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
      this.name.value = room.name;
      byId("join-key").focus();
      setText(byId("join-said"), `${room.name} is closed: please type its key.`);
    } else this.#ask(room.name, "");
  }

  #ask(room, key) {
    setText(byId("join-said"), "Asking…");
    this.chat.notice = "";
    this.join(room, key);
  }

  #typed() {
    return this.name.value.trim().replace(/^#/, "");
  }
}
