"""Addresses: their forms in each family, and the table of those that are bound."""

import errno
import socket
from collections.abc import Mapping, Sequence
from typing import Any, Generic, TypeVar

from miniloop.testing.errors import error

ANYWHERE, ANYWHERE_6 = ("", "0.0.0.0", "::"), ("", "::")
"""Hosts that mean every address of this machine, to a peer with IPv4 and to one with IPv6."""

AF_UNIX = getattr(socket, "AF_UNIX", None)

_FIRST_EPHEMERAL = 32768

_Owner = TypeVar("_Owner")


class AddressTable(Generic[_Owner]):
    """The addresses that are bound for one protocol, streams or datagrams.

    Args:
        hosts: the addresses of host names; read at each look-up, so it may change.
    """

    def __init__(self, hosts: Mapping[str, Sequence[str]]) -> None:
        """Start with nothing bound."""
        self._hosts = hosts
        self._owners: dict[Any, _Owner | None] = {}
        self._only_6: set[Any] = set()
        self._last_port = _FIRST_EPHEMERAL

    def bind(self, address: Any, owner: _Owner | None = None, *, only_6: bool = False) -> None:
        """Reserve an address; OSError (EADDRINUSE) when it is bound already.

        Args:
            address: with a port other than 0.
            owner: what ``find()`` returns for it; None while nothing is to be found there.
            only_6: "::" does not serve IPv4 (IPV6_V6ONLY).
        """
        if key(address) in self._owners:
            raise error(errno.EADDRINUSE)
        self._owners[key(address)] = owner
        if only_6:
            self._only_6.add(key(address))

    def assign(self, address: Any, owner: _Owner) -> None:
        """Set the owner of a bound address."""
        self._owners[key(address)] = owner

    def free(self, address: Any) -> None:
        """Release an address; harmless where it is not bound."""
        self._owners.pop(key(address), None)
        self._only_6.discard(key(address))

    def find(self, address: Any) -> _Owner | None:
        """Return the owner of an address, of its host's addresses, or of the port everywhere."""
        exact = self._owners.get(key(address))
        if exact is not None or isinstance(address, str):
            return exact
        anywhere = ANYWHERE_6 if ":" in address[0] else ANYWHERE
        hosts = [*self._hosts.get(address[0], ()), *anywhere]
        places = [(host, address[1]) for host in hosts]
        if anywhere is ANYWHERE:
            places = [place for place in places if place not in self._only_6]
        found = map(self._owners.get, places)
        return next((owner for owner in found if owner is not None), None)

    def has_host(self, host: str) -> bool:
        """Return whether any port of this host is bound."""
        return any(bound[0] == host for bound in self._owners if isinstance(bound, tuple))

    def with_port(self, address: Any) -> Any:
        """Return the address with a free port in place of 0."""
        if isinstance(address, str) or address[1]:
            return address
        return (address[0], self._ephemeral(), *address[2:])

    def source(self, family: int, host: str | None = None) -> Any:
        """Return an address for the connecting side; the local host's unless ``host`` is given."""
        if family == socket.AF_INET6:
            return (host or "::1", self._ephemeral(), 0, 0)
        if family == socket.AF_INET:
            return (host or "127.0.0.1", self._ephemeral())
        return ""

    def _ephemeral(self) -> int:
        """Return the port after the last one; they repeat after 32,768 calls."""
        self._last_port = self._last_port + 1 if self._last_port < 65535 else _FIRST_EPHEMERAL
        return self._last_port


def key(address: Any) -> Any:
    """Return what two forms of one address have in common: the name, or host and port."""
    return tuple(address[:2]) if isinstance(address, tuple | list) else address


def unbound(family: int) -> Any:
    """Return the address that the kernel shows for a socket without one."""
    if family == socket.AF_INET6:
        return ("::", 0, 0, 0)
    return ("0.0.0.0", 0) if family == socket.AF_INET else ""


def family_of(address: Any) -> int:
    """Return the family of an address, by its form; OSError: this system lacks it."""
    if isinstance(address, str):
        if AF_UNIX is None:
            raise error(errno.EAFNOSUPPORT)
        return int(AF_UNIX)
    return socket.AF_INET6 if ":" in address[0] else socket.AF_INET


def shown(address: Any) -> str:
    """Return an address for people: ``host:port``."""
    return repr(address) if isinstance(address, str) else f"{address[0]}:{address[1]}"


def checked(family: int, address: Any) -> Any:
    """Return an address in its family's form.

    Raises:
        TypeError: it is no address of this family.
        OverflowError: its port is out of range.
        OSError: it is a path (EACCES).
    """
    if family == AF_UNIX:
        return _abstract(address)
    if not isinstance(address, tuple) or len(address) not in (2, 4):
        raise TypeError(f"an address is (host, port), not {address!r}")
    host, port = address[:2]
    if not isinstance(host, str) or not isinstance(port, int):
        raise TypeError(f"an address is (host, port), a str and an int, not {address!r}")
    if not 0 <= port < 65536:
        raise OverflowError(f"port must be 0-65535, not {port}")
    return (host, port) if family == socket.AF_INET else (host, port, 0, 0)


def _abstract(address: Any) -> str:
    """Return the abstract name of a UNIX socket; there is no file system for paths."""
    if isinstance(address, bytes):
        address = address.decode("utf-8", "surrogateescape")
    if not isinstance(address, str):
        raise TypeError(f"a UNIX socket's address is a str, not {address!r}")
    if not address.startswith("\0"):
        raise OSError(
            errno.EACCES,
            "a simulated network has no file system: use an abstract name, which begins with NUL",
        )
    return address
