// Completing names and commands. Pure.

export const COMMANDS = [
  "/ban", "/bans", "/forget", "/help", "/history", "/ignore", "/join", "/kick", "/leave", "/lock",
  "/look", "/me", "/msg", "/mute", "/nick", "/oper", "/quit", "/rooms", "/search", "/topic",
  "/unban", "/unlock", "/unmute", "/who",
];

/**
 * Return {start, options}: what the word before the caret could become, and where it begins.
 *
 * A name at the beginning of a line gets a colon, as one speaks to somebody.
 */
export function completionsOf(text, caret, names, commands = COMMANDS) {
  const line = text.lastIndexOf("\n", caret - 1) + 1;
  const start = Math.max(line, text.lastIndexOf(" ", caret - 1) + 1);
  const word = text.slice(start, caret).toLowerCase();
  if (!word) return { start, options: [] };
  const begins = (option) => option.toLowerCase().startsWith(word);
  if (word.startsWith("/") && start === 0) {
    return { start, options: commands.filter(begins).map((each) => `${each} `) };
  }
  const bare = word.startsWith("@") ? word.slice(1) : word;
  const found = names.filter((name) => bare && name.toLowerCase().startsWith(bare));
  return { start, options: found.map((name) => name + (start === line ? ": " : " ")) };
}
