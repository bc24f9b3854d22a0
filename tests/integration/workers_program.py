"""A server of several processes, for tests: `python3 -m tests.integration.workers_program`.

Each line is answered by what it asks for; an answer begins with the number and the process of the
worker. The log goes to standard error, a line each.
"""

from __future__ import annotations

import argparse
import json
import logging
import os
import socket
import sys
import time
from collections.abc import Callable
from pathlib import Path

from miniloop import AsyncChat, Dispatcher, EventLoop
from miniloop.system import systemd
from miniloop.system.backoff import Backoff
from miniloop.system.workers import reuse_port, run

LARGE = 4 << 20


class Conversation(AsyncChat):
    """Answers lines."""

    max_output = 2 * LARGE

    def __init__(self, loop: EventLoop, sock: socket.socket, number: int) -> None:
        super().__init__(loop, sock)
        self.me = f"{number} {os.getpid()}"
        self.line = b""
        self.set_terminator(b"\n")

    def collect_incoming_data(self, data: bytes) -> None:
        self.line += data

    def found_terminator(self) -> None:
        word, self.line = self.line.decode(), b""
        self.push(f"{self.me} {self.answer(word)}\n".encode())

    def answer(self, word: str) -> str:
        if word == "hang":
            time.sleep(1000)
        elif word == "exit":
            sys.exit(7)
        elif word == "stop":
            self.loop.stop()
        elif word == "environment":
            return json.dumps(sorted(os.environ))
        elif word == "large":
            return "x" * LARGE
        return word


class Door(Dispatcher):
    """Accepts for one worker."""

    def __init__(self, loop: EventLoop, sock: socket.socket, number: int) -> None:
        super().__init__(loop, sock)
        self.number = number

    def handle_accepted(self, sock: socket.socket, addr: object) -> None:
        Conversation(self.loop, sock, self.number)


def main() -> int:
    parser = argparse.ArgumentParser()
    parser.add_argument("--processes", type=int, default=2)
    parser.add_argument("--no-pidfd", action="store_true", help="as on other systems than Linux")
    parser.add_argument("--systemd", action="store_true")
    parser.add_argument("--reuse-port", action="store_true")
    parser.add_argument("--drain", type=float, default=5.0)
    parser.add_argument("--first", type=float, default=0.1)
    parser.add_argument("--fail", type=Path, help="workers fail at start while this file is there")
    options = parser.parse_args()
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    if options.no_pidfd:
        del os.pidfd_open
    sockets = listening(options)

    def serve(loop: EventLoop, number: int) -> None:
        if options.fail and options.fail.exists():
            raise RuntimeError("as the test wants it")
        Door(loop, sockets[number % len(sockets)], number)

    print(sockets[0].getsockname()[1], flush=True)
    backoff: Callable[[], Backoff] = lambda: Backoff(options.first)  # noqa: E731 - a function's type
    status = run(serve, options.processes, drain=options.drain, backoff=backoff)
    for sock in sockets:
        sock.close()
    return status


def listening(options: argparse.Namespace) -> list[socket.socket]:
    if options.systemd:
        return [passed.sock for passed in systemd.take_sockets()]
    if options.reuse_port:
        return reuse_port(("127.0.0.1", 0), options.processes)
    return [socket.create_server(("127.0.0.1", 0), backlog=1024)]


if __name__ == "__main__":
    sys.exit(main())
