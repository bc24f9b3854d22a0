// The WebSocket: enter or resume, count received events, send pending requests, and reconnect.

import { Pace } from "./pace.js";

const FIRST_DELAY = 500; // milliseconds
const LONGEST_DELAY = 30_000;
const FULL_DELAY = 10_000; // for "come back later"
const SILENCE = 45_000; // then send a ping
const PATIENCE = 15_000; // for any answer; then the connection is closed
const DOUBTING = 5000; // the same when the browser reports that there is no network
const SAID_GOODBYE = 4000;
const REPLACED = 4001;
const TOO_MANY_BAD = 4002;
const TOO_LONG = 1009;
const FULL = 1013;

/**
 * States, as passed to `handlers.state`: "idle" (no name yet), "connecting", "online", "waiting"
 * (until `retryAt`), "ended" (with `code`).
 *
 * The browser's report of no network is a hint only: the server may be on this machine, and a
 * virtual network is unknown to the browser.
 */
export class Connection {
  constructor(url, requests, handlers) {
    this.url = url;
    this.requests = requests;
    this.handlers = handlers;
    this.state = "idle";
    this.socket = null;
    this.name = "";
    this.token = "";
    this.borrowed = false;
    this.proof = ""; // the last accepted token: at another server it proves the name
    this.seen = null; // events received; null: this page has no state
    this.attempts = 0;
    this.retryAt = 0;
    this.pace = new Pace();
    this.reason = ""; // the server's reason for refusing this page, if it gave one
    setInterval(() => this.#watch(), 5000);
  }

  /** Enter as `name`, on the open connection if the last name was refused there. */
  enter(name) {
    if (name !== this.name) this.proof = "";
    Object.assign(this, { name, token: "" });
    if (this.socket?.readyState === WebSocket.OPEN) this.#enter();
    else this.connect();
  }

  /**
   * Resume the seat of `token` as `name`, without any earlier events. If the seat does not exist
   * any more, enter anew; but not if it was another tab's (`borrowed`), unless it may be at
   * another server: there its token proves the name.
   */
  resume(token, name, borrowed = false) {
    Object.assign(this, { token, name, borrowed, seen: null });
    this.connect();
  }

  /** Connect now, without the pause. */
  connect() {
    this.#abandon();
    this.#change("connecting");
    const socket = (this.socket = new WebSocket(this.url));
    let refused = true;
    socket.onopen = () => {
      refused = false;
      this.reason = "";
      this.#introduce();
    };
    socket.onmessage = (message) => this.#receive(JSON.parse(message.data));
    socket.onclose = (event) => {
      this.#closed(event.code);
      if (refused) this.#askWhy();
    };
    this.heard = Date.now();
  }

  /** Connect now if a pause is running; send a ping if the connection seems open. */
  hurry() {
    if (this.state === "waiting") this.connect();
    else if (this.state === "online" && Date.now() - this.heard > PATIENCE) this.#ask();
  }

  /** Handle the browser's report of no network: ping the server all the same. */
  doubt() {
    if (this.state === "online") this.#ask();
  }

  /** Send pending requests, as fast as the pace allows. */
  pump() {
    clearTimeout(this.pumping);
    for (let request; this.state === "online" && (request = this.requests.unsent()); ) {
      const wait = this.pace.take(Date.now());
      if (wait) {
        this.pumping = setTimeout(() => this.pump(), wait);
        return;
      }
      request.sent = request.everSent = true;
      request.at = Date.now();
      this.#write({ n: request.n, ...request.body });
    }
  }

  #introduce() {
    if (this.token) this.#write({ do: "resume", token: this.token, seen: this.seen });
    else this.#enter();
  }

  #enter() {
    const proof = this.proof ? { token: this.proof } : {};
    this.#write({ do: "enter", name: this.name, ...proof });
  }

  #receive(event) {
    this.heard = Date.now();
    if (event.kind === "welcome") this.#welcome(event);
    else if (event.kind === "resumed") this.#resumed(event);
    else if (event.kind === "expired") this.#expired(event.elsewhere);
    else if (event.kind === "refused") this.#refused(event.text);
    else if (!this.token) this.handlers.refused(event.text ?? "");
    else {
      this.seen += 1;
      this.handlers.event(event);
      if (event.kind === "receipt") this.requests.receipt(event.n);
    }
  }

  #welcome(event) {
    Object.assign(this, { name: event.name, token: event.token, proof: "", seen: 0, attempts: 0 });
    const lost = this.requests.restart();
    this.handlers.welcome(event, lost);
    this.#change("online");
    this.pump();
  }

  #resumed(event) {
    const fresh = this.seen === null || Boolean(event.fresh);
    if (fresh) this.seen = event.seen ?? 0;
    const { token } = this;
    Object.assign(this, { name: event.name, token: event.token, borrowed: false, attempts: 0 });
    this.handlers.renewed(token, event.token);
    this.requests.resume(event.done, fresh);
    this.handlers.resumed(event, fresh);
    this.#change("online");
    this.pump();
  }

  /** Retry later: the seat cannot be resumed just now, or the name is taken. */
  #refused(text) {
    this.reason = text;
    if (!this.token) this.handlers.refused(text);
  }

  #expired(elsewhere) {
    Object.assign(this, { proof: this.token, token: "" });
    if (elsewhere) this.borrowed = false;
    this.handlers.expired(this.borrowed);
    if (this.borrowed) {
      this.#abandon();
      this.#change("idle");
    } else this.#enter();
  }

  #closed(code) {
    this.#abandon();
    if (code !== FULL) this.reason = "";
    if (code === REPLACED) this.seen = null; // the other page has restarted the count
    if (code === TOO_LONG) this.handlers.unsendable(this.requests.giveUp());
    const goodbye = code === SAID_GOODBYE || code === TOO_MANY_BAD;
    if (goodbye && !this.token) this.#change("idle"); // too many refused names
    else if (goodbye || code === REPLACED) this.#end(code);
    else this.#wait(code === FULL ? FULL_DELAY : FIRST_DELAY);
  }

  /** Fetch the reason for a refused WebSocket, which the browser does not give to a page. */
  async #askWhy() {
    const url = new URL(`origin?${encodeURIComponent(location.origin)}`, location.href);
    const answer = await fetch(url).catch(() => null);
    this.reason = answer?.ok ? (await answer.text()).trim() : "";
    if (this.reason && this.state === "waiting") this.#change("waiting");
  }

  #end(code) {
    if (code !== REPLACED) this.token = "";
    this.#change("ended", code);
  }

  #wait(first) {
    // Randomised, or a thousand pages would all reconnect in the same instant.
    const delay = Math.min(LONGEST_DELAY, first * 2 ** this.attempts) * (0.5 + Math.random() / 2);
    this.attempts += 1;
    this.retryAt = Date.now() + delay;
    this.retry = setTimeout(() => this.connect(), delay);
    this.#change("waiting");
  }

  #abandon() {
    clearTimeout(this.retry);
    clearTimeout(this.pumping);
    if (!this.socket) return;
    const socket = this.socket;
    this.socket = null;
    socket.onopen = socket.onmessage = socket.onclose = null;
    socket.close();
  }

  #watch() {
    const silent = Date.now() - this.heard;
    const waiting = this.requests.queue.find((request) => request.sent);
    const patience = navigator.onLine === false ? DOUBTING : PATIENCE;
    const late = waiting && Date.now() - waiting.at > patience;
    if (this.state === "connecting" && silent > PATIENCE) this.#closed(0);
    else if (this.state !== "online") return;
    else if (late && silent > patience) this.#closed(0);
    else if (!waiting && silent > SILENCE) this.#ask();
  }

  #ask() {
    this.requests.add({ do: "rooms" });
    this.pump();
  }

  #change(state, code = 0) {
    this.state = state;
    this.handlers.state(state, code);
  }

  #write(body) {
    if (this.socket?.readyState === WebSocket.OPEN) this.socket.send(JSON.stringify(body));
  }
}
