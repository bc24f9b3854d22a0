"""The client in lines, with a chat room without a web door, and with other servers."""

from __future__ import annotations

import pytest

pytest.importorskip("websockets", reason="the client's screen comes with the chat extra")

from examples.chatroom.client.talk import State
from examples.chatroom.client.text_talk import TextTalk
from examples.chatroom.doors.line import telnet
from miniloop.testing import PeerServer, SimulatedNetwork
from tests.examples.chatroom.client.house import LINES, House, Watcher


class Person(Watcher):
    """A client at the line door."""

    def __init__(self, house: House, name: str = "ann", port: int = LINES[1]) -> None:
        super().__init__(house)
        self.talk = TextTalk(
            self.loop, LINES[0], port, None, self.chat, self, name, uniform=lambda low, high: high
        )
        self.talk.start()
        house.net.run(1)

    def type(self, *lines: str, seconds: float = 1.0) -> None:
        for line in lines:
            self.talk.typed(line)
        self.house.net.run(seconds)

    def state(self) -> State:
        return self.talk.state

    def lines(self) -> list[str]:
        return [row.text for row in self.chat.active.rows]


@pytest.fixture
def house() -> House:
    return House(web=False)


def said(person: Person) -> list[str]:
    return [line.partition(": ")[2] for line in person.lines() if "] ann: " in line]


def test_long_lines_come_whole_and_own_lines_once(house: House) -> None:
    ann = Person(house)
    words = " ".join(["word"] * 60)
    ann.type(words, "/me waves")
    assert said(ann) == [words]
    assert sum("* ann waves" in line for line in ann.lines()) == 1


def test_the_server_asks_for_the_name_that_was_not_given(house: House) -> None:
    ann = Person(house, "")
    assert ann.lines() == ["-- This is a chat room. What is your name?"]
    ann.type("ann", "hello")
    assert ann.chat.me == "ann"
    assert said(ann) == ["hello"]


def test_a_paste_is_paced(house: House) -> None:
    ann = Person(house)
    ann.type(*map(str, range(40)), seconds=1)
    assert 20 < ann.talk.waiting < 25
    house.net.run(20)
    assert said(ann) == list(map(str, range(40)))


def test_a_server_that_starts_again_gets_the_name_and_what_waits(house: House) -> None:
    ann = Person(house)
    house.stop()
    assert ann.state() is State.LOST
    ann.type("waits")
    house.start()
    house.net.run(40)
    assert ann.state() is State.ONLINE
    assert said(ann) == ["waits"]


def test_one_who_is_shown_out_does_not_come_back(house: House) -> None:
    ann = Person(house)
    house.net.run(60)
    ann.talk.typed("x" * 3000)
    for line in range(300):  # past the client's own pace
        ann.talk._send(str(line))
    house.net.run(10)
    assert ann.end == (False, "You went on sending too fast. Goodbye.")


@pytest.mark.parametrize("how", ["typed", "leave"])
def test_quitting(house: House, how: str) -> None:
    ann = Person(house)
    if how == "typed":
        ann.type("/quit")
    else:
        ann.talk.leave()
        house.net.run(1)
    assert ann.end == (True, "Goodbye.")


class Stranger:
    """Another kind of server, at the same address."""

    def __init__(self, house: House) -> None:
        self.net: SimulatedNetwork = house.net
        self.server: PeerServer = house.net.listen(("127.0.0.1", 4000))


def test_a_server_of_another_kind_is_shown_as_it_speaks_and_cleaned(house: House) -> None:
    stranger = Stranger(house)
    ann = Person(house, "", 4000)
    peer = stranger.server.peers[0]
    peer.send(b"login\x1b[2J: \xe2\x80\xae\xff\xfd\x1f\r\n")
    house.net.run(1)
    assert ann.lines() == ["login[2J: "]
    assert peer.received.endswith(telnet.window_size(65535, 0))
    ann.talk.leave()
    house.net.run(6)
    assert ann.end is not None
    assert ann.end[0]


def test_a_server_that_now_speaks_tls_ends_it_with_advice(house: House) -> None:
    stranger = Stranger(house)
    ann = Person(house, "ann", 4000)
    stranger.server.peers[0].send(b"\x15\x03\x03\x00\x02\x02\x32")
    house.net.run(1)
    assert ann.end is not None
    assert "--tls" in ann.end[1]
