"""run() returns when the last channel has ended, in whatever stage of a pass that happens."""

import os
import socket
from collections.abc import Callable, Iterator

import pytest

from miniloop import AsyncChat, Dispatcher, EventLoop, FileDispatcher
from miniloop.trace import inspection
from tests.driving import Lines, Recording, fill, pair, receive, reset, settle, tcp_pair
from tests.integration.promises.driven import secure_both
from tests.integration.promises.returning import returns


class Client(Lines):
    """Connects, and does one thing when it is there."""

    def __init__(self, loop: EventLoop, then: Callable[["Client"], object]) -> None:
        super().__init__(loop)
        self.then = then

    def handle_connect(self) -> None:
        self.then(self)


@pytest.fixture
def server() -> Iterator[socket.socket]:
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.settimeout(20)
        yield server


def start(client: Dispatcher, address: tuple[str, int], by_name: bool) -> None:
    if by_name:
        client.connect_to(*address)
    else:
        client.create_socket()
        client.connect(address)


both_ways = pytest.mark.parametrize("by_name", [False, True], ids=["connect", "connect_to"])


@both_ways
def test_after_a_line_and_close_when_done(
    loop: EventLoop, server: socket.socket, by_name: bool
) -> None:
    def say_hello(client: Client) -> None:
        client.push(b"hello\n")
        client.close_when_done()

    client = Client(loop, say_hello)
    start(client, server.getsockname(), by_name)
    with returns():
        loop.run()
    assert client.closed
    with server.accept()[0] as accepted:
        accepted.settimeout(20)
        assert accepted.recv(100) == b"hello\n"
        assert accepted.recv(100) == b""


@both_ways
@pytest.mark.parametrize("what", ["close", "end", "close_when_done", "fail"])
def test_after_an_end_in_handle_connect(
    loop: EventLoop,
    server: socket.socket,
    by_name: bool,
    what: str,
    caplog: pytest.LogCaptureFixture,
) -> None:
    def act(client: Client) -> None:
        if what == "fail":
            raise ValueError("on purpose")
        getattr(client, what)()

    client = Client(loop, act)
    start(client, server.getsockname(), by_name)
    with returns():
        loop.run()
    assert client.closed


@both_ways
def test_after_a_refused_connect(loop: EventLoop, server: socket.socket, by_name: bool) -> None:
    address = server.getsockname()
    server.close()
    client = Recording(loop)
    start(client, address, by_name)
    with returns():
        loop.run()
    assert client.seen == ["failed ConnectionRefusedError"]


# -- the last channel ends in the refresh ----------------------------------------------------------


def overflows(loop: EventLoop, ours: socket.socket, theirs: socket.socket) -> Dispatcher:
    chat = Lines(loop, ours)
    chat.max_output = 1000
    fill(ours)
    chat.push(b"x" * 1001)
    loop.call_soon(chat.push, b"more")
    return chat


def is_reset_while_sending(
    loop: EventLoop, ours: socket.socket, theirs: socket.socket
) -> Dispatcher:
    chat = Lines(loop, ours)
    settle(loop)
    reset(theirs)
    chat.push(b"too late")
    return chat


def closes_when_done(loop: EventLoop, ours: socket.socket, theirs: socket.socket) -> Dispatcher:
    chat = Lines(loop, ours)
    chat.push(b"goodbye")
    chat.close_when_done()
    return chat


def closes_with_nothing_to_send(
    loop: EventLoop, ours: socket.socket, theirs: socket.socket
) -> Dispatcher:
    chat = Lines(loop, ours)
    settle(loop)
    chat.close_when_done()
    return chat


class ClosesInPredicate(Recording):
    def readable(self) -> bool:
        self.close()
        return True


class FailsInPredicate(Recording):
    def readable(self) -> bool:
        raise ValueError("on purpose")


class FailsAtHighWater(Lines):
    high_water = 10

    def handle_high_water(self) -> None:
        raise ValueError("on purpose")


def closes_in_a_predicate(
    loop: EventLoop, ours: socket.socket, theirs: socket.socket
) -> Dispatcher:
    return ClosesInPredicate(loop, ours)


def fails_in_a_predicate(loop: EventLoop, ours: socket.socket, theirs: socket.socket) -> Dispatcher:
    return FailsInPredicate(loop, ours)


def fails_at_high_water(loop: EventLoop, ours: socket.socket, theirs: socket.socket) -> Dispatcher:
    chat = FailsAtHighWater(loop, ours)
    fill(ours)
    chat.push(b"x" * 100)
    return chat


def fails_in_a_producer(loop: EventLoop, ours: socket.socket, theirs: socket.socket) -> Dispatcher:
    class Failing:
        def more(self) -> bytes:
            raise ValueError("on purpose")

    chat = Lines(loop, ours)
    chat.push_with_producer(Failing())
    return chat


def is_idle(loop: EventLoop, ours: socket.socket, theirs: socket.socket) -> Dispatcher:
    channel = Recording(loop, ours)
    channel.set_idle_timeout(0.001)
    return channel


ENDS = [
    overflows, is_reset_while_sending, closes_when_done, closes_with_nothing_to_send,
    closes_in_a_predicate, fails_in_a_predicate, fails_at_high_water, fails_in_a_producer, is_idle,
]  # fmt: skip


@pytest.mark.parametrize("end", ENDS, ids=lambda end: end.__name__)
def test_after_the_last_channel(
    loop: EventLoop,
    end: Callable[[EventLoop, socket.socket, socket.socket], Dispatcher],
    caplog: pytest.LogCaptureFixture,
) -> None:
    ours, theirs = tcp_pair()
    with ours, theirs:
        channel = end(loop, ours, theirs)
        with returns():
            loop.run()
        assert channel.closed
        assert inspection.registrations(loop) == []


# -- under TLS -----------------------------------------------------------------------------------


class Secure(AsyncChat):
    """Does one thing when the connection is protected."""

    def __init__(self, loop: EventLoop, sock: socket.socket, then: str = "") -> None:
        super().__init__(loop, sock)
        self.then = then
        self.got = b""

    def handle_secured(self) -> None:
        if self.then == "overflow":
            self.max_output = 1000
            self.push(b"x" * 5_000_000)
            self.loop.call_soon(self.loop.call_soon, self.push, b"more")
        elif self.then:
            self.push(b"hello\n")
            getattr(self, self.then)()

    def collect_incoming_data(self, data: bytes) -> None:
        self.got += data


@pytest.mark.parametrize("then", ["close_when_done", "overflow", "close", "end"])
def test_after_the_last_channel_under_tls(loop: EventLoop, then: str) -> None:
    ours, theirs = socket.socketpair()
    server, client = Secure(loop, ours, then), Secure(loop, theirs)
    secure_both(server, client)
    with returns():
        loop.run()
    assert server.closed
    assert client.closed
    if then == "close_when_done":
        assert client.got == b"hello\n"


def test_after_a_handshake_that_failed(loop: EventLoop) -> None:
    with pair() as (ours, theirs):
        server = Lines(loop, ours)
        client = Lines(loop, theirs)
        secure_both(server, client)
        client.close()
        with returns():
            loop.run()
        assert server.closed
        assert server.error is not None


# -- files ---------------------------------------------------------------------------------------


@pytest.mark.needs("files")
def test_after_the_end_of_a_pipe(loop: EventLoop) -> None:
    class Reads(FileDispatcher):
        def handle_read(self) -> None:
            self.recv()

    reader, writer = os.pipe()
    channel = Reads(loop, reader)
    os.write(writer, b"last")
    os.close(writer)
    os.close(reader)
    with returns():
        loop.run()
    assert channel.closed


def test_a_program_that_has_ended_everything_is_not_waited_for(loop: EventLoop) -> None:
    with pair() as (ours, theirs):
        channel = Recording(loop, ours)
        loop.call_soon(channel.close)
        with returns():
            loop.run()
        assert receive(theirs) == b""
