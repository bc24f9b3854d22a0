// The parts of a text: plain words, links, code, the reader's own name. Pure; nothing here is markup.

import { mentionsIn } from "./names.js";

const ADDRESS = /https?:\/\/[^\s<>"'`\\]+/giu;
const CODE = /`[^`]+`/gu;
const TRAILING = /[.,;:!?)\]}…]+$/u;

/**
 * Split `text` into pieces {type, text, href?}; joined, their texts are `text` again.
 *
 * What stands between two backticks is code, in which nothing else is looked for.  A link is only what the URL parser takes as http or https without a user name: with one,
 * "https://bank.example@evil.example" would lead elsewhere than it seems.
 */
export function piecesOf(text, me) {
  const pieces = [];
  let from = 0;
  for (const match of text.matchAll(CODE)) {
    pieces.push(...linksOf(text.slice(from, match.index), me));
    pieces.push({ type: "code", text: match[0] });
    from = match.index + match[0].length;
  }
  return [...pieces, ...linksOf(text.slice(from), me)];
}

function linksOf(text, me) {
  const pieces = [];
  let from = 0;
  for (const match of text.matchAll(ADDRESS)) {
    const address = match[0].replace(TRAILING, "");
    const href = hrefOf(address);
    if (!href) continue;
    pieces.push(...wordsOf(text.slice(from, match.index), me));
    pieces.push({ type: "link", text: address, href });
    from = match.index + address.length;
  }
  pieces.push(...wordsOf(text.slice(from), me));
  return pieces;
}

function hrefOf(address) {
  if (!URL.canParse(address)) return "";
  const url = new URL(address);
  const plain = url.protocol === "http:" || url.protocol === "https:";
  return plain && !url.username && !url.password && url.hostname ? url.href : "";
}

function wordsOf(text, me) {
  const pieces = [];
  let from = 0;
  for (const [start, end] of mentionsIn(text, me)) {
    if (start > from) pieces.push({ type: "text", text: text.slice(from, start) });
    pieces.push({ type: "mention", text: text.slice(start, end) });
    from = end;
  }
  if (from < text.length) pieces.push({ type: "text", text: text.slice(from) });
  return pieces;
}
