"""The queue of lines to the server, without a server."""

from __future__ import annotations

import pytest

from examples.chatroom.client.chat import Chat
from examples.chatroom.client.events import Json
from examples.chatroom.client.outbox import Outbox
from examples.chatroom.client.pace import Pace
from miniloop.testing import SimulatedNetwork


class Way:
    """An outbox, and the requests that have left it."""

    def __init__(self) -> None:
        self.net = SimulatedNetwork(1)
        self.chat = Chat()
        self.sent: list[Json] = []
        self.open = True
        self.outbox = Outbox(
            self.net.loop(), self.chat, Pace(3, 1), lambda: self.open, self.sent.append
        )
        self.enter("lobby")

    def enter(self, room: str) -> None:
        self.chat.handle({"kind": "room", "room": room, "people": [], "recent": []})

    def answer(self, number: int) -> None:
        self.outbox.requests.receipt(number)
        self.outbox.pump()

    def said(self) -> list[tuple[object, object]]:
        return [(each["room"], each["text"]) for each in self.sent if each["do"] == "say"]


@pytest.fixture
def way() -> Way:
    return Way()


def test_a_line_behind_a_join_leaves_with_the_answer(way: Way) -> None:
    way.outbox.typed("/join dev")
    way.outbox.typed("hello")
    assert way.said() == [("lobby", "/join dev")]
    way.enter("dev")
    way.answer(1)
    assert way.said()[1:] == [("dev", "hello")]


def test_numbers_have_no_gap_behind_a_line_that_is_not_sent(way: Way) -> None:
    way.outbox.typed("/join dev")
    way.outbox.typed("hello")
    way.outbox.typed("/join ops")
    way.answer(1)
    assert [row.text for row in way.chat.active.rows] == ["You are not in dev; not sent: hello"]
    assert [(each["n"], each["text"]) for each in way.sent] == [(1, "/join dev"), (2, "/join ops")]


def test_what_is_asked_does_not_wait_for_lines(way: Way) -> None:
    way.open = False
    for number in range(5):
        way.outbox.typed(str(number))
    way.outbox.ask({"do": "page", "room": "lobby", "before": 9})
    way.open = True
    way.outbox.pump()
    assert [each["do"] for each in way.sent] == ["page", "say", "say", "say"]
    way.outbox.pause()
    way.net.run(60)
    assert len(way.sent) == 4
    way.outbox.pump()
    way.net.run(60)
    assert [text for _, text in way.said()] == ["0", "1", "2", "3", "4"]


def test_rooms_are_asked_for_with_the_keys_that_were_typed(way: Way) -> None:
    way.outbox.typed("/join #Cellar s3cret")
    way.outbox.typed("/lock 0pen")
    way.outbox.requests.restart()
    way.sent.clear()
    way.outbox.rejoin(["cellar", "lobby", "dev"])
    way.outbox.pump()
    keys = {each["room"]: each["key"] for each in way.sent if each["do"] == "join"}
    assert keys == {"cellar": "s3cret", "lobby": "0pen", "dev": ""}
