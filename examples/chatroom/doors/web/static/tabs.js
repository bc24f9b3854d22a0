// The tabs of one browser: those that have had the same seat tell each other its new token.

export class Tabs {
  /** `adopt(before, token)` is called when another tab has got `token` for the one `before`. */
  constructor(adopt) {
    this.channel = new BroadcastChannel("chat-seat"); // heard by pages of this origin alone
    this.channel.onmessage = ({ data }) => adopt(data.before, data.token);
  }

  tell(before, token) {
    if (before !== token) this.channel.postMessage({ before, token });
  }
}
