"""A channel that has ended is freed at once: no reference cycle waits for the garbage collector."""

import errno
import gc
import logging
import socket
import ssl
import weakref
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import Any

import pytest

from miniloop import AsyncChat, Dispatcher, EventLoop
from tests.driving import reset, run_until, settle, tcp_pair


@pytest.fixture
def _no_collector() -> Iterator[None]:
    gc.collect()
    gc.disable()
    yield
    gc.enable()


pytestmark = pytest.mark.usefixtures("_no_collector")


class Reads(Dispatcher):
    def handle_read(self) -> None:
        self.recv()


class Lines(AsyncChat):
    def __init__(self, loop: EventLoop, sock: socket.socket | None = None) -> None:
        super().__init__(loop, sock)
        self.set_terminator(b"\n")

    def collect_incoming_data(self, data: bytes) -> None:
        pass

    def found_terminator(self) -> None:
        pass


class Failing(Lines):
    def found_terminator(self) -> None:
        raise ValueError("on purpose")


@pytest.fixture(params=[False, True], ids=["plain loop", "debug"])
def loop(request: pytest.FixtureRequest) -> Iterator[EventLoop]:
    with EventLoop(debug=request.param) as loop:
        yield loop


def finishes(loop: EventLoop, channel: Any, peer: socket.socket) -> None:
    peer.close()


def resets(loop: EventLoop, channel: Any, peer: socket.socket) -> None:
    reset(peer)


def resets_over_queued_output(loop: EventLoop, channel: Any, peer: socket.socket) -> None:
    if isinstance(channel, AsyncChat):
        channel.push(b"x" * 5_000_000)
    else:
        channel.send(b"x" * 5_000_000)
    settle(loop)
    reset(peer)


def resets_behind_a_pause(loop: EventLoop, channel: Any, peer: socket.socket) -> None:
    channel.pause_reading()
    settle(loop)
    reset(peer)


def is_idle(loop: EventLoop, channel: Any, peer: socket.socket) -> None:
    channel.set_idle_timeout(0.001)


def closes(loop: EventLoop, channel: Any, peer: socket.socket) -> None:
    channel.close()


Gone = weakref.ref[Any]


def freed(loop: EventLoop, gone: Gone) -> bool:
    """Return whether it is gone, once the loop has done what was left to do."""
    settle(loop)
    return gone() is None


ENDS = [finishes, resets, resets_over_queued_output, resets_behind_a_pause, is_idle, closes]


@pytest.mark.parametrize("kind", [Reads, Lines])
@pytest.mark.parametrize("end", ENDS, ids=lambda end: end.__name__)
def test_after_an_end(
    loop: EventLoop, kind: Any, end: Callable[[EventLoop, Any, socket.socket], None]
) -> None:
    def live() -> Gone:
        ours, theirs = tcp_pair()
        channel = kind(loop, ours)
        settle(loop)
        end(loop, channel, theirs)
        run_until(loop, lambda: channel.closed)
        theirs.close()
        return weakref.ref(channel)

    assert freed(loop, live())


def test_after_an_exception(loop: EventLoop, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its traceback has the channel in its frames; pytest would keep it with the log's records."""
    monkeypatch.setattr(logging.getLogger("miniloop"), "disabled", True)

    def live() -> Gone:
        ours, theirs = tcp_pair()
        channel = Failing(loop, ours)
        theirs.send(b"line\n")
        run_until(loop, lambda: channel.closed)
        theirs.close()
        return weakref.ref(channel)

    assert freed(loop, live())


# -- under TLS -----------------------------------------------------------------------------------


def shaken(peer: ssl.SSLSocket) -> bool:
    try:
        peer.do_handshake()
    except (ssl.SSLWantReadError, ssl.SSLWantWriteError):
        return False
    return True


@contextmanager
def secured(loop: EventLoop) -> Iterator[tuple[Lines, ssl.SSLSocket]]:
    """A server's end of ours, and Python's own TLS on the other."""
    from tests.certificates import certificates

    ours, theirs = tcp_pair()
    channel = Lines(loop, ours)
    channel.start_tls(certificates().server(), server_side=True)
    theirs.setblocking(False)
    with (
        certificates()
        .client()
        .wrap_socket(theirs, server_hostname="localhost", do_handshake_on_connect=False) as peer
    ):
        run_until(loop, lambda: shaken(peer))
        settle(loop)
        yield channel, peer


def says_goodbye(peer: ssl.SSLSocket) -> None:
    with suppress(ssl.SSLWantReadError):
        peer.unwrap()


def is_cut_off(peer: ssl.SSLSocket) -> None:
    peer.shutdown(socket.SHUT_WR)


def sends_garbage(peer: ssl.SSLSocket) -> None:
    with socket.socket(fileno=socket.dup(peer.fileno())) as below:
        below.send(b"no record at all" * 10)


@pytest.mark.parametrize("end", [says_goodbye, reset, is_cut_off, sends_garbage])
def test_after_an_end_under_tls(loop: EventLoop, end: Callable[[ssl.SSLSocket], None]) -> None:
    def live() -> Gone:
        with secured(loop) as (channel, peer):
            end(peer)
            run_until(loop, lambda: channel.closed)
            assert (channel.error is None) == (end is says_goodbye)
            return weakref.ref(channel)

    assert freed(loop, live())


@pytest.mark.parametrize("how", ["close", "end", "close_when_done"])
def test_after_an_end_of_our_own_under_tls(loop: EventLoop, how: str) -> None:
    def live() -> Gone:
        with secured(loop) as (channel, peer):
            getattr(channel, how)()
            peer.close()
            run_until(loop, lambda: channel.closed)
            return weakref.ref(channel)

    assert freed(loop, live())


@pytest.mark.parametrize("sent", [b"GET / HTTP/1.0\r\n\r\n", b""])
def test_after_a_handshake_that_fails(loop: EventLoop, sent: bytes) -> None:
    """By what is no handshake, or by its time limit."""
    from tests.certificates import certificates

    def live() -> Gone:
        ours, theirs = tcp_pair()
        channel = Lines(loop, ours)
        channel.start_tls(certificates().server(), server_side=True, timeout=5 if sent else 0.001)
        theirs.send(sent)
        run_until(loop, lambda: channel.closed)
        assert isinstance(channel.error, ssl.SSLError if sent else TimeoutError)
        theirs.close()
        return weakref.ref(channel)

    assert freed(loop, live())


# -- connects ------------------------------------------------------------------------------------


@pytest.mark.parametrize("by_name", [False, True], ids=["connect", "connect_to"])
@pytest.mark.parametrize("how", ["refused", "given up", "too late", "connected"])
def test_after_a_connect(loop: EventLoop, by_name: bool, how: str) -> None:
    def live() -> Gone:
        with socket.create_server(("127.0.0.1", 0)) as server:
            address = server.getsockname()
            if how == "refused":
                server.close()
            client = Lines(loop)
            timeout = 0.0 if how == "too late" else 30.0
            if by_name:
                client.connect_to(address[0], address[1], timeout)
            else:
                client.create_socket()
                client.connect(address, timeout)
            if how == "given up":
                client.close()
            run_until(loop, lambda: client.closed or client.connected)
            client.close()
            return weakref.ref(client)

    assert freed(loop, live())


@pytest.mark.parametrize("host", ["localhost", "nowhere.invalid", "no\0name"])
def test_after_a_connect_by_name_that_fails(loop: EventLoop, host: str) -> None:
    """The thread that looks names up has to let go, too, so some passes wait."""

    def live() -> Gone:
        with socket.create_server(("127.0.0.1", 0)) as server:
            port = server.getsockname()[1]
        client = Lines(loop)
        client.connect_to(host, port)
        run_until(loop, lambda: client.closed)
        assert isinstance(client.error, OSError)
        return weakref.ref(client)

    gone = live()
    run_until(loop, lambda: gone() is None)


def test_after_a_connect_without_a_socket(loop: EventLoop, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(family: int, type: int, proto: int = 0) -> socket.socket:
        raise OSError(errno.EMFILE, "too many open files")

    def live() -> Gone:
        client = Lines(loop)
        client.connect_to("127.0.0.1", 80)
        run_until(loop, lambda: client.closed)
        return weakref.ref(client)

    monkeypatch.setattr(loop, "new_socket", refuse)
    assert freed(loop, live())


def test_after_an_error_inside_an_except_block(loop: EventLoop) -> None:
    class Answering(Reads):
        def handle_read(self) -> None:
            try:
                int(self.recv())
            except ValueError:
                reset(theirs)
                while not self.closed:
                    self.send(b"no number")

    def live() -> Gone:
        channel = Answering(loop, ours)
        theirs.send(b"one")
        run_until(loop, lambda: channel.closed)
        assert channel.error is not None
        return weakref.ref(channel)

    ours, theirs = tcp_pair()
    assert freed(loop, live())


@pytest.mark.parametrize("kind", [Reads, Lines])
def test_after_the_loop_was_closed(loop: EventLoop, kind: Any) -> None:
    """With work on every list that names the channel."""

    def live() -> Gone:
        ours, theirs = tcp_pair()
        channel = kind(loop, ours)
        settle(loop)
        loop.call_later(5, channel.close)
        loop.call_soon(channel.close)
        loop.on_stop(channel.close)
        loop.flush_soon(channel)
        channel.pause_reading()
        theirs.close()
        loop.close()
        return weakref.ref(channel)

    assert live()() is None
