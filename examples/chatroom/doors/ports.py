"""Ports on the command line, and addresses to type into one.

Rule of this file: parsing, and the option ``--port``, which the server and the client share.
"""

from __future__ import annotations

import argparse

PORT = 1234
"""The default port of the line door."""
HIGHEST = 65535
_ALL = {"0.0.0.0": "127.0.0.1", "::": "::1"}


def reachable(host: str) -> str:
    """Return an address at which a server that listens on `host` is reached from its machine."""
    return _ALL.get(host, host)


def add_port(parser: argparse._ActionsContainer, text: str, least: int = 0) -> None:
    """Add ``--port`` to `parser`, with `text` as its help and `least` as its lowest value."""

    def port(given: str) -> int:
        return port_number(given, least)

    parser.add_argument("--port", type=port, default=PORT, help=text)


def port_number(text: str, least: int) -> int:
    """Return the port that `text` spells, at least `least`.

    Raises:
        argparse.ArgumentTypeError: `text` is not a port, or is too low.
    """
    port = int(text) if text.isdecimal() else -1
    if not least <= port <= HIGHEST:
        raise argparse.ArgumentTypeError(f"a port is a number from {least} to {HIGHEST}")
    return port
