// The state of the connection, in words and a colour; the page's title.

import { byId, setText, toLine } from "./dom.js";

const WORDS = new Map([
  ["connecting", "Connecting…"],
  ["online", "Connected"],
]);
const ENDED = new Map([
  [4001, "This seat was taken over by another tab or window."],
  [4002, "The server did not understand this page. Please reload it."],
]);

export class Status {
  constructor(connection) {
    this.connection = connection;
    this.farewell = "";
    byId("ended").addEventListener("cancel", (event) => event.preventDefault()); // Escape must not close it
    byId("retry").addEventListener("click", () => connection.connect());
    setInterval(() => this.#count(), 1000);
  }

  /** Show the connection's `state`; `code` is the close code after the end. */
  show(state, code) {
    document.body.dataset.connection = state;
    byId("trouble").hidden = state !== "waiting";
    setText(byId("ended-reason"), ENDED.get(code) ?? (this.farewell || "You have left."));
    byId("resume").hidden = code !== 4001;
    byId("again").hidden = code === 4001;
    this.#end(state === "ended");
    this.#count();
    // Announced once per change; the countdown is visible only.
    const said = state === "waiting" ? "Connection lost. Trying again." : WORDS.get(state) ?? "";
    setText(byId("connection-said"), said);
  }

  #end(ended) {
    const dialog = byId("ended");
    if (ended && !dialog.open) dialog.showModal();
    if (ended || !dialog.open) return;
    dialog.close();
    toLine();
  }

  #count() {
    const { state, retryAt, reason } = this.connection;
    const seconds = Math.max(0, Math.ceil((retryAt - Date.now()) / 1000));
    const words = state === "waiting" ? `Trying again in ${seconds} s` : WORDS.get(state) ?? "";
    setText(byId("connection"), words);
    if (state !== "waiting") return;
    const network = navigator.onLine === false ? "The browser says that there is no network. " : "";
    const trouble = `${network}${reason || "The connection is lost."} ${words}.`;
    setText(byId("trouble-words"), trouble);
    setText(byId("wait-words"), trouble); // the page may have been reloaded
    byId("wait-again").hidden = false;
  }
}

/** Show in the title the open conversation and the number of unread messages. */
export function showTitle(chat) {
  const place = chat.current ? `${chat.current.name} · ` : "";
  const title = `${chat.unread ? `(${chat.unread}) ` : ""}${place}Chat room`;
  if (document.title !== title) document.title = title;
}
