"""Names with several addresses, on real sockets: IPv6 refused, IPv6 silent, nobody there.

The resolver is told what to answer, the loop's clock stands still until it is moved, and the
sockets are the kernel's. A server whose backlog is full is the silence of a lost network.
"""

import socket
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import Any, cast

import pytest

from miniloop import EventLoop, Listener, Reconnecting
from miniloop.testing import FakeClock
from tests.driving import Lines, Recording, deliveries, run_until, settle

SIX, FOUR = "::1", "127.0.0.1"


def has_ipv6() -> bool:
    try:
        with socket.socket(socket.AF_INET6) as sock:
            sock.bind((SIX, 0))
    except OSError:
        return False
    return True


needs_ipv6 = pytest.mark.skipif(not has_ipv6(), reason="the loopback of this machine has no IPv6")


class Timed:
    """A loop whose clock the test moves; the name some.example has the addresses of the test."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.clock = FakeClock()
        self.loop = EventLoop(debug=True, clock=self.clock)
        self.addresses: list[tuple[str, int]] = []
        self._real = socket.getaddrinfo
        monkeypatch.setattr(socket, "getaddrinfo", self.getaddrinfo)

    def getaddrinfo(self, host: str, port: int, **options: Any) -> list[Any]:
        if host != "some.example":
            return self._real(host, port, **options)
        found = [self._real(host, port, type=options["type"]) for host, port in self.addresses]
        return [info for infos in found for info in infos]

    def connect(self, timeout: float | None = 5) -> Recording:
        client = Recording(self.loop)
        client.connect_to("some.example", 80, timeout)
        return client

    def attempts(self, count: int) -> None:
        """Go on until so many connects are under way."""
        run_until(self.loop, lambda: len(self.loop.registry.registrations) - 1 == count)


@pytest.fixture
def timed(monkeypatch: pytest.MonkeyPatch) -> Iterator[Timed]:
    timed = Timed(monkeypatch)
    with timed.loop:
        yield timed


@contextmanager
def listening(host: str) -> Iterator[tuple[str, int]]:
    with server(host) as sock:
        yield sock.getsockname()[:2]


@contextmanager
def refusing(host: str) -> Iterator[tuple[str, int]]:
    """A port that is taken and at which nobody listens."""
    with socket.socket(socket.AF_INET6 if host == SIX else socket.AF_INET) as sock:
        sock.bind((host, 0))
        yield sock.getsockname()[:2]


@contextmanager
def silent(host: str) -> Iterator[tuple[str, int]]:
    """A server that the kernel lets nobody connect to, because its backlog is full."""
    with server(host, backlog=0) as sock, ExitStack() as stack:
        address = sock.getsockname()[:2]
        for _ in range(4):
            filler = stack.enter_context(socket.socket(sock.family))
            filler.setblocking(False)
            filler.connect_ex(address)
        yield address


def server(host: str, backlog: int = 5) -> socket.socket:
    family = socket.AF_INET6 if host == SIX else socket.AF_INET
    return socket.create_server((host, 0), family=family, backlog=backlog)


@needs_ipv6
def test_ipv6_refused_then_ipv4(timed: Timed) -> None:
    with refusing(SIX) as first, listening(FOUR) as second:
        timed.addresses = [first, second]
        client = timed.connect()
        run_until(timed.loop, lambda: client.connected)
        assert client.addr == second
        assert timed.clock() == 1000  # no delay
        assert client.seen == ["connect"]


@needs_ipv6
def test_ipv6_silent_then_ipv4_after_the_delay(timed: Timed) -> None:
    with silent(SIX) as first, listening(FOUR) as second:
        timed.addresses = [first, second]
        client = timed.connect()
        timed.attempts(1)
        timed.clock.advance(0.24)
        settle(timed.loop)
        assert client.seen == []
        timed.clock.advance(0.02)
        run_until(timed.loop, lambda: client.connected)
        assert client.addr == second
        timed.attempts(1)  # the silent one is given up
        settle(timed.loop)
        assert client.seen == ["connect"]


@needs_ipv6
def test_many_silent_ones_of_one_family_cost_one_delay(timed: Timed) -> None:
    with silent(SIX) as one, silent(SIX) as two, listening(FOUR) as last:
        timed.addresses = [one, two, last]
        client = timed.connect()
        timed.attempts(1)
        timed.clock.advance(0.26)
        run_until(timed.loop, lambda: client.connected)
        assert client.addr == last


def test_all_refused_is_one_reason(timed: Timed) -> None:
    with refusing(FOUR) as one, refusing(FOUR) as two:
        timed.addresses = [one, two]
        client = timed.connect()
        run_until(timed.loop, lambda: client.closed)
        settle(timed.loop)
    assert client.seen == ["failed ConnectionRefusedError"]
    text = str(client.error)
    for host, port in (one, two):
        assert f"{host}:{port}: Connection refused" in text
    assert client.error is not None
    assert len(cast(ExceptionGroup[OSError], client.error.__cause__).exceptions) == 2


def test_one_limit_over_the_whole(timed: Timed) -> None:
    with silent(FOUR) as one, silent(FOUR) as two:
        timed.addresses = [one, two]
        client = timed.connect(timeout=5)
        timed.attempts(1)
        timed.clock.advance(0.26)
        timed.attempts(2)
        timed.clock.advance(4.73)
        settle(timed.loop)
        assert client.seen == []
        timed.clock.advance(0.02)
        settle(timed.loop)
        assert client.seen == ["failed TimeoutError"]
        assert str(client.error).count("no answer") == 2
        timed.attempts(0)


def test_close_gives_up_all_attempts(timed: Timed) -> None:
    with silent(FOUR) as one, silent(FOUR) as two:
        timed.addresses = [one, two]
        client = timed.connect()
        timed.attempts(1)
        timed.clock.advance(0.26)
        timed.attempts(2)
        client.close()
        timed.attempts(0)
        timed.loop.run()
        assert client.seen == []


def test_no_spinning_while_no_address_answers(timed: Timed) -> None:
    with silent(FOUR) as one:
        timed.addresses = [one]
        timed.connect()
        timed.attempts(1)
        assert deliveries(timed.loop) == 0


@pytest.mark.parametrize("how", ["stop", "close"])
def test_the_loops_end_ends_it(timed: Timed, how: str) -> None:
    with silent(FOUR) as one:
        timed.addresses = [one]
        client = timed.connect(timeout=None)
        timed.attempts(1)
        if how == "stop":
            timed.loop.call_soon(timed.loop.stop)
            timed.loop.run()
        timed.loop.close()
    assert client.closed
    assert client.seen == []


@pytest.mark.needs("localhost")
def test_reconnecting_to_a_server_that_comes_back(loop: EventLoop) -> None:
    """Down at first, then there, then restarted: the client is there each time."""

    class Client(Lines):
        def __init__(self, loop: EventLoop) -> None:
            super().__init__(loop)
            self.connect_to("localhost", port, timeout=20)
            self.push(b"here\n")

    servers: list[Lines] = []

    def serve(loop: EventLoop, sock: socket.socket) -> None:
        servers.append(Lines(loop, sock))

    with refusing(FOUR) as (_, port):
        again = Reconnecting(loop, Client, first=0.002, longest=0.01)
        failed: list[BaseException | None] = []
        run_until(loop, lambda: again.channel is not None)
        assert again.channel is not None
        first = again.channel
        first.on_close(lambda: failed.append(first.error))
        run_until(loop, lambda: failed)
        assert "Connection refused" in str(failed[0])  # beside what another address says
    for _ in range(2):
        listener = Listener(loop, (FOUR, port), serve)
        run_until(loop, lambda: servers and servers[-1].lines)
        assert servers[-1].lines == [b"here"]
        listener.close()
        servers.pop().close()
    again.close()
    loop.run()
