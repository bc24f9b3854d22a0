"""The command line of the server.

Rule of this file: convert arguments to checked values.  The limits' options are made from the
fields of their dataclasses, so that none is missing and every default shown is correct.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from dataclasses import dataclass, fields
from typing import Any, TypeVar

from .cluster_options import ClusterOptions, add_cluster, cluster_options
from .doors.ports import add_port, port_number
from .doors.web.hosts import name_of
from .doors.web.limits import WebLimits
from .doors.web.origin import normal
from .hall.limits import Limits
from .people.addresses import Network, network_of

LEVELS = ("debug", "info", "warning", "error")
WEB_PORT = 8080
NONE = "none"
KEEP_DAYS = 365
KEEP_SIZE = 1024  # MB

_Limits = TypeVar("_Limits", bound=Any)  # any dataclass whose fields have unit and reason


@dataclass(frozen=True, slots=True)
class Options:
    """The values of the command line.

    Attributes:
        host: The address to listen on.
        port: The port for telnet; 0 takes any free one.
        web_port: The port for browsers; 0 takes any free one, None opens none.
        web_host: The address for browsers.
        origins: Further origins whose pages may connect, besides the page's own.
        web_names: Further names by which browsers may call the server.
        trusted: Networks whose proxies are trusted about the client's address.
        tls_cert: The file with the certificate; None disables TLS.
        tls_key: The file with its key; None if the key is in the first file.
        keeps_history: Whether anything outlives the process.
        history: The database; None is the one in the user's data folder.
        keep_days: Days after which messages are forgotten; 0 never.
        keep_size: Megabytes above which the oldest is forgotten; 0 never.
        operators: The file with the operators' passwords; None is the one in the data folder.
        log_level: The lowest level that is logged, one of `LEVELS`.
        log_messages: Whether the log contains what members say in rooms.
        cluster: The engine and the node's name; None: the server runs alone.
        trace: The file for a trace of the loop; None makes none.
        limits: The limits of the room and of all doors.
        web_limits: The limits of the web door alone.
    """

    host: str
    port: int
    web_host: str
    web_port: int | None
    origins: tuple[str, ...]
    web_names: tuple[str, ...]
    trusted: tuple[Network, ...]
    tls_cert: str | None
    tls_key: str | None
    keeps_history: bool
    history: str | None
    keep_days: float
    keep_size: int
    operators: str | None
    log_level: str
    log_messages: bool
    cluster: ClusterOptions | None
    trace: str | None
    limits: Limits
    web_limits: WebLimits


def parse_options(arguments: Sequence[str] | None = None) -> Options:
    """Return the options in `arguments`, or in the process's own arguments.

    Raises:
        SystemExit: The options are invalid; the code is 2, and standard error gets a sentence.
    """
    parser = make_parser()
    given = parser.parse_args(arguments)
    if given.tls_key is not None and given.tls_cert is None:
        parser.error("--tls-key needs --tls-cert, the certificate that the key belongs to.")
    return Options(
        host=given.host,
        port=given.port,
        web_host=given.host if given.web_host is None else given.web_host,
        web_port=given.web_port,
        origins=tuple(given.origin),
        web_names=tuple(given.web_name),
        trusted=tuple(given.trust_proxy),
        tls_cert=given.tls_cert,
        tls_key=given.tls_key,
        keeps_history=given.keeps_history,
        history=given.history,
        keep_days=given.keep_days,
        keep_size=given.keep_size,
        operators=given.operators,
        log_level=given.log_level,
        log_messages=given.log_messages,
        cluster=cluster_options(parser, given),
        trace=given.trace,
        limits=_limits(parser, given, Limits),
        web_limits=_limits(parser, given, WebLimits),
    )


def make_parser() -> argparse.ArgumentParser:
    """Return the parser of the server's command line."""
    parser = argparse.ArgumentParser(
        prog="python3 -m examples.chatroom",
        usage="%(prog)s [option ...]",
        description="A chat room for telnet and browsers.",
    )
    _add_doors(parser.add_argument_group("doors"))
    _add_tls(parser.add_argument_group("TLS"))
    _add_history(parser.add_argument_group("history"))
    _add_order(parser.add_argument_group("order and logging"))
    add_cluster(parser.add_argument_group("several servers"))
    _add_limits(parser.add_argument_group("limits"), Limits)
    _add_limits(parser.add_argument_group("limits of the web door"), WebLimits)
    return parser


def _add_doors(group: argparse._ArgumentGroup) -> None:
    group.add_argument(
        "--host", default="127.0.0.1", help="address to listen on (default: %(default)s)"
    )
    add_port(group, "port for telnet; 0 takes any free one (default: %(default)s)")
    group.add_argument(
        "--web-port",
        type=_port_or_none,
        default=WEB_PORT,
        metavar="PORT",
        help="port for browsers; 0 takes any free one, 'none' opens none (default: %(default)s)",
    )
    group.add_argument(
        "--web-host", metavar="HOST", help="address to listen on for browsers (default: --host's)"
    )
    group.add_argument(
        "--origin",
        action="append",
        type=_origin,
        default=[],
        metavar="URL",
        help="let pages from there connect, besides our own; needed behind a proxy that speaks "
        "TLS for us (https://chat.example.org); may be repeated",
    )
    group.add_argument(
        "--web-name",
        action="append",
        type=_name,
        default=[],
        metavar="NAME",
        help="let browsers call the server by this name on addresses that not everybody can reach, "
        "besides the machine's own name and those in --origin; may be repeated",
    )
    group.add_argument(
        "--trust-proxy",
        nargs="+",
        action="extend",
        type=_network,
        default=[],
        metavar="NETWORK",
        help="believe proxies there (127.0.0.1, 10.0.0.0/8) about where a client comes from: the "
        "headers X-Forwarded-For or Forwarded, and the PROXY protocol, with which their "
        "connections for telnet must begin",
    )


def _add_tls(group: argparse._ArgumentGroup) -> None:
    group.add_argument(
        "--tls-cert",
        metavar="FILE",
        help="speak TLS at all doors, with the certificate (and its chain) in this PEM file",
    )
    group.add_argument(
        "--tls-key",
        metavar="FILE",
        help="the certificate's key, in PEM (default: it is in the same file)",
    )


def _add_history(group: argparse._ArgumentGroup) -> None:
    where = group.add_mutually_exclusive_group()
    where.add_argument(
        "--history",
        metavar="FILE",
        help="keep what is said in this database (default: one in your data folder)",
    )
    where.add_argument(
        "--no-history",
        dest="keeps_history",
        action="store_false",
        help="keep nothing: what is said is forgotten when the server ends",
    )
    group.add_argument(
        "--keep-days",
        type=_days,
        default=KEEP_DAYS,
        metavar="N",
        help="forget what is older, in days; 0 keeps it for ever (default: %(default)s)",
    )
    group.add_argument(
        "--keep-size",
        type=_megabytes,
        default=KEEP_SIZE,
        metavar="N",
        help="forget the oldest when the database is larger, in MB; 0 lets it grow "
        "(default: %(default)s)",
    )


def _add_order(group: argparse._ArgumentGroup) -> None:
    group.add_argument(
        "--operators",
        metavar="FILE",
        help="names and passwords of those who may kick and ban, made by "
        "python3 -m examples.chatroom.operators (default: one in your data folder)",
    )
    group.add_argument(
        "--log-level", choices=LEVELS, default="info", help="least level logged (default: info)"
    )
    group.add_argument(
        "--log-messages",
        action="store_true",
        help="log what people say in rooms, too (default: no; never what they say in private)",
    )
    group.add_argument(
        "--trace",
        metavar="FILE",
        help="write what the event loop does to this file, for https://ui.perfetto.dev; it has "
        "addresses and times in it, but nothing of what is said",
    )


def _add_limits(group: argparse._ArgumentGroup, kind: type[_Limits]) -> None:
    for each in fields(kind):
        group.add_argument(
            "--" + each.name.replace("_", "-"),
            type=type(each.default),
            default=each.default,
            metavar="N",
            help=f"{each.metadata['why']}, in {each.metadata['unit']} (default: %(default)s)",
        )


def _limits(
    parser: argparse.ArgumentParser, given: argparse.Namespace, kind: type[_Limits]
) -> _Limits:
    values = {each.name: getattr(given, each.name) for each in fields(kind)}
    try:
        made: _Limits = kind(**values)
    except ValueError as error:
        parser.error(str(error))
    return made


def _origin(text: str) -> str:
    try:
        return normal(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(str(error)) from None


def _name(text: str) -> str:
    try:
        return name_of(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(str(error)) from None


def _network(text: str) -> Network:
    network = network_of(text, every_address=True)
    if network is None:
        raise argparse.ArgumentTypeError(f"{text!r} is no address and no network")
    return network


def _port_or_none(text: str) -> int | None:
    return None if text == NONE else port_number(text, 0)


def _days(text: str) -> float:
    try:
        days = float(text)
    except ValueError:
        days = -1.0
    if not 0 <= days < float("inf"):
        raise argparse.ArgumentTypeError("this is a number of days, or 0")
    return days


def _megabytes(text: str) -> int:
    if not text.isdecimal():
        raise argparse.ArgumentTypeError("this is a whole number of megabytes, or 0")
    return int(text)
