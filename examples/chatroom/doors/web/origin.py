"""The origins whose pages may open a WebSocket.

Rule of this file: compare origins (RFC 6454); pure functions.

A browser lets any page open a WebSocket to any server and sends the page's origin; the server has
to check that the origin is its own.  Programs other than browsers send none, and could send any
value: there is no user of a browser to protect, so they are accepted.  A site whose name resolves
to this machine (DNS rebinding) would pass; `hosts` refuses it before.
"""

from __future__ import annotations

from collections.abc import Collection
from urllib.parse import urlsplit

_PORTS = {"http": 80, "https": 443}


def normal(origin: str) -> str:
    """Return `origin` as scheme, host and port, so that equal origins compare equal.

    Raises:
        ValueError: `origin` is not an http or https origin.
    """
    try:
        parts = urlsplit(origin)
        scheme, host, port = parts.scheme, parts.hostname, parts.port
    except ValueError:
        scheme, host, port = "", None, None
    if (
        scheme not in _PORTS
        or not host
        or origin.split("://", 1)[1] != parts.netloc
        or ("@" in parts.netloc)
    ):
        raise ValueError(f"{origin!r} is no origin; one looks like https://chat.example.org")
    shown = f"[{host}]" if ":" in host else host
    return f"{scheme}://{shown}:{_PORTS[scheme] if port is None else port}"


def may_connect(
    origin: str | None, host: str, *, secure: bool, allowed: Collection[str] = ()
) -> bool:
    """Return whether a page of `origin` may open a WebSocket here.

    Args:
        origin: The Origin header; None if it is absent.
        host: The Host header: the name that the browser used for this server.
        secure: Whether the request came over TLS.
        allowed: Other accepted origins, as `normal` returns them.
    """
    if origin is None:
        return True
    try:
        found = normal(origin)
        own = normal(f"{'https' if secure else 'http'}://{host}")
    except ValueError:
        return False
    return found == own or found in allowed
