"""What a person sees of a page: scripts that ask the browser for what is really on its screen.

A text that is in the document may be scrolled away, cut off by a scroller's edge or lie under
something else. These scripts ask at each point what a click there would meet.
"""

from __future__ import annotations

# By how many pixels the document is wider and higher than the window; scrollbars take their part.
DOCUMENT_OVERFLOW = """
const {scrollWidth, clientWidth, scrollHeight, clientHeight} = document.scrollingElement;
return [scrollWidth - clientWidth, scrollHeight - clientHeight];
"""

# What a click at a point meets belongs to the element; a label's click is met by its field.
_MEETS = """
const inside = (x, y) => x >= 0 && y >= 0 && x < innerWidth && y < innerHeight;
const meets = (element, x, y) =>
  inside(x, y) && element.contains(document.elementFromPoint(x, y));
"""

# The middle of each edge, since the corners may be round, and the centre.
IN_VIEWPORT = (
    _MEETS
    + """
const element = typeof arguments[0] === 'string'
  ? document.querySelector(arguments[0]) : arguments[0];
const points = ({left, right, top, bottom}) => {
  const [x, y] = [(left + right) / 2, (top + bottom) / 2];
  return [[x, y], [left + 1, y], [right - 1, y], [x, top + 1], [x, bottom - 1]];
};
const boxes = [...element?.getClientRects() ?? []].filter((box) => box.width && box.height);
return boxes.length > 0
  && element.checkVisibility({opacityProperty: true, visibilityProperty: true})
  && boxes.every((box) => points(box).every(([x, y]) => meets(element, x, y)));
"""
)

# Word by word, in the document's order; of a field what is written in it, or its placeholder.
VISIBLE_WORDS = (
    _MEETS
    + """
const seen = [];
const range = document.createRange();
const look = (element, box, word) => {
  if (meets(element, (box.left + box.right) / 2, (box.top + box.bottom) / 2)) seen.push(word);
};
const near = ({left, right, top, bottom}) =>
  right > 0 && bottom > 0 && left < innerWidth && top < innerHeight;
const read = (text) => {
  const element = text.parentElement;
  range.selectNodeContents(text);
  if (!near(range.getBoundingClientRect())) return;
  if (!element.checkVisibility({opacityProperty: true, visibilityProperty: true})) return;
  for (const {0: word, index} of text.data.matchAll(/\\S+/g)) {
    range.setStart(text, index);
    range.setEnd(text, index + word.length);
    look(element, range.getBoundingClientRect(), word);
  }
};
const readField = (field) => {
  const text = field.type === 'password' ? '' : field.value || field.placeholder;
  for (const word of text.split(/\\s+/)) if (word) look(field, field.getBoundingClientRect(), word);
};
const walker = document.createTreeWalker(
  arguments[0] ? document.querySelector(arguments[0]) : document.body,
  NodeFilter.SHOW_TEXT | NodeFilter.SHOW_ELEMENT);
for (let node = walker.currentNode; node; node = walker.nextNode()) {
  if (node.nodeType === Node.TEXT_NODE) read(node);
  else if (node.matches('textarea, input:not([type=checkbox], [type=radio])')) readField(node);
}
return seen;
"""
)
