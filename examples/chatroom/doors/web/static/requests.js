// What was asked of the server and is not yet confirmed: numbered, in order. Pure; no socket.

/** Whether a request is speech, which may be shown while it waits and be kept over a reload. */
export function isSpeech(body) {
  if (body.do === "whisper") return true;
  return body.do === "say" && (!body.text.startsWith("/") || /^\/(\/|me )/.test(body.text));
}

/**
 * The queue. A request stays in it until its receipt has come; numbers grow without gaps, so the
 * server can tell what it has done already, and sending one again does no harm.
 */
export class Requests {
  constructor() {
    this.queue = []; // {n, key, body, sent, done}
    this.next = 1;
    this.keys = 0;
  }

  /** Queue `body`; `done` is called when the receipt has come. */
  add(body, done = () => {}) {
    const request = { n: this.next++, key: ++this.keys, body, sent: false, everSent: false, done };
    this.queue.push(request);
    return request;
  }

  /** Return the next request to be sent on this connection, if there is one. */
  unsent() {
    return this.queue.find((request) => !request.sent);
  }

  /** Request `n` is done. */
  receipt(n) {
    const at = this.queue.findIndex((request) => request.n === n);
    if (at >= 0) this.queue.splice(at, 1)[0].done();
  }

  /**
   * The connection is back, and the server has done all up to `done`.
   *
   * If the events since then are sent again, so are their receipts; if not (`fresh`), what is
   * done is forgotten here. The others are sent again, numbered on from `done`.
   */
  resume(done, fresh) {
    const [old, open] = split(this.queue, (request) => request.n <= done);
    this.queue = fresh ? open : [...old, ...open];
    this.number(open, done + 1);
    if (fresh) old.forEach((request) => request.done());
  }

  /**
   * A new seat, with nothing done: numbers begin at 1. Return the requests given up.
   *
   * Kept is what may be sent twice (a nonce tells the server) or was never sent; who knows
   * whether the old server has done the others.
   */
  restart() {
    const speaks = (request) => request.body.do === "say" || request.body.do === "whisper";
    const safe = ({ body, everSent }) => !everSent || (body.do === "say" && isSpeech(body));
    const [kept, lost] = split(this.queue, (request) => speaks(request) && safe(request));
    this.queue = kept;
    this.number(kept, 1);
    return lost;
  }

  /** Put `bodies` before all others; for a seat on which nothing was sent yet. */
  addFirst(bodies, done = () => {}) {
    const first = bodies.map((body) => {
      const request = { key: ++this.keys, body, sent: false, everSent: false };
      request.done = () => done(body);
      return request;
    });
    this.queue = [...first, ...this.queue];
    this.number(this.queue, 1);
  }

  /** Give up the oldest request that was sent, and return it; the server cannot take it. */
  giveUp() {
    const at = this.queue.findIndex((request) => request.sent);
    return at < 0 ? undefined : this.queue.splice(at, 1)[0];
  }

  /** Return the speech that waits, for a store that outlives the page. */
  saved() {
    return this.queue
      .filter((request) => isSpeech(request.body))
      .map(({ n, body, everSent }) => ({ n, body, everSent }));
  }

  /** Take back what `saved` gave, before the page was loaded anew. */
  restore(saved) {
    for (const { n, body, everSent } of saved) {
      this.queue.push({ n, key: ++this.keys, body, sent: false, everSent, done: () => {} });
      this.next = Math.max(this.next, n + 1);
    }
  }

  number(requests, first) {
    requests.forEach((request, index) => {
      request.n = first + index;
      request.sent = false;
    });
    this.next = first + requests.length;
  }
}

function split(list, wanted) {
  return [list.filter(wanted), list.filter((each) => !wanted(each))];
}
