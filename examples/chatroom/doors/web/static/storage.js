// What survives a reload of the page. Bounded, and optional: a browser may refuse to store it.

const SEAT = "chat-seat";
const PRIVATE = "chat-private";
const NAME = "chat-name";
const ALERTS = "chat-alerts";
const MOST_PEOPLE = 20; // private conversations kept
const MOST_LINES = 100; // of each
const MOST_WAITING = 50;

/**
 * Store what is needed to resume the seat: for this tab, as long as it is open; and for the
 * next tab of this browser if the name is remembered, and this tab has not lost the seat to another.
 * Until the first room arrives, the previously stored rooms are kept.
 */
export function saveSeat(connection, chat, requests) {
  const rooms = chat.rooms.map((room) => room.name);
  const { open, rooms: joined } = rooms.length ? { open: chat.open, rooms } : loadSeat() ?? {};
  const token = connection.token || connection.proof;
  const seat = { token, name: connection.name, open, rooms: joined ?? [] };
  const waiting = requests.saved().slice(0, MOST_WAITING);
  write(sessionStorage, SEAT, { ...seat, waiting });
  if (rememberedName() && connection.state !== "ended") write(localStorage, SEAT, seat);
}

/** Return what `saveSeat` stored, or null; `borrowed` is true if another tab stored it. */
export function loadSeat() {
  const own = read(sessionStorage, SEAT);
  const seat = own ?? read(localStorage, SEAT);
  return seat && seat.token && seat.name ? { ...seat, borrowed: !own } : null;
}

/** Remove the given-up seat: the next user of this tab must not read private conversations. */
export function forgetSeat() {
  remove(sessionStorage, SEAT);
  remove(sessionStorage, PRIVATE);
  remove(localStorage, SEAT);
}

/** Store the private conversations, which the server does not store. */
export function savePrivates(chat) {
  const kept = chat.privates.slice(-MOST_PEOPLE).map((each) => ({
    name: each.name,
    unread: each.unread,
    items: each.items.slice(-MOST_LINES).map(({ kind, sender, recipient, text, at }) => {
      return { kind, sender, recipient, text, at };
    }),
  }));
  write(sessionStorage, PRIVATE, kept);
}

/** Restore the stored private conversations into `chat`. */
export function loadPrivates(chat) {
  for (const { name, unread, items } of read(sessionStorage, PRIVATE) ?? []) {
    const conversation = chat.privateWith(name);
    items.forEach((item) => conversation.add(item));
    conversation.unread = unread;
    conversation.mentioned = unread > 0;
  }
}

/** Store whether to notify, and with a sound: {on, sound}. */
export function saveAlerts(settings) {
  write(localStorage, ALERTS, settings);
}

/** Return what `saveAlerts` stored, or an empty object. */
export const loadAlerts = () => read(localStorage, ALERTS) ?? {};

/** Store `name` for the next visit, or remove it if it is empty. */
export function rememberName(name) {
  if (name) write(localStorage, NAME, name);
  else [NAME, SEAT].forEach((key) => remove(localStorage, key));
}

export const rememberedName = () => read(localStorage, NAME) ?? "";

function read(store, key) {
  try {
    return JSON.parse(store.getItem(key));
  } catch {
    return null; // not permitted, or not written by this page
  }
}

function write(store, key, value) {
  try {
    store.setItem(key, JSON.stringify(value));
  } catch (error) {
    console.info("Nothing can be kept in this browser:", error.name);
  }
}

function remove(store, key) {
  try {
    store.removeItem(key);
  } catch (error) {
    console.info("Nothing can be kept in this browser:", error.name);
  }
}
