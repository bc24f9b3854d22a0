"""The command line of the server.

Rule of this file: from arguments to checked values.  The limits' options are made from the
fields of `Limits`, so that none can be forgotten, nor its default be told wrongly.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from dataclasses import dataclass, fields

from .limits import Limits

LEVELS = ("debug", "info", "warning", "error")
HIGHEST_PORT = 65535


@dataclass(frozen=True, slots=True)
class Options:
    """What the command line says.

    Attributes:
        host: The address to listen on.
        port: The port to listen on; 0 takes any free one.
        log_level: The least level that is logged, one of `LEVELS`.
        log_messages: Whether what people say in rooms gets into the log.
        limits: The limits.
    """

    host: str
    port: int
    log_level: str
    log_messages: bool
    limits: Limits


def parse_options(arguments: Sequence[str] | None = None) -> Options:
    """Return the options in `arguments`, or in the process's own.

    Raises:
        SystemExit: With 2 and a sentence on standard error if they make no sense.
    """
    parser = make_parser()
    given = parser.parse_args(arguments)
    try:
        limits = Limits(**{each.name: getattr(given, each.name) for each in fields(Limits)})
    except ValueError as error:
        parser.error(str(error))
    return Options(given.host, given.port, given.log_level, given.log_messages, limits)


def make_parser() -> argparse.ArgumentParser:
    """Return the parser of the server's command line."""
    parser = argparse.ArgumentParser(
        prog="python -m examples.chatroom", description="A chat room for telnet and nc."
    )
    parser.add_argument(
        "--host", default="127.0.0.1", help="address to listen on (default: %(default)s)"
    )
    add_port(parser, "port to listen on; 0 takes any free one (default: %(default)s)")
    parser.add_argument(
        "--log-level", choices=LEVELS, default="info", help="least level logged (default: info)"
    )
    parser.add_argument(
        "--log-messages",
        action="store_true",
        help="log what people say in rooms, too (default: no; never what they say in private)",
    )
    _add_limits(parser.add_argument_group("limits"))
    return parser


def add_port(parser: argparse.ArgumentParser, text: str) -> None:
    """Add ``--port`` to `parser`, with `text` as its help."""
    parser.add_argument("--port", type=_port, default=1234, help=text)


def _add_limits(group: argparse._ArgumentGroup) -> None:
    for each in fields(Limits):
        group.add_argument(
            "--" + each.name.replace("_", "-"),
            type=type(each.default),
            default=each.default,
            metavar="N",
            help=f"{each.metadata['why']}, in {each.metadata['unit']} (default: %(default)s)",
        )


def _port(text: str) -> int:
    port = int(text) if text.isdecimal() else -1
    if not 0 <= port <= HIGHEST_PORT:
        raise argparse.ArgumentTypeError(f"a port is a number from 0 to {HIGHEST_PORT}")
    return port
