"""Chapter 5: the descriptor that came back."""

import os
import socket

from miniloop import Dispatcher, EventLoop
from miniloop.readiness import READ
from miniloop.registry import Registry
from miniloop.selectors import default_selector
from miniloop.selectors.epoll import EpollSelector
from miniloop.testing import ScriptedSelector
from tests.book.symptoms.shown import pair, passes, shows
from tests.doubles import FakeChannel


def ghost(epoll: EpollSelector) -> tuple[int, list[socket.socket]]:
    """Leave a readable ghost in the set; return its number, and what keeps it."""
    ours, theirs = pair()
    number = ours.fileno()
    epoll.register(number, READ, "the closed channel")
    kept = [theirs, socket.socket(fileno=os.dup(number))]
    theirs.send(b"x")
    ours.close()
    epoll.unregister(number)
    return number, kept


@shows("live-with-ghosts")
def _() -> str:
    epoll = EpollSelector()
    _, kept = ghost(epoll)
    woken = 0
    for _ in range(100):
        woken += bool(epoll._kernel.poll(0))
        epoll.select(0)
    epoll.close()
    assert kept
    return f"of 100 waits {woken} end at once, for a channel that is closed"


@shows("forget-suspects")
def _() -> str:
    epoll = EpollSelector()
    number, kept = ghost(epoll)
    reader, writer = os.pipe()
    if reader != number:
        os.dup2(reader, number)
    epoll.register(number, READ, "the newcomer")
    found = [key.data for key, _ in epoll.select(0)]
    epoll.close()
    for each in {reader, writer, number}:
        os.close(each)
    assert kept
    return "the newcomer is called for the ghost's event" if found else "nothing is delivered"


@shows("remove-by-number")
def _() -> str:
    registry = Registry(ScriptedSelector(), check_thread=lambda: None)
    first = FakeChannel(fd=7).register(registry)
    newcomer = registry.registrations[7] = FakeChannel(fd=8).register(registry)
    registry.unregister(first)
    there = registry.registrations.get(7) is newcomer
    return "the newcomer is still served" if there else "the newcomer is gone: it is never called"


@shows("trust-the-parents-set")
def _() -> str:
    class Visitor(Dispatcher):
        called = 0

        def handle_read(self) -> None:
            self.called += bool(self.recv())

    with EventLoop() as loop:
        ours, theirs = pair()
        visitor = Visitor(loop, ours)
        passes(loop)
        loop._selector.close()
        loop._selector = default_selector()  # as in a child
        loop.registry.replace_selector(loop._selector)
        theirs.send(b"x")
        passes(loop)
        return "the child's channel is called" if visitor.called else "the child's channel hangs"
