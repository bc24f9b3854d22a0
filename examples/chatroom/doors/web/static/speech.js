// The meaning of a typed line in the open conversation.

/** Commands about a room: in a private conversation they would apply to another room. */
const OF_ROOMS = /^\/(me|topic|look|leave|history|search|lock|unlock)\b/i;

/** Send one line, as a message or as a command, to the open conversation. */
export function speak(text, { chat, ask, join, joining, keys, panels, search, log }) {
  if (!/^\/quit\b/.test(text) && joining.hold(text)) return;
  const { current } = chat;
  const [word, first, ...rest] = text.split(/\s+/u);
  if (word === "/history" && current && !current.isPrivate) return log.back();
  log.toEnd();
  if (word === "/lock" && first && current) keys.set(current.name.toLowerCase(), first);
  if (word === "/join" && first) join(first.replace(/^#/, ""), rest.join(" "));
  else if (current?.isPrivate) whisper(text, chat, ask);
  else if (word === "/search" && first) {
    panels.open("search");
    search.start(text.slice("/search".length).trim());
  } else ask({ do: "say", room: current?.name ?? "", text });
}

function whisper(text, chat, ask) {
  const to = chat.current.name;
  if (OF_ROOMS.test(text)) chat.tell("That is about a room: open the room first.");
  else if (text.startsWith("//")) ask({ do: "whisper", to, text: text.slice(1) });
  else if (text.startsWith("/")) ask({ do: "say", room: "", text });
  else ask({ do: "whisper", to, text });
}
