"""A loop that is driven in one of three ways: pass by pass, by run(), or by a host."""

import socket
import ssl
from collections.abc import Callable
from contextlib import suppress
from typing import TypeVar

from miniloop import Dispatcher, EventLoop
from tests.driving import LONGEST, Lines, settle
from tests.hosts.stepping import SteppingHost

Kind = TypeVar("Kind", bound=Dispatcher)

WAYS = ["passes", "run", "guest"]


class Enough(BaseException):
    """Leave run(), which only what is no Exception can do; the loop can go on after it."""


class Driven:
    """A loop, and the way to drive it.

    Args:
        loop: closed by its owner.
        way: one of ``WAYS``.
    """

    def __init__(self, loop: EventLoop, way: str) -> None:
        self.loop = loop
        self.way = way
        self.host = SteppingHost(loop) if way == "guest" else None

    def go_on(self, passes: int = 20) -> None:
        """Let happen what happens without waiting."""
        if self.host is not None:
            self.host.settle()
        elif self.way == "run":
            self.loop.call_soon(_leave_run, self.loop, passes)
            with suppress(Enough):
                self.loop.run(forever=True)
        else:
            settle(self.loop, passes)

    def until(self, done: Callable[[], object]) -> None:
        """Go on until something has happened that the kernel takes its time for."""
        deadline = self.loop.time() + LONGEST
        while not done():
            assert self.loop.time() < deadline, "it did not happen in time"
            self.go_on(2)


def _leave_run(loop: EventLoop, passes: int) -> None:
    if not passes:
        raise Enough
    loop.call_soon(_leave_run, loop, passes - 1)


def connected(
    driven: Driven, kind: Callable[[EventLoop, socket.socket], Kind], *, secure: bool
) -> tuple[Kind, Lines]:
    """A channel of this kind and a peer of lines, on one loop, under TLS or not."""
    ours, theirs = socket.socketpair()
    channel, peer = kind(driven.loop, ours), Lines(driven.loop, theirs)
    if secure:
        secure_both(channel, peer)
    driven.go_on()
    return channel, peer


def secure_both(server: Dispatcher, client: Dispatcher) -> None:
    from tests.certificates import certificates  # skips the test where there is no trustme

    server.start_tls(certificates().server(ssl.TLSVersion.TLSv1_3), server_side=True)
    client.start_tls(certificates().client(), server_hostname="localhost")
