// A requested room, and the lines typed after the request: they are for the room, and wait for the answer.

const MOST = 500; // lines
const JOIN = /^\/join\s/;

export class Joining {
  /**
   * `ask(room, key, done)` requests the room; `enter(room)` shows it, or returns false if the user is
   * not in it; `say(text)` and `tell(sentence)` handle the waiting lines.
   */
  constructor({ ask, enter, say, tell }) {
    Object.assign(this, { ask, enter, say, tell });
    this.room = ""; // the last requested room; "" when it was answered
    this.key = "";
    this.held = [];
  }

  /** Request `room`. */
  start(room, key) {
    Object.assign(this, { room, key });
    this.ask(room, key, () => this.#answered(room));
  }

  /** Keep `text` until the answer arrives; return false if none is expected. */
  hold(text) {
    if (!this.room) return false;
    if (this.held.length < MOST) this.held.push(text);
    else this.tell(`Too many lines wait; not sent: ${text}`);
    return true;
  }

  /** Forget the request, which the server has lost. */
  again() {
    if (this.room) this.start(this.room, this.key);
  }

  #answered(room) {
    if (room !== this.room) return;
    this.room = "";
    const lines = this.held.splice(0);
    const there = lines.length > 0 && this.enter(room);
    for (const text of lines) {
      // After the next /join among them, the other lines wait again.
      if (there || this.room || JOIN.test(text)) this.say(text);
      else this.tell(`You are not in ${room}; not sent: ${text}`);
    }
  }
}
