// Creating elements. Texts enter the page here, and only as text.

/** Return a new element; `attributes` with a value of null, undefined or false are left out. */
export function make(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (name === "onclick") element.addEventListener("click", value);
    else if (value !== null && value !== undefined && value !== false) {
      element.setAttribute(name, value === true ? "" : value);
    }
  }
  element.append(...children);
  return element;
}

/** Return the element of the page with this id. */
export const byId = (id) => document.getElementById(id);

/** Return an icon of those that index.html defines. */
export function icon(name) {
  const SVG = "http://www.w3.org/2000/svg";
  const image = document.createElementNS(SVG, "svg");
  image.setAttribute("class", "icon");
  image.setAttribute("aria-hidden", "true");
  const use = document.createElementNS(SVG, "use");
  use.setAttribute("href", `#icon-${name}`);
  image.append(use);
  return image;
}

/** Set an element's text, unless it is unchanged: screen readers announce every change. */
export function setText(element, text) {
  if (element.textContent !== text) element.textContent = text;
}

/** Focus the message field; not on a touch screen, where the keyboard would cover half of it. */
export function toLine() {
  if (matchMedia("(pointer: coarse)").matches) return;
  const line = byId("line");
  line.blur(); // after a dialog Chromium restores the focus without a caret position
  line.focus();
}
