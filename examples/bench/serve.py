"""One server as a program: `python3 -m examples.bench.serve NAME KIND [--core N]`.

It prints the port that it listens on, then serves until it is killed. The listening socket is made
here, the same for all, so that only what comes after accept() differs.
"""

from __future__ import annotations

import argparse
import importlib
import socket
from collections.abc import Sequence

from .machine import die_with_parent, pin
from .servers import KINDS, MODULES

BACKLOG = 1024


def main(argv: Sequence[str] | None = None) -> None:
    """Serve as the command line says."""
    parser = argparse.ArgumentParser(prog="python3 -m examples.bench.serve")
    parser.add_argument("name", choices=list(MODULES))
    parser.add_argument("kind", choices=KINDS)
    parser.add_argument("--core", type=int, help="the core to stay on")
    options = parser.parse_args(argv)
    die_with_parent()
    if options.core is not None:
        pin(options.core)
    module = importlib.import_module(f"examples.bench.servers.{MODULES[options.name]}")
    listener = listen()
    print(listener.getsockname()[1], flush=True)
    module.serve(options.kind, listener)


def listen() -> socket.socket:
    """Return a non-blocking socket that listens on a free port of the local host.

    The protocol is given in so many words, since accepted sockets inherit it, and asyncio sets
    TCP_NODELAY only on those where it reads TCP: without it, bursts wait 40 ms for each other.
    """
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listener.bind(("127.0.0.1", 0))
    listener.listen(BACKLOG)
    listener.setblocking(False)
    return listener


if __name__ == "__main__":
    main()
