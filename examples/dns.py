"""Look up a host's addresses over UDP: datagrams, with retries on timers.

    python3 -m examples.dns example.org
    python3 -m examples.dns --type AAAA --server 192.0.2.53 example.org

Any host can send us a datagram that claims to be the answer.  So each try has a random number and a
socket of its own, with a port that the kernel chooses at random; the kernel lets through only what
comes from the server's address and port; the question must be repeated; and a few strangers are
ignored, but not any number of them.
"""

import argparse
import ipaddress
import secrets
import socket
import sys
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path

from examples.dns_message import (
    TYPES,
    LookupFailed,
    NotTheAnswer,
    Question,
    decode_answer,
    encode_query,
    question,
)
from miniloop import Dispatcher, EventLoop
from miniloop.timers import TimerHandle

DELAYS = (1.0, 2.0, 4.0)
"""Seconds that each try waits: a lost datagram is asked for again soon, a busy server seldom."""

MOST_STRANGERS = 20
"""Datagrams that are not the answer; one more, and the try is over: an attacker is guessing."""

LARGEST = 4096
"""Bytes of an answer.  Without EDNS a server sends 512 at most; longer ones are cut, and fail."""


class Try(Dispatcher):
    """One query on a socket of its own, and whatever comes back.

    Args:
        loop: whose loop.
        server: address and port.
        asked: the question.
        on_answer: called once with the addresses, or with LookupFailed.
    """

    def __init__(
        self,
        loop: EventLoop,
        server: tuple[str, int],
        asked: Question,
        on_answer: Callable[[list[str] | LookupFailed], object],
    ) -> None:
        """Send the query."""
        super().__init__(loop, _socket_to(server))
        self._asked = asked
        self._on_answer = on_answer
        self._strangers = 0
        self.number = secrets.randbelow(1 << 16)
        self.send(encode_query(self.number, asked))

    def handle_read(self) -> None:
        """Take one datagram; an error of the network counts as a stranger.

        An attacker has to guess anew, with the next try's number and port.
        """
        try:
            answer: list[str] | LookupFailed = decode_answer(
                self.recv(LARGEST), self.number, self._asked
            )
        except LookupFailed as error:
            answer = error
        except NotTheAnswer:
            self._strangers += 1
            if self._strangers > MOST_STRANGERS:
                self.close()
            return
        self.close()
        self._on_answer(answer)


class Lookup:
    """Asks for a host's addresses until there is an answer, or the tries are used up.

    Args:
        loop: the loop to use.
        host: the host's name.
        on_done: called once, from the loop, with the list of addresses or with the exception:
            LookupFailed with the reason, TimeoutError, or the OSError of the last try.
        server: the name server: address and port.
        kind: "A" or "AAAA".
        delays: seconds that each try waits for an answer, one number a try.

    Raises:
        ValueError: ``host`` or ``kind`` makes no sense, or ``server`` is no IP address.
    """

    def __init__(
        self,
        loop: EventLoop,
        host: str,
        on_done: Callable[[list[str] | Exception], object],
        *,
        server: tuple[str, int],
        kind: str = "A",
        delays: Sequence[float] = DELAYS,
    ) -> None:
        """Begin with the first try."""
        self._loop = loop
        self._on_done = on_done
        self._server = server
        ipaddress.ip_address(server[0])
        self._question = question(host, kind)
        self._delays = [*delays]
        self._try: Try | None = None
        self._timer: TimerHandle | None = None
        self._error: OSError | None = None
        self._next_try()

    def cancel(self) -> None:
        """Send nothing more and call nothing; again is harmless."""
        if self._timer is not None:
            self._timer.cancel()
        if self._try is not None:
            self._try.close()

    def _next_try(self) -> None:
        """Ask again, on another port and with another number, or give up."""
        self.cancel()
        if not self._delays:
            self._done(self._error or TimeoutError(f"no answer from {self._server[0]}"))
            return
        self._timer = self._loop.call_later(self._delays.pop(0), self._next_try)
        self._error = None
        try:
            self._try = Try(self._loop, self._server, self._question, self._done)
        except OSError as error:  # no way to the server now; there may be one later
            self._error = error

    def _done(self, result: list[str] | Exception) -> None:
        self.cancel()
        self._on_done(result)


def _socket_to(server: tuple[str, int]) -> socket.socket:
    """Return a datagram socket that hears this server only, on a random port."""
    family = socket.AF_INET6 if ipaddress.ip_address(server[0]).version == 6 else socket.AF_INET
    sock = socket.socket(family, socket.SOCK_DGRAM)
    try:
        sock.connect(server)
    except BaseException:
        sock.close()
        raise
    return sock


def system_server(path: Path = Path("/etc/resolv.conf")) -> str:
    """Return the first name server that the system uses, 127.0.0.1 where it names none."""
    try:
        text = path.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return "127.0.0.1"
    lines = (line.split() for line in text.splitlines())
    return next((words[1] for words in lines if words[:1] == ["nameserver"] and words[1:]),
                "127.0.0.1")  # fmt: skip


def main(arguments: Sequence[str] | None = None) -> int:
    """Look up the names on the command line; the exit status is 1 if one has no address."""
    parser = argparse.ArgumentParser(description="Look up the addresses of hosts.")
    parser.add_argument("hosts", nargs="+", metavar="HOST")
    parser.add_argument("--type", choices=TYPES, default="A", help="A: IPv4, AAAA: IPv6")
    parser.add_argument("--server", default=system_server(), help="its address; the system's")
    parser.add_argument("--port", type=int, default=53)
    options = parser.parse_args(arguments)
    failures: list[str] = []

    def show(host: str, result: list[str] | Exception) -> None:
        if isinstance(result, Exception):
            failures.append(host)
            print(f"{host}: {result}", file=sys.stderr)
        else:
            print(host, *result)

    with EventLoop() as loop:
        for host in options.hosts:
            try:
                Lookup(
                    loop,
                    host,
                    partial(show, host),
                    server=(options.server, options.port),
                    kind=options.type,
                )
            except ValueError as error:
                show(host, error)
        loop.run()
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
