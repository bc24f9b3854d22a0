// One room or one private conversation: its messages, in order, without duplicates. Pure; no DOM.

const FOLLOWED = 1000; // items held while following the newest
const SCROLLED = 3000; // items held while scrolled far back
const SLACK = 100;
const BEHIND = 200; // newest items kept aside while an old page is shown
const GAP_PAGES = 40; // pages fetched to close a gap; beyond it, the older part is dropped

let serial = 0;

/** Return the key of a conversation in the table of all conversations; rooms and people may share names. */
export const keyOf = (name, isPrivate) => (isPrivate ? "with:" : "room:") + name;

export class Conversation {
  constructor(name, isPrivate) {
    this.name = name;
    this.isPrivate = isPrivate;
    this.topic = "";
    this.closed = false;
    this.people = new Map(); // name -> whether an operator
    this.draft = "";
    this.unread = 0;
    this.mentioned = false;
    this.mark = 0; // serial of the first unread item, below the line "new messages"
    this.below = 0; // items added while scrolled up
    this.stale = false; // whether the items are from before the connection was lost
    this.clear();
  }

  /** Drop all items. */
  clear() {
    this.items = [];
    this.byId = new Map();
    this.more = false; // whether the history continues before the first item
    this.loading = false; // whether a page is requested
    this.asked = 0; // when that was confirmed, in seconds since the epoch
    this.expected = new Set(); // ids before which pages are requested; other pages are ignored
    this.replacing = null; // the page before this id replaces the items
    this.gap = 0; // id up to which a gap must be closed
    this.gapPages = 0;
    this.vain = 0; // id before which to continue, behind ignored messages
    this.detached = false; // whether the newest items are not among `items`
    this.aside = []; // items that arrived meanwhile
    this.target = 0; // id of the message to scroll to
    this.next = 0; // id of the message to scroll to when the requested page arrives
  }

  get oldestId() {
    return this.items.find((item) => item.id)?.id ?? 0;
  }

  /** Return the id before which to request the next older page. */
  get backId() {
    return this.vain || this.oldestId;
  }

  get newestId() {
    return this.items.findLast((item) => item.id)?.id ?? 0;
  }

  /** Add one message; return its item, or null for a duplicate. */
  add(message) {
    const known = message.id ? this.byId.get(message.id) : undefined;
    if (known) {
      known.kept = message.kept !== false;
      return null;
    }
    const item = { ...message, kept: message.kept !== false, id: message.id ?? 0, serial: ++serial };
    this.items.splice(this.#placeOf(item), 0, item);
    if (item.id) this.byId.set(item.id, item);
    return item;
  }

  /** Add a new message; return its item, or null if it is not shown now. */
  addNew(message) {
    if (!this.detached) return this.add(message);
    this.aside.push(message);
    if (this.aside.length > BEHIND) this.aside.shift();
    return null;
  }

  /** Drop the message `id`, if it is held. */
  forget(id) {
    this.aside = this.aside.filter((message) => message.id !== id);
    if (!this.byId.delete(id)) return;
    this.items = this.items.filter((item) => item.id !== id);
  }

  /** Drop items above the limit: the oldest, or, while scrolled back, the newest. */
  trim(following) {
    const most = following ? FOLLOWED : SCROLLED;
    if (this.items.length <= most + SLACK) return;
    const surplus = this.items.length - most;
    if (following || this.isPrivate) {
      this.#drop(this.items.splice(0, surplus));
      this.more = !this.isPrivate;
      if (this.oldestId > this.gap) this.gap = 0;
    } else {
      this.#drop(this.items.splice(-surplus));
      this.detached = true;
    }
  }

  /**
   * Add the newest messages after a reconnection. Return the id before which to request a page, or null
   * if nothing is missing between the held items and `recent`.
   */
  catchUp(recent, more) {
    this.stale = false;
    this.#adopt(recent, more);
    const known = this.newestId;
    const first = recent[0]?.id ?? 0;
    recent.forEach((message) => this.addNew(message));
    if (!known) {
      this.more = more;
      return null;
    }
    if (!more || (first && first <= known)) return null;
    Object.assign(this, { gap: known, gapPages: 0 });
    return first;
  }

  /** Add a page of the history. Return the id before which to request the next page, or null. */
  addPage({ before, messages, more, next = 0 }) {
    const first = messages[0]?.id ?? next;
    messages.forEach((message) => this.add(message));
    if (this.gap && (!before || before > this.gap)) return this.#closeGap(first, more);
    this.loading = false;
    this.vain = messages.length ? 0 : next; // all messages of that page were ignored
    if (!first || first === this.oldestId) this.more = more && first > 0;
    return null;
  }

  /** Replace the items by this page; it is the newest one if it was requested before 0. */
  replaceBy({ before, messages, more }) {
    const { aside, target } = this;
    this.clear();
    Object.assign(this, { more, target, detached: before !== 0 });
    [...messages, ...(this.detached ? [] : aside)].forEach((message) => this.add(message));
    if (this.detached) this.aside = aside;
  }

  #closeGap(first, more) {
    const open = more && first > this.gap;
    if (open && ++this.gapPages < GAP_PAGES) return first;
    if (open) {
      this.#drop(this.items.splice(0, this.items.findIndex((item) => item.id === first)));
      this.more = true;
    }
    this.gap = 0;
    return null;
  }

  // A server that lost its history numbers from 1 again: the held ids are then invalid.
  #adopt(recent, more) {
    const forgotten = recent.length ? recent.at(-1).id < this.newestId : !more;
    const others = recent.some((message) => {
      const known = this.byId.get(message.id);
      return known && known.at !== message.at;
    });
    // One server of several may be behind and know only some of these; the rest will follow.
    const behind = recent.some(({ id, at }) => this.byId.get(id)?.at === at);
    if (!others && (!forgotten || behind)) return;
    this.items.forEach((item) => (item.id = 0));
    this.byId.clear();
    this.more = false;
  }

  #placeOf(item) {
    if (!item.id || item.id > this.newestId) return this.items.length;
    let at = this.items.findLastIndex((other) => other.id && other.id < item.id) + 1;
    while (at < this.items.length && !this.items[at].id && this.items[at].at <= item.at) at += 1;
    return at;
  }

  #drop(items) {
    items.forEach((item) => this.byId.delete(item.id));
  }
}
