// A person's appearance anywhere on the page: a coloured name, a badge with the initial.

import { make } from "./dom.js";
import { hueOf, initialOf } from "./names.js";

/** Return the name in its colour; isolated, so that it cannot reverse the text around it. */
export function nameTag(name) {
  return coloured(make("bdi", { class: "name" }, name), name);
}

/** Return the round badge of a name, which screen readers skip. */
export function badge(name) {
  return coloured(make("span", { class: "badge", "aria-hidden": "true" }, initialOf(name)), name);
}

function coloured(element, name) {
  element.style.setProperty("--hue", String(hueOf(name)));
  return element;
}
