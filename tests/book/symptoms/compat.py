"""Chapter 10: asyncore on top."""

import socket
from collections.abc import Callable
from typing import Any

from miniloop.compat import asynchat, asyncore, watch
from tests.book.symptoms.shown import pair, received, shows


def company(map: dict[int, Any]) -> list[socket.socket]:
    """Put silent members into a map, so that the watch does not rest; return their peers."""
    pairs = [pair() for _ in range(120)]
    for ours, _ in pairs:
        asyncore.dispatcher_with_send(ours, map)
    return [theirs for _, theirs in pairs]


@shows("deliver-by-number")
def _() -> str:
    map: dict[int, Any] = {}
    peers = company(map)
    (ours, theirs), (sock, peer) = pair(), pair()
    seen: list[str] = []

    class Stranger(asyncore.dispatcher):
        def handle_read(self) -> None:
            seen.append("the stranger")

        def writable(self) -> bool:
            return False

    class First(Stranger):
        def handle_read(self) -> None:
            self.recv(10)
            sock.recv(10)
            map[sock.fileno()] = stranger

    First(ours, map)
    Stranger(sock, map)
    stranger = Stranger(sock, {})
    theirs.send(b"1")
    peer.send(b"1")
    asyncore.loop(0, False, map, 12)
    assert peers
    return "the newcomer is called for another's event" if seen else "the newcomer is left alone"


@shows("grow-in-silence")
def _() -> str:
    watch.AUDIT_PAUSE = 1000.0
    map: dict[int, Any] = {}
    peers = company(map)
    ours, theirs = pair()
    silent = asynchat.async_chat(ours, map)
    speaker, peer = pair()

    class Talks(asynchat.async_chat):
        def collect_incoming_data(self, data: bytes) -> None:
            silent.producer_fifo.append(data)

    Talks(speaker, map).set_terminator(None)
    peer.send(b"hello")
    asyncore.loop(0, False, map, 12)
    assert peers
    return "it is sent in the next pass" if received(theirs) else "it waits in the queue, unseen"


@shows("ask-writers-once")
def _() -> str:
    watch.AUDIT_PAUSE = 1000.0
    map: dict[int, Any] = {}
    peers = company(map)
    written = 0

    class Member(asyncore.dispatcher_with_send):
        def handle_write(self) -> None:
            nonlocal written
            written += 1
            super().handle_write()

    ours, theirs = pair()
    member = Member(ours, map)

    def discard() -> None:
        member.out_buffer = b""
        while received(theirs):
            pass

    def leave_output() -> None:
        fill(ours)
        member.send(b"x")

    clock = Clock({3: leave_output, 6: discard})
    map[clock.fileno()] = clock
    asyncore.loop(0, False, map, 12)
    assert peers
    return f"calls of handle_write() with nothing left to write: {written}"


class Clock:
    """A member that has an event in each pass, and acts in some of them."""

    accepting = False

    def __init__(self, actions: dict[int, Callable[[], None]]) -> None:
        self.actions = actions
        self.passes = 0
        self.sock, self.peer = pair()
        self.fileno = self.sock.fileno

    def readable(self) -> bool:
        return False

    def writable(self) -> bool:
        return True

    def handle_write_event(self) -> None:
        self.passes += 1
        self.actions.get(self.passes, int)()


def fill(sock: socket.socket) -> None:
    """Send until the kernel takes no more."""
    try:
        while sock.send(bytes(65536)):
            pass
    except BlockingIOError:
        pass
