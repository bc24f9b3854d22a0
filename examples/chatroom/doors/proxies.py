"""Trusted proxies, and the client addresses in their headers.

Rule of this file: convert headers to an address with pure functions on text.

Any client can send these headers, and a proxy appends to what its client has sent.  So the list of
addresses is read from right to left, as long as the previous address is a trusted proxy's. The
first address that is not trusted is the client.  The client may have written everything to the
left of it, so that part is ignored.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from ipaddress import IPv6Address, ip_address

from ..people.addresses import Network

MOST_HOPS = 32  # trusted proxies that one request may pass
SCHEMES = ("http", "https")

_TOKEN = r"[!#$%&'*+.^_`|~0-9A-Za-z-]+"
_PAIR = re.compile(rf'[ \t]*({_TOKEN})=({_TOKEN}|"(?:[^"\\\x00-\x1f]|\\[ -~])*")[ \t]*([;,]|$)')
_NODE = re.compile(r"(?:\[([0-9A-Fa-f:.]+)\]|([0-9.]+))(?::(?:[0-9]{1,5}|_[\w.-]+))?", re.ASCII)
_HIDDEN = re.compile(r"(?:unknown|_[\w.-]+)(?::[\w.-]+)?", re.ASCII | re.IGNORECASE)


class BadForwarding(ValueError):
    """A proxy's header is invalid; the text is a sentence."""


@dataclass(frozen=True, slots=True)
class Client:
    """The client of a request.

    Attributes:
        address: The client's address.
        scheme: The scheme between client and proxy, http or https; empty if not sent.
    """

    address: str
    scheme: str = ""


class Proxies:
    """The trusted proxies.

    Args:
        networks: The networks from which they connect.
    """

    def __init__(self, networks: Iterable[Network] = ()) -> None:
        self._networks = tuple(networks)

    def trust(self, address: str) -> bool:
        """Return whether the proxy at `address` is trusted."""
        if not self._networks:
            return False
        try:
            parsed = ip_address(address.partition("%")[0])
        except ValueError:
            return False
        parsed = getattr(parsed, "ipv4_mapped", None) or parsed
        return any(parsed in network for network in self._networks)

    def client(
        self,
        peer: str,
        *,
        forwarded_for: Sequence[str],
        forwarded: Sequence[str],
        proto: Sequence[str],
    ) -> Client:
        """Return the client of a request that came over a connection from `peer`.

        Args:
            peer: The other end of the connection.
            forwarded_for: The X-Forwarded-For headers.
            forwarded: The Forwarded headers (RFC 7239).
            proto: The X-Forwarded-Proto headers.

        Raises:
            BadForwarding: `peer` is trusted, and the headers are invalid.
        """
        if not self.trust(peer):
            return Client(peer)
        nodes = [node.strip(" \t") for line in forwarded_for for node in line.split(",")]
        address = self._walk(peer, nodes)
        scheme = _scheme(proto)
        if not forwarded:
            return Client(address, scheme)
        elements = parse_forwarded(", ".join(forwarded))
        other = self._walk(peer, [element.get("for", "unknown") for element in elements])
        if nodes and other != address:
            # A proxy passes on unchanged the header that it does not write itself.
            raise BadForwarding("X-Forwarded-For and Forwarded name different clients.")
        return Client(other, scheme or _scheme([each["proto"] for each in elements[-1:]
                                                if "proto" in each]))  # fmt: skip

    def _walk(self, peer: str, nodes: Sequence[str]) -> str:
        address = peer
        for passed, node in enumerate(reversed(nodes)):
            if not self.trust(address):
                break
            if passed == MOST_HOPS:
                raise BadForwarding("The request has passed too many proxies.")
            found = address_of(node)
            if not found:
                break
            address = found
        return address


def address_of(node: str) -> str:
    """Return the IP address that a proxy names; empty if the proxy hides it.

    Raises:
        BadForwarding: `node` is neither an address nor a hidden one.
    """
    found = _NODE.fullmatch(node)
    text = node if found is None else found[1] or found[2]
    try:
        address = ip_address(text)
        if "%" in text or (found and found[1] and address.version == 4):
            raise ValueError(text)
    except ValueError:
        if _HIDDEN.fullmatch(node):
            return ""
        raise BadForwarding(f"A proxy names the client {node[:60]!a}.") from None
    mapped = address.ipv4_mapped if isinstance(address, IPv6Address) else None
    return str(mapped or address)


def parse_forwarded(text: str) -> list[dict[str, str]]:
    """Return the elements of a Forwarded header, with parameter names in lower case.

    Raises:
        BadForwarding: The header does not follow RFC 7239.
    """
    elements: list[dict[str, str]] = [{}]
    position, separator = 0, ";"
    while separator:
        found = _PAIR.match(text, position)
        if found is None or found[1].lower() in elements[-1]:
            raise BadForwarding("The Forwarded header is not written as RFC 7239 says.")
        name, value, separator = found.groups()
        if value.startswith('"'):
            value = re.sub(r"\\(.)", r"\1", value[1:-1])
        elements[-1][name.lower()] = value
        position = found.end()
        if separator == ",":
            elements.append({})
    return elements


def _scheme(values: Sequence[str]) -> str:
    if not values:
        return ""
    scheme = values[0].lower()
    if len(values) > 1 or scheme not in SCHEMES:
        raise BadForwarding("A proxy has to say one scheme, http or https.")
    return scheme
