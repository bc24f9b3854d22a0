"""``await`` in forty lines: a coroutine that a channel's handlers step on.

A coroutine is a generator with another name.  ``await`` hands what is awaited down to the
``yield`` inside, and ``send()`` from outside makes the ``yield`` return.
"""

import inspect
import socket
from collections.abc import Callable, Coroutine, Generator
from typing import Any

from examples.inside.growing.step07_waker import Listener, Loop
from examples.inside.growing.step09_output import Lines


class NextLine:
    """What a conversation awaits: it yields to the channel, which sends the line in."""

    def __await__(self) -> Generator["NextLine", bytes, bytes]:
        """Wait in the ``yield`` for ``send()``."""
        return (yield self)


class Conversation(Lines):
    """Runs a coroutine, one step for each line."""

    def __init__(
        self,
        loop: Loop,
        sock: socket.socket,
        talk: "Callable[[Conversation], Coroutine[NextLine, bytes, None]]",
    ) -> None:
        """Begin: run the coroutine up to its first ``await``."""
        super().__init__(loop, sock)
        self.coroutine = talk(self)
        self.step(None)

    def step(self, value: Any) -> None:
        """Run the coroutine on to its next ``await``; close when it returns."""
        try:
            self.coroutine.send(value)
        except StopIteration:
            self.close_when_done()

    def handle_line(self, line: bytes) -> None:
        """What is awaited is here."""
        if not self.closing:
            self.step(line)

    def close(self) -> None:
        """End the coroutine too, unless it is what calls this: its ``finally`` blocks run."""
        super().close()
        if inspect.getcoroutinestate(self.coroutine) != inspect.CORO_RUNNING:
            self.coroutine.close()


async def greet(peer: Conversation) -> None:
    """Ask two questions, each after the answer to the one before."""
    peer.push(b"your name?\n")
    name = await NextLine()
    peer.push(b"and your town, " + name + b"?\n")
    town = await NextLine()
    peer.push(name + b" of " + town + b", goodbye\n")


def main() -> None:
    """Serve until Ctrl-C."""
    loop = Loop()
    server = socket.create_server(("127.0.0.1", 1234))
    Listener(loop, server, lambda loop, sock: Conversation(loop, sock, greet))
    loop.run()


if __name__ == "__main__":
    main()
