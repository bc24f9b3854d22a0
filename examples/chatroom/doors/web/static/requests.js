// Requests to the server that are not confirmed yet: numbered, in order. Pure; no socket.

/** Return whether a request is a message, which may be shown while pending and kept over a reload. */
export function isSpeech(body) {
  if (body.do === "whisper") return true;
  return body.do === "say" && (!body.text.startsWith("/") || /^\/(\/|me )/.test(body.text));
}

/**
 * The queue. A request stays in it until its receipt arrives; numbers grow without gaps, so the
 * server can recognise a request that it has already handled, and sending it again is harmless.
 */
export class Requests {
  constructor() {
    this.queue = []; // {n, key, body, sent, done}
    this.next = 1;
    this.keys = 0;
  }

  /** Queue `body`; `done` is called when the receipt arrives. */
  add(body, done = () => {}) {
    const request = { n: this.next++, key: ++this.keys, body, sent: false, everSent: false, done };
    this.queue.push(request);
    return request;
  }

  /** Return the next request to be sent on this connection, if there is one. */
  unsent() {
    return this.queue.find((request) => !request.sent);
  }

  /** Mark request `n` as done. */
  receipt(n) {
    const at = this.queue.findIndex((request) => request.n === n);
    if (at >= 0) this.queue.splice(at, 1)[0].done();
  }

  /**
   * Continue on a new connection; the server has handled all requests up to `done`.
   *
   * If the events since then are sent again, so are their receipts; if not (`fresh`), the handled
   * requests are dropped here. The others are sent again, numbered from `done` on.
   */
  resume(done, fresh) {
    const [old, open] = split(this.queue, (request) => request.n <= done);
    this.queue = fresh ? open : [...old, ...open];
    this.number(open, done + 1);
    if (fresh) old.forEach((request) => request.done());
  }

  /**
   * Begin with a new seat: numbers begin at 1. Return the requests that were given up.
   *
   * A request is kept if it may be sent twice (a nonce identifies it) or was never sent;
   * the old server may have handled the others.
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

  /** Remove and return the oldest sent request, which the server cannot handle. */
  giveUp() {
    const at = this.queue.findIndex((request) => request.sent);
    return at < 0 ? undefined : this.queue.splice(at, 1)[0];
  }

  /** Return the pending messages, for a store that survives the page. */
  saved() {
    return this.queue
      .filter((request) => isSpeech(request.body))
      .map(({ n, body, everSent }) => ({ n, body, everSent }));
  }

  /** Restore what `saved` returned before the page was reloaded. */
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
