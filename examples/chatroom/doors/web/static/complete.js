// Completing names and commands. Pure.

const COMMANDS = [
  "/help", "/history", "/ignore", "/join", "/leave", "/lock", "/look", "/me", "/msg", "/nick",
  "/oper", "/quit", "/rooms", "/search", "/topic", "/unlock", "/who",
];
const OPERATORS = ["/ban", "/bans", "/forget", "/kick", "/mute", "/unban", "/unmute"];

/** Return the commands that can be completed; those of operators only for an operator. */
export function commandsFor(operator) {
  return operator ? [...COMMANDS, ...OPERATORS].sort() : COMMANDS;
}

/**
 * Return {start, options}: the completions of the word before the caret, and where it begins.
 *
 * A name at the beginning of a line gets a colon, as in an address to a member; a name after
 * "@" keeps that sign, and "@" alone matches any name.
 */
export function completionsOf(text, caret, names, commands = COMMANDS) {
  const line = text.lastIndexOf("\n", caret - 1) + 1;
  const start = Math.max(line, text.lastIndexOf(" ", caret - 1) + 1);
  const word = text.slice(start, caret).toLowerCase();
  if (!word) return { start, options: [] };
  if (word.startsWith("/") && start === 0) {
    const begins = (option) => option.toLowerCase().startsWith(word);
    return { start, options: commands.filter(begins).map((each) => `${each} `) };
  }
  const sign = word.startsWith("@") ? "@" : "";
  const found = names.filter((name) => name.toLowerCase().startsWith(word.slice(sign.length)));
  const end = start === line && !sign ? ": " : " ";
  return { start, options: found.map((name) => sign + name + end) };
}
