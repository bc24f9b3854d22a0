"""What the servers have in common: the command line, the printing, and Ctrl-C.

Rule of this file: nothing of how a server serves its connections; that is what the files differ in.
"""

from __future__ import annotations

import argparse
import contextlib
import errno
import io
import os
import signal
import socket
import sys
from collections.abc import Callable
from typing import Any

HOST = "127.0.0.1"
PORT = 1234  # the article's
BACKLOG = 4096  # connections that may wait to be accepted: room for a crowd that comes at once
LONGEST_LINE = 65536  # bytes; a longer one ends the connection
CHUNK = 65536  # bytes received at once
INTERRUPTED = 130  # the status of what Ctrl-C has ended

_quiet = False


def run(serve: Callable[..., object], **flags: str) -> None:
    """Read the command line and call ``serve(port)``; a port that is taken is told in a sentence.

    Args:
        serve: serves until it is interrupted.
        flags: options of this server alone and their help; ``serve`` gets them as booleans.

    Raises:
        SystemExit: with a sentence, when the port cannot be listened on.
    """
    global _quiet
    which = (sys.modules["__main__"].__doc__ or "").partition("\n")[0]
    parser = argparse.ArgumentParser(description=f"Send every line back. {which}")
    parser.add_argument("--port", type=_port, default=PORT, help="0 takes a free one (%(default)s)")
    parser.add_argument("--quiet", action="store_true", help="print nothing but the port")
    for flag, text in flags.items():
        parser.add_argument(f"--{flag}", action="store_true", help=text)
    options = parser.parse_args()
    _quiet = options.quiet
    if isinstance(sys.stdout, io.TextIOWrapper):  # what the terminal cannot show ends nothing
        sys.stdout.reconfigure(errors="backslashreplace")
    raise_descriptor_limit()
    try:
        serve(options.port, **{flag: getattr(options, flag) for flag in flags})
    except KeyboardInterrupt:  # a second Ctrl-C: the user does not wait
        sys.exit(INTERRUPTED)
    except OSError as error:
        if error.errno not in (errno.EADDRINUSE, errno.EACCES):
            raise
        reason = os.strerror(error.errno)  # asyncio puts a sentence of its own into error.strerror
        sys.exit(f"Cannot listen on {HOST} port {options.port}: {reason}.")


def _port(text: str) -> int:
    port = int(text)
    if not 0 <= port <= 65535:
        raise argparse.ArgumentTypeError(f"a port is a number from 0 to 65535, not {port}")
    return port


IN_THE_LAB = "python3 -m venv .venv/lab && .venv/lab/bin/pip install -e '.[lab]'"
"""The command, in this clone, that installs what some of the methods need."""


def need(available: bool, sentence: str) -> None:
    """End with ``sentence`` and status 1 where a method is not to be had.

    Raises:
        SystemExit: it is not available.
    """
    if not available:
        sys.exit(sentence)


def raise_descriptor_limit() -> None:
    """Allow this process as many open descriptors as it may have."""
    try:
        import resource
    except ModuleNotFoundError:  # Windows, which has no such limit
        return
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    with contextlib.suppress(ValueError, OSError):  # macOS calls it unlimited, and refuses that
        resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))


class Interruptible:
    """A block that Ctrl-C and SIGTERM leave, to go on quietly after it; use it once.

    A second Ctrl-C does not disturb the clean-up.
    """

    def __enter__(self) -> None:
        signal.signal(signal.SIGTERM, signal.default_int_handler)

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> bool:
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, signal.SIG_IGN)
        return kind is KeyboardInterrupt


# -- what is printed ------------------------------------------------------------------------------


def serving(address: Any) -> None:
    """Say where the server can be reached; it listens by now."""
    print(f"Serving on {address[0]} port {address[1]}", flush=True)


def welcome(sock: socket.socket, address: Any) -> None:
    """Log a new connection.  Answers leave at once, not when a packet is full."""
    sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    say("Got connection from", address)


def received(address: Any, line: bytes) -> None:
    """Print a line, with everything escaped that a terminal would obey."""
    if not _quiet:
        say(address, "sent", repr(line.rstrip(b"\r\n").decode("utf-8", "replace")))


def too_long(address: Any) -> None:
    """Log why the server ends a connection."""
    say(address, f"sent a line of more than {LONGEST_LINE} bytes")


def disconnected(address: Any) -> None:
    """Log the end of a connection."""
    say(address, "disconnected")


def say(*words: object) -> None:
    """Print a line in one piece, since threads and processes share the terminal."""
    if not _quiet:
        print(" ".join(map(str, words)) + "\n", end="", flush=True)
