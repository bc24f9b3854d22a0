"""The names by which a browser may call this server.

Rule of this file: comparing the Host header with names; pure functions on text.

A page of any site can have the site's name lead to this machine (DNS rebinding). The browser then
takes this server for that site and lets the page read everything here, from behind the firewall.
What gives it away is the Host header: it is the site's name. So on addresses that not everybody can
reach, only names count that no site can have. On a public address no name is refused: the site's
owner could connect from home. Where a firewall keeps strangers from a global address, as a router
at home does with IPv6, that is not so; listen on a private address there, or on 127.0.0.1.
"""

from __future__ import annotations

import socket
from collections.abc import Iterable
from ipaddress import ip_address
from urllib.parse import urlsplit

from .origin import normal


def host_of(host: str) -> str:
    """Return the host in a Host header, without its port and in lower case.

    Raises:
        ValueError: It is none.
    """
    found = urlsplit(normal(f"http://{host}")).hostname or ""
    return found.removesuffix(".")


def name_of(text: str) -> str:
    """Return a name that was given, in the form that `host_of` returns.

    Raises:
        ValueError: It is no name alone.
    """
    try:
        name = host_of(text)
    except ValueError:
        name = ""
    if not name or name != text.lower().removesuffix("."):
        raise ValueError(f"{text!r} is no name; one looks like chat.example.org")
    return name


def own_names() -> set[str]:
    """Return what this machine calls itself, also on its local network (mDNS)."""
    full = socket.gethostname().lower()
    short = full.partition(".")[0]
    return {"localhost", full, short, f"{short}.local"} - {"", ".local"}


class Hosts:
    """The names that count besides IP addresses.

    Args:
        names: As `host_of` returns them.
    """

    def __init__(self, names: Iterable[str]) -> None:
        self._names = frozenset(names)

    def admit(self, host: str | None, local: str) -> bool:
        """Return whether a request for `host` is answered.

        Args:
            host: The Host header; None if there is none, as browsers never do.
            local: Our own address of the connection.
        """
        if host is None or _is_public(local):
            return True
        try:
            name = host_of(host)
        except ValueError:
            return False
        return name in self._names or _is_address(name)


def is_own_name(host: str) -> bool:
    """Return whether no other program is called by the name in `host`."""
    try:
        name = host_of(host)
    except ValueError:
        return False
    return name != "localhost" and not _is_address(name)


def _is_public(local: str) -> bool:
    try:
        address = ip_address(local)
    except ValueError:  # a UNIX socket, say
        return False
    mapped = getattr(address, "ipv4_mapped", None)
    return bool((mapped or address).is_global)


def _is_address(name: str) -> bool:
    try:
        ip_address(name)
    except ValueError:
        return False
    return True
