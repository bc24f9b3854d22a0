"""Parts of the door that need no connection; the rest is in tests/integration/test_chatroom.py."""

from __future__ import annotations

import contextlib
import email.parser
from collections.abc import Iterator

import pytest

from examples.chatroom.doors.line import telnet
from examples.chatroom.doors.line.door import HTTP_ANSWER, is_http_request
from tests.driving import fill

from .stage import Stage, staging


@pytest.fixture
def stage() -> Iterator[Stage]:
    with staging() as stage:
        yield stage


def test_the_http_answer_is_valid() -> None:
    head, _, body = HTTP_ANSWER.partition(b"\r\n\r\n")
    status, _, fields = head.partition(b"\r\n")
    headers = email.parser.BytesHeaderParser().parsebytes(fields)
    assert status == b"HTTP/1.1 400 Bad Request"
    assert int(headers["Content-Length"]) == len(body)
    assert headers["Connection"] == "close"


@pytest.mark.parametrize(
    "line",
    [b"GET / HTTP/1.1", b"POST /x?y=z HTTP/1.0", b"PRI * HTTP/2.0", b"CONNECT a:443 HTTP/1.1"],
)
def test_http_requests_are_recognised(line: bytes) -> None:
    assert is_http_request(line)


@pytest.mark.parametrize("line", [b"ann", b"GET", b"GET it", b"", b"get / http/1.1"])
def test_other_first_lines_are_not_http(line: bytes) -> None:
    assert not is_http_request(line)


FLOODS = {"lines": b"\n" * 65536, "commands": b"\xff\xf1" * 32768, "quit": b"/quit\n" * 10922}


@pytest.mark.parametrize("flood", FLOODS.values(), ids=FLOODS)
def test_nothing_is_parsed_or_read_after_the_end_whatever_the_disk_does(
    stage: Stage, monkeypatch: pytest.MonkeyPatch, flood: bytes
) -> None:
    parsed: list[int] = []
    receive = telnet.TelnetDecoder.receive

    def count(decoder: telnet.TelnetDecoder, data: bytes) -> list[telnet.Event]:
        parsed.append(len(data))
        return receive(decoder, data)

    _, speaker = stage.open()
    speaker.sendall(b"Ada\nthis waits for the disk, and all that comes after it waits too\n")
    stage.read(speaker)
    door, peer = stage.open()
    peer.sendall(b"Eve\n")
    stage.read(peer)
    monkeypatch.setattr(telnet.TelnetDecoder, "receive", count)
    peer.setblocking(False)
    with contextlib.suppress(BlockingIOError):
        peer.send(flood)
    stage.read(peer)
    assert sum(parsed) <= 4096
    fill(peer)  # and more, which stays in the kernel: the server does not read it
    stage.read(peer)
    assert fill(peer) == 0
    assert not door.closed
    stage.store.answer()
    stage.read(peer)
    assert fill(peer) > 0  # discarded now, so that no reset loses the farewell
    assert sum(parsed) <= 4096


@pytest.mark.parametrize(("columns", "rows"), [(60, 5), (80, 3), (201, 1), (65535, 1), (0, 3)])
def test_rows_are_as_wide_as_the_window_that_the_peer_tells(
    stage: Stage, columns: int, rows: int
) -> None:
    _, peer = stage.open()
    _, other = stage.open()
    peer.sendall(b"\xff\xfb\x1fAda\n" + telnet.window_size(columns, 24))
    other.sendall(b"Eve\n")
    assert b"\xff\xfd\x1f" in stage.read(peer)
    stage.read(other)
    peer.sendall(b"word " * 30 + b"\n")
    stage.read(peer)
    stage.store.answer()
    said, heard = stage.read(peer), stage.read(other)
    assert said.count(b"\r\n") == rows
    assert heard.count(b"\r\n") == 3  # each client has its own window size
    assert said.split() == heard.split()


def test_facts_are_told_to_those_who_ask(stage: Stage) -> None:
    _, peer = stage.open()
    stage.read(peer)
    peer.sendall(b"\xff\xfd\x46" * 3)
    assert stage.read(peer) == telnet.status({})
