"""The selectors that pass the same tests, and what their tests share."""

import selectors
import socket
from collections.abc import Callable

import pytest

from miniloop.selectors import EpollSelector, KqueueSelector, PollSelector
from tests.selectors import kqueue

Pair = tuple[socket.socket, socket.socket]
Kind = Callable[[], PollSelector]


def kqueue_selector() -> KqueueSelector:
    return KqueueSelector(kqueue.Select())


def darwin_selector() -> KqueueSelector:
    """On a kqueue where one byte fills a receive buffer, and a broken pipe is refused."""
    return KqueueSelector(kqueue.Select(buffer=1, broken_pipe=True))


KINDS = [PollSelector, EpollSelector, kqueue_selector, darwin_selector]
WITH_KERNEL = KINDS[1:]
"""The selectors that register descriptors in a kernel object."""


def ready(selector: selectors.BaseSelector, timeout: float | None = 0) -> list[tuple[object, int]]:
    """Return data and bits, without those that poll and epoll add unasked after an error."""
    return [(key.data, bits & key.events) for key, bits in selector.select(timeout)]


def rebuilds(caplog: pytest.LogCaptureFixture) -> list[str]:
    return [r.levelname for r in caplog.records if "rebuilding the epoll set" in r.getMessage()]
