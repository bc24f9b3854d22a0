"""Host names become addresses, off the loop's thread and in the order in which to try them.

The platform's resolver is asked (``getaddrinfo``), so /etc/hosts, search domains and everything
else that an administrator has set up count.  It sorts by RFC 6724; what is added here is RFC 8305's
alternation of the families.  That RFC's *resolution delay* is for programs that ask for IPv6 and
IPv4 in two questions and may begin with the first answer: ``getaddrinfo`` answers both at once.
"""

import socket
from collections.abc import Callable, Iterable
from itertools import chain, zip_longest
from typing import Any, NamedTuple, Self

from miniloop.loop import EventLoop
from miniloop.system.threadpool import Job, ThreadPool

MOST_ADDRESSES = 32
"""Addresses of one name that are tried, against an answer with thousands: 8 seconds of silence."""

_LONGEST_NUMERIC = 64
"""Characters: an IPv6 address with the name of an interface behind it has at most 62."""


class Address(NamedTuple):
    """Where to connect to: what ``socket.socket()`` and ``connect()`` take."""

    family: int
    type: int
    proto: int
    sockaddr: Any

    def __str__(self) -> str:
        """Show it as in a URL."""
        host, port = self.sockaddr[:2]
        return f"[{host}]:{port}" if self.family == socket.AF_INET6 else f"{host}:{port}"


class Resolver(ThreadPool):
    """The threads on which one loop's names are resolved.

    They are not those of other blocking work: a name server that is silent for half a minute should
    not hold up a database.
    """

    @classmethod
    def of(cls, loop: EventLoop) -> Self:
        """Return the loop's resolver; the first call makes it."""
        pools = (work for work in loop.background if isinstance(work, cls))
        return next(pools, None) or cls(loop, name="miniloop-resolver")

    def resolve(
        self, host: str, port: int, on_done: Callable[[Job[list[Address]]], object]
    ) -> Job[list[Address]]:
        """Look ``host`` up; ``job.result()`` is what ``look_up()`` returns or raises.

        Cancelling drops the answer; the question itself cannot be taken back.

        Raises:
            PoolFull: too many names wait already.
        """
        return self.submit(look_up, host, port, on_done=on_done)


def look_up(host: str, port: int) -> list[Address]:
    """Return the addresses of ``host`` in the order in which to try them.  It blocks.

    Raises:
        OSError: there is none (``socket.gaierror``).
    """
    return _look_up(host, port, 0)


def numeric(host: str, port: int) -> list[Address] | None:
    """Return the address if ``host`` is one already, else None.  It does not block."""
    if len(host) > _LONGEST_NUMERIC:
        return None
    try:
        return _look_up(host, port, socket.AI_NUMERICHOST)
    except socket.gaierror:
        return None


def _look_up(host: str, port: int, flags: int) -> list[Address]:
    try:
        if "\0" in host:
            raise ValueError("a NUL character would hide what is behind it")
        infos = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=flags)
    except ValueError as error:  # the name cannot be encoded: it may have come from anywhere
        reason = f"{host[:80]!r} is no host name: {error}"
        raise socket.gaierror(socket.EAI_NONAME, reason) from None
    known = (socket.AF_INET, socket.AF_INET6)
    addresses = [
        Address(family, kind, proto, sockaddr)
        for family, kind, proto, _, sockaddr in infos
        if family in known
    ]
    return interleaved(addresses)[:MOST_ADDRESSES]


def interleaved(addresses: Iterable[Address]) -> list[Address]:
    """Take the families in turns, the best address' family first (RFC 8305, section 4).

    One address of the first family goes first (*First Address Family Count* 1), so that a family
    that leads nowhere costs one delay and not one for each of its addresses.  Within a family the
    resolver's order stays.
    """
    families: dict[int, list[Address]] = {}
    for address in dict.fromkeys(addresses):
        families.setdefault(address.family, []).append(address)
    turns = chain.from_iterable(zip_longest(*families.values()))
    return [address for address in turns if address is not None]
