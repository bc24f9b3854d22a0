"""The measures of the core: small enough to be read in an afternoon."""

import socket
from pathlib import Path

from miniloop import AsyncChat, Dispatcher, EventLoop
from miniloop.channel import BaseChannel
from miniloop.queued import QueuedDispatcher

CORE = Path(__file__).resolve().parent.parent / "miniloop"


def test_the_core_is_small() -> None:
    lines = {file.name: len(file.read_text().splitlines()) for file in CORE.glob("*.py")}
    assert len(lines) <= 15
    assert sum(lines.values()) <= 2500
    assert {name: count for name, count in lines.items() if count > 400} == {}


def test_classes_that_stand_on_each_other() -> None:
    assert AsyncChat.__mro__[:4] == (AsyncChat, QueuedDispatcher, Dispatcher, BaseChannel)


def test_few_booleans_on_a_channel(loop: EventLoop) -> None:
    """Caches included: what a channel may do next stands in its states."""
    ours, theirs = socket.socketpair()
    with theirs:
        channel = AsyncChat(loop, ours)
        values: dict[str, object] = {}
        for kind in reversed(AsyncChat.__mro__):
            values |= vars(kind)
        flags = [name for name, value in (values | vars(channel)).items() if type(value) is bool]
        assert len(flags) <= 12, sorted(flags)
