"""IP addresses and networks.

Rule of this file: pure functions on text.
"""

from __future__ import annotations

from ipaddress import IPv4Address, IPv4Network, IPv6Network, ip_address, ip_network

Network = IPv4Network | IPv6Network


def source_of(address: str) -> str:
    """Return the narrowest source that `address` counts for, see `sources_of`."""
    return sources_of(address)[0]


def sources_of(address: str) -> tuple[str, ...]:
    """Return the sources that `address` counts for, the narrowest first.

    An IPv6 subscriber commonly has 2**64 addresses, which are one source: the /64.  Many
    subscribers have a /48, which contains 65,536 of those, so the /48 is a second source, to which
    larger limits apply: it can also belong to several neighbours.  Any other address is one source:
    an IPv4 address (an IPv4-mapped IPv6 address counts as the IPv4 address), a link-local address
    with its scope, as fe80::/64 is every machine on every link, and what is not an IP address (a
    UNIX socket).
    """
    try:
        parsed = ip_address(address)
    except ValueError:
        return (address,)
    if isinstance(parsed, IPv4Address):
        return (str(parsed),)
    if parsed.ipv4_mapped is not None:
        return (str(parsed.ipv4_mapped),)
    if parsed.is_link_local:
        return (str(parsed),)
    return tuple(str(ip_network((int(parsed), length), strict=False)) for length in (64, 48))


def network_of(raw: str, *, every_address: bool = False) -> Network | None:
    """Return the network that `raw` names, or None if it is neither an address nor a network.

    Args:
        raw: An IP address, or a network such as ``192.0.2.0/24``.
        every_address: Whether an IPv6 address means itself alone, not its /64.

    A link-local address keeps its scope, as in ``fe80::1%eth0``, and means itself alone; without
    a scope it is that address on every link.
    """
    address, slash, length = raw.partition("/")
    if not _is_link_local(address) or length not in ("", "128"):
        address = address.partition("%")[0]
    whole = address if every_address else source_of(address)
    try:
        network = ip_network(f"{address}/{length}" if slash else whole, strict=False)
    except ValueError:
        return None
    mapped = getattr(network.network_address, "ipv4_mapped", None)
    if mapped is None or network.prefixlen < 96:
        return network
    return ip_network(f"{mapped}/{network.prefixlen - 96}")


def covers(network: Network, address: str) -> bool:
    """Return whether `address` belongs to `network`; a scope of `network` must match."""
    alone = network_of(address, every_address=True)
    if alone is None:
        return False
    if getattr(network.network_address, "scope_id", None) is not None:
        return alone == network
    return alone.network_address in network


def _is_link_local(address: str) -> bool:
    try:
        return ip_address(address).is_link_local
    except ValueError:
        return False
