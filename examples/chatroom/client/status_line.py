"""The two lines around the talk: the room's topic above, the state of the client below.

Rule of this file: pure; from the state to text that fits the width.
"""

from __future__ import annotations

from .chat import Chat
from .drawing import certain, fitted, width_of
from .talk import State

GAP = "  "
MORE = "\N{HORIZONTAL ELLIPSIS}"


def status_line(chat: Chat, state: State, waiting: int, below: int, columns: int) -> str:
    """Return the room, its people, the connection and the pending lines; more if there is space.

    Args:
        chat: The client's state.
        state: The state of the conversation.
        waiting: Lines typed and not sent.
        below: Rows below the visible ones.
        columns: The width.
    """
    room = chat.active
    parts = []
    if room.name:
        people = len(room.people)
        parts.append(f"#{room.name}")
        parts.append(f"{people} {'person' if people == 1 else 'people'}")
    numbers = [f"{waiting} to send"] * bool(waiting) + [f"{below} below"] * bool(below)
    # Unusual facts come first: a narrow window cuts off the rest.
    usual = state is State.ONLINE
    parts += [*numbers, state.value] if usual else [state.value, *numbers]
    parts += _elsewhere(chat)
    return cut(certain(" " + GAP.join(parts)), columns)


def topic_line(chat: Chat, columns: int) -> str:
    """Return the topic of the room; empty if it has none."""
    return cut(certain(f" {chat.active.topic}"), columns) if chat.active.topic else ""


def cut(text: str, columns: int) -> str:
    """Return `text`, shortened with an ellipsis if it is too wide."""
    return text if width_of(text) <= columns else fitted(text, columns - 1) + MORE


def _elsewhere(chat: Chat) -> list[str]:
    """Return the other rooms, each with its digit key and its number of unread lines."""
    found = []
    for number, room in enumerate(chat.rooms.values(), 1):
        if room is not chat.active:
            unread = f" ({room.unread}{'!' if room.mentioned else ''})" if room.unread else ""
            found.append(f"{number} {room.name}{unread}")
    return found
