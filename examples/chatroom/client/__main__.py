"""The terminal client: ``python3 -m examples.chatroom.client``.

Rule of this file: the command line, and the checks before the connection is opened.
"""

from __future__ import annotations

import argparse
import importlib.util
import os
import select
import ssl
import sys
from collections.abc import Sequence
from urllib.parse import urlsplit

from miniloop import EventLoop

from ..doors.output import run_program
from ..doors.ports import add_port
from ..doors.tls_versions import refuse_old_versions
from .codes import FAILED, INTERRUPTED
from .conversation import Client
from .screen import complain

STDIN = 0
PORTS = {"http": 80, "https": 443}
NO_PROMPT = (
    "Without the packages prompt_toolkit and websockets, lines are edited by the terminal alone. "
    "This installs them, in this clone: python3 -m venv .venv/chat && "
    ".venv/chat/bin/pip install -e '.[chat]' && .venv/chat/bin/python -m examples.chatroom.client"
)


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
    try:
        if not given.plain and _has_terminal():
            if _has_packages():
                return _run_on_terminal(given, tls)
            complain(NO_PROMPT)
        return _run_plain(given, tls)
    except KeyboardInterrupt:  # the second Ctrl-C: end without waiting
        return INTERRUPTED


def _run_plain(given: argparse.Namespace, tls: ssl.SSLContext | None) -> int:
    if given.url:
        complain("An address of the page needs a terminal, and the packages of the chat extra.")
        return FAILED
    with EventLoop() as loop:
        client = Client(loop, given.host, given.port, given.name, STDIN, tls)
        loop.run()
    return INTERRUPTED if client.exit_code is None else client.exit_code


def _run_on_terminal(given: argparse.Namespace, tls: ssl.SSLContext | None) -> int:
    from .program import run
    from .websocket import WebAddress

    web = None
    if given.url:
        parts = urlsplit(given.url)
        folder = parts.path.rpartition("/")[0] + "/"
        web = WebAddress(parts.hostname or "", parts.port or PORTS[parts.scheme], tls, folder)
    return run(given.host, given.port, tls, given.name or "", web)


def trusting(authority: str | None) -> ssl.SSLContext:
    """Return a context that trusts the certificates in a file, or those of the system.

    Raises:
        OSError: The file cannot be read, or has no certificates in it.
    """
    context = ssl.create_default_context(cafile=authority)
    refuse_old_versions(context)
    return context


def parse_arguments(arguments: Sequence[str] | None) -> argparse.Namespace:
    """Return the command line's arguments: url, host, port, name, tls, ca, plain.

    Raises:
        SystemExit: With code 2 and a sentence on standard error if they are invalid.
    """
    parser = argparse.ArgumentParser(
        prog="python3 -m examples.chatroom.client", description="A client for the chat room."
    )
    parser.add_argument("url", nargs="?", help="address of the page, in place of --host and --port")
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
    parser.add_argument(
        "--plain",
        action="store_true",
        help="print lines as they come, as with a pipe: no screen of its own",
    )
    given = parser.parse_args(arguments)
    given.tls = given.tls or given.ca is not None
    if not given.host:
        parser.error("--host needs a name or an address.")
    if given.url:
        _check_url(parser, given)
    return given


def _check_url(parser: argparse.ArgumentParser, given: argparse.Namespace) -> None:
    try:
        parts = urlsplit(given.url)
        known = parts.scheme in PORTS and parts.hostname and (parts.port is None or parts.port)
    except ValueError:
        known = False
    if not known:
        parser.error(
            "The page's address looks like http://127.0.0.1:8080/ or https://chat.example/"
        )
    if given.tls and parts.scheme == "http":
        parser.error("--tls needs an address that begins with https://.")
    given.tls = parts.scheme == "https"


def _has_terminal() -> bool:
    outputs = (sys.stdin, sys.stdout)
    return all(each is not None and each.isatty() for each in outputs) and (
        os.environ.get("TERM", "") not in ("", "dumb")
    )


def _has_packages() -> bool:
    return all(importlib.util.find_spec(each) for each in ("prompt_toolkit", "websockets"))


def _is_open(fd: int) -> bool:
    try:
        os.fstat(fd)
    except OSError:
        return False
    return True


if __name__ == "__main__":
    run_program(main)
