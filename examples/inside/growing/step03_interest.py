"""Step 3: the kernel keeps the list, and is given what changes (03-who-gets-asked.md)."""

from __future__ import annotations

import selectors
import socket
from collections import deque
from collections.abc import Callable

READ, WRITE = selectors.EVENT_READ, selectors.EVENT_WRITE
Events = list[tuple[selectors.SelectorKey, int]]


class Loop:
    """Calls ``handle_read()`` of each channel whose socket can be read."""

    def __init__(self) -> None:
        self.selector = selectors.DefaultSelector()
        self.channels: dict[int, Channel] = {}
        self.dirty: list[Channel] = []
        self.callbacks: deque[Callable[[], object]] = deque()

    def run_once(self, timeout: float | None = None) -> None:
        """Make one pass; it waits at most ``timeout`` seconds, or without a limit (None)."""
        self._refresh()
        events = self._wait(0 if self.callbacks or self.dirty else timeout)
        self._deliver(events)
        self._run_callbacks()

    def _refresh(self) -> None:
        waiting, self.dirty = self.dirty, []
        for channel in waiting:
            if not channel.closed:
                self._ask(channel)

    def _ask(self, channel: Channel) -> None:
        """Give the selector what has changed."""
        before, channel.watched = channel.watched, channel.interest()
        if not before and channel.watched:
            self.selector.register(channel.fd, channel.watched)
        elif before and not channel.watched:
            self.selector.unregister(channel.fd)
        elif before != channel.watched:
            self.selector.modify(channel.fd, channel.watched)

    def _wait(self, timeout: float | None) -> Events:
        return self.selector.select(timeout)

    def _deliver(self, events: Events) -> None:
        for key, ready in events:
            channel = self.channels[key.fd]
            if ready & READ:
                channel.handle_read()
            if ready & WRITE:
                channel.handle_write()

    def _run_callbacks(self) -> None:
        for _ in range(len(self.callbacks)):  # what they add waits for the next pass
            self.callbacks.popleft()()

    def register(self, channel: Channel) -> None:
        """Serve a channel from the next pass on."""
        self.channels[channel.fd] = channel
        self.dirty.append(channel)

    def unregister(self, channel: Channel) -> None:
        """Stop serving a channel; call this before its descriptor is closed."""
        if channel.watched:
            self.selector.unregister(channel.fd)
        del self.channels[channel.fd]

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
        sock.setblocking(False)
        self.loop = loop
        self.sock = sock
        self.fd = sock.fileno()
        self.reading = True
        self.watched = 0  # what the selector was given
        self.closed = False
        loop.register(self)

    def interest(self) -> int:
        """Return the wanted events."""
        return READ if self.readable() else 0

    def readable(self) -> bool:
        """Return whether input is wanted."""
        return self.reading

    def interest_changed(self) -> None:
        """Have the loop ask again, in the next refresh."""
        self.loop.dirty.append(self)

    def pause_reading(self) -> None:
        """Receive nothing until ``resume_reading()``."""
        self.reading = False
        self.interest_changed()

    def resume_reading(self) -> None:
        """Receive again."""
        self.reading = True
        self.interest_changed()

    def handle_read(self) -> None:
        """The socket can be read: override this."""

    def handle_write(self) -> None:
        """There is room for output: override this."""

    def close(self) -> None:
        """Leave the loop, then close the socket; again is harmless."""
        if not self.closed:
            self.closed = True
            self.loop.unregister(self)
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
