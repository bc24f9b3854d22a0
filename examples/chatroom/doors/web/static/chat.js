// The state of this page: rooms, people, messages. Events go in; no DOM, no socket, no storage.

import { Conversation, keyOf } from "./conversation.js";
import { HANDLERS } from "./events.js";
import { mentionsIn } from "./names.js";

const SPOKEN = new Set(["said", "acted", "whispered"]);
const MOST_MISSED = 3;
const SOON = 15; // seconds after which the answer to a request is late

export class Chat {
  /** `ask(body, done)` sends a request; `clock` returns seconds since the epoch. */
  constructor(ask, clock = () => Date.now() / 1000) {
    this.ask = ask;
    this.clock = clock;
    this.me = "";
    this.conversations = new Map();
    this.open = ""; // the key of the conversation that is shown
    this.visible = true; // whether the page is visible
    this.following = true; // whether its newest message is visible
    this.found = null; // the last search's results, joined; `back` is where older ones continue
    this.directory = []; // the last list of rooms
    this.notice = ""; // the server's last sentence
    this.missed = []; // sentences that arrived out of the reader's sight
    this.alert = () => {}; // called with a key and an unseen message that is for the reader
    this.wishedUntil = 0;
    this.early = []; // sentences that arrived before there was a room to show them in
  }

  get current() {
    return this.conversations.get(this.open);
  }

  get rooms() {
    return [...this.conversations.values()].filter((each) => !each.isPrivate);
  }

  get privates() {
    return [...this.conversations.values()].filter((each) => each.isPrivate);
  }

  /** Return whether the reader is an operator. */
  get operator() {
    return this.rooms.some((room) => room.people.get(this.me));
  }

  get unread() {
    return [...this.conversations.values()].reduce((sum, each) => sum + each.unread, 0);
  }

  /** Handle one event from the server. */
  apply(event) {
    HANDLERS.get(event.kind)?.(this, event);
  }

  /** Handle a new connection: the rooms may have gaps until they arrive again. */
  outdate() {
    for (const each of this.conversations.values()) {
      each.stale = !each.isPrivate;
      each.loading = false;
    }
  }

  /** Remove rooms that did not arrive again. */
  dropStale() {
    for (const each of this.rooms) {
      if (each.stale) this.part(each.name, `You are not in ${each.name} any more.`);
    }
  }

  /** Show the conversation with this key. */
  show(key) {
    const chosen = this.conversations.get(key);
    if (!chosen) return;
    if (this.current && this.open !== key) this.current.mark = 0;
    this.open = key;
    this.following = true;
    this.missed = [];
    this.read();
    this.early.splice(0).forEach((message) => chosen.addNew(message));
  }

  /** Note whether the page is visible, and whether the newest message is. */
  look(visible, following) {
    if (this.visible && !visible && this.current) this.current.mark = 0;
    this.visible = visible;
    this.following = following;
    if (visible && following) this.missed = [];
    this.read();
  }

  /** Mark the visible messages as read. */
  read() {
    if (!this.visible || !this.current) return;
    Object.assign(this.current, { unread: 0, mentioned: false });
    if (this.following) this.current.below = 0;
  }

  /** Return the private conversation with `name`; create it if there is none. */
  privateWith(name) {
    return this.#conversation(name, true);
  }

  /** Open the next room that arrives: the user requested it. */
  wish() {
    this.wishedUntil = this.clock() + SOON;
  }

  /** Cancel that; return whether it was still pending. */
  unwish() {
    const open = this.wishedUntil > 0;
    this.wishedUntil = 0;
    return open;
  }

  /** Request older messages of the open room. */
  older() {
    const room = this.current;
    if (!room || room.isPrivate || this.#loads(room) || !room.more || room.stale) return;
    room.replacing = null;
    this.#page(room, room.backId);
  }

  /** Show the open room around the message `id`, or its newest ones if `id` is 0. */
  visit(id) {
    const room = this.current;
    if (!room || room.isPrivate) return;
    room.next = this.#loads(room) ? id : 0;
    if (this.#loads(room)) return;
    room.target = id;
    if (id ? room.byId.has(id) : !room.detached) return;
    // Ids grow over all rooms: some of the next ones belong to this room, and give the context.
    room.replacing = id && id + 25;
    this.#page(room, room.replacing);
  }

  /** Close a conversation; `text` gives the reason, if the user did not ask for it. */
  part(name, text = "") {
    this.remove(keyOf(name, false));
    if (text) this.tell(text);
  }

  /** Remove a conversation from the list; show the next one of its kind, or else the one before. */
  remove(key) {
    const removed = this.conversations.get(key);
    const alike = removed?.isPrivate ? this.privates : this.rooms;
    const at = alike.indexOf(removed);
    this.conversations.delete(key);
    if (this.open !== key) return;
    this.open = "";
    const next = alike[at + 1] ?? alike[at - 1] ?? [...this.conversations.values()][0];
    if (next) this.show(keyOf(next.name, next.isPrivate));
  }

  /** Restore a removed private conversation, with the messages since. */
  putBack(conversation) {
    const key = keyOf(conversation.name, true);
    this.conversations.get(key)?.items.forEach((item) => conversation.add(item));
    this.conversations.set(key, conversation);
    this.show(key);
  }

  /** Show a sentence of the server, or of this page, in the open conversation. */
  tell(text, kind = "notice") {
    this.notice = text;
    const sees = this.visible && this.following && !this.current?.detached;
    if (!sees) this.missed = [...this.missed.slice(1 - MOST_MISSED), text];
    const message = { kind, text, at: this.clock() };
    if (this.current) this.current.addNew(message);
    else this.early = [...this.early.slice(-4), message];
  }

  /** Show an event in its conversation, unless its author is ignored. */
  hear(conversation, event) {
    if (event.quiet) return;
    const item = conversation.addNew(event);
    if (!item && !conversation.detached) return;
    const own = event.sender === this.me;
    const open = conversation === this.current;
    if (SPOKEN.has(event.kind) && !own) this.#count(conversation, event, open, item);
    conversation.trim(!open || this.following);
  }

  enter(event) {
    const known = this.conversations.has(keyOf(event.room, false));
    const room = this.#conversation(event.room, false);
    const more = Boolean(event.more);
    Object.assign(room, { topic: event.topic ?? "", closed: Boolean(event.closed) });
    room.people = new Map(event.people.map((each) => [each.name, Boolean(each.operator)]));
    if (known && !room.stale) event.recent.forEach((message) => room.add(message));
    else this.#catchUp(room, event.recent, more);
    const wished = !known && this.clock() < this.wishedUntil;
    if (wished) this.wishedUntil = 0;
    if (wished || !this.current) this.show(keyOf(event.room, false));
  }

  page(event) {
    const room = this.conversations.get(keyOf(event.room, false));
    if (!room?.expected.delete(event.before)) return;
    const { next } = room;
    if (room.replacing === event.before) room.replaceBy(event);
    else this.#addPage(room, event);
    if (next && room === this.current) this.visit(next);
  }

  #addPage(room, event) {
    const before = room.addPage(event);
    if (before !== null) this.#page(room, before);
    room.trim(room !== this.current || (this.following && !room.loading));
  }

  /** Add the results of a search; results older than the last ones are put before those. */
  find(event) {
    const back = event.next ?? event.messages[0]?.id ?? 0;
    if (!event.before) this.found = { ...event, back };
    else if (this.found?.back === event.before && this.found.query === event.query) {
      this.found = { ...event, back, messages: [...event.messages, ...this.found.messages] };
    }
  }

  /** Remove the message `id`, wherever it is held. */
  forget(id) {
    for (const each of this.conversations.values()) each.forget(id);
    if (!this.found) return;
    const messages = this.found.messages.filter((each) => each.id !== id);
    const total = this.found.total - (this.found.messages.length - messages.length);
    this.found = { ...this.found, messages, total };
  }

  rename(event) {
    if (event.sender === this.me) this.me = event.text;
    for (const each of this.conversations.values()) {
      if (!each.people.has(event.sender)) continue;
      each.people.set(event.text, each.people.get(event.sender));
      each.people.delete(event.sender);
    }
    this.#renamePrivate(event);
  }

  #renamePrivate(event) {
    const [from, to] = [keyOf(event.sender, true), keyOf(event.text, true)];
    const moved = this.conversations.get(from);
    if (!moved || this.conversations.has(to)) return;
    this.conversations.delete(from);
    moved.name = event.text;
    if (!event.quiet) moved.addNew({ ...event, room: "" });
    this.conversations.set(to, moved);
    if (this.open === from) this.open = to;
  }

  #catchUp(room, recent, more) {
    const held = room.items.length > 0;
    const newest = room.newestId;
    const before = room.catchUp(recent, more);
    if (before !== null) this.#page(room, before);
    const missed = recent.filter((each) => each.id > newest && each.sender !== this.me);
    if (held) missed.forEach((each) => this.#countAgain(room, each));
  }

  #countAgain(room, message) {
    const item = room.byId.get(message.id);
    if (item) this.#count(room, message, room === this.current, item);
  }

  #count(conversation, event, open, item) {
    if (open && this.visible && !this.following) conversation.below += 1;
    if (open && this.visible) return;
    if (!conversation.unread && item) conversation.mark = item.serial;
    conversation.unread += 1;
    if (event.kind !== "whispered" && !mentionsIn(event.text, this.me).length) return;
    conversation.mentioned = true;
    if (!this.visible) this.alert(keyOf(conversation.name, conversation.isPrivate), event);
  }

  #conversation(name, isPrivate) {
    const key = keyOf(name, isPrivate);
    if (!this.conversations.has(key)) {
      this.conversations.set(key, new Conversation(name, isPrivate));
    }
    return this.conversations.get(key);
  }

  #page(room, before) {
    room.expected.add(before);
    room.loading = true;
    room.asked = Infinity;
    this.ask({ do: "page", room: room.name, before }, () => (room.asked = this.clock()));
  }

  // The server reads a page while it does other things: the receipt may arrive before it.
  // If the history cannot be read no page arrives at all; then a new request is allowed after a while.
  #loads(room) {
    return room.loading && this.clock() - room.asked < SOON;
  }
}
