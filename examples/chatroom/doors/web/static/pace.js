// The rate limit of this page's requests. Pure: times are passed in.

/**
 * A token bucket slightly smaller than the server's (20 lines at once, 2 a second): the server drops
 * lines that exceed its own, so a long paste or a full queue waits here.
 */
export class Pace {
  constructor(burst = 15, rate = 1.8) {
    this.burst = burst;
    this.rate = rate;
    this.tokens = burst;
    this.filled = 0;
  }

  /** Take one token at `now` (milliseconds); return how long to wait, 0 if it was taken. */
  take(now) {
    const gained = Math.max(0, (now - this.filled) / 1000) * this.rate;
    this.tokens = Math.min(this.burst, this.tokens + gained);
    this.filled = now;
    if (this.tokens < 1) return Math.ceil(((1 - this.tokens) / this.rate) * 1000);
    this.tokens -= 1;
    return 0;
  }
}
