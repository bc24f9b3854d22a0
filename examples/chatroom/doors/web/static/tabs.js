// The tabs of one browser: tabs that had the same seat send each other its new token.

export class Tabs {
  /** `adopt(before, token)` is called when another tab has received `token` in place of `before`. */
  constructor(adopt) {
    this.channel = new BroadcastChannel("chat-seat"); // received by pages of this origin only
    this.channel.onmessage = ({ data }) => adopt(data.before, data.token);
  }

  tell(before, token) {
    if (before !== token) this.channel.postMessage({ before, token });
  }
}
