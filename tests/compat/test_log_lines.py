"""The log line of what escapes from a handler: the same functions as on the original, no more."""

import re
import socket
from collections.abc import Callable
from typing import Any

import pytest

from tests.compat.conftest import Pair

Pairs = Callable[[], Pair]


class Wrong(Exception):
    """Raised on purpose."""


def fail(*arguments: object) -> Any:
    raise Wrong("on purpose")


class Broken:
    """A socket of which some methods fail."""

    def __init__(self, sock: socket.socket, *broken: str) -> None:
        self.sock = sock
        for name in broken:
            setattr(self, name, fail)

    def __getattr__(self, name: str) -> Any:
        return getattr(self.sock, name)


class More:
    """A producer that fails."""

    def more(self) -> bytes:
        return fail()  # type: ignore[no-any-return]  # nothing is


def in_collect(channel: Any) -> None:
    channel.collect_incoming_data = fail


def in_found(channel: Any) -> None:
    channel.found_terminator = fail


def in_recv(channel: Any) -> None:
    channel.socket = Broken(channel.socket, "recv")


def in_send(channel: Any) -> None:
    channel.socket = Broken(channel.socket, "send")
    channel.found_terminator = lambda: channel.push(b"answer")


def in_more(channel: Any) -> None:
    channel.found_terminator = lambda: channel.push_with_producer(More())


def in_connect(channel: Any) -> None:
    channel.connected, channel.connecting = False, True
    channel.socket = Broken(channel.socket, "getsockopt")


def in_accept(channel: Any) -> None:
    channel.accepting = True
    channel.socket = Broken(channel.socket, "accept")


FAULTS = [
    in_collect, in_found, in_recv, in_send, in_more, in_connect, in_accept,
]  # fmt: skip


@pytest.mark.parametrize("terminator", [b"\n", 6, None], ids=["line", "count", "none"])
@pytest.mark.parametrize("data", [b"hello\n", b"hello"], ids=["whole", "part"])
@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.__name__)
def test_the_line_is_the_same(
    both: list[tuple[Any, Any]],
    pair: Pairs,
    capsys: pytest.CaptureFixture[str],
    use_poll: bool,
    fault: Callable[[Any], None],
    data: bytes,
    terminator: Any,
) -> None:
    lines = []
    for core, chat in both:
        ours, theirs = pair()
        map: dict[int, Any] = {}
        channel = chat.async_chat(ours, map)
        channel.set_terminator(terminator)
        channel.collect_incoming_data = lambda data: None
        channel.found_terminator = lambda: None
        channel.writable = lambda: False
        fault(channel)
        theirs.send(data)
        core.loop(0, use_poll, map, 1)
        lines.append(normal(capsys.readouterr().out))
    assert lines[0] == lines[1]


def normal(text: str) -> str:
    """Leave out files, line numbers, addresses, and where CPython keeps the original now."""
    text = re.sub(r"0x\w+|test\.support\.", "", text)
    return re.sub(r"\[[^][|]*/(\w+)\.py\|(\S+)\|\d+\]", r"[\2]", text)
