"""Step 9: output is queued, and sent once in a pass (09-writing-and-backpressure.md)."""

import socket

from examples.inside.growing.step07_waker import WRITE, Channel, Listener, Loop, close_on_error

__all__ = ["Channel", "Echo", "Lines", "Listener", "Loop"]


class Lines(Channel):
    """Splits what arrives into lines of at most ``longest`` bytes, and queues output.

    While more than ``high_water`` bytes wait to be sent, nothing is received.
    """

    longest = 65536
    high_water = 65536

    def __init__(self, loop: Loop, sock: socket.socket) -> None:
        self.partial = b""
        self.queue: list[bytes] = []
        self.blocked = False  # the kernel's buffer is full: output waits for WRITE
        self.closing = False  # end when the queue is empty
        super().__init__(loop, sock)

    def handle_read(self) -> None:
        """Receive, and hand out each whole line; the peer's end is the channel's."""
        data = self.sock.recv(65536)
        if not data:
            self.close_when_done()  # the peer may still read
            return
        *lines, self.partial = (self.partial + data).split(b"\n")
        for line in lines:
            if not self.closed:  # by the handler of an earlier line
                self.handle_line(line)
        if len(self.partial) > self.longest:
            raise ValueError(f"a line is longer than {self.longest} bytes")

    def handle_line(self, line: bytes) -> None:
        """A whole line, without its end: override this."""

    def readable(self) -> bool:
        """Return whether input is wanted: not while the peer does not read."""
        waiting = sum(map(len, self.queue)) if self.blocked else 0
        return super().readable() and not self.closing and waiting <= self.high_water

    def interest(self) -> int:
        """Return the wanted events: WRITE only while output waits for room."""
        return super().interest() | (WRITE if self.blocked else 0)

    def push(self, data: bytes) -> None:
        """Queue bytes; those of one pass leave with one system call."""
        if not self.queue:
            self.loop.call_soon(self.flush_guarded)
        self.queue.append(data)

    def close_when_done(self) -> None:
        """Receive no more, and end when the queue is empty."""
        self.closing = True
        self.interest_changed()
        self.loop.call_soon(self.flush_guarded)

    def drained(self) -> bool:
        """Return whether everything was sent."""
        return not self.queue

    def flush_guarded(self) -> None:
        """Flush; an error ends this channel, as in a handler."""
        try:
            self.flush()
        except Exception:
            close_on_error(self)

    def flush(self) -> None:
        """Send the queue; what the kernel does not take goes back in front."""
        if self.closed or self.blocked:
            return
        data = b"".join(self.queue)
        try:
            sent = self.sock.send(data) if data else 0
        except BlockingIOError:
            sent = 0
        self.queue = [data[sent:]] if sent < len(data) else []
        if self.queue:
            self.blocked = True
            self.interest_changed()
        elif self.closing and self.drained():
            self.end()

    def handle_write(self) -> None:
        """There is room again."""
        self.blocked = False
        self.interest_changed()
        self.flush()


class Echo(Lines):
    """Sends back each line."""

    def handle_line(self, line: bytes) -> None:
        """Answer."""
        self.push(line + b"\n")


def main() -> None:
    """Serve until Ctrl-C."""
    loop = Loop()
    Listener(loop, socket.create_server(("127.0.0.1", 1234)), Echo)
    loop.run()


if __name__ == "__main__":
    main()
