"""Chapters 11 and 12: accepting, connecting, and how a loop ends."""

import socket
from typing import Any

from miniloop import AsyncChat, Dispatcher, EventLoop, Listener
from miniloop.testing import FakeClock
from tests.book.symptoms.shown import events, pair, received, shows


@shows("stop-at-once")
def _() -> str:
    class Slow(AsyncChat):
        pass

    with EventLoop() as loop:
        ours, theirs = pair()
        channel = Slow(loop, ours)
        channel.push(bytes(1_000_000))
        got = 0

        def read_on() -> None:
            nonlocal got
            data = received(theirs)
            got += len(data)
            if got < 1_000_000 and not channel.closed:
                loop.call_soon(read_on)

        loop.call_soon(read_on)
        loop.stop()
        loop.run()
        got += len(received(theirs))
    return "all that was queued arrives" if got == 1_000_000 else "the end of the output is lost"


@shows("listen-on")
def _() -> str:
    accepted = 0

    class Counted(AsyncChat):
        def handle_socket(self, sock: socket.socket) -> None:
            nonlocal accepted
            accepted += 1

    with EventLoop() as loop, socket.socket() as late:
        ours, _ = pair()
        AsyncChat(loop, ours).push(bytes(5_000_000))  # so that the stop takes some passes
        listener = Listener(loop, ("127.0.0.1", 0), Counted)
        address = listener.socket.getsockname()
        refused = True

        def come_late() -> None:
            nonlocal refused
            late.settimeout(5)
            refused = late.connect_ex(address) != 0

        loop.on_stop(come_late)
        loop.stop(grace=0.05)
        loop.run()
    return "a client that comes now is refused" if refused else "a client that comes now is let in"


@shows("spin-without-descriptors")
def _() -> str:
    class Exhausted:
        attempts = 0

        def accept(self) -> Any:
            self.attempts += 1
            raise OSError(24, "Too many open files")

    with EventLoop(clock=FakeClock()) as loop, socket.socket() as client:
        listener = Listener(loop, ("127.0.0.1", 0), AsyncChat)
        client.connect(listener.socket.getsockname())
        exhausted = Exhausted()
        listener._accepting_._socket = exhausted  # type: ignore[union-attr]
        busy = events(loop)
    return f"of 100 passes {busy} are not waits, with {exhausted.attempts} attempts to accept"


@shows("believe-writable")
def _() -> str:
    said: list[str] = []

    class Client(Dispatcher):
        def handle_connect(self) -> None:
            said.append("handle_connect() is called, though nothing listens there")

        def handle_connect_error(self, error: OSError) -> None:
            said.append(f"handle_connect_error() is called: {error.strerror}")

    with EventLoop() as loop, socket.socket() as deaf:
        deaf.bind(("127.0.0.1", 0))
        client = Client(loop)
        client.create_socket()
        client.connect(deaf.getsockname())
        while not said:
            loop.run_once(1)
    return said[0]
