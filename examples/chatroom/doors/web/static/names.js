// Names: the colour of a name, and whether a text mentions it. Pure functions.

const ORDER = new Intl.Collator();
const WORD = /[\p{L}\p{N}_]/u;

/** Return the hue (0 to 359 degrees) of a name: the same one on every screen and every day. */
export function hueOf(name) {
  let hash = 2166136261;
  for (const char of name.normalize("NFKC").toLowerCase()) {
    hash = Math.imul(hash ^ char.codePointAt(0), 16777619);
  }
  hash ^= hash >>> 15; // the low bits alone hardly differ between short names
  return (hash >>> 0) % 360;
}

/** Return the first visible character of a name, for its badge. */
export function initialOf(name) {
  return [...name][0]?.toUpperCase() ?? "?";
}

/** Return where `text` has `name` as a whole word, ignoring case: [start, end] pairs. */
export function mentionsIn(text, name) {
  const found = [];
  const wanted = name.toLowerCase();
  const lowered = text.toLowerCase();
  // Some letters change their length with their case; then positions would be wrong.
  if (!wanted || lowered.length !== text.length) return found;
  for (let at = lowered.indexOf(wanted); at >= 0; at = lowered.indexOf(wanted, at + 1)) {
    const end = at + wanted.length;
    if (!endsInWord(text.slice(0, at)) && !beginsWithWord(text.slice(end))) found.push([at, end]);
  }
  return found;
}

/** Return the names in alphabetical order, by the rules of the language. */
export function sortedNames(names) {
  return [...names].sort(ORDER.compare);
}

function endsInWord(text) {
  return WORD.test([...text.slice(-2)].at(-1) ?? "");
}

function beginsWithWord(text) {
  return WORD.test([...text.slice(0, 2)][0] ?? "");
}
