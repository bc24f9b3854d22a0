// The message field: sending, recalling, completing.

import { commandsFor, completionsOf } from "./complete.js";
import { byId, make, setText } from "./dom.js";

const REMEMBERED = 50; // lines for the Up key
const LONGEST = 1024; // bytes that the server accepts in a line
const SOON_FULL = 900;
const SUGGESTED = 6; // names after "@"
const SECRET = /^\/(oper|lock|join\s+\S+)\s+\S/i; // contains a password: not to be shown again

export class Input {
  /**
   * `send(text)` is called for each line; `names()` returns the names that Tab completes, `operator()`
   * whether it completes the commands of operators.
   */
  constructor(send, names, operator) {
    Object.assign(this, { send, names, operator });
    this.field = byId("line");
    this.hint = byId("hint");
    this.sent = [];
    this.recalled = 0; // how many lines back; 0 is the line being written
    this.written = "";
    this.completion = null;
    this.field.addEventListener("keydown", (event) => this.#key(event));
    this.field.addEventListener("input", () => this.#changed());
    byId("composer").addEventListener("submit", (event) => {
      event.preventDefault();
      this.submit();
    });
  }

  /** Show another conversation's draft; return the present one. */
  swap(draft) {
    const old = this.field.value;
    this.#put(draft);
    this.recalled = 0;
    return old;
  }

  /**
   * Send the content, each line as a message of its own.
   *
   * Only a single line can be a command: a pasted text whose third line is "/quit" is text.
   */
  submit() {
    const lines = this.field.value.split("\n").map((each) => each.trimEnd()).filter(Boolean);
    const long = lines.find((line) => bytesOf(line) > LONGEST);
    if (long || !lines.length) return this.#changed();
    if (lines.length === 1) this.send(lines[0]);
    else lines.forEach((line) => this.send(line.startsWith("/") ? `/${line}` : line));
    this.#remember(this.field.value.trimEnd());
    this.#put("");
    this.field.focus();
  }

  #remember(text) {
    if (!SECRET.test(text)) this.sent.push(text);
    if (this.sent.length > REMEMBERED) this.sent.shift();
    this.recalled = 0;
  }

  #key(event) {
    // 229: Safari has ended the composition before it reports the Enter that commits it.
    if (event.isComposing || event.keyCode === 229) return;
    if (event.ctrlKey || event.altKey || event.metaKey) return;
    const act = KEYS.get(event.key);
    if (event.key !== "Tab" && event.key !== "Shift") this.completion = null;
    if (act?.(this, event)) event.preventDefault();
  }

  complete(backwards) {
    const { field } = this;
    if (!this.completion) {
      if (backwards || field.selectionStart !== field.selectionEnd) return false;
      const found = this.#completions();
      if (!found.options.length) return false;
      this.completion = { ...found, at: -1, end: field.selectionStart };
    }
    return this.#next(this.completion, backwards ? -1 : 1);
  }

  #completions() {
    const { field } = this;
    const commands = commandsFor(this.operator());
    return completionsOf(field.value, field.selectionStart, this.names(), commands);
  }

  // After the last option Tab moves on, as everywhere: the focus must not be trapped in the field.
  #next(completion, step) {
    const count = completion.options.length;
    completion.at += step;
    if (completion.at < 0 || completion.at >= count) return false;
    const option = completion.options[completion.at];
    this.field.setRangeText(option, completion.start, completion.end, "end");
    completion.end = completion.start + option.length;
    this.#changed();
    if (count > 1) setText(this.hint, `${completion.at + 1} of ${count}: ${option.trim()}`);
    return true;
  }

  recall(step) {
    const { field } = this;
    const first = !field.value.slice(0, field.selectionStart).includes("\n");
    const last = !field.value.slice(field.selectionEnd).includes("\n");
    if (step > 0 ? !first : !last) return false;
    const wanted = this.recalled + step;
    if (wanted < 0 || wanted > this.sent.length) return false;
    if (this.recalled === 0) this.written = field.value;
    this.recalled = wanted;
    this.#put(wanted ? this.sent.at(-wanted) : this.written);
    return true;
  }

  // The frame around it is held meanwhile: a log that grew for a moment would lose its scroll position.
  #fit({ style, parentElement: frame }) {
    frame.style.setProperty("min-height", `${frame.offsetHeight}px`);
    style.setProperty("height", "auto");
    style.setProperty("height", `${this.field.scrollHeight}px`);
    frame.style.removeProperty("min-height");
  }

  #put(text) {
    this.field.value = text;
    this.completion = null;
    this.#changed();
  }

  #changed() {
    const { field } = this;
    this.#fit(field);
    const longest = Math.max(...field.value.split("\n").map(bytesOf));
    const over = longest > LONGEST;
    const room = LONGEST - longest;
    this.hint.classList.toggle("wrong", over);
    if (over) setText(this.hint, `Too long by ${-room} bytes: a line has ${LONGEST} at most.`);
    else if (longest > SOON_FULL) setText(this.hint, `${room} bytes left in this line`);
    else this.#suggest();
  }

  // After "@", the matching names: to choose from where there is no Tab key.
  #suggest() {
    const { start, options } = this.#completions();
    const names = this.field.value[start] === "@" ? options.slice(0, SUGGESTED) : [];
    const state = names.join("");
    if (state === this.hint.textContent) return;
    this.hint.replaceChildren(...names.map((name) => {
      const onclick = () => this.#take(start, name);
      return make("button", { type: "button", class: "suggestion", onclick }, name);
    }));
  }

  #take(start, name) {
    this.field.setRangeText(name, start, this.field.selectionStart, "end");
    this.#changed();
    this.field.focus();
  }
}

const KEYS = new Map([
  ["Enter", (input, event) => !event.shiftKey && (input.submit(), true)],
  ["Tab", (input, event) => input.complete(event.shiftKey)],
  ["ArrowUp", (input, event) => !event.shiftKey && input.recall(1)],
  ["ArrowDown", (input, event) => !event.shiftKey && input.recall(-1)],
]);

function bytesOf(text) {
  return new TextEncoder().encode(text).length;
}
