// Plays the recorded runs of the book: each <div class="loop-player" data-run="NAME"> gets one.
// The recording is in the page, in a <script type="application/json"> that docs/conf.py adds, so a
// page that was opened as a file plays too. Without this script the list of steps is there.

(function () {
  "use strict";

  const { element, lanes, grid, legend, placeOf, NAMES } = globalThis.Lanes;
  const PACE = 1400; // milliseconds of a step while it plays
  const STAGES = ["refresh", "wait", "deliver", "timers", "callbacks"];
  const CHANNELS = [
    ["fd", "descriptor"], ["channel", "the object's class, and whose connection it is"],
    ["interest", "the channel's last answer: what the loop has noted"],
    ["epoll", "what the kernel watches for"], ["dirty", "it is asked in the next refresh"],
    ["queued", "bytes in the channel's queue", "number"],
    ["arrived", "bytes that the kernel has for it, or connections that wait", "number"],
    ["leaving", "bytes that the kernel has not got rid of yet", "number"],
  ];

  // -- one run: lanes, source, state ---------------------------------------------------------------

  function view(run, label) {
    const table = lanes(`${label}: the steps so far`);
    const stages = element("ol", { class: "player-stages", "aria-label": "Stages of the pass" });
    for (const name of STAGES) stages.append(element("li", { "data-stage": name, text: name }));
    const source = element("div", { class: "player-source" });
    const channels = grid(`${label}: channels`, CHANNELS);
    const queues = element("dl", { class: "player-queues" });
    const end = element("p", { class: "player-end", text: run.end, hidden: true });
    run.steps.forEach(([lane, text, stage, number], at) => {
      table.add({ lane, text, stage, number, index: at + 1 });
    });
    const box = element(
      "section", { class: "player-view", "aria-label": label },
      element("h4", { text: label }), stages, table.element, end,
      element("div", { class: "player-beside" },
        element("div", { class: "player-code" }, element("h5", { text: "The line" }), source),
        element("div", { class: "player-state" }, element("h5", { text: "Channels and queues" }), channels.element, queues)),
    );

    function show(index) {
      const last = run.steps.length - 1;
      const at = Math.min(index, last);
      const [, , stage, , , lit, state] = run.steps[at];
      table.show(at);
      for (const item of stages.children) {
        const on = item.dataset.stage === stage;
        item.classList.toggle("on", on);
        item.toggleAttribute("aria-current", on);
      }
      drawSource(source, run, lit);
      drawState(channels, queues, run.states[state]);
      end.hidden = !run.end || index < last;
    }

    return { element: box, show, stages, rows: table.rows };
  }

  // The calls that led to the line, then the line with its neighbours.
  function drawSource(box, run, lit) {
    box.replaceChildren();
    if (!lit.length) {
      box.append(element("p", { class: "player-none", text: "No line of the loop: this comes from outside." }));
      return;
    }
    const calls = element("ol", { class: "player-calls", "aria-label": "Calls, outermost first" });
    for (const each of lit) {
      const [file, line, name] = run.lines[each];
      calls.append(element("li", {}, `${name.split(".").pop()} `, element("span", { text: `${short(file)}:${line}` })));
    }
    const [file, line] = run.lines[lit[lit.length - 1]];
    const code = element("code");
    for (const [number, text] of around(run.source[file], line)) {
      const now = number === line;
      code.append(element(now ? "mark" : "span", { class: "player-line" }, `${String(number).padStart(4)}  ${text}\n`));
    }
    box.append(calls, element("pre", { tabindex: "0", "aria-label": `${file}, line ${line} is marked` }, code));
  }

  function around(texts, line) {
    const found = [];
    for (let number = line - 3; number <= line + 3; number += 1) {
      if (texts[number] !== undefined) found.push([number, texts[number]]);
    }
    return found;
  }

  function short(file) {
    return file.split("/").slice(-1)[0];
  }

  function drawState(channels, queues, state) {
    channels.draw((state.channels ?? []).map((row) => {
      const [fd, kind, who, interest, watched, dirty, queued, arrived, leaving] = row;
      return {
        key: `${fd} ${kind}`,
        cells: [fd, who ? `${kind} (${who})` : kind, interest, watched, dirty ? "yes" : "", count(queued), count(arrived), count(leaving)],
      };
    }));
    channels.element.hidden = !(state.channels ?? []).length;
    const parts = [
      ["to flush", state.flush], ["dirty", state.dirty], ["callbacks", state.callbacks],
      ["timers", state.timers?.map(([name, left]) => `${name} in ${left} s`)],
      ["peers", state.peers?.map(([name, got, unsent]) => `${name} has read ${count(got) || 0} bytes${unsent ? `, and sent ${count(unsent)} that are on the way` : ""}`)],
    ];
    queues.replaceChildren();
    for (const [name, items] of parts) {
      if (items === undefined) continue;
      queues.append(element("div", {}, element("dt", { text: name }), element("dd", { text: items.join(", ") || "none" })));
    }
  }

  function count(value) {
    if (typeof value === "string") return value;
    return value ? value.toLocaleString("en") : "";
  }

  // -- the player: one run, or the two side by side --------------------------------------------------

  function player(place, recording) {
    const right = view(recording.right, "As it is");
    const broken = recording.broken ? view(recording.broken, "Without this line") : null;
    const parting = broken ? firstDifference(recording) : -1;
    const said = element("p", { class: "player-said", role: "status", "aria-live": "polite" });
    const where = element("output", { class: "player-where" });
    const slider = element("input", { type: "range", min: "1", value: "1", "aria-label": "Step" });
    const views = element("div", { class: "player-views" }, right.element);
    const buttons = {
      first: button("|◀", "First step"), back: button("◀", "One step back"),
      play: button("▶ Play", "Play"), next: button("▶", "One step forward"), last: button("▶|", "Last step"),
    };
    const bar = element("div", { class: "player-bar" }, ...Object.values(buttons), where, slider);
    const root = element(
      "div", { class: "player lanes-colours", role: "group", tabindex: "0", "aria-label": `Player: ${recording.title}` },
      bar, said, views, legend(),
      element("p", { class: "player-keys", text: "Keys: → next, ← back, Home first, End last, Space plays and stops." }),
    );
    const change = broken ? twin(recording, root, bar, said) : null;
    let at = 0;
    let timer = null;

    function both() {
      return Boolean(change && change.box.checked);
    }

    function total() {
      const own = recording.right.steps.length;
      return both() ? Math.max(own, recording.broken.steps.length) : own;
    }

    function go(index) {
      at = Math.max(0, Math.min(index, total() - 1));
      right.show(at);
      if (both()) broken.show(at);
      slider.max = total();
      slider.value = at + 1;
      slider.setAttribute("aria-valuetext", `step ${at + 1} of ${total()}`);
      where.textContent = `step ${at + 1} of ${total()}`;
      said.textContent = sentence();
      buttons.first.disabled = buttons.back.disabled = at === 0;
      buttons.next.disabled = buttons.last.disabled = at === total() - 1;
      if (timer && at === total() - 1) stop();
    }

    function sentence() {
      const mine = `${at + 1}. ${says(recording.right, at)}`;
      if (!both() || at < parting) return mine;
      return `${mine}. Without this line: ${says(recording.broken, at)}`;
    }

    function stop() {
      clearInterval(timer);
      timer = null;
      buttons.play.textContent = "▶ Play";
      buttons.play.setAttribute("aria-label", "Play");
    }

    function toggle() {
      if (timer) {
        stop();
        return;
      }
      if (at === total() - 1) go(0);
      timer = setInterval(() => go(at + 1), PACE);
      buttons.play.textContent = "⏸ Stop";
      buttons.play.setAttribute("aria-label", "Stop");
    }

    function move(index) {
      if (timer) stop();
      go(index);
    }

    const keys = {
      ArrowRight: () => move(at + 1), ArrowLeft: () => move(at - 1), Home: () => move(0),
      End: () => move(total() - 1), " ": toggle,
    };
    root.addEventListener("keydown", (event) => {
      if (event.ctrlKey || event.altKey || event.metaKey || !(event.key in keys)) return;
      if (event.key === " " ? event.target.matches("button, input") : event.target === slider) return;
      event.preventDefault();
      keys[event.key]();
    });
    buttons.first.addEventListener("click", () => move(0));
    buttons.back.addEventListener("click", () => move(at - 1));
    buttons.next.addEventListener("click", () => move(at + 1));
    buttons.last.addEventListener("click", () => move(total() - 1));
    buttons.play.addEventListener("click", toggle);
    slider.addEventListener("input", () => move(Number(slider.value) - 1));
    for (const each of [right, broken].filter(Boolean)) {
      [...each.rows].forEach((row, index) => row.addEventListener("click", () => move(index)));
    }
    if (change) {
      change.box.addEventListener("change", () => {
        if (both()) views.append(broken.element);
        else broken.element.remove();
        views.classList.toggle("two", both());
        change.panel.hidden = !both();
        move(at);
      });
      change.part.textContent = `To where they part (step ${parting + 1})`;
      change.part.addEventListener("click", () => move(parting));
    }
    if (!recording.right.steps.some((step) => step[2])) {
      for (const each of [right, broken].filter(Boolean)) each.stages.remove();
    }
    place.replaceChildren(root);
    go(0);
  }

  // The switch, and the line that is taken away.
  function twin(recording, root, bar, before) {
    const box = element("input", { type: "checkbox" });
    bar.append(element("label", { class: "player-switch" }, box, " without this line"));
    const { file, old, new: gone, title } = recording.without;
    const lines = element("pre", { tabindex: "0", "aria-label": "The change" });
    for (const [sign, line] of difference(old, gone)) {
      lines.append(element(sign === "-" ? "del" : "ins", { text: `${sign} ${line}\n` }));
    }
    const part = button("", null);
    const panel = element(
      "div", { class: "player-change", hidden: true },
      element("p", {}, element("b", { text: `${file}: ` }), title), lines, part,
    );
    root.insertBefore(panel, before);
    return { box, panel, part };
  }

  // The lines that go and those that come; all of them where only their order changes.
  function difference(old, gone) {
    const [before, after] = [old, gone].map((text) => text.split("\n").filter((line) => line.trim()));
    let out = before.filter((line) => !after.includes(line));
    let into = after.filter((line) => !before.includes(line));
    if (!out.length && !into.length) [out, into] = [before, after];
    const indent = Math.min(...[...out, ...into].map((line) => line.search(/\S/)));
    return [...out.map((line) => ["-", line.slice(indent)]), ...into.map((line) => ["+", line.slice(indent)])];
  }

  function button(text, label) {
    return element("button", { type: "button", "aria-label": label, title: label, text });
  }

  function says(run, index) {
    const last = run.steps.length - 1;
    if (index > last) return run.end || "Nothing happens any more.";
    const [lane, text, stage, number] = run.steps[index];
    const place = placeOf({ stage, number });
    return `${place ? `${place}. ` : ""}${NAMES[lane]}: ${text}${index === last && run.end ? `. ${run.end}` : ""}`;
  }

  function firstDifference({ right, broken }) {
    const end = Math.min(right.steps.length, broken.steps.length);
    for (let at = 0; at < end; at += 1) {
      if (right.steps[at][0] !== broken.steps[at][0] || right.steps[at][1] !== broken.steps[at][1]) return at;
    }
    return end;
  }

  for (const place of document.querySelectorAll(".loop-player[data-run]")) {
    const data = document.getElementById(`run-${place.dataset.run}`);
    if (data) player(place, JSON.parse(data.textContent));
  }
})();
