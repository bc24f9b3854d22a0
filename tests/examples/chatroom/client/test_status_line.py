from __future__ import annotations

import pytest

pytest.importorskip("prompt_toolkit", reason="the client's screen needs prompt_toolkit")

from examples.chatroom.client.chat import Chat
from examples.chatroom.client.drawing import width_of
from examples.chatroom.client.status_line import status_line, topic_line
from examples.chatroom.client.talk import State


def chat() -> Chat:
    found = Chat()
    for name in ("lobby", "dev"):
        found.handle(
            {"kind": "room", "room": name, "topic": "漢字 topic", "people": [{"name": "a"}]}
        )
    found.go("lobby")
    found.rooms["dev"].unread, found.rooms["dev"].mentioned = 3, True
    return found


def test_everything_at_a_glance() -> None:
    line = status_line(chat(), State.ONLINE, 7, 12, 80)
    assert line == " #lobby  1 person  7 to send  12 below  connected  2 dev (3!)"
    assert status_line(Chat(), State.CONNECTING, 0, 0, 80) == " connecting"


def test_a_lost_connection_is_seen_in_a_narrow_window_too() -> None:
    line = status_line(chat(), State.LOST, 7, 12, 40)
    assert line == " #lobby  1 person  connection lost, try…"


@pytest.mark.parametrize("columns", [1, 5, 9, 20, 40])
def test_it_never_is_wider_than_the_window(columns: int) -> None:
    assert width_of(status_line(chat(), State.ONLINE, 1, 1, columns)) <= columns
    assert width_of(topic_line(chat(), columns)) <= columns


def test_no_topic_no_line() -> None:
    assert topic_line(chat(), 80) == " 漢字 topic"
    assert topic_line(Chat(), 80) == ""
