// Draws one picture. Everything that comes from the loop is set as text.

import { drawRows, drawSteps } from "./rows.js";

const byId = (id) => document.getElementById(id);
const stages = new Map([...document.querySelectorAll("[data-stage]")].map((li) => [li.dataset.stage, li]));
let last = null; // passes, and the time of the picture
let rate = null;

export function draw(picture) {
  drawStages(picture);
  drawFigures(picture);
  drawRows(picture);
  drawList("timers", picture.timers, (timer) => [timer.name, `in ${timer.left.toFixed(1)} s`], "none");
  drawList("callbacks", picture.callbacks, (name) => [name], "none");
  drawSteps(picture.log);
}

function drawStages(picture) {
  const held = picture.mode !== "run";
  for (const [name, li] of stages) {
    const { times, seconds } = picture.stages[name];
    const share = picture.span > 0 ? Math.min(1, seconds / picture.span) : 0;
    li.classList.toggle("on", held ? name === picture.stage : times > 0 || name === picture.stage);
    li.style.setProperty("--heat", held ? 0 : Math.sqrt(share).toFixed(2));
    li.toggleAttribute("aria-current", held && name === picture.stage);
    setText(li.querySelector(".share"), held ? "" : `${percent(share)} of the time`);
  }
  setText(byId("passes"), picture.passes.toLocaleString("en"));
  setText(byId("now"), held ? sentence(picture) : "");
}

function sentence({ stage, row, doing, rows }) {
  if (!stage) return "between two passes";
  const owner = rows.find((each) => each.number === row);
  if (owner) return `${stage}: ${owner.kind} on fd ${owner.fd}, ${doing}`;
  return doing ? `${stage}: ${doing}` : stage;
}

function drawFigures(picture) {
  const now = performance.now() / 1000;
  if (last !== null && now > last.time) {
    const latest = Math.max(0, picture.passes - last.passes) / (now - last.time);
    rate = rate === null ? latest : rate * 0.8 + latest * 0.2;
  }
  last = { passes: picture.passes, time: now };
  setText(byId("rate"), rate === null ? "–" : rate < 10 ? rate.toFixed(1) : Math.round(rate));
  setText(byId("channels"), picture.channels);
  setText(byId("dirty"), picture.dirty);
  setText(byId("timer-count"), picture.timer_count);
  setText(byId("queued"), `${picture.queued.toLocaleString("en")} B`);
}

function percent(share) {
  if (share > 0 && share < 0.01) return "under 1 %";
  return `${Math.round(share * 100)} %`;
}

function drawList(id, items, describe, none) {
  const list = byId(id);
  const texts = items.length ? items.map(describe) : [[none]];
  while (list.children.length > texts.length) list.lastElementChild.remove();
  while (list.children.length < texts.length) list.append(document.createElement("li"));
  texts.forEach(([text, note], index) => {
    const li = list.children[index];
    li.className = items.length ? "" : "none";
    const wanted = note === undefined ? text : `${text}\n${note}`;
    if (li.dataset.shown === wanted) return;
    li.dataset.shown = wanted;
    li.replaceChildren(text);
    if (note !== undefined) {
      const span = document.createElement("span");
      span.textContent = note;
      li.append(span);
    }
  });
}

export function setText(element, text) {
  const wanted = String(text);
  if (element.textContent !== wanted) element.textContent = wanted;
}
