"""The SOCKS5 proxy on the simulated network: clients and servers are scripted."""

import errno
import logging
import socket
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from examples import socks_proxy
from examples.socks_proxy import fingerprint, read_accounts, reply, reply_for, serve
from miniloop import Listener
from miniloop.awaitable import Stream, served_by
from miniloop.testing import GENTLE, HARSH, Faults, Peer, PeerServer, SimulatedNetwork
from miniloop.trace import inspection

PROXY, TARGET = ("proxy", 1080), ("10.0.0.9", 80)
HELLO, AGREED = b"\5\1\0", b"\5\0"
CONNECT = b"\5\1\0\1\x0a\0\0\x09\0\x50"
BY_NAME = b"\5\1\0\3\x0bexample.org\0\x50"
OK_REPLY = 10  # bytes, with an IPv4 address


class World:
    """A network with a proxy on it and a server behind it."""

    def __init__(
        self, seed: int, accounts: Collection[bytes] = (), faults: Faults | None = None
    ) -> None:
        self.net = SimulatedNetwork(seed, faults=faults)
        self.net.hosts["example.org"] = ["10.0.0.9"]
        self.net.hosts["nowhere.example"] = ["10.0.0.7"]
        self.loop = self.net.loop()
        self.server: PeerServer = self.net.listen(TARGET)
        self.listener = Listener(self.loop, PROXY, served_by(partial(serve, accounts=accounts)))

    def client(self, *sent: bytes) -> Peer:
        client = self.net.connect(PROXY)
        client.send(b"".join(sent))
        return client

    def connected(self, request: bytes = CONNECT) -> tuple[Peer, Peer]:
        """Return a client and the server's end, once the proxy has said OK."""
        client = self.client(HELLO, request)
        self.net.run_until(lambda: len(client.received) == len(AGREED) + OK_REPLY)
        assert client.take()[:4] == AGREED + b"\5\0"
        return client, self.server.peers[-1]

    def answer(self, client: Peer) -> bytes:
        """Return what the client gets until the connection ends."""
        self.net.run_until(lambda: client.eof or client.error)
        return client.take()

    def left(self) -> int:
        """Return how many sockets the proxy has open besides its listener."""
        return len(self.net.open_sockets) - 1


@pytest.fixture
def world() -> Iterator[World]:
    world = World(7)
    with world.loop:
        yield world


@pytest.fixture
def guarded() -> Iterator[World]:
    world = World(7, [fingerprint(b"ada", b"secret"), fingerprint(b"bob", b"hidden")])
    with world.loop:
        yield world


# -- both directions ----------------------------------------------------------------------------


@pytest.mark.parametrize("seed", range(20))
@pytest.mark.parametrize("request_", [CONNECT, BY_NAME], ids=["by address", "by name"])
def test_bytes_in_both_directions(seed: int, request_: bytes) -> None:
    world = World(seed)
    with world.loop:
        client, server = world.connected(request_)
        client.send(b"question" * 10_000)
        server.send(b"answer" * 10_000)
        world.net.run_until(lambda: len(server.received) == 80_000)
        world.net.run_until(lambda: len(client.received) == 60_000)
        assert server.received == b"question" * 10_000
        assert client.received == b"answer" * 10_000
        client.close()
        world.net.run_until(lambda: server.eof)
        server.close()
        world.net.run(100)
        assert world.left() == 0


def test_what_follows_the_request_at_once_is_carried(world: World) -> None:
    client = world.client(HELLO, CONNECT, b"early")
    world.net.run_until(lambda: world.server.peers and world.server.peers[0].received == b"early")
    assert not client.eof


def test_by_ipv6() -> None:
    world = World(7)
    with world.loop:
        server = world.net.listen(("2001:db8::1", 443))
        address = socket.inet_pton(socket.AF_INET6, "2001:db8::1")
        client = world.client(HELLO, b"\5\1\0\4", address, b"\1\xbb")
        world.net.run_until(lambda: server.peers and len(client.received) == 2 + 22)
        assert client.received[2:6] == b"\5\0\0\4"


@pytest.mark.parametrize("first", ["client", "server"])
def test_a_half_close_is_passed_on(world: World, first: str) -> None:
    ends = dict(zip(["client", "server"], world.connected(), strict=True))
    one = ends.pop(first)
    (other,) = ends.values()
    one.send(b"question")
    one.finish()
    world.net.run_until(lambda: other.eof)
    assert other.received == b"question"
    world.net.run(1000)
    assert not one.eof
    other.send(b"answer" * 1000)
    world.net.run_until(lambda: len(one.received) == 6000)
    assert world.left() == 2
    other.finish()
    world.net.run_until(lambda: one.eof)
    world.net.run_until(lambda: world.left() == 0)


@pytest.mark.parametrize("first", ["client", "server"])
def test_a_reset_ends_both_and_is_no_traceback(
    world: World, first: str, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    ends = dict(zip(["client", "server"], world.connected(), strict=True))
    one = ends.pop(first)
    (other,) = ends.values()
    one.reset()
    world.net.run_until(lambda: other.eof or other.error)
    world.net.run_until(lambda: world.left() == 0)
    assert all(record.levelno == logging.INFO for record in caplog.records)
    assert "Traceback" not in caplog.text


def test_a_lost_network_is_worth_one_line_too(
    world: World, caplog: pytest.LogCaptureFixture
) -> None:
    client, _ = world.connected()
    caplog.set_level(logging.INFO)
    (server,) = (
        each.channel
        for each in inspection.registrations(world.loop)
        if isinstance(each.channel, Stream) and each.channel.addr == TARGET
    )
    server._lost_(OSError(errno.EHOSTUNREACH, "No route to host"))  # what a receive may raise
    world.net.run_until(lambda: client.eof)
    world.net.run_until(lambda: world.left() == 0)
    (record,) = caplog.records
    assert record.levelno == logging.INFO
    assert "'10.0.0.9', port 80: [Errno" in record.getMessage()
    assert record.exc_info is None


@pytest.mark.parametrize("slow", ["client", "server"])
def test_a_slow_reader_costs_bounded_memory(world: World, slow: str) -> None:
    ends = dict(zip(["client", "server"], world.connected(), strict=True))
    reader = ends.pop(slow)
    (sender,) = ends.values()
    reader.reading = False
    sender.send(bytes(1_500_000))
    world.net.run(100)
    assert sender.unsent > 800_000
    reader.reading = True
    world.net.run_until(lambda: len(reader.received) == 1_500_000, 10_000)


# -- the handshake ------------------------------------------------------------------------------


@pytest.mark.parametrize("sent", [b"", b"\5", HELLO, HELLO + CONNECT[:-1]])
def test_a_client_that_says_too_little_is_out_of_time(world: World, sent: bytes) -> None:
    client = world.client(sent)
    world.net.run(socks_proxy.HANDSHAKE - 1)
    assert world.left() == 1
    world.net.run(2)
    assert client.eof
    assert world.left() == 0


@pytest.mark.parametrize(
    ("sent", "answer"),
    [
        (b"GET / HTTP/1.1\r\n\r\n", b""),
        (b"\4\1\0\x50\x0a\0\0\x09\0", b""),
        (b"\5\0", b"\5\xff"),
        (b"\5\2\1\2", b"\5\xff"),
        (HELLO + b"\4\1\0\1\x0a\0\0\x09\0\x50", AGREED),
        (HELLO + b"\5\2\0\1\x0a\0\0\x09\0\x50", AGREED + reply(7)),
        (HELLO + b"\5\3\0\1\x0a\0\0\x09\0\x50", AGREED + reply(7)),
        (HELLO + b"\5\1\0\2\x0a\0\0\x09\0\x50", AGREED + reply(8)),
        (HELLO + b"\5\1\0\1\x0a\0\0\x09\0\0", AGREED + reply(1)),
        (HELLO + b"\5\1\0\3\0\0\x50", AGREED + reply(4)),
        (HELLO + b"\5\1\0\3\2\xc3\xa9\0\x50", AGREED + reply(4)),
        (HELLO + b"\5\1\0\3\7unknown\0\x50", AGREED + reply(4)),
        (HELLO + b"\5\1\0\3\3a\0b\0\x50", AGREED + reply(4)),
    ],
)
def test_what_is_refused(
    world: World, sent: bytes, answer: bytes, caplog: pytest.LogCaptureFixture
) -> None:
    """A reset may take the answer away where the client has sent more than was read."""
    assert world.answer(world.client(sent)) == answer
    world.net.run_until(lambda: world.left() == 0)
    assert not caplog.records  # nothing at WARNING: strangers do not fill the log
    assert world.server.peers == []


@pytest.mark.parametrize(
    ("number", "expected"),
    [
        (errno.ECONNREFUSED, 5),
        (errno.EHOSTUNREACH, 4),
        (errno.ENETUNREACH, 3),
        (errno.ETIMEDOUT, 4),
    ],
)
def test_why_the_connect_failed(world: World, number: int, expected: int) -> None:
    world.net.refuse(("10.0.0.7", 80), number)
    for request in (b"\5\1\0\1\x0a\0\0\7\0\x50", b"\5\1\0\3\x0fnowhere.example\0\x50"):
        client = world.client(HELLO, request)
        began = world.net.now
        assert world.answer(client) == AGREED + reply(expected)
        assert world.net.now - began < socks_proxy.CONNECTING + 1
    world.net.run_until(lambda: world.left() == 0)


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        (PermissionError(errno.EACCES, ""), 2),
        (OSError(errno.EMFILE, ""), 1),
        (OSError("several reasons"), 1),
        (socket.gaierror(socket.EAI_NONAME, ""), 4),
    ],
)
def test_replies(error: OSError, expected: int) -> None:
    assert reply_for(error) == expected


def test_a_client_that_leaves_during_the_connect(world: World) -> None:
    world.net.refuse(("10.0.0.7", 80), errno.ETIMEDOUT)
    client = world.client(HELLO, b"\5\1\0\1\x0a\0\0\7\0\x50")
    world.net.run(5)
    client.reset()
    world.net.run(socks_proxy.CONNECTING)
    assert world.left() == 0


# -- accounts -----------------------------------------------------------------------------------


def password(name: bytes, word: bytes) -> bytes:
    return b"\1" + bytes([len(name)]) + name + bytes([len(word)]) + word


@pytest.mark.parametrize("account", [(b"ada", b"secret"), (b"bob", b"hidden")])
def test_the_right_password(guarded: World, account: tuple[bytes, bytes]) -> None:
    client = guarded.client(b"\5\2\0\2", password(*account), CONNECT)
    guarded.net.run_until(lambda: len(client.received) == 4 + OK_REPLY)
    assert client.received[:6] == b"\5\2\1\0\5\0"


@pytest.mark.parametrize(
    "account",
    [(b"ada", b"hidden"), (b"ada", b""), (b"", b"secret"), (b"adas", b"ecret"), (b"eve", b"x")],
)
def test_a_wrong_password(guarded: World, account: tuple[bytes, bytes]) -> None:
    assert guarded.answer(guarded.client(b"\5\1\2", password(*account))) == b"\5\2\1\1"
    guarded.net.run_until(lambda: guarded.left() == 0)


@pytest.mark.parametrize(
    ("sent", "answer"), [(HELLO, b"\5\xff"), (b"\5\1\2\2\3ada\6secret", b"\5\2")]
)
def test_no_way_around_the_password(guarded: World, sent: bytes, answer: bytes) -> None:
    assert guarded.answer(guarded.client(sent)) in (answer, b"")
    assert guarded.server.peers == []


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        (b"", "no account"),
        (b"ada", "line 1"),
        (b"ada:secret\nbob:\n", "line 2"),
        (b"ada:" + b"x" * 256, "line 1"),
    ],
)
def test_files_that_are_refused(tmp_path: Path, text: bytes, complaint: str) -> None:
    path = tmp_path / "users"
    path.write_bytes(text)
    with pytest.raises(ValueError, match=complaint):
        read_accounts(path)


def test_a_file_of_accounts(tmp_path: Path) -> None:
    path = tmp_path / "users"
    path.write_bytes(b"ada:secret\nbob:hid:den\n")
    assert read_accounts(path) == [fingerprint(b"ada", b"secret"), fingerprint(b"bob", b"hid:den")]


def test_fingerprints_tell_names_from_passwords() -> None:
    assert fingerprint(b"ab", b"c") != fingerprint(b"a", b"bc")


# -- everything else ----------------------------------------------------------------------------


@pytest.mark.parametrize("seed", range(20))
def test_on_a_harsh_network_nothing_leaks(seed: int) -> None:
    world = World(seed, faults=HARSH)
    with world.loop:
        clients = [world.client(HELLO, CONNECT, bytes(5000)) for _ in range(4)]
        world.net.run(100)
        for peer in [*clients, *world.server.peers]:
            if peer.connected:
                peer.close()
        world.net.run(200)
        assert world.left() == 0
        assert len(world.loop.background) == 1  # the resolver


@given(st.binary(max_size=300), st.sampled_from([b"", HELLO, b"\5\2\0\2"]))
def test_any_bytes_at_all(junk: bytes, before: bytes) -> None:
    world = World(7, faults=GENTLE)
    with world.loop, warnings_of("miniloop") as warnings:
        client = world.client(before, junk)
        client.finish()
        world.net.run(100)
        assert world.left() <= 1
    assert not warnings


@contextmanager
def warnings_of(name: str) -> Iterator[list[str]]:
    """Keep what a logger says at WARNING and above."""
    handler, kept = logging.Handler(logging.WARNING), list[str]()
    handler.emit = lambda record: kept.append(record.getMessage())  # type: ignore[method-assign]
    logging.getLogger(name).addHandler(handler)
    try:
        yield kept
    finally:
        logging.getLogger(name).removeHandler(handler)
