"""``python3 -m examples.chatroom``: run the server until Ctrl-C or SIGTERM.

Rule of this file: start, run, and report what fails at the start in one sentence.
"""

from __future__ import annotations

import errno
import ipaddress
import logging
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import TypeVar

from miniloop import EventLoop, ThreadPool, Trace
from miniloop.system.systemd import Notifier, take_notifier
from miniloop.trace import install
from miniloop.trace.chrome_trace import ChromeTrace

from .doors.certificates import Certificate, CertificateError
from .doors.output import run_program
from .doors.ports import reachable
from .doors.proxies import Proxies
from .doors.web.bundle import BadPage
from .hall.hall import Hall
from .joining import CannotJoin, order_of
from .keeping import CannotKeep, open_hall
from .logs import REPORT_EVERY, Logs
from .missing import has_web, missing_packages
from .operators import default_path, why_not_used
from .options import Options, parse_options
from .password_pool import on_threads
from .people.doorkeeper import Doorkeeper
from .people.operators import BadOperators, Operators
from .server import ChatServer

INTERRUPTED = 130  # the exit code after Ctrl-C
CHECKING = 2  # passwords checked at once; each check takes 32 MiB and one core for a while
MOST_CHECKS = 20  # checks that may be queued
FIRST_LINK = 3.0  # seconds to wait for the other servers before the doors open without them

log = logging.getLogger("chatroom")

_Door = TypeVar("_Door")


class CannotStart(Exception):
    """The server cannot run with these options; the text is a sentence with the reason."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the chat room and return the process's exit code."""
    options = parse_options(arguments)
    with Logs(options.log_level.upper()) as logs:
        return _run(options, logs)


def _run(options: Options, logs: Logs) -> int:
    try:
        trace = _trace(options)
    except CannotStart as error:
        logs.complain(str(error))
        return 1
    with EventLoop() as loop:
        if trace is not None:
            install(loop, trace)
        try:
            _open(loop, options, logs)
        except (CannotJoin, CannotKeep, CannotStart, CertificateError) as error:
            logs.complain(str(error))
            return 1
        try:
            loop.run()
        except KeyboardInterrupt:  # the second Ctrl-C: do not make the user wait
            logs.say("The chat room was ended at once.")
            return INTERRUPTED
    logs.say("The chat room is closed.")
    return 0


def _trace(options: Options) -> Trace | None:
    if options.trace is None:
        return None
    try:
        return ChromeTrace(options.trace)
    except OSError as error:
        raise CannotStart(f"Cannot write {options.trace}: {error.strerror or error}.") from error


def _open(loop: EventLoop, options: Options, logs: Logs) -> None:
    """Open everything and print the addresses.

    Raises:
        CannotStart: A door cannot be opened.
        CannotJoin: The server cannot join the cluster that the options name.
        CannotKeep: The history that the options name cannot be used.
    """
    notifier = _notifier()
    certificate = Certificate(options.tls_cert, options.tls_key) if options.tls_cert else None
    operators = _operators(options)
    order = order_of(loop, options)
    hall, keeping = open_hall(loop, options, _doorkeeper(loop, operators), order)
    proxies = Proxies(options.trusted)
    server = ChatServer(
        loop, hall, keeping, operators, certificate, proxies=proxies, measured=options.trace is None
    )
    _meet_others(loop, hall)
    try:
        opening = [*_open_doors(server, options), keeping.sentence, *_company(options)]
    except CannotStart:
        keeping.close()
        raise
    complaints = [*missing_packages(wants_web=options.web_port is not None), keeping.problem]
    # Printed by the loop: a reader of this line may send SIGTERM, and the loop must run by then.
    loop.call_soon(_say, logs, filter(None, complaints), opening)
    loop.call_soon(notifier.ready)
    loop.on_stop(notifier.stopping)
    server.every(REPORT_EVERY, logs.report)


def _meet_others(loop: EventLoop, hall: Hall) -> None:
    """Wait, for a limited time, until the node is up to date; no member can enter before."""
    deadline = loop.time() + FIRST_LINK
    while not hall.order.ready and (left := deadline - loop.time()) > 0:
        loop.run_once(left)


def _notifier() -> Notifier:
    try:
        return take_notifier()
    except (OSError, ValueError) as error:
        raise CannotStart(f"The service manager cannot be told: {error}.") from error


def _say(logs: Logs, complaints: Iterable[str], opening: Iterable[str]) -> None:
    for sentence in complaints:
        logs.complain(sentence)
    for sentence in opening:
        logs.say(sentence)


def _doorkeeper(loop: EventLoop, operators: Operators) -> Doorkeeper:
    strangers = ThreadPool(loop, threads=CHECKING, max_queued=MOST_CHECKS, name="chatroom-guesses")
    # A separate thread, so that password guesses from outside do not fill the operators' queue.
    known = ThreadPool(loop, threads=1, max_queued=MOST_CHECKS, name="chatroom-operators")
    return Doorkeeper(operators, on_threads(strangers), on_threads(known))


def _operators(options: Options) -> Operators:
    try:
        return Operators(Path(options.operators) if options.operators else default_path())
    except (BadOperators, OSError) as error:
        if options.operators is None and isinstance(error, OSError):
            # Possibly a system user with /dev/null for a home; no option names the file.
            log.warning("There are no operators. %s", why_not_used(error))
            return Operators()
        raise CannotStart(f"The operators' file cannot be used: {why_not_used(error)}") from error
    except RuntimeError:  # from Path.home(): without a home directory there is no such file
        return Operators()


def _open_doors(server: ChatServer, options: Options) -> Iterator[str]:
    """Open the doors and yield their addresses."""
    lines = _listening(options.host, options.port, server.open_lines, "--port")
    way = _way_in(server, reachable(lines.address[0]), lines.address[1])
    yield f"The chat room is open: {way}{_everywhere(lines.address[0])}"
    _warn_if_open(server, lines.address[0])
    if options.web_port is not None and has_web():
        open_web = partial(
            server.open_web,
            origins=options.origins,
            limits=options.web_limits,
            names=options.web_names,
        )
        web = _listening(options.web_host, options.web_port, open_web, "--web-port")
        yield f"and in a browser: {web.url}{_everywhere(web.address[0])}"
        _warn_if_open(server, web.address[0])


def _company(options: Options) -> Iterator[str]:
    if options.cluster is not None:
        cluster = options.cluster
        yield f"This is the node {cluster.node} of the servers that share {cluster.url}."


def _way_in(server: ChatServer, host: str, port: int) -> str:
    if server.secure:
        return f"python3 -m examples.chatroom.client --tls --host {host} --port {port}"
    return f"telnet {host} {port}"


def _everywhere(host: str) -> str:
    return " (and at this machine's other addresses)" if reachable(host) != host else ""


def _listening(
    host: str, port: int, open_door: Callable[[tuple[str, int]], _Door], option: str
) -> _Door:
    try:
        return open_door((host, port))
    except OSError as error:
        reason = error.strerror or error
        hint = f" {option} takes another one." if error.errno == errno.EADDRINUSE else ""
        raise CannotStart(f"Cannot listen on {host} port {port}: {reason}.{hint}") from error
    except BadPage as error:
        raise CannotStart(f"The page cannot be served. {error}") from error


def _warn_if_open(server: ChatServer, host: str) -> None:
    if not server.secure and not ipaddress.ip_address(host.partition("%")[0]).is_loopback:
        log.warning(
            "Others in the network can read what is said at %s: there is no TLS (--tls-cert).", host
        )


if __name__ == "__main__":
    run_program(main)
