"""The DNS client and a small server that behaves well, or badly; the clock moves when told."""

import errno
import socket
import struct
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from examples import dns
from examples.dns import MOST_STRANGERS, Lookup
from examples.dns_message import LookupFailed
from miniloop import Dispatcher, EventLoop
from miniloop.testing import FakeClock
from tests.driving import run_until, settle

Reply = Callable[[bytes], list[bytes]]


class Server(Dispatcher):
    """Answers each query with the datagrams that ``reply`` makes of it."""

    def __init__(self, loop: EventLoop, reply: Reply) -> None:
        super().__init__(loop)
        self.create_socket(type=socket.SOCK_DGRAM)
        self.bind(("127.0.0.1", 0))
        self.address: tuple[str, int] = self.socket.getsockname()
        self.reply = reply
        self.queries: list[bytes] = []
        self.ports: list[int] = []

    def handle_read(self) -> None:
        query, sender = self.recvfrom()
        self.queries.append(query)
        self.ports.append(sender[1])
        for datagram in self.reply(query):
            self.sendto(datagram, sender)


def good(query: bytes, flags: int = 0x8180) -> list[bytes]:
    record = b"\xc0\x0c\0\1\0\1\0\0\0\x3c\0\4\xc0\0\2\1"
    return [query[:2] + struct.pack("!5H", flags, 1, 1, 0, 0) + query[12:] + record]


def silent(query: bytes) -> list[bytes]:
    return []


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
def loop(clock: FakeClock) -> Iterator[EventLoop]:
    with EventLoop(clock=clock, debug=True) as loop:
        yield loop


def look_up(loop: EventLoop, server: tuple[str, int], **options: Any) -> list[Any]:
    results: list[Any] = []
    Lookup(loop, "example.org", results.append, server=server, **options)
    return results


def test_answer(loop: EventLoop) -> None:
    server = Server(loop, good)
    results = look_up(loop, server.address)
    run_until(loop, lambda: results)
    assert results == [["192.0.2.1"]]
    server.close()
    loop.run()  # neither a socket nor a timer is left


def test_asks_again_with_other_number_and_port(loop: EventLoop, clock: FakeClock) -> None:
    server = Server(loop, silent)
    results = look_up(loop, server.address, delays=(1, 2, 4))
    for tries, delay in enumerate((1, 2, 4), 1):
        run_until(loop, lambda tries=tries: len(server.queries) == tries)  # type: ignore[misc]
        clock.advance(delay - 0.001)
        settle(loop)
        assert len(server.queries) == tries
        clock.advance(0.001)
    run_until(loop, lambda: results)
    assert isinstance(results[0], TimeoutError)
    assert len(set(server.ports)) == 3
    assert len({query[:2] for query in server.queries}) > 1
    assert len({query[2:] for query in server.queries}) == 1


def test_answer_to_the_second_try(loop: EventLoop, clock: FakeClock) -> None:
    server = Server(loop, silent)
    results = look_up(loop, server.address)
    run_until(loop, lambda: server.queries)
    server.reply = good
    clock.advance(1)
    run_until(loop, lambda: results)
    assert results == [["192.0.2.1"]]


@pytest.mark.parametrize(
    ("flags", "words"), [(0x8380, "truncated"), (0x8183, "no such name"), (0x8185, "refuses")]
)
def test_refusal_is_final(loop: EventLoop, flags: int, words: str) -> None:
    server = Server(loop, lambda query: good(query, flags))
    results = look_up(loop, server.address)
    run_until(loop, lambda: results)
    assert isinstance(results[0], LookupFailed)
    assert words in str(results[0])
    assert len(server.queries) == 1


def forged(query: bytes) -> bytes:
    """The right answer to another question's number."""
    return bytes([query[0] ^ 1]) + good(query)[0][1:-1] + b"\x66"


def test_forgeries_are_ignored(loop: EventLoop) -> None:
    server = Server(loop, lambda query: [b"", b"junk", *[forged(query)] * 17, *good(query)])
    results = look_up(loop, server.address)
    run_until(loop, lambda: results)
    assert results == [["192.0.2.1"]]


def test_a_flood_of_forgeries_ends_the_try(loop: EventLoop, clock: FakeClock) -> None:
    """Then the right answer comes too late, and the next try asks anew."""
    server = Server(loop, lambda query: [forged(query)] * (MOST_STRANGERS + 1) + good(query))
    results = look_up(loop, server.address, delays=(1, 1))
    run_until(loop, lambda: server.queries)
    settle(loop, MOST_STRANGERS + 10)
    assert results == []
    clock.advance(1)
    run_until(loop, lambda: len(server.queries) == 2)
    settle(loop, MOST_STRANGERS + 10)
    assert results == []
    clock.advance(1)
    run_until(loop, lambda: results)
    assert isinstance(results[0], TimeoutError)


def test_another_sender_is_not_heard(loop: EventLoop) -> None:
    """Its datagram has the right number and question, but the kernel drops it."""
    server = Server(loop, silent)
    results = look_up(loop, server.address)
    run_until(loop, lambda: server.queries)
    with socket.socket(type=socket.SOCK_DGRAM) as stranger:
        stranger.sendto(good(server.queries[0])[0], ("127.0.0.1", server.ports[0]))
    settle(loop)
    assert results == []


def test_nobody_there(loop: EventLoop, clock: FakeClock) -> None:
    with socket.socket(type=socket.SOCK_DGRAM) as unheard:
        unheard.bind(("127.0.0.1", 0))
        address = unheard.getsockname()
    results = look_up(loop, address, delays=(1,))
    settle(loop)
    assert results == []
    clock.advance(1)
    run_until(loop, lambda: results)
    assert isinstance(results[0], TimeoutError)


def test_no_way_to_the_server(loop: EventLoop, clock: FakeClock) -> None:
    """The kernel refuses to send to everybody; every try has its turn before that is told."""
    results = look_up(loop, ("255.255.255.255", 53), delays=(1, 1))
    clock.advance(1)
    settle(loop)
    assert results == []
    clock.advance(1)
    settle(loop)
    assert isinstance(results[0], OSError)
    assert results[0].errno in (errno.EACCES, errno.ENETUNREACH)  # without a network: the latter
    loop.run()  # nothing is left to wait for


def test_server_is_an_address(loop: EventLoop) -> None:
    with pytest.raises(ValueError, match="IPv4 or IPv6 address"):
        look_up(loop, ("localhost", 53))
    loop.run()  # nothing is left to wait for


def test_cancelled(loop: EventLoop) -> None:
    server = Server(loop, good)
    results: list[object] = []
    lookup = Lookup(loop, "example.org", results.append, server=server.address)
    lookup.cancel()
    lookup.cancel()
    settle(loop)
    assert results == []
    server.close()
    loop.run()  # nothing is left to wait for


def test_command_line(capsys: pytest.CaptureFixture[str]) -> None:
    """The server is a thread here, because main() has a loop of its own."""
    from threading import Thread

    with EventLoop() as loop:
        server = Server(loop, good)
        thread = Thread(target=loop.run)
        thread.start()
        options = ["--server", "127.0.0.1", "--port", str(server.address[1])]
        try:
            assert dns.main([*options, "example.org", "example.net"]) == 0
            assert dns.main([*options, "--type", "AAAA", "no..name", "example.org"]) == 1
        finally:
            loop.stop()
            thread.join()
    said = capsys.readouterr()
    assert sorted(said.out.splitlines()) == ["example.net 192.0.2.1", "example.org 192.0.2.1"]
    assert "no..name: 'no..name' is no host name" in said.err
    assert "example.org: the name has no address of this kind" in said.err


def test_the_systems_server(tmp_path: Path) -> None:
    file = tmp_path / "resolv.conf"
    assert dns.system_server(file) == "127.0.0.1"
    file.write_text(
        "# nameserver 1.1.1.1\nsearch example.org\nnameserver\nnameserver 192.0.2.53 x\n"
    )
    assert dns.system_server(file) == "192.0.2.53"
