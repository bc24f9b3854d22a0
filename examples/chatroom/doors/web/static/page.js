// Renders the state: at most once per interval, however many events arrive meanwhile.

import { keyOf } from "./conversation.js";
import { byId, setText, toLine } from "./dom.js";
import { inviteTo } from "./invitation.js";
import { showConversations, showPeople } from "./lists.js";
import { askLine } from "./panels.js";
import { badge, nameTag } from "./people.js";
import { isSpeech } from "./requests.js";
import { showTitle } from "./status.js";
import * as storage from "./storage.js";

const FRAME = 16; // milliseconds; a timer and not a frame, as a hidden page has no frames
const LOBBY = "lobby";
const LONGEST_TOPIC = 200;
const LONGEST_NAME = 20;

export class Page {
  constructor(world) {
    this.world = world;
    this.shown = null; // the conversation that is shown
    this.timer = null;
    this.cost = 0; // milliseconds that the last rendering took
    byId("leave").addEventListener("click", () => world.leave());
    byId("topic").addEventListener("click", () => this.#askTopic());
    byId("my-name").addEventListener("click", () => this.#askName());
    byId("log-out").addEventListener("click", () => world.ask({ do: "say", room: "", text: "/quit" }));
    byId("open-help").addEventListener("click", () => byId("help").showModal());
    byId("people-filter").addEventListener("input", () => this.changed());
    addEventListener("keydown", (event) => this.#key(event));
  }

  /** Show the chat after the log-in, and focus the message field. */
  begin() {
    this.save(); // from now on a reload finds the seat
    this.changed();
    toLine();
  }

  /** Schedule a rendering after a change. */
  changed() {
    this.timer ??= setTimeout(() => this.#timed(), Math.max(FRAME, this.cost * 4));
  }

  /** Store what a reload of the page needs. */
  save() {
    if (!this.world.connection.token) return;
    storage.saveSeat(this.world.connection, this.world.chat, this.world.requests);
    storage.savePrivates(this.world.chat);
  }

  /** Return the names that Tab completes: those of the open conversation. */
  names() {
    const { chat } = this.world;
    const { current } = chat;
    if (!current) return [];
    if (current.isPrivate) return [current.name];
    return [...current.people.keys()].filter((name) => name !== chat.me);
  }

  // A busy room must not use the whole processor: the longer a rendering takes, the longer the pause.
  #timed() {
    const begun = performance.now();
    this.timer = null;
    this.#render();
    this.cost = performance.now() - begun;
  }

  #render() {
    const { chat, log } = this.world;
    this.#swapDrafts(chat.current);
    this.#header(chat.current);
    showConversations(chat, this.world.choose);
    showPeople(chat, (name) => this.#private(name));
    log.render(chat.current, this.#waiting(chat.current), chat.me);
    this.#me(chat);
    this.world.directory.render();
    this.world.search.render(chat);
    this.world.toast.render(chat);
    showTitle(chat);
    clearTimeout(this.saving);
    this.saving = setTimeout(() => this.save(), 300);
  }

  #swapDrafts(current) {
    if (this.shown === current) return;
    const { input } = this.world;
    // Text typed before there was a room is kept for the first room.
    const old = input.swap(current?.draft || (this.shown ? "" : input.field.value));
    if (this.shown) this.shown.draft = old;
    this.shown = current;
  }

  #header(current) {
    const isPrivate = current?.isPrivate ?? false;
    setText(byId("place"), current?.name ?? "No room");
    if (current) inviteTo(isPrivate || current.name === LOBBY ? "" : current.name);
    const kind = isPrivate ? "person" : current?.closed ? "lock" : "room";
    byId("place-kind").setAttribute("href", `#icon-${kind}`);
    byId("topic").hidden = !current || isPrivate;
    setText(byId("topic"), current?.topic || "Set a topic");
    byId("topic").classList.toggle("empty", !current?.topic);
    byId("subtitle").hidden = !isPrivate;
    byId("leave").hidden = !current;
    const leaving = isPrivate ? "Close this conversation" : "Leave this room";
    Object.assign(byId("leave"), { ariaLabel: leaving, title: leaving });
    byId("open-search").hidden = !current || isPrivate;
    byId("log").setAttribute("aria-label", current ? `Messages, ${current.name}` : "Messages");
    byId("line").placeholder = current ? `Write to ${current.name}` : "Join a room to write";
    const elsewhere = this.world.chat.unread;
    setText(byId("rooms-count"), elsewhere ? String(elsewhere) : "");
  }

  #waiting(current) {
    const { connection, requests } = this.world;
    if (!current) return [];
    return requests.queue.filter(({ body }) => {
      if (body.do === "whisper") return current.isPrivate && body.to === current.name;
      if (body.do !== "say" || current.isPrivate || body.room !== current.name) return false;
      // Commands finish quickly; commands with arguments may contain a password.
      return isSpeech(body) || (connection.state !== "online" && !body.text.includes(" "));
    });
  }

  #me({ me }) {
    const button = byId("my-name");
    if (button.dataset.name === me) return;
    button.dataset.name = me;
    button.replaceChildren(badge(me), nameTag(me));
  }

  #private(name) {
    this.world.chat.privateWith(name);
    this.world.choose(keyOf(name, true));
  }

  #askTopic() {
    const { chat, ask } = this.world;
    const room = chat.current.name;
    const { topic } = chat.current;
    const question = { title: `Topic of ${room}`, label: "New topic", value: topic, full: topic };
    askLine({ ...question, most: LONGEST_TOPIC }, (text) => ask({ do: "say", room, text: `/topic ${text}` }));
  }

  #askName() {
    const { chat, ask } = this.world;
    const question = { title: "Your name", label: "New name", value: chat.me, most: LONGEST_NAME };
    askLine(question, (text) => ask({ do: "say", room: "", text: `/nick ${text}` }));
  }

  #key(event) {
    if (!event.altKey || event.ctrlKey || !["ArrowUp", "ArrowDown"].includes(event.key)) return;
    event.preventDefault();
    const { chat, choose } = this.world;
    const keys = [...chat.rooms, ...chat.privates].map((each) => keyOf(each.name, each.isPrivate));
    const step = event.key === "ArrowUp" ? keys.length - 1 : 1;
    if (keys.length) choose(keys[(keys.indexOf(chat.open) + step) % keys.length]);
  }
}
