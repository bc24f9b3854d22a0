"""The terminal client: ``python3 -m examples.chatroom.client``.

Rule of this file: the command line, and the checks before the connection is opened.
"""

from __future__ import annotations

import argparse
import os
import select
import ssl
from collections.abc import Sequence

from miniloop import EventLoop

from ..doors.output import run_program
from ..doors.ports import add_port
from ..doors.tls_versions import refuse_old_versions
from .conversation import FAILED, INTERRUPTED, Client
from .screen import complain

STDIN = 0


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the client; return the process's exit code."""
    given = parse_arguments(arguments)
    try:
        tls = trusting(given.ca) if given.tls else None
    except OSError as error:
        complain(f"Cannot use {given.ca}: {error.strerror or error}.")
        return FAILED
    if not hasattr(select, "poll"):
        complain("This system cannot wait for the keyboard: use telnet.")
        return FAILED
    if not _is_open(STDIN):
        complain("There is no standard input to read from.")
        return FAILED
    with EventLoop() as loop:
        client = Client(loop, given.host, given.port, given.name, STDIN, tls)
        try:
            loop.run()
        except KeyboardInterrupt:  # the second Ctrl-C: the user does not wait
            return INTERRUPTED
    return INTERRUPTED if client.exit_code is None else client.exit_code


def trusting(authority: str | None) -> ssl.SSLContext:
    """Return a context that trusts the certificates in a file, or those of the system.

    Raises:
        OSError: The file cannot be read, or has no certificates in it.
    """
    context = ssl.create_default_context(cafile=authority)
    refuse_old_versions(context)
    return context


def parse_arguments(arguments: Sequence[str] | None) -> argparse.Namespace:
    """Return the command line's arguments: host, port, name, tls, ca.

    Raises:
        SystemExit: With 2 and a sentence on standard error if they make no sense.
    """
    parser = argparse.ArgumentParser(
        prog="python3 -m examples.chatroom.client", description="A client for the chat room."
    )
    parser.add_argument("--host", default="127.0.0.1", help="server (default: %(default)s)")
    add_port(parser, "the server's port (default: %(default)s)", least=1)
    parser.add_argument("--name", help="name to log in with (default: the server asks)")
    parser.add_argument(
        "--tls", action="store_true", help="speak TLS, with a server whose certificate is trusted"
    )
    parser.add_argument(
        "--ca",
        metavar="FILE",
        help="trust the certificates in this PEM file, in place of the machine's; means --tls",
    )
    given = parser.parse_args(arguments)
    given.tls = given.tls or given.ca is not None
    if not given.host:
        parser.error("--host needs a name or an address.")
    return given


def _is_open(fd: int) -> bool:
    try:
        os.fstat(fd)
    except OSError:
        return False
    return True


if __name__ == "__main__":
    run_program(main)
