"""Completion of a partly typed word with Tab.

Rule of this file: pure functions on text, and the thin class that prompt_toolkit calls.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator

from prompt_toolkit.completion import CompleteEvent, Completer, Completion
from prompt_toolkit.document import Document

COMMANDS = (
    *("/ban", "/bans", "/forget", "/help", "/history", "/ignore", "/join", "/kick", "/leave"),
    *("/lock", "/look", "/me", "/msg", "/mute", "/nick", "/oper", "/quit", "/rooms", "/search"),
    *("/topic", "/unban", "/unlock", "/unmute", "/who"),
)
_OF_ROOMS = ("/join",)


def completions_of(
    line: str, names: Collection[str], rooms: Collection[str]
) -> tuple[int, list[str]]:
    """Return the possible completions of the last word of `line`, and the length of that word.

    A name at the beginning of a line gets a colon, as in an address to a member.
    """
    start = line.rfind(" ") + 1
    word = line[start:]
    if word.startswith("/") and not start:
        return len(word), [f"{each} " for each in _beginning(COMMANDS, word)]
    if line.split(" ", 1)[0] in _OF_ROOMS and line.count(" ") == 1:
        return len(word), [f"{each} " for each in _beginning(rooms, word)]
    bare = word.removeprefix("@")
    after = " " if start else ": "
    found = _beginning(names, bare) if bare or line.startswith("/") else []
    return len(word), [each + after for each in found]


def _beginning(options: Iterable[str], word: str) -> list[str]:
    found = [each for each in options if each.lower().startswith(word.lower())]
    return sorted(found, key=lambda each: (each.lower(), each))


class ChatCompleter(Completer):
    """Completes names, rooms and commands.

    Args:
        names: Returns the names of the people in the room.
        rooms: Returns the names of the known rooms.
    """

    def __init__(
        self, names: Callable[[], Collection[str]], rooms: Callable[[], Collection[str]]
    ) -> None:
        self._names = names
        self._rooms = rooms

    def get_completions(self, document: Document, event: CompleteEvent) -> Iterator[Completion]:
        """Yield the completions that prompt_toolkit shows."""
        line = document.current_line_before_cursor
        length, options = completions_of(line, self._names(), self._rooms())
        for option in options:
            yield Completion(option, start_position=-length, display=option.rstrip(" :"))
