"""The PROXY protocol: a header in which a proxy names the client, before the connection's data.

Rule of this file: convert bytes to an address; versions 1 and 2 of
https://www.haproxy.org/download/3.0/doc/proxy-protocol.txt, read strictly.

The reader returns how many of the given bytes belong to the header, so that the data after it (for
instance a TLS handshake) is not consumed.
"""

from __future__ import annotations

import re
from ipaddress import IPv4Address, IPv6Address, ip_address

LONGEST_LINE = 107  # bytes of a version 1 header, including its end
LONGEST_REST = 4096  # bytes of a version 2 header after the first 16
SIGNATURE = b"\r\n\r\n\x00\r\nQUIT\n"

_WORD = b"PROXY "
_LINE = re.compile(rb"PROXY TCP([46]) ([0-9A-Fa-f.:]+) ([0-9A-Fa-f.:]+) (\d{1,5}) (\d{1,5})\r\n")
_UNKNOWN = re.compile(rb"PROXY UNKNOWN(?: [ -~]*)?\r\n")
_FIXED = 16
_LOCAL, _PROXY = 0x20, 0x21
_UNSPECIFIED, _TCP4, _TCP6, _UNIX = 0x00, 0x11, 0x21, 0x31
_ADDRESSES = {_UNSPECIFIED: 0, _TCP4: 12, _TCP6: 36, _UNIX: 216}  # bytes, ports included


class BadHeader(ValueError):
    """The header is invalid; the text is a sentence."""


class ProxyHeaderReader:
    """Reads one header, received in pieces of any size.

    Attributes:
        done: Whether the header is complete.
        address: The client's address; empty if the proxy speaks for itself or names no client.
    """

    def __init__(self) -> None:
        self.done = False
        self.address = ""
        self._data = b""

    def receive(self, data: bytes) -> int:
        """Take a piece; return how many of its bytes belong to the header.

        Raises:
            BadHeader: The bytes cannot become a header.
        """
        if self.done:
            return 0
        before = len(self._data)
        self._data += data[: _FIXED + LONGEST_REST]
        size = self._size()
        if size and len(self._data) >= size:
            self._data = self._data[:size]
            self.address = _address_in(self._data)
            self.done = True
        return len(self._data) - before

    def _size(self) -> int:
        """Return the size of the complete header in bytes; 0 if it is not known yet."""
        data = self._data
        if SIGNATURE.startswith(data) or (data.startswith(SIGNATURE) and len(data) < _FIXED):
            return 0
        if data.startswith(SIGNATURE):
            return self._size_of_binary()
        if not (data.startswith(_WORD) or _WORD.startswith(data)):
            raise BadHeader("A PROXY protocol header was expected.")
        end = data.find(b"\n", 0, LONGEST_LINE) + 1
        if not end and len(data) >= LONGEST_LINE:
            raise BadHeader("The line of the PROXY protocol is too long.")
        return end

    def _size_of_binary(self) -> int:
        size = int.from_bytes(self._data[14:16], "big")
        if size > LONGEST_REST:
            raise BadHeader("The header of the PROXY protocol is too long.")
        return _FIXED + size


def _address_in(header: bytes) -> str:
    return _from_binary(header) if header.startswith(SIGNATURE) else _from_line(header)


def _from_line(line: bytes) -> str:
    if _UNKNOWN.fullmatch(line):
        return ""
    found = _LINE.fullmatch(line)
    if found is None:
        raise BadHeader("The line of the PROXY protocol makes no sense.")
    version, source, destination, *ports = (each.decode() for each in found.groups())
    if any(str(int(port)) != port or int(port) > 65535 for port in ports):
        raise BadHeader("The line of the PROXY protocol has no valid ports.")
    try:
        client, us = ip_address(source), ip_address(destination)
    except ValueError:
        raise BadHeader("The line of the PROXY protocol has no valid addresses.") from None
    if {client.version, us.version} != {int(version)}:
        raise BadHeader("The line of the PROXY protocol has addresses of another family.")
    return _shown(client)


def _from_binary(header: bytes) -> str:
    command, family = header[12], header[13]
    if command not in (_LOCAL, _PROXY):
        raise BadHeader("The header of the PROXY protocol has another version or command.")
    if command == _LOCAL:
        return ""
    if family not in _ADDRESSES:
        raise BadHeader("The header of the PROXY protocol is not of a stream.")
    addresses, rest = header[_FIXED:], header[_FIXED + _ADDRESSES[family] :]
    if len(addresses) < _ADDRESSES[family]:
        raise BadHeader("The header of the PROXY protocol is too short for its addresses.")
    if family != _UNSPECIFIED:
        _check_extensions(rest)
    if family == _TCP4:
        return str(IPv4Address(addresses[:4]))
    return _shown(IPv6Address(addresses[:16])) if family == _TCP6 else ""


def _check_extensions(rest: bytes) -> None:
    """Check that the bytes after the addresses are type-length-value entries; none is used here."""
    while rest:
        size = 3 + int.from_bytes(rest[1:3], "big")
        if len(rest) < size:
            raise BadHeader("The header of the PROXY protocol has half an extension.")
        rest = rest[size:]


def _shown(address: IPv4Address | IPv6Address) -> str:
    mapped = address.ipv4_mapped if isinstance(address, IPv6Address) else None
    return str(mapped or address)
