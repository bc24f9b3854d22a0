"""Step 2: a pass has stages, and each of them ends (docs/inside/02-one-pass.md)."""

from __future__ import annotations

import select
import socket
from collections import deque
from collections.abc import Callable


class Loop:
    """Calls ``handle_read()`` of each channel whose socket can be read."""

    def __init__(self) -> None:
        self.channels: dict[socket.socket, Channel] = {}
        self.callbacks: deque[Callable[[], object]] = deque()

    def run_once(self, timeout: float | None = None) -> None:
        """Make one pass; it waits at most ``timeout`` seconds, or without a limit (None)."""
        ready = self._wait(0 if self.callbacks else timeout)
        self._deliver(ready)
        self._run_callbacks()

    def _wait(self, timeout: float | None) -> list[socket.socket]:
        return select.select([*self.channels], [], [], timeout)[0]

    def _deliver(self, ready: list[socket.socket]) -> None:
        for sock in ready:
            self.channels[sock].handle_read()

    def _run_callbacks(self) -> None:
        for _ in range(len(self.callbacks)):  # what they add waits for the next pass
            self.callbacks.popleft()()

    def call_soon(self, callback: Callable[[], object]) -> None:
        """Call ``callback()`` at the end of this pass, or of the next one."""
        self.callbacks.append(callback)

    def run(self) -> None:
        """Make passes until nothing is left to wait for."""
        while self.channels or self.callbacks:
            self.run_once()


class Channel:
    """A socket on a loop."""

    def __init__(self, loop: Loop, sock: socket.socket) -> None:
        self.loop = loop
        self.sock = sock
        loop.channels[sock] = self

    def handle_read(self) -> None:
        """The socket can be read: override this."""

    def close(self) -> None:
        """Leave the loop, then close the socket."""
        del self.loop.channels[self.sock]
        self.sock.close()


class Listener(Channel):
    """Makes a channel of each connection."""

    def __init__(
        self, loop: Loop, sock: socket.socket, make: Callable[[Loop, socket.socket], object]
    ) -> None:
        super().__init__(loop, sock)
        self.make = make

    def handle_read(self) -> None:
        """Accept a connection."""
        sock, _ = self.sock.accept()
        self.make(self.loop, sock)


class Echo(Channel):
    """Sends back what arrives."""

    def handle_read(self) -> None:
        """Receive and send; close at the end of the connection."""
        data = self.sock.recv(65536)
        if data:
            self.sock.sendall(data)
        else:
            self.close()


def main() -> None:
    """Serve until Ctrl-C."""
    loop = Loop()
    Listener(loop, socket.create_server(("127.0.0.1", 1234)), Echo)
    loop.run()


if __name__ == "__main__":
    main()
