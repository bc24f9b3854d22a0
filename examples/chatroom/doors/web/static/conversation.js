// One room or one private conversation: what was said, in order, none twice. Pure; no DOM.

const FOLLOWED = 1000; // items held while reading the newest
const SCROLLED = 3000; // items held while reading far back
const SLACK = 100;
const BEHIND = 200; // newest items kept aside while reading an old piece
const GAP_PAGES = 40; // pages fetched to close a gap; beyond it, the older part is let go

let serial = 0;

/** Return the key of a conversation in the table of all of them; rooms and people may share names. */
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
    this.mark = 0; // serial of the first unread item: the line "new messages" stands above it
    this.below = 0; // came while scrolled up
    this.stale = false; // what is shown is from before the connection was lost
    this.clear();
  }

  /** Forget what was said here. */
  clear() {
    this.items = [];
    this.byId = new Map();
    this.more = false; // whether the history goes on before the first item
    this.loading = false; // a page was asked for
    this.asked = 0; // when that was confirmed, in seconds since the epoch
    this.expected = new Set(); // pages asked for; others do not fit what is held
    this.replacing = null; // the page before this id shall replace what is held
    this.gap = 0; // id up to which a gap must be closed
    this.gapPages = 0;
    this.vain = 0; // id before which to go on, behind messages that were not wanted
    this.detached = false; // an old piece: the newest items are not among `items`
    this.aside = []; // what came meanwhile
    this.target = 0; // id of the message to be shown
    this.next = 0; // id of the one to be shown when the page that was asked for is there
  }

  get oldestId() {
    return this.items.find((item) => item.id)?.id ?? 0;
  }

  /** The id before which the next older page is asked for. */
  get backId() {
    return this.vain || this.oldestId;
  }

  get newestId() {
    return this.items.findLast((item) => item.id)?.id ?? 0;
  }

  /** Add one message; return its item, or null if it was there already. */
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

  /** Add a message that has just been said; return its item, or null if it is not shown now. */
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

  /** Drop what is too much: the oldest, or, while reading back, the newest. */
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
   * Take the newest messages after being away. Return the id to ask a page before, or null if
   * nothing is missing between what is held and `recent`.
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

  /** Take a page of the history. Return the id to ask the next page before, or null. */
  addPage({ before, messages, more, next = 0 }) {
    const first = messages[0]?.id ?? next;
    messages.forEach((message) => this.add(message));
    if (this.gap && (!before || before > this.gap)) return this.#closeGap(first, more);
    this.loading = false;
    this.vain = messages.length ? 0 : next; // none of those looked at is to be heard
    if (!first || first === this.oldestId) this.more = more && first > 0;
    return null;
  }

  /** Show this page instead of what is held; it is the newest one if it was asked before 0. */
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

  // A server that forgot its history numbers from 1 again: the numbers held mean nothing then.
  #adopt(recent, more) {
    const forgotten = recent.length ? recent.at(-1).id < this.newestId : !more;
    const others = recent.some((message) => {
      const known = this.byId.get(message.id);
      return known && known.at !== message.at;
    });
    // A server that is behind, of several, knows some of the same; the rest comes yet.
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
