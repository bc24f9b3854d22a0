// Connects the parts: input from the server changes the state, and the state is shown on the page.

import { Alerts } from "./alerts.js";
import { Chat } from "./chat.js";
import { Connection } from "./connection.js";
import { keyOf } from "./conversation.js";
import { Directory } from "./directory.js";
import { byId, setText, toLine } from "./dom.js";
import { Input } from "./input.js";
import { invitedTo } from "./invitation.js";
import { Joining } from "./joining.js";
import { Log } from "./log.js";
import { Login } from "./login.js";
import { Page } from "./page.js";
import { Panels } from "./panels.js";
import { Requests } from "./requests.js";
import { Search } from "./search.js";
import { speak } from "./speech.js";
import { Status } from "./status.js";
import * as storage from "./storage.js";
import { Tabs } from "./tabs.js";
import { Toast } from "./toast.js";

const LOBBY = "lobby";

const requests = new Requests();
const keys = new Map(); // of closed rooms, in memory only: room -> key
const chat = new Chat(ask);
const address = new URL("chat", location.href);
address.protocol = address.protocol.replace("http", "ws");
const connection = new Connection(address, requests, {
  welcome(event, lost) {
    chat.me = event.name;
    reenter();
    joining.again();
    for (const { body } of lost) {
      if (body.text) chat.tell(`Perhaps not done, the connection was lost: ${body.text}`);
    }
    begin();
  },
  resumed(event, fresh) {
    chat.me = event.name;
    if (fresh) {
      chat.outdate();
      ask({ do: "rooms" }, () => chat.dropStale());
    }
    begin();
  },
  renewed: (before, token) => tabs.tell(before, token),
  expired(borrowed) {
    chat.outdate();
    if (!borrowed) return;
    storage.forgetSeat();
    login.show();
  },
  refused: (text) => login.show(text),
  event(event) {
    if (event.kind === "farewell") status.farewell = event.text;
    chat.apply(event);
    if (event.kind === "room" && isWanted(event.room)) show(keyOf(event.room, false));
    page.changed();
  },
  unsendable: (request) => chat.tell(`Too long to be sent: ${request?.body.text ?? ""}`),
  state(state, code) {
    status.show(state, code);
    const trouble = connection.reason || "The chat room cannot be reached.";
    if (state === "waiting") login.tell(`${trouble} Trying again…`);
    if (state === "ended" && code !== 4001) storage.forgetSeat();
    page.changed();
  },
});
const tabs = new Tabs((before, token) => {
  if (connection.token === before) connection.token = token;
});
const status = new Status(connection);
const panels = new Panels();
const login = new Login((name) => connection.enter(name));
const log = new Log({
  older: () => chat.older(),
  newest: () => { chat.look(chat.visible, true); chat.visit(0); page.changed(); },
  looked: (following) => { chat.look(chat.visible, following); page.changed(); },
});
const input = new Input((text) => speak(text, world), () => page.names(), () => chat.operator);
const joining = new Joining({
  ask: askForRoom, enter, say: (text) => speak(text, world), tell: (text) => chat.tell(text),
});
const directory = new Directory(chat, join, () => ask({ do: "rooms" }), choose);
const search = new Search(
  (room, text, before) => {
    chat.notice = "";
    ask({ do: "search", room: room || (chat.current?.name ?? ""), text, before });
  },
  visit,
);
const toast = new Toast(() => { chat.missed = []; page.changed(); });
const alerts = new Alerts(choose);
chat.alert = (key, event) => alerts.tell(key, event);
const world = {
  chat, connection, requests, ask, keys, join, joining, leave, choose, panels, search, log, input, directory, toast,
};
const page = new Page(world);
const seat = storage.loadSeat(); // of this tab, before it was reloaded
let wanted = seat?.open ?? ""; // the conversation that was open then
let restored = !seat;
let coming = seat?.rooms ?? []; // rooms that are expected
let invited = invitedTo();

/** Queue a request; `done` is called when it is confirmed. */
function ask(body, done) {
  const whole = body.do === "say" ? { ...body, nonce: crypto.randomUUID?.() ?? nonce() } : body;
  const request = requests.add(whole, () => { done?.(); page.changed(); });
  request.shown = body.text ?? "";
  connection.pump();
  page.changed();
  return request;
}

// randomUUID exists only with TLS or on this machine; the chat may be served without.
function nonce() {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}

function join(room, key) {
  if (key) keys.set(room.toLowerCase(), key);
  joining.start(room, key);
}

function askForRoom(room, key, done) {
  chat.wish();
  ask({ do: "join", room, key }, () => {
    directory.answered(!chat.unwish());
    done();
  });
}

function enter(room) {
  const found = chat.rooms.find((each) => each.name.toLowerCase() === room.toLowerCase());
  if (found) choose(keyOf(found.name, false));
  return Boolean(found);
}

function leave() {
  const { current } = chat;
  if (!current) return;
  const { name, isPrivate } = current;
  if (isPrivate) {
    chat.remove(chat.open);
    toast.offer(`The conversation with ${name} is closed.`, () => { chat.putBack(current); page.changed(); });
  } else ask({ do: "leave", room: name }, () => left(name));
  page.changed();
}

function left(name) {
  if (chat.conversations.has(keyOf(name, false))) return; // refused
  toast.offer(`You left ${name}.`, () => join(name, keys.get(name.toLowerCase()) ?? ""));
}

/** Show a search result in its room, with the messages around it. */
function visit({ room, id }) {
  const key = keyOf(room, false);
  panels.chosen();
  if (!chat.conversations.has(key)) chat.tell(`You are not in ${room} any more: join it to read there.`);
  else {
    if (chat.open !== key) choose(key);
    chat.visit(id);
  }
  page.changed();
}

function choose(key) {
  const { current } = chat;
  chat.show(key);
  if (current !== chat.current) panels.chosen();
  page.changed();
  toLine();
}

/** Join the rooms of the old seat, which is gone. */
function reenter() {
  const rooms = chat.rooms.length ? chat.rooms.map((room) => room.name) : seat?.rooms ?? [];
  const others = rooms.filter((room) => room !== LOBBY);
  const joins = others.map((room) => ({ do: "join", room, key: keys.get(room.toLowerCase()) ?? "" }));
  const left = others.length && others.length === rooms.length; // every log-in enters the lobby
  requests.addFirst(left ? [...joins, { do: "leave", room: LOBBY }] : joins);
  if (chat.rooms.length) ask({ do: "rooms" }, () => chat.dropStale());
}

function begin() {
  document.body.dataset.view = "chat";
  if (!restored) storage.loadPrivates(chat);
  restored = true;
  if (chat.conversations.has(wanted)) show(wanted);
  accept();
  page.begin();
}

/** Open the room in the address: once, or when the address changes. */
function accept() {
  const room = invited.toLowerCase();
  const same = (name) => name.toLowerCase() === room;
  const joined = chat.rooms.map((each) => each.name).find(same);
  if (joined) choose(keyOf(joined, false));
  else if (room) {
    wanted = keyOf(invited, false);
    if (!coming.some(same)) follow(invited);
  }
  invited = "";
  coming = [];
}

/** Join the room in the address, if it exists: a link from outside creates none. */
function follow(room) {
  const folded = (name) => name.normalize("NFKC").toLowerCase();
  ask({ do: "rooms" }, () => {
    if (chat.directory.some(({ name }) => folded(name) === folded(room))) {
      ask({ do: "join", room, key: keys.get(room.toLowerCase()) ?? "" });
    } else {
      wanted = "";
      chat.tell(`The address names the room ${room}, which is not there; the + beside “Rooms” makes it.`);
    }
  });
}

const isWanted = (room) => keyOf(room, false).toLowerCase() === wanted.toLowerCase();

/** Open the conversation that was open before the reload, once. */
function show(key) {
  chat.show(key);
  wanted = "";
}

document.addEventListener("visibilitychange", () => {
  chat.look(!document.hidden, log.following);
  if (!document.hidden) connection.hurry();
  page.changed();
});
addEventListener("online", () => connection.hurry());
addEventListener("offline", () => connection.doubt());
addEventListener("hashchange", () => {
  invited = invitedTo();
  if (document.body.dataset.view === "chat") accept();
});
addEventListener("pagehide", () => page.save());
byId("resume").addEventListener("click", () => connection.connect());
byId("again").addEventListener("click", () => location.reload());

setText(byId("invited"), invited && `You are invited to the room ${invited}.`);
byId("invited").hidden = !invited;
if (seat) {
  requests.restore(seat.waiting ?? []);
  for (const request of requests.queue) request.shown = request.body.text;
  setText(byId("wait-words"), "Coming back…");
  connection.resume(seat.token, seat.name, seat.borrowed);
} else login.show();
