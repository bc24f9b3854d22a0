// Where the words of a search occur in a text, and an extract of the text around them. Pure.

const LETTER = /[\p{L}\p{N}]/u;
const UNSPACED = /[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff]/u;
const CONTEXT = 40; // characters shown before the first word found

/** Return [start, end] pairs of the words of `query` in `text`: any case, with or without accents. */
export function matchesIn(text, query) {
  const { folded, places } = fold(text);
  const words = fold(query).folded.split(/[^\p{L}\p{N}]+/u).filter(Boolean);
  const found = words.flatMap((word) => occurrences(folded, word));
  return joined(found.map(([start, end]) => [places[start], places[end]]));
}

/**
 * Return `text` as [{text, marked}], at most about `most` characters of it, around the first match.
 */
export function excerptOf(text, query, most) {
  const matches = matchesIn(text, query);
  const [from, to] = cutOf(text, matches[0]?.[0] ?? 0, most);
  const pieces = [{ text: from ? "…" : "", marked: false }];
  let at = from;
  for (const [start, end] of matches.filter((each) => each[0] >= from && each[1] <= to)) {
    pieces.push({ text: text.slice(at, start), marked: false });
    pieces.push({ text: text.slice(start, end), marked: true });
    at = end;
  }
  pieces.push({ text: text.slice(at, to) + (to < text.length ? "…" : ""), marked: false });
  return pieces.filter((piece) => piece.text);
}

function cutOf(text, first, most) {
  if (text.length <= most) return [0, text.length];
  const wanted = Math.max(0, Math.min(first - CONTEXT, text.length - most));
  const space = text.indexOf(" ", wanted) + 1; // begin with a whole word, if there is one
  const from = wanted === 0 ? 0 : space && space <= first ? space : whole(text, wanted);
  return [from, whole(text, Math.min(text.length, from + most))];
}

// Do not split a character that takes two units.
function whole(text, at) {
  return /[\udc00-\udfff]/.test(text[at] ?? "") ? at - 1 : at;
}

// Each unit of `folded` comes from the unit of the text with the index in `places`.
function fold(text) {
  const places = [];
  let folded = "";
  let at = 0;
  for (const char of text) {
    const plain = char.normalize("NFD").replace(/\p{M}/gu, "").toLowerCase();
    for (let count = 0; count < plain.length; count += 1) places.push(at);
    folded += plain;
    at += char.length;
  }
  return { folded, places: [...places, at] };
}

// Beginnings of words, as in the history's index; a history in memory finds any part of a word.
function occurrences(text, word) {
  const all = [];
  for (let at = text.indexOf(word); at >= 0; at = text.indexOf(word, at + 1)) {
    all.push([at, at + word.length]);
  }
  const begins = all.filter(([at]) => at === 0 || UNSPACED.test(word) || !LETTER.test(text[at - 1]));
  return begins.length ? begins : all;
}

function joined(pairs) {
  const whole = [];
  for (const [start, end] of pairs.sort((one, other) => one[0] - other[0])) {
    const last = whole.at(-1);
    if (last && start <= last[1]) last[1] = Math.max(last[1], end);
    else whole.push([start, end]);
  }
  return whole;
}
