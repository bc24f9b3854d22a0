"""Keys of a map: whatever select(2) takes, and what it refuses is refused with the same error."""

import enum
import os
import socket
from collections.abc import Callable
from typing import Any

import pytest

from tests.compat.conftest import Pair

Pairs = Callable[[], Pair]


class HasFileno:
    """Anything with a ``fileno()`` will do."""

    def __init__(self, sock: socket.socket) -> None:
        self.sock = sock

    def fileno(self) -> int:
        return self.sock.fileno()


def closed_socket() -> socket.socket:
    sock = socket.socket()
    sock.close()
    return sock


KEYS: dict[str, Callable[[socket.socket], Any]] = {
    "number": lambda sock: sock.fileno(),
    "socket": lambda sock: sock,
    "file": lambda sock: os.fdopen(os.dup(sock.fileno()), "rb", buffering=0),
    "object": HasFileno,
    "enum": lambda sock: enum.IntEnum("Number", {"ONE": sock.fileno()}).ONE,  # type: ignore[attr-defined]  # made here
    "negative": lambda sock: -1,
    "closed": lambda sock: closed_socket(),
    "text": lambda sock: "7",
    "None": lambda sock: None,
    "float": lambda sock: 7.0,
    "too large": lambda sock: 1 << 40,
}


@pytest.mark.parametrize("others", [0, 25])
@pytest.mark.parametrize("kind", KEYS)
def test_a_key_is_served_or_refused_as_on_the_original(
    both: list[tuple[Any, Any]], pair: Pairs, use_poll: bool, kind: str, others: int
) -> None:
    outcomes = []
    for core, chat in both:
        ours, theirs = pair()
        got: list[bytes] = []
        channel = chat.async_chat(ours, {})
        channel.set_terminator(None)
        channel.collect_incoming_data = got.append
        members = [core.dispatcher_with_send(pair()[0], {}) for _ in range(others)]
        key = KEYS[kind](ours)
        map = {member._fileno: member for member in members} | {key: channel}
        theirs.send(b"hello")
        outcomes.append((outcome(lambda core=core, map=map: core.loop(0, use_poll, map, 12)), got))  # type: ignore[misc]  # the loop's
        if hasattr(key, "close"):
            key.close()
    assert outcomes[0] == outcomes[1]


def outcome(action: Callable[[], object]) -> tuple[type[BaseException], str] | None:
    try:
        action()
    except Exception as error:
        return type(error), str(error)
    return None


def test_a_large_map_is_watched_again_when_the_strange_key_has_gone(
    chat: Any, core: Any, pair: Pairs, map: dict[Any, Any], later: Any, use_poll: bool
) -> None:
    (ours, theirs), (other, _) = pair(), pair()
    channel = chat.async_chat(ours, map)
    got: list[bytes] = []
    channel.terminator, channel.collect_incoming_data = None, got.append
    map[other] = core.dispatcher_with_send(other, {})
    later(lambda: map.pop(other))
    theirs.send(b"1")
    core.loop(0, use_poll, map, 12)
    theirs.send(b"2")
    core.loop(0, use_poll, map, 12)
    assert (got, other in map) == ([b"1", b"2"], False)
