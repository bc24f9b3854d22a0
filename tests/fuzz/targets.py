"""What must hold for any bytes at all: each target takes an input and raises if it does not."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from ipaddress import ip_address, ip_network

from examples.chatroom.doors.line.telnet import Line, Reply, TelnetDecoder
from examples.chatroom.doors.proxies import BadForwarding, Proxies
from examples.chatroom.doors.proxy_protocol import BadHeader, ProxyHeaderReader
from examples.chatroom.doors.web.head import HeadReader, Unfit
from examples.chatroom.doors.web.requests import BadRequest, decode
from miniloop.framing import Terminator
from tests.fuzz.conversation import talk
from tests.fuzz.cursor import Cursor, pieces
from tests.test_framing import TOO_LONG, in_turn, received

TERMINATORS: tuple[Terminator, ...] = (b"\n", b"\r\n", b"aab", b"abab", 1, 3, 200, None)
MOST_BYTES = 4096
TRUSTING = Proxies([ip_network("10.0.0.0/8")])


def framing(data: bytes) -> None:
    """However a stream is cut, its messages are those that a simple-minded split finds."""
    cursor = Cursor(data)
    terminators = [TERMINATORS[cursor.byte(len(TERMINATORS))] for _ in range(1 + cursor.byte(4))]
    limit, most, sizes = 1 + cursor.byte(40), 1 + cursor.byte(8), cursor.take(cursor.byte(6))
    stream = cursor.rest()
    whole = received([stream], in_turn(*terminators), limit)
    cut = received(pieces(stream, sizes), in_turn(*terminators), limit, most)
    assert whole.messages == cut.messages
    assert whole.rest == cut.rest
    if None not in terminators:
        assert whole.messages == split_simply(stream, terminators, limit)


def split_simply(stream: bytes, terminators: list[Terminator], limit: int) -> list[bytes | str]:
    """The messages of `stream`, found in the plainest way."""
    found: list[bytes | str] = []
    completed = 0
    while True:
        terminator = terminators[completed % len(terminators)]
        if isinstance(terminator, int):
            message, end, rest = stream[:terminator], len(stream) >= terminator, stream[terminator:]
        else:
            assert isinstance(terminator, bytes)
            message, match, rest = stream.partition(terminator)
            end = bool(match)
            if len(known(message, match, terminator)) > limit:
                found += [TOO_LONG, message[:limit]]
                if not end:
                    return found
                stream = rest
                continue
        if not end:
            return found
        found.append(message)
        completed += 1
        stream = rest


def known(message: bytes, match: bytes, terminator: bytes) -> bytes:
    """What of an unfinished `message` is no beginning of its terminator."""
    if match:
        return message
    for size in range(min(len(terminator) - 1, len(message)), 0, -1):
        if terminator.startswith(message[-size:]):
            return message[:-size]
    return message


def telnet(data: bytes) -> None:
    """However it is cut, the same comes out; lines are lines, and answers do not outgrow it."""
    cursor = Cursor(data)
    max_line, max_sub = 1 + cursor.byte(40), 1 + cursor.byte(40)
    sizes = cursor.take(cursor.byte(6))
    stream = cursor.rest()
    whole = TelnetDecoder(max_line, max_sub)
    events = whole.receive(stream)
    cut = TelnetDecoder(max_line, max_sub)
    assert [each for piece in pieces(stream, sizes) for each in cut.receive(piece)] == events
    assert (cut.commands, cut.spoke_telnet) == (whole.commands, whole.spoke_telnet)
    for event in events:
        if isinstance(event, Line):
            assert len(event.data) <= max_line
            assert b"\n" not in event.data
    assert sum(len(event.data) for event in events if isinstance(event, Reply)) <= len(stream)


def requests(data: bytes) -> None:
    """What a page may ask for is understood or refused in words; nothing else happens."""
    text = data.decode("utf-8", "replace")
    told = "understood"
    try:
        decode(text)
    except BadRequest as problem:
        told = str(problem)
    assert told.isprintable()
    assert 0 < len(told) < 500


def head(data: bytes) -> None:
    """However an HTTP request is cut, it is the same request or is refused."""
    cursor = Cursor(data)
    sizes = cursor.take(cursor.byte(6))
    stream = cursor.rest()
    assert read_head(pieces(stream, sizes)) == read_head([stream])


def read_head(chunks: object) -> tuple[str, bytes]:
    """What came of it, and what stood behind it."""
    reader = HeadReader(600, 10)
    try:
        found = None
        rest = b""
        for chunk in chunks:  # type: ignore[attr-defined]  # any iterable of bytes
            if found is not None:
                rest += chunk
            elif (found := reader.receive(chunk)) is not None:
                rest = reader.rest
    except Unfit as unfit:
        return f"refused: {unfit.answer.status}", b""
    return ("waits" if found is None else repr(found)), rest


def proxies(data: bytes) -> None:
    """However a PROXY header is cut, it is the same one; what headers name is an address."""
    cursor = Cursor(data)
    sizes = cursor.take(cursor.byte(6))
    stream = cursor.rest()
    assert read_proxy_header(pieces(stream, sizes)) == read_proxy_header([stream])
    lines = stream.decode("latin-1").split("\n")
    try:
        client = TRUSTING.client("10.0.0.1", forwarded_for=lines[:1], forwarded=lines[1:], proto=())
    except BadForwarding:
        return
    ip_address(client.address)


def read_proxy_header(chunks: Iterable[bytes]) -> tuple[str, int]:
    """What came of it, and how many bytes were the header's."""
    reader, taken = ProxyHeaderReader(), 0
    try:
        for chunk in chunks:
            taken += reader.receive(chunk)
    except BadHeader:
        return "refused", 0
    return (f"the client is {reader.address}" if reader.done else "waits"), taken


TARGETS: dict[str, Callable[[bytes], None]] = {
    "framing": framing,
    "telnet": telnet,
    "requests": requests,
    "head": head,
    "proxies": proxies,
    "conversation": talk,
}
