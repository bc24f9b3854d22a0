from __future__ import annotations

import struct
from ipaddress import IPv4Address, IPv6Address

import pytest
from hypothesis import given
from hypothesis import strategies as st

from examples.chatroom.doors.proxy_protocol import (
    LONGEST_LINE,
    LONGEST_REST,
    SIGNATURE,
    BadHeader,
    ProxyHeaderReader,
)

LOCAL, PROXY = 0x20, 0x21
UNSPECIFIED, TCP4, UDP4, TCP6, UNIX = 0x00, 0x11, 0x12, 0x21, 0x31


def binary(command: int, family: int, rest: bytes) -> bytes:
    return SIGNATURE + struct.pack("!BBH", command, family, len(rest)) + rest


def tcp4(client: str, extensions: bytes = b"") -> bytes:
    packed = IPv4Address(client).packed + IPv4Address("10.0.0.1").packed
    return binary(PROXY, TCP4, packed + struct.pack("!HH", 4711, 1234) + extensions)


def tcp6(client: str) -> bytes:
    packed = IPv6Address(client).packed + IPv6Address("::1").packed
    return binary(PROXY, TCP6, packed + struct.pack("!HH", 4711, 1234))


HEADERS = {
    b"PROXY TCP4 192.0.2.1 10.0.0.1 4711 1234\r\n": "192.0.2.1",
    b"PROXY TCP6 2001:DB8::1 ::1 0 65535\r\n": "2001:db8::1",
    b"PROXY TCP6 ::ffff:192.0.2.1 ::1 1 1\r\n": "192.0.2.1",
    b"PROXY UNKNOWN\r\n": "",
    b"PROXY UNKNOWN ffff:f...f ffff:f...f 65535 65535\r\n": "",
    tcp4("192.0.2.1"): "192.0.2.1",
    tcp4("192.0.2.1", b"\x04\x00\x00\x20\x00\x03abc"): "192.0.2.1",
    tcp4("192.0.2.1", b"\x04" + struct.pack("!H", 4081) + bytes(4081)): "192.0.2.1",
    tcp6("2001:db8::1"): "2001:db8::1",
    tcp6("::ffff:192.0.2.1"): "192.0.2.1",
    binary(PROXY, UNIX, bytes(216)): "",
    binary(PROXY, UNSPECIFIED, b"whatever"): "",
    binary(LOCAL, UNSPECIFIED, b""): "",
    binary(LOCAL, 0xFF, b"what is here does not count"): "",
}


@pytest.mark.parametrize(("header", "address"), HEADERS.items())
def test_a_header_names_the_client(header: bytes, address: str) -> None:
    reader = ProxyHeaderReader()
    assert reader.receive(header + b"Ada\r\n") == len(header)
    assert (reader.done, reader.address) == (True, address)
    assert reader.receive(b"hello\r\n") == 0


@pytest.mark.parametrize("header", HEADERS)
def test_it_may_be_cut_at_every_byte(header: bytes) -> None:
    for cut in range(len(header)):
        reader = ProxyHeaderReader()
        assert reader.receive(header[:cut]) == cut
        assert not reader.done
        assert reader.receive(header[cut:] + b"\x16\x03") == len(header) - cut
        assert (reader.done, reader.address) == (True, HEADERS[header])


@pytest.mark.parametrize("header", HEADERS)
def test_it_may_come_byte_by_byte(header: bytes) -> None:
    reader = ProxyHeaderReader()
    taken = [reader.receive(bytes([byte])) for byte in header + b"more"]
    assert taken == [1] * len(header) + [0] * 4
    assert reader.address == HEADERS[header]


BAD = [
    b"Ada\r\n",
    b"proxy tcp4",
    b"\x16\x03\x01",
    b"GET / HTTP/1.1\r\n",
    b"PROXY  TCP4 192.0.2.1 10.0.0.1 4711 1234\r\n",
    b"PROXY TCP4 192.0.2.1 10.0.0.1 4711 1234\n",
    b"PROXY TCP4 192.0.2.1 10.0.0.1 4711\r\n",
    b"PROXY TCP4 192.0.2.1 10.0.0.1 4711 1234 \r\n",
    b"PROXY TCP4 192.0.2.1 10.0.0.1 04711 1234\r\n",
    b"PROXY TCP4 192.0.2.1 10.0.0.1 65536 1234\r\n",
    b"PROXY TCP4 192.0.2.256 10.0.0.1 4711 1234\r\n",
    b"PROXY TCP4 2001:db8::1 ::1 4711 1234\r\n",
    b"PROXY TCP6 192.0.2.1 10.0.0.1 4711 1234\r\n",
    b"PROXY TCP4 192.0.2.1 ::1 4711 1234\r\n",
    b"PROXY UDP4 192.0.2.1 10.0.0.1 4711 1234\r\n",
    b"PROXY UNKNOWN\x00\r\n",
    b"PROXY UNKNOWN " + b"x" * LONGEST_LINE,
    SIGNATURE[:5] + b"x",
    binary(0x11, TCP4, bytes(12)),
    binary(0x22, TCP4, bytes(12)),
    binary(PROXY, UDP4, bytes(12)),
    binary(PROXY, 0x41, bytes(12)),
    binary(PROXY, TCP4, bytes(11)),
    binary(PROXY, TCP6, bytes(12)),
    binary(PROXY, UNIX, bytes(215)),
    tcp4("192.0.2.1", b"\x04"),
    tcp4("192.0.2.1", b"\x04\x00\x02x"),
    SIGNATURE + b"\x21\x11" + struct.pack("!H", LONGEST_REST + 1),
]


@pytest.mark.parametrize("data", BAD)
def test_anything_else_is_refused_whole_or_in_pieces(data: bytes) -> None:
    with pytest.raises(BadHeader, match="PROXY protocol"):
        ProxyHeaderReader().receive(data)
    with pytest.raises(BadHeader, match="PROXY protocol"):
        byte_by_byte(data)


def byte_by_byte(data: bytes) -> None:
    reader = ProxyHeaderReader()
    for byte in data:
        reader.receive(bytes([byte]))


def test_what_is_not_whole_is_bounded() -> None:
    """A line is bounded by its length, a header by its own length field."""
    reader = ProxyHeaderReader()
    assert reader.receive(b"PROXY " + b"x" * (LONGEST_LINE - 7)) == LONGEST_LINE - 1
    with pytest.raises(BadHeader, match="too long"):
        reader.receive(b"x")


@given(st.ip_addresses(), st.binary(max_size=50), st.lists(st.integers(1, 60), max_size=20))
def test_pieces_make_no_difference(
    address: IPv4Address | IPv6Address, rest: bytes, sizes: list[int]
) -> None:
    other = "::1" if address.version == 6 else "10.0.0.1"
    line = f"PROXY TCP{address.version} {address} {other} 1 2\r\n".encode()
    made = tcp4(str(address)) if address.version == 4 else tcp6(str(address))
    mapped = address.ipv4_mapped if isinstance(address, IPv6Address) else None
    for header in (line, made):
        reader, left, taken = ProxyHeaderReader(), header + rest, 0
        for size in [*sizes, len(left)]:
            taken += reader.receive(left[:size])
            left = left[size:]
        assert taken == len(header)
        assert (reader.done, reader.address) == (True, str(mapped or address))


@given(st.lists(st.binary(min_size=1)), st.sampled_from([b"", b"PROXY ", SIGNATURE]))
def test_any_bytes_are_a_header_or_none(pieces: list[bytes], start: bytes) -> None:
    reader = ProxyHeaderReader()
    try:
        for piece in [start, *pieces]:
            assert 0 <= reader.receive(piece) <= len(piece)
    except BadHeader:
        return
    assert reader.done or sum(map(len, pieces)) <= 16 + LONGEST_REST
