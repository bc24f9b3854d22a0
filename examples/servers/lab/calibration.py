"""Two programs that measure the load itself: `python3 -m examples.servers.lab.calibration MODE`.

floor: an echo with nothing in it. No lines, no limits, no partial sends: wait, read, write. What a
real server needs beyond this is its own.

ceiling: it answers before it is asked. Each client finds 32 KiB of answers waiting, and gets as
much again as it sends. The kernel wakes this program once in 8 lines and throws them away without
copying them. So the client hardly ever waits, and what it could do if it never had to wait is seen.
"""

from __future__ import annotations

import argparse
import select
import socket
from collections.abc import Sequence

from examples.bench.load import LINE, line
from examples.bench.serve import listen

CREDIT = line(0) * 512
WAKE_AFTER = 8  # lines: fewer than the 10 packets that a fresh connection sends unacknowledged
READ_SIZE = 65536
BIN = bytearray(READ_SIZE)  # stays empty: with MSG_TRUNC nothing is copied to it


def main(argv: Sequence[str] | None = None) -> None:
    """Serve until killed."""
    parser = argparse.ArgumentParser(prog="python3 -m examples.servers.lab.calibration")
    parser.add_argument("mode", choices=["floor", "ceiling"])
    parser.add_argument("--port", type=int, default=0, help="accepted for form's sake: always 0")
    parser.add_argument("--quiet", action="store_true", help="accepted for form's sake")
    options = parser.parse_args(argv)
    listener = listen()
    print(f"Serving on 127.0.0.1 port {listener.getsockname()[1]}", flush=True)
    serve(listener, options.mode == "ceiling")


def serve(listener: socket.socket, ahead: bool) -> None:
    """Accept and answer for ever; `ahead` tells whether answers are given in advance."""
    epoll = select.epoll()
    epoll.register(listener.fileno(), select.EPOLLIN)
    connections: dict[int, socket.socket] = {}
    answer = give_as_much if ahead else echo
    while True:
        for fd, _ in epoll.poll():
            if fd in connections:
                if not answer(connections[fd]):
                    connections.pop(fd).close()
            else:
                sock, _ = listener.accept()
                connections[sock.fileno()] = sock
                epoll.register(sock.fileno(), select.EPOLLIN)
                welcome(sock, ahead)


def welcome(sock: socket.socket, ahead: bool) -> None:
    """Set up a connection: as a real server would, or with its answers in advance."""
    sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    if ahead:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVLOWAT, WAKE_AFTER * LINE)
        sock.sendall(CREDIT)


def echo(sock: socket.socket) -> int:
    """Give back what came; return how much, 0 at the end."""
    try:
        return sock.send(sock.recv(READ_SIZE))
    except ConnectionError:
        return 0


def give_as_much(sock: socket.socket) -> int:
    """Discard what came, unread, and send as many bytes; return how many, 0 at the end."""
    try:
        size = sock.recv_into(BIN, READ_SIZE, socket.MSG_TRUNC)
        return sock.send((CREDIT * 2)[:size])
    except ConnectionError:
        return 0


if __name__ == "__main__":
    main()
