// How fast this page may ask. Pure: times are passed in.

/**
 * A bucket a little smaller than the server's (20 lines at once, 2 a second): a line that comes
 * too fast is dropped over there, so a long paste or a full queue waits over here.
 */
export class Pace {
  constructor(burst = 15, rate = 1.8) {
    this.burst = burst;
    this.rate = rate;
    this.tokens = burst;
    this.filled = 0;
  }

  /** Take one token at `now` (milliseconds); return how long to wait for it, 0 if it was had. */
  take(now) {
    const gained = Math.max(0, (now - this.filled) / 1000) * this.rate;
    this.tokens = Math.min(this.burst, this.tokens + gained);
    this.filled = now;
    if (this.tokens < 1) return Math.ceil(((1 - this.tokens) / this.rate) * 1000);
    this.tokens -= 1;
    return 0;
  }
}
