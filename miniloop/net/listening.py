"""Open the sockets of a listener: which ones there are, with which options, on which port."""

import errno
import logging
import os
import socket as sockets
from collections.abc import Iterable
from socket import AF_INET, AF_INET6, IPPROTO_IPV6, IPV6_V6ONLY, SO_REUSEADDR, SOL_SOCKET
from socket import socket as Socket  # the class is an attribute's type where "socket" is its name
from typing import Any, TypeAlias

from miniloop.loop import EventLoop
from miniloop.net.adopting import state_of
from miniloop.net.unix_address import remove_dead
from miniloop.state import NEW, OPEN

logger = logging.getLogger("miniloop")

Address: TypeAlias = tuple[str, int] | str | bytes | os.PathLike[str]
"""``(host, port)`` for IPv4 and IPv6, a path or an abstract name for a UNIX socket."""

BOTH = {"": ("0.0.0.0", "::"), "localhost": ("127.0.0.1", "::1")}
"""Hosts that mean an address of IPv4 and one of IPv6.  RFC 6761 allows no other for localhost."""

PORTS_TRIED = 16
"""Free ports of one family to look at for one that is free in the other family too."""

_NOT_HERE = {errno.EAFNOSUPPORT, errno.EPROTONOSUPPORT, errno.EADDRNOTAVAIL}


def open_sockets(
    loop: EventLoop, address: Address | None, family: int | None, backlog: int, reuse_port: bool
) -> list[Socket]:
    """Return listening sockets for ``address``: two where it means both families, else one.

    Raises:
        OSError: it is taken, not this machine's, or of a kind that this system lacks.
        TypeError: it is no address.
    """
    if isinstance(address, tuple) and len(address) >= 2 and isinstance(address[0], str):
        places = _places(address, family)
        if reuse_port and not hasattr(sockets, "SO_REUSEPORT"):
            why = "this system has no SO_REUSEPORT: leave out reuse_port"
            raise OSError(errno.ENOTSUP, why, address)
        return _open_at_one_port(loop, places, backlog, reuse_port)
    if not isinstance(address, str | bytes | os.PathLike):
        raise TypeError(f"an address is (host, port), or the path of a UNIX socket: {address!r}")
    path = os.fspath(address)
    if not hasattr(sockets, "AF_UNIX"):
        why = "there are no UNIX sockets here: listen on (host, port)"
        raise OSError(errno.EAFNOSUPPORT, why, path)
    if reuse_port:
        raise TypeError(f"reuse_port is for (host, port), not for {path!r}")
    return [_open(loop, sockets.AF_UNIX if family is None else family, path, backlog, False)]


def check_given(sock: Socket, backlog: int) -> None:
    """Have a socket that was opened elsewhere listen, if it does not.

    Raises:
        OSError: it is closed, or cannot listen.
        ValueError: it is no stream socket, or connected.
    """
    if sock.type != sockets.SOCK_STREAM:
        raise ValueError(f"a listener needs a stream socket, not {sock!r}")
    life, _ = state_of(sock)
    if life is OPEN:
        raise ValueError(f"a listener needs a socket without a connection, not {sock!r}")
    if life is NEW:
        sock.listen(backlog)


def _places(address: tuple[Any, ...], family: int | None) -> list[tuple[int, Any]]:
    """Return the families and the addresses to bind to."""
    host, *rest = address
    if host not in BOTH:
        guessed = AF_INET6 if ":" in host else AF_INET
        return [(guessed if family is None else family, address)]
    places = zip((AF_INET, AF_INET6), BOTH[host], strict=True)
    chosen: list[tuple[int, Any]] = [
        (kind, (name, *rest)) for kind, name in places if family in (None, kind)
    ]
    if not chosen:
        raise TypeError(f"{address!r} is of IPv4 and IPv6, and not of the family {family!r}")
    return chosen


def _open_at_one_port(
    loop: EventLoop, places: list[tuple[int, Any]], backlog: int, reuse_port: bool
) -> list[Socket]:
    """Open all of them; for port 0, try others where a port is free in one family only."""
    for _ in range(PORTS_TRIED - 1):
        try:
            return _open_each(loop, places, backlog, reuse_port)
        except OSError as error:
            if error.errno != errno.EADDRINUSE or places[0][1][1] or len(places) == 1:
                raise
    return _open_each(loop, places, backlog, reuse_port)


def _open_each(
    loop: EventLoop, places: list[tuple[int, Any]], backlog: int, reuse_port: bool
) -> list[Socket]:
    """Open them, the second on the port of the first.

    A machine without one of two families serves the other one.
    """
    opened: list[Socket] = []
    failure: OSError | None = None
    try:
        for family, (host, port, *rest) in places:
            if opened:
                port = opened[0].getsockname()[1]
            try:
                opened.append(_open(loop, family, (host, port, *rest), backlog, reuse_port))
            except OSError as error:
                if error.errno not in _NOT_HERE:
                    raise
                logger.debug("not listening on %s: %s", host, error)
                failure = failure or error
        if not opened and failure is not None:
            raise failure
    except BaseException:
        close_all(opened)
        raise
    return opened


def _open(loop: EventLoop, family: int, place: Any, backlog: int, reuse_port: bool) -> Socket:
    """Open, bind and listen; an error names the place."""
    sock = loop.new_socket(family, sockets.SOCK_STREAM)
    try:
        if isinstance(place, tuple):
            _set_options(sock, family, reuse_port)
        _bind(sock, place)
        sock.listen(backlog)
    except BaseException as error:
        sock.close()
        if isinstance(error, OSError):
            error.filename = place
        raise
    return sock


def _set_options(sock: Socket, family: int, reuse_port: bool) -> None:
    """An IPv6 socket serves IPv6 alone: systems differ in that, and IPv4 has its own socket."""
    sock.setsockopt(SOL_SOCKET, SO_REUSEADDR, 1)
    if family == AF_INET6:
        sock.setsockopt(IPPROTO_IPV6, IPV6_V6ONLY, 1)
    if reuse_port:
        sock.setsockopt(SOL_SOCKET, sockets.SO_REUSEPORT, 1)


def _bind(sock: Socket, place: Any) -> None:
    """Bind; the file of a UNIX server that is dead is replaced."""
    try:
        sock.bind(place)
    except OSError as error:
        if isinstance(place, tuple) or error.errno != errno.EADDRINUSE or not remove_dead(place):
            raise
        sock.bind(place)


def close_all(opened: Iterable[Socket]) -> None:
    """Close sockets that were opened in vain."""
    for sock in opened:
        sock.close()
