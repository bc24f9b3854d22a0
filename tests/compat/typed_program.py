"""A subclass of each class, written as programs do; ``test_typing.py`` has mypy check it strictly.

It is also imported there, so that what is typed is what runs.
"""

import socket
from typing import Any

import miniloop.compat
from miniloop.compat import asynchat, asyncore


class Server(asyncore.dispatcher):
    """A listener with a constructor and a map of its own."""

    def __init__(self, address: tuple[str, int], map: dict[int, Any] | None = None) -> None:
        asyncore.dispatcher.__init__(self, None, map)
        self.sessions: list[Session] = []
        self.create_socket(socket.AF_INET, socket.SOCK_STREAM)
        self.set_reuse_addr()
        self.bind(address)
        self.listen(5)
        self.port: int = self.socket.getsockname()[1]

    def handle_accept(self) -> None:
        pair = self.accept()
        if pair is not None:
            sock, addr = pair
            self.sessions.append(Session(self, sock, addr))

    def handle_accepted(self, sock: socket.socket, addr: Any) -> None:
        sock.close()

    def writable(self) -> bool:
        return False

    def close(self, reason: str = "", *, linger: bool = False) -> None:
        self.reason = reason
        asyncore.dispatcher.close(self)


class Session(asynchat.async_chat):
    """Lines, as smtpd had them."""

    ac_in_buffer_size = 4096
    ac_out_buffer_size = 4096
    ignore_log_types = frozenset({"warning", "info"})

    def __init__(self, server: Server, sock: socket.socket, addr: Any) -> None:
        super().__init__(sock, map=server._map)
        self.server, self.addr = server, addr
        self.received: list[bytes] = []
        self.set_terminator(b"\r\n")

    def collect_incoming_data(self, data: bytes) -> None:
        self.received.append(data)

    def found_terminator(self) -> None:
        line = b"".join(self.received)
        self.received.clear()
        if line.isdigit():
            self.set_terminator(int(line))
        elif line == b"all":
            self.set_terminator(None)
        else:
            self.push(line + b"\r\n")
            self.push(bytearray(b"."))
            self.push_with_producer(asynchat.simple_producer(b"more", buffer_size=2))
            self.push_with_producer(Countdown(3))
        if self.get_terminator() is None or len(self.producer_fifo) > 100:
            self.close_when_done()

    def handle_error(self) -> None:
        place, kind, error, way = asyncore.compact_traceback()
        file, function, line = place
        self.log_info(f"{file} {function} {line} {kind} {error} {way}", "error")
        raise asyncore.ExitNow

    def handle_close(self, code: int = 0) -> None:
        self.discard_buffers()
        self.close()

    def log(self, message: str) -> None:
        asyncore.dispatcher.log(self, message)


class Countdown:
    """A producer is whatever has ``more()``."""

    def __init__(self, number: int) -> None:
        self.number = number

    def more(self) -> bytes:
        self.number -= 1
        return b"%d" % self.number if self.number >= 0 else b""


class Client(asyncore.dispatcher_with_send):
    """A ``create_socket()`` with parameters of its own, and handlers with more than the base's."""

    def __init__(self, host: str, port: int) -> None:
        asyncore.dispatcher_with_send.__init__(self)
        self.create_socket(reuse=True)
        self.connect((host, port))
        self.out_buffer = b"hello\r\n"
        self.debug = False

    def create_socket(
        self, family: int = socket.AF_INET, type: int = socket.SOCK_STREAM, reuse: bool = False
    ) -> None:
        asyncore.dispatcher_with_send.create_socket(self, family, type)

    def handle_connect(self) -> None:
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def handle_read(self) -> None:
        data: bytes = self.recv(8192)
        if data:
            self.send(data)

    def handle_expt(self) -> None:
        self.close()

    def readable(self) -> bool:
        return self.connected and not self.closing

    def writable(self) -> bool:
        return self.connecting or super().writable()


class Mixin:
    """Something that is no dispatcher."""

    def note(self, text: str) -> str:
        return text


class Tail(Mixin, asyncore.file_dispatcher):
    """Follows a pipe."""

    def __init__(self, fd: int, map: dict[int, Any] | None = None) -> None:
        asyncore.file_dispatcher.__init__(self, fd, map)
        self.lines: list[str] = []

    def handle_read(self) -> None:
        self.lines.append(self.note(self.recv(100).decode()))

    def writable(self) -> bool:
        return False


class Wrapper(asyncore.file_wrapper):
    """Counts what is read."""

    total = 0

    def recv(self, *args: int) -> bytes:
        data = asyncore.file_wrapper.recv(self, *args)
        self.total += len(data)
        return data


class Upper(asynchat.simple_producer):
    """A producer of one's own."""

    def more(self) -> bytes:
        return super().more().upper()


class Done(asyncore.ExitNow):
    """Leaves the loop."""


def main() -> None:
    """Use the module's functions as programs do."""
    miniloop.compat.install()
    server = Server(("127.0.0.1", 0))
    map: dict[int, Any] = asyncore.socket_map
    try:
        asyncore.loop(timeout=0.5, use_poll=True, map=map, count=2)
        asyncore.poll(0.0, map)
        asyncore.poll2(None, map)
    except (KeyboardInterrupt, asyncore.ExitNow):
        server.close("interrupted", linger=True)
    finally:
        asyncore.close_all(ignore_all=True)
