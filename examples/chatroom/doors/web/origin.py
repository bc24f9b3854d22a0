"""From which pages a WebSocket may be opened.

Rule of this file: comparing origins (RFC 6454); pure functions.

A browser lets any page in the world open a WebSocket to us and tells us the page's origin; that it
is ours is for us to check.  Programs that are no browsers send none, and could send any: there is
nobody to protect, so they are let in.  A site whose name was made to lead to this machine (DNS
rebinding) would pass; `hosts` refuses it before.
"""

from __future__ import annotations

from collections.abc import Collection
from urllib.parse import urlsplit

_PORTS = {"http": 80, "https": 443}


def normal(origin: str) -> str:
    """Return `origin` as scheme, host and port, so that equal ones are equal.

    Raises:
        ValueError: It is none of http or https.
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
    """Say whether a page of `origin` may open a WebSocket here.

    Args:
        origin: The Origin header, None if there is none.
        host: The Host header: what the browser believes to speak to.
        secure: Whether it came over TLS.
        allowed: Other origins that may, as `normal` returns them.
    """
    if origin is None:
        return True
    try:
        found = normal(origin)
        own = normal(f"{'https' if secure else 'http'}://{host}")
    except ValueError:
        return False
    return found == own or found in allowed
