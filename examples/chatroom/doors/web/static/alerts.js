// Notifications of mentions and private lines while the page is hidden. Off until switched on; the
// browser's permission is requested only then.

import { byId, setText } from "./dom.js";
import { loadAlerts, saveAlerts } from "./storage.js";

const LONGEST = 140; // characters shown of a message
const INSECURE = "A browser notifies only for pages with https, or from this machine.";
const DENIED = "The browser does not allow it: its settings for this page can change that.";
const UNABLE = "This browser shows no notifications from a page; on a phone that is usual.";

export class Alerts {
  /** `open(key)` shows a conversation, when its notification is clicked. */
  constructor(open) {
    this.open = open;
    const { on = false, sound = false } = loadAlerts();
    this.switch = byId("alerts-on");
    this.sound = byId("alerts-sound");
    this.switch.checked = on && globalThis.Notification?.permission === "granted";
    this.sound.checked = sound;
    this.switch.addEventListener("change", () => this.#switched());
    this.sound.addEventListener("change", () => {
      if (this.sound.checked) this.#beep(); // a sample; and a page may play sounds only after a click
      this.#save();
    });
    byId("open-alerts").addEventListener("click", () => byId("alerts").showModal());
  }

  /** Notify of `event`, a message in the conversation with this `key`. */
  tell(key, { kind, sender, room, text }) {
    if (!this.switch.checked) return;
    if (this.sound.checked) this.#beep();
    const title = kind === "whispered" ? `${sender}, in private` : `${sender} in ${room}`;
    try {
      // One notification per conversation: the tag lets the next one replace it.
      const shown = new Notification(title, { body: text.slice(0, LONGEST), tag: key });
      shown.onclick = () => this.#chosen(shown, key);
    } catch {
      this.#off(UNABLE);
    }
  }

  #chosen(shown, key) {
    window.focus();
    this.open(key);
    shown.close();
  }

  async #switched() {
    setText(byId("alerts-said"), "");
    if (this.switch.checked) {
      const problem = await problemOf();
      if (problem) return this.#off(problem);
    }
    this.#save();
  }

  #off(why) {
    this.switch.checked = false;
    setText(byId("alerts-said"), why);
    this.#save();
  }

  #save() {
    saveAlerts({ on: this.switch.checked, sound: this.sound.checked });
  }

  #beep() {
    this.audio ??= new AudioContext();
    this.audio.resume();
    const [tone, volume] = [this.audio.createOscillator(), this.audio.createGain()];
    const now = this.audio.currentTime;
    tone.frequency.value = 660;
    volume.gain.setValueAtTime(0.1, now);
    volume.gain.exponentialRampToValueAtTime(0.001, now + 0.25);
    tone.connect(volume).connect(this.audio.destination);
    tone.start(now);
    tone.stop(now + 0.25);
  }
}

/** Request the permission; return why it is missing, or "". */
async function problemOf() {
  if (!isSecureContext || !globalThis.Notification) return INSECURE;
  if (Notification.permission === "granted") return "";
  return (await Notification.requestPermission()) === "granted" ? "" : DENIED;
}
