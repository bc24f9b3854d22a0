"""An event is for the object that was waited for, and not for another on the same number."""

from collections.abc import Callable
from typing import Any

from miniloop.compat import asyncore
from tests.compat.conftest import Pair

Pairs = Callable[[], Pair]


def test_a_stranger_gets_nothing_that_was_meant_for_another(pair: Pairs, use_poll: bool) -> None:
    """asyncore called the object that the map had under the number at the event's turn."""
    map: dict[int, Any] = {}
    for _ in range(12):
        asyncore.dispatcher_with_send(pair()[0], map)
    (ours, theirs), (sock, peer) = pair(), pair()
    seen: list[str] = []

    class Stranger(asyncore.dispatcher):
        def handle_read(self) -> None:
            seen.append("the stranger")

        def writable(self) -> bool:
            return False

    class First(asyncore.dispatcher):
        def handle_read(self) -> None:
            seen.append("the first")
            self.recv(10)
            sock.recv(10)  # so that nothing is left for which an event could come later
            map[sock.fileno()] = stranger

        def writable(self) -> bool:
            return False

    First(ours, map)
    Stranger(sock, map)
    stranger = Stranger(sock, {})
    theirs.send(b"1")
    peer.send(b"1")
    asyncore.loop(0, use_poll, map, 12)
    assert seen == ["the first"]
