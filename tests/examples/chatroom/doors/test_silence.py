"""Only input from a peer ends its silence; output to it does not."""

from __future__ import annotations

from examples.chatroom.doors.silence import Silence
from examples.chatroom.hall.hall import Hall
from examples.chatroom.hall.limits import Limits
from examples.chatroom.keeping import Keeping
from examples.chatroom.people.operators import Operators
from examples.chatroom.server import ChatServer
from miniloop.testing import Peer, SimulatedNetwork
from tests.doubles import scripted

DOOR = ("server", 1234)


def test_the_limit_begins_again_with_what_is_heard() -> None:
    with scripted() as (loop, _, clock):
        passed: list[float] = []
        silence = Silence(loop, lambda: passed.append(clock() - begun))
        silence.heard()  # no limit yet
        begun = clock()
        silence.limit(10)
        loop.call_later(6, silence.heard)
        loop.call_later(20, silence.limit, 3)
        loop.call_later(24, silence.limit, None)
        loop.run()
        assert passed == [16, 23]


def room(net: SimulatedNetwork, **limits: float) -> None:
    loop = net.loop()
    hall = Hall(Limits(**limits), defer=loop.call_soon)  # type: ignore[arg-type]
    ChatServer(loop, hall, Keeping(), Operators()).open_lines(DOOR)


def test_a_silent_member_of_a_busy_room_is_asked_and_then_shown_out() -> None:
    net = SimulatedNetwork(1)
    room(net, idle_ping=60, idle_timeout=90)
    quiet, talker = (member(net, name) for name in ("ann", "bob"))
    for second in range(100):
        net.call_later(second, say, talker, f"{second}\n")
    net.run(65)
    assert b"Are you still there?" in quiet.received
    assert b"Are you still there?" not in talker.received
    assert (quiet.eof, talker.eof) == (False, False)
    net.run(30)
    assert quiet.received.endswith(b"You were silent for too long. Goodbye.\r\n")
    assert (quiet.eof, talker.eof) == (True, False)


def member(net: SimulatedNetwork, name: str) -> Peer:
    peer = net.connect(DOOR)
    peer.send(f"{name}\n".encode())
    net.run(1)
    return peer


def say(peer: Peer, line: str) -> None:
    peer.send(line.encode())
