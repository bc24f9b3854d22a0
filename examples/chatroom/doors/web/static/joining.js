// A room that was asked for, and what was typed behind it: that is for the room, and waits for the answer.

const MOST = 500; // lines
const JOIN = /^\/join\s/;

export class Joining {
  /**
   * `ask(room, key, done)` asks for the room; `enter(room)` shows it, or returns false if one is not
   * there; `say(text)` and `tell(sentence)` are for what waited.
   */
  constructor({ ask, enter, say, tell }) {
    Object.assign(this, { ask, enter, say, tell });
    this.room = ""; // the one that was asked for last; "" when it was answered
    this.key = "";
    this.held = [];
  }

  /** Ask for `room`. */
  start(room, key) {
    Object.assign(this, { room, key });
    this.ask(room, key, () => this.#answered(room));
  }

  /** Keep `text` until the answer is there; return false if none is awaited. */
  hold(text) {
    if (!this.room) return false;
    if (this.held.length < MOST) this.held.push(text);
    else this.tell(`Too many lines wait; not sent: ${text}`);
    return true;
  }

  /** The server has forgotten what it was asked. */
  again() {
    if (this.room) this.start(this.room, this.key);
  }

  #answered(room) {
    if (room !== this.room) return;
    this.room = "";
    const lines = this.held.splice(0);
    const there = lines.length > 0 && this.enter(room);
    for (const text of lines) {
      // Behind the next /join among them, the others wait again.
      if (there || this.room || JOIN.test(text)) this.say(text);
      else this.tell(`You are not in ${room}; not sent: ${text}`);
    }
  }
}
