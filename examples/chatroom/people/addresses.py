"""IP addresses and networks.

Rule of this file: pure functions on text.
"""

from __future__ import annotations

from ipaddress import IPv4Address, IPv4Network, IPv6Network, ip_address, ip_network

Network = IPv4Network | IPv6Network


def source_of(address: str) -> str:
    """Return whom to count `address` for.

    One IPv6 subscriber commonly has 2**64 addresses, so those count as one; an IPv4 address in
    IPv6 clothes is that IPv4 address.  What is no IP address (a UNIX socket) counts as itself.
    """
    try:
        parsed = ip_address(address.partition("%")[0])
    except ValueError:
        return address
    if isinstance(parsed, IPv4Address):
        return str(parsed)
    if parsed.ipv4_mapped is not None:
        return str(parsed.ipv4_mapped)
    return str(ip_network((int(parsed), 64), strict=False))


def network_of(raw: str, *, every_address: bool = False) -> Network | None:
    """Return the network that `raw` names, or None if it is no address and no network.

    Args:
        raw: An IP address, or a network such as ``192.0.2.0/24``.
        every_address: An IPv6 address means itself alone, not its /64.
    """
    address, slash, length = raw.partition("/")
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
