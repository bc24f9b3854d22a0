"""The client and the chat room on a network in memory: losses, restarts, and hostile servers."""

from __future__ import annotations

import pytest

pytest.importorskip("websockets", reason="the client's seat needs the package websockets")

from websockets.http11 import Request
from websockets.server import ServerProtocol

from examples.chatroom.client.requests import MOST
from examples.chatroom.client.talk import State
from tests.examples.chatroom.client.house import WEB, House, Person

HUNDRED = [f"pasted {number}" for number in range(100)]


@pytest.fixture
def house() -> House:
    return House()


def test_lines_go_and_come_once(house: House) -> None:
    ann, bob = Person(house, "ann"), Person(house, "bob")
    ann.type("hello", "  indented", "//slash")
    assert ann.said() == bob.said() == ["hello", " indented", "/slash"]
    assert list(ann.chat.active.people) == ["ann", "bob"]
    assert ann.chat.directory == ["lobby"]
    assert ann.talk.waiting == 0


def test_a_paste_is_paced_so_that_nothing_is_thrown_out(house: House) -> None:
    ann = Person(house)
    ann.type(*HUNDRED, seconds=5)
    assert 15 < len(ann.said()) < 30
    assert 98 <= ann.talk.waiting + len(ann.said()) <= 100  # one or two may be on their way
    house.net.run(50)
    assert ann.said() == HUNDRED
    assert not [words for words in ann.told() if "too fast" in words]


def test_after_a_short_loss_the_seat_is_taken_again_and_nothing_is_twice(house: House) -> None:
    ann, bob = Person(house, "ann"), Person(house, "bob")
    ann.type("one")
    ann.cut()
    assert ann.state() is State.LOST
    bob.type("two", "three", "/msg ann psst", seconds=0.2)  # a private line has no id
    ann.type("four", seconds=0.1)
    assert ann.talk.waiting == 1
    house.net.run(5)
    assert ann.said() == bob.said() == ["one", "two", "three", "four"]
    assert [row.text for row in ann.chat.active.rows if row.kind == "whispered"] == ["psst"]
    assert not [row for row in bob.chat.active.rows if row.kind == "left"]
    assert ann.told()[-2:] == [
        "The connection is lost; what you type waits until it is back.",
        "Connected again.",
    ]


def test_a_seat_is_taken_again_as_often_as_it_is_lost(house: House) -> None:
    ann, bob = Person(house, "ann"), Person(house, "bob")
    for number in range(4):  # each reconnection has its own token
        ann.type(str(number))
        ann.cut()
        bob.type(f"while away {number}", seconds=12)
        assert ann.state() is State.ONLINE
    assert ann.said() == bob.said()
    assert ann.told().count("Connected again.") == 4
    assert not [row for row in bob.chat.active.rows if row.kind == "left"]


def test_a_closed_room_is_joined_again_with_its_key_after_a_restart(house: House) -> None:
    ann = Person(house)
    ann.type("/join cellar s3cret", seconds=2)
    house.crash()
    house.net.run(1)
    house.start()
    house.net.run(40)
    ann.type("back", seconds=2)
    assert ann.said("cellar") == ["back"]
    assert ann.chat.rooms["cellar"].closed


def test_what_is_typed_right_behind_a_join_is_said_in_that_room(house: House) -> None:
    ann = Person(house)
    ann.type("/join #dev", "for dev", "/topic tea", "/join ops", "for ops")
    assert (ann.said("lobby"), ann.said("dev"), ann.said("ops")) == ([], ["for dev"], ["for ops"])
    assert ann.chat.rooms["dev"].topic == "tea"


def test_what_is_typed_behind_a_refused_join_is_said_nowhere(house: House) -> None:
    bob, ann = Person(house, "bob"), Person(house, "ann")
    bob.type("/join cellar s3cret")
    ann.type("/join cellar", "a secret", "/join cellar wrong", "another")
    assert "You are not in cellar; not sent: a secret" in ann.told()
    assert "You are not in cellar; not sent: another" in ann.told()
    ann.type("for all")
    assert (ann.said("lobby"), bob.said("cellar")) == (["for all"], [])


def test_who_looks_elsewhere_before_a_join_is_answered_speaks_there(house: House) -> None:
    ann = Person(house)
    ann.type("/join dev")
    ann.talk.typed("/join ops")
    ann.chat.go("lobby")
    ann.type("in the lobby")
    assert ann.said("lobby") == ["in the lobby"]


@pytest.mark.parametrize("last_word", ["stop", "crash"])
def test_a_server_that_starts_again_gets_the_rooms_and_the_gap_is_filled(
    house: House, last_word: str
) -> None:
    ann = Person(house)
    ann.type("one", "/join dev")
    ann.type("in dev")
    ann.chat.go("lobby")
    getattr(house, last_word)()
    house.net.run(1)
    ann.type("waits", seconds=0.1)
    house.start()
    bob = house.visitor("bob")
    for number in range(130):  # more than comes with the room
        bob.send(f"gap {number}\n".encode())
        house.net.run(0.6)
    house.net.run(60)
    said = ann.said()
    assert [text for text in said if text != "waits"] == ["one", *(f"gap {n}" for n in range(130))]
    assert said.count("waits") == 1
    assert list(ann.chat.rooms) == ["lobby", "dev"]
    assert ann.said("dev") == ["in dev"]
    assert ann.chat.active.name == "lobby"


def test_a_command_that_a_crash_may_have_swallowed_is_given_back(house: House) -> None:
    ann = Person(house)
    ann.talk.typed("/topic tea")
    house.crash()
    house.net.run(1)
    house.start()
    house.net.run(40)
    assert "It is not known whether this was done; type it again: /topic tea" in ann.told()


def test_a_name_that_is_taken_is_asked_for_again(house: House) -> None:
    Person(house, "ann")
    other = Person(house, "ann")
    assert other.state() is State.NAMELESS
    assert other.told() == ["The name ann is taken; please choose another."]
    house.net.run(100)  # the server closes a connection without a name after a while
    assert (other.state(), other.end) == (State.NAMELESS, None)
    other.talk.enter("eve")
    house.net.run(1)
    assert (other.state(), other.chat.me) == (State.ONLINE, "eve")


def test_without_a_name_nothing_is_connected(house: House) -> None:
    ann = Person(house, "")
    assert ann.state() is State.NAMELESS
    assert len(house.net.open_sockets) == 2  # the two doors
    ann.talk.enter("ann")
    house.net.run(1)
    assert ann.state() is State.ONLINE


@pytest.mark.parametrize("how", ["typed", "leave"])
def test_quitting_is_said_and_answered(house: House, how: str) -> None:
    ann, bob = Person(house, "ann"), Person(house, "bob")
    if how == "typed":
        ann.type("/quit for tea")
    else:
        ann.talk.leave()
        house.net.run(1)
    assert ann.end == (True, "Goodbye.")
    assert [row.text for row in bob.chat.active.rows if row.kind == "left"] == [
        "quit (for tea)" if how == "typed" else "quit"
    ]
    house.net.run(60)
    assert ann.state() is State.ENDED


def test_quitting_does_not_wait_for_ever(house: House) -> None:
    ann = Person(house)
    house.loop.close()  # no server answers any more
    ann.talk.leave()
    house.net.run(6)
    assert ann.end == (True, "Goodbye.")


def test_a_room_one_is_in_is_looked_at_without_asking(house: House) -> None:
    ann = Person(house)
    ann.type("/join dev")
    assert ann.chat.active.name == "dev"
    ann.type("/join LOBBY")
    assert ann.chat.active.name == "lobby"
    assert not [words for words in ann.told() if "already" in words]


def test_scrolling_back_brings_what_was_said_before_one_came(house: House) -> None:
    bob = house.visitor("bob")
    for number in range(120):
        bob.send(f"{number}\n".encode())
        house.net.run(0.6)
    ann = Person(house)
    assert len(ann.said()) < 60
    for _ in range(3):
        ann.chat.load_older()
        house.net.run(1)
    assert ann.said() == [str(number) for number in range(120)]
    assert not ann.chat.active.more


def test_a_way_that_is_silent_for_too_long_is_given_up() -> None:
    house = House(web=False)
    server = house.net.listen(WEB)
    ann = Person(house)
    protocol = ServerProtocol()
    protocol.receive_data(server.peers[0].received)
    request = protocol.events_received()[0]
    assert isinstance(request, Request)
    protocol.send_response(protocol.accept(request))
    protocol.send_text(b'{"kind":"welcome","name":"ann","token":"t","grace":30}')
    server.peers[0].send(b"".join(protocol.data_to_send()))
    house.net.run(70)
    assert (ann.state(), len(server.peers)) == (State.ONLINE, 1)
    house.net.run(10)
    assert (ann.state(), len(server.peers)) == (State.LOST, 2)


@pytest.mark.parametrize(
    "text",
    ["[]", '{"kind": 1}', '{"kind":"said","room":"lobby","text":{}}', "{", '{"kind":"room"}'],
)
def test_a_server_that_talks_nonsense_ends_nothing(house: House, text: str) -> None:
    ann = Person(house)
    socket = ann.talk._socket
    assert socket is not None
    ann.talk.receive(socket, text)
    ann.type("still here")
    assert "still here" in ann.said()


def test_no_more_lines_wait_than_a_bound(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("examples.chatroom.client.requests.MOST", 30)
    ann = Person(house)
    ann.type(*HUNDRED, seconds=60)
    assert f"More than {MOST} lines wait already; this one was not sent." in ann.told()
    assert ann.said() == HUNDRED[: len(ann.said())]
    assert 30 <= len(ann.said()) < 100


def test_a_refusal_is_said_once_however_often_it_is_tried(house: House) -> None:
    ann = Person(house)
    house.crash()
    server = house.net.listen(WEB)
    for _ in range(6):
        house.net.run(20)
        while server.peers:
            peer = server.peers.pop()
            peer.send(b"HTTP/1.1 503 Full\r\nContent-Length: 4\r\n\r\nFull")
            peer.close()
    assert ann.told().count("The server does not let this client in: Full") == 1
    assert ann.state() is State.LOST
    ann.talk.leave()
    assert ann.end == (True, "Goodbye.")
