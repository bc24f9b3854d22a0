"""Choosing the door: the facts of our own line door, and servers with no facts or invalid ones."""

from __future__ import annotations

import pytest

pytest.importorskip("websockets", reason="the client's screen comes with the chat extra")

from examples.chatroom.client.finding import Finder, NotFound, Way
from examples.chatroom.client.pace import Pace
from examples.chatroom.client.websocket import WebAddress
from examples.chatroom.doors.line import telnet
from miniloop.testing import Peer, SimulatedNetwork
from tests.examples.chatroom.client.house import LINES, WEB, House


def asking(net: SimulatedNetwork, port: int = LINES[1]) -> Finder:
    finder = Finder(net.loop(), "127.0.0.1", port, None)
    finder.ask_line_door()
    return finder


def test_our_line_door_tells_where_the_web_door_is_and_how_fast_one_may_be() -> None:
    house = House(flood_burst=40, flood_rate=10)
    finder = asking(house.net)
    house.net.run(1)
    assert finder.result() == Way(WebAddress(*WEB), Pace(30.0, 9.0))


def test_without_a_web_door_lines_are_spoken_at_once() -> None:
    house = House(web=False)
    finder = asking(house.net)
    house.net.run(0.5)
    assert finder.result() == Way()


def test_a_web_door_that_cannot_be_reached_is_told() -> None:
    house = House()
    house.net.refuse(WEB)
    finder = asking(house.net)
    house.net.run(1)
    assert finder.result().web is None
    assert finder.result().note == (
        "The web door at 127.0.0.1 port 8080 cannot be used: "
        "Cannot connect to 127.0.0.1 port 8080: Connection refused."
    )


def test_a_page_that_is_no_web_door_is_told() -> None:
    house = House()
    finder = Finder(house.net.loop(), "127.0.0.1", 1, None)
    finder.try_web_door(WebAddress("127.0.0.1", 8080, None, "/elsewhere/"))
    house.net.run(1)
    assert finder.result().note.endswith("cannot be used: There is nothing here.")


def answered(answer: bytes, *, close: bool = False) -> Finder:
    net = SimulatedNetwork(1)
    server = net.listen(("127.0.0.1", 4000))
    finder = asking(net, 4000)
    net.run(0.5)
    peer: Peer = server.peers[0]
    peer.send(answer)
    if close:
        peer.close()
    net.run(1)
    return finder


@pytest.mark.parametrize(
    "facts",
    [
        {},
        {"HTTP PORT": "0"},
        {"HTTP PORT": "-1"},
        {"HTTP PORT": "99999"},
        {"HTTP PORT": "9" * 50},
        {"HTTP PORT": "x"},
        {"HTTPS PORT": "8080"},  # TLS was not requested
    ],
)
def test_facts_that_lead_nowhere(facts: dict[str, str]) -> None:
    assert answered(telnet.status(facts)).result() == Way()


@pytest.mark.parametrize("answer", [b"", b"hello\r\n", b"\xff\xfc\x46", b"\xff\xfa\x46\xff\xf0"])
def test_a_server_that_tells_nothing_is_spoken_to_in_lines(answer: bytes) -> None:
    assert answered(answer).result() == Way()


@pytest.mark.parametrize(
    ("answer", "sentence"),
    [
        (b"", "has closed the connection without a word; if it speaks TLS, --tls."),
        (b"-- Full.\r\n", "-- Full.\nThe server has closed the connection."),
        (b"\x15\x03\x03\x00\x02\x02\x32", "127.0.0.1 port 4000 speaks TLS: --tls"),
    ],
)
def test_a_server_that_hangs_up_is_told(answer: bytes, sentence: str) -> None:
    with pytest.raises(NotFound) as problem:
        answered(answer, close=True).result()
    assert sentence in str(problem.value)


def test_nobody_there_and_an_interrupt() -> None:
    net = SimulatedNetwork(1)
    net.refuse(("127.0.0.1", 4000))
    finder = asking(net, 4000)
    with pytest.raises(KeyboardInterrupt):
        finder.result()
    net.run(1)
    with pytest.raises(NotFound, match="port 4000: Connection refused"):
        finder.result()
