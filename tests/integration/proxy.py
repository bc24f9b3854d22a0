"""A bad network: a TCP proxy whose connections can be cut, held up and refused."""

from __future__ import annotations

import contextlib
import socket
import struct
import threading
from collections.abc import Callable

RESET = struct.pack("ii", 1, 0)


class Proxy:
    """Listens on a free port and passes everything on to `target`.

    Attributes:
        port: Where it listens.
        holding: Whether what the target says is lost instead of passed on.
        refusing: Whether new connections are cut at once.
        requests: How many HTTP requests have come.
        answered: How many bytes have gone back, heads and all.
    """

    def __init__(self, target: int) -> None:
        self.holding = self.refusing = False
        self.requests = self.answered = 0
        self._target = target
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = int(self._listener.getsockname()[1])
        self._lock = threading.Lock()
        self._sockets: list[socket.socket] = []
        threading.Thread(target=self._accept, daemon=True).start()

    def turn(self, target: int) -> None:
        """From the next connection on pass everything on to another port."""
        self._target = target

    def cut(self) -> None:
        """Break all connections, as a network does that goes away: without goodbye."""
        with self._lock:
            sockets, self._sockets = self._sockets, []
        for each in sockets:
            _break(each)

    def close(self) -> None:
        """End everything."""
        self.refusing = True
        self._listener.close()
        self.cut()

    def _accept(self) -> None:
        with contextlib.suppress(OSError):  # closed
            while True:
                self._connect(self._listener.accept()[0])

    def _connect(self, browser: socket.socket) -> None:
        try:
            if self.refusing:
                raise ConnectionRefusedError
            server = socket.create_connection(("127.0.0.1", self._target))
        except OSError:
            _break(browser)
            return
        with self._lock:
            self._sockets += [browser, server]
        for way in ((browser, server, False), (server, browser, True)):
            threading.Thread(target=self._pass_on, args=way, daemon=True).start()

    def _pass_on(self, source: socket.socket, sink: socket.socket, from_server: bool) -> None:
        with contextlib.suppress(OSError):  # cut
            while data := source.recv(65536):
                self._count(data, from_server)
                if not (from_server and self.holding):
                    sink.sendall(data)
            sink.shutdown(socket.SHUT_WR)

    def _count(self, data: bytes, from_server: bool) -> None:
        with self._lock:
            if from_server:
                self.answered += len(data)
            else:
                self.requests += data.count(b" HTTP/1.1\r\n")


def _break(sock: socket.socket) -> None:
    with contextlib.suppress(OSError):
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET)
        sock.shutdown(socket.SHUT_RDWR)  # wakes the thread that reads from it
    sock.close()


class HeadProxy:
    """Passes on HTTP requests as `change` returns their heads; where that is empty, answers 503.

    Attributes:
        port: Where it listens.
    """

    def __init__(self, target: int, change: Callable[[bytes], bytes]) -> None:
        self._target = target
        self._change = change
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = int(self._listener.getsockname()[1])
        threading.Thread(target=self._accept, daemon=True).start()

    def close(self) -> None:
        """Take no more connections."""
        self._listener.close()

    def _accept(self) -> None:
        with contextlib.suppress(OSError):  # closed
            while True:
                sock = self._listener.accept()[0]
                threading.Thread(target=self._serve, args=(sock,), daemon=True).start()

    def _serve(self, browser: socket.socket) -> None:
        with browser, contextlib.suppress(OSError):  # either end may go at any time
            self._pass_on(browser)

    def _pass_on(self, browser: socket.socket) -> None:
        with socket.create_connection(("127.0.0.1", self._target)) as server:
            head = b""
            while b"\r\n\r\n" not in head:
                piece = browser.recv(65536)
                if not piece:
                    return
                head += piece
            changed = self._change(head)
            if not changed:
                browser.sendall(b"HTTP/1.1 503 Busy\r\nContent-Length: 0\r\n\r\n")
                return
            server.sendall(changed)
            while piece := server.recv(65536):  # each answer ends its connection
                browser.sendall(piece)
