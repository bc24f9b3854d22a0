// What a typed line means in the open conversation.

/** Commands that are about a room: in a private conversation they would hit some other one. */
const OF_ROOMS = /^\/(me|topic|look|leave|history|lock|unlock|kick|invite)\b/i;

/** Send one line, as speech or as a command, to where one is. */
export function speak(text, { chat, ask, join, panels, search, log }) {
  const { current } = chat;
  const [word, first, ...rest] = text.split(/\s+/u);
  log.toEnd();
  if (word === "/join" && first) join(first.replace(/^#/, ""), rest.join(" "));
  else if (word === "/search" && first) {
    panels.toggle("search");
    search.start(text.slice("/search".length).trim());
  } else if (current?.isPrivate) whisper(text, chat, ask);
  else ask({ do: "say", room: current?.name ?? "", text });
}

function whisper(text, chat, ask) {
  const to = chat.current.name;
  if (OF_ROOMS.test(text)) chat.tell("That is about a room: open the room first.");
  else if (text.startsWith("//")) ask({ do: "whisper", to, text: text.slice(1) });
  else if (text.startsWith("/")) ask({ do: "say", room: "", text });
  else ask({ do: "whisper", to, text });
}
