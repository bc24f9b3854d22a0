"""The names by which a browser may call this server.

Rule of this file: compare the Host header with names; pure functions on text.

The owner of any site can let the site's name resolve to this machine (DNS rebinding). The browser
then takes this server for that site, and the site's page can read everything here, from behind the
firewall. The Host header shows the attack: it contains the site's name. So on addresses that are
not public, only names are accepted that no site can have. On a public address every name is
accepted: the site's owner could connect directly. That is not so where a firewall protects a
global address, as a home router does with IPv6; listen on a private address or on 127.0.0.1 there.
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
        ValueError: `host` is invalid.
    """
    found = urlsplit(normal(f"http://{host}")).hostname or ""
    return found.removesuffix(".")


def name_of(text: str) -> str:
    """Return a configured name in the form that `host_of` returns.

    Raises:
        ValueError: `text` is more than a name, or none.
    """
    try:
        name = host_of(text)
    except ValueError:
        name = ""
    if not name or name != text.lower().removesuffix("."):
        raise ValueError(f"{text!r} is no name; one looks like chat.example.org")
    return name


def own_names() -> set[str]:
    """Return this machine's names, including those on its local network (mDNS)."""
    full = socket.gethostname().lower()
    short = full.partition(".")[0]
    return {"localhost", full, short, f"{short}.local"} - {"", ".local"}


class Hosts:
    """The accepted names, besides IP addresses.

    Args:
        names: As `host_of` returns them.
    """

    def __init__(self, names: Iterable[str]) -> None:
        self._names = frozenset(names)

    def admit(self, host: str | None, local: str) -> bool:
        """Return whether a request for `host` is answered.

        Args:
            host: The Host header; None if it is absent, which never happens with browsers.
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
    """Return whether the name in `host` belongs to no other program."""
    try:
        name = host_of(host)
    except ValueError:
        return False
    return name != "localhost" and not _is_address(name)


def _is_public(local: str) -> bool:
    try:
        address = ip_address(local)
    except ValueError:  # for instance a UNIX socket
        return False
    mapped = getattr(address, "ipv4_mapped", None)
    return bool((mapped or address).is_global)


def _is_address(name: str) -> bool:
    try:
        ip_address(name)
    except ValueError:
        return False
    return True
