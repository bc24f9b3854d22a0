"""From the name to the outcome: one of two callbacks, one time limit, and one reason."""

import errno
import socket
import threading
from collections.abc import Iterator
from typing import Any, cast

import pytest

from miniloop import Dispatcher, EventLoop
from miniloop.channel import BaseChannel
from miniloop.net.connecting_by_name import ConnectingByName, summary
from miniloop.net.happy_eyeballs import Attempt
from miniloop.net.resolving import Address, Resolver
from miniloop.testing import FakeClock
from miniloop.trace import inspection
from tests.driving import run_until

HERE = "127.0.0.1"


class Setup:
    def __init__(self, loop: EventLoop, clock: FakeClock) -> None:
        self.loop = loop
        self.clock = clock
        self.connected: list[Any] = []
        self.errors: list[OSError] = []
        self.channel = BaseChannel(loop)

    def connect(
        self, host: Any = "some.example", port: Any = 80, timeout: float | None = 5
    ) -> ConnectingByName:
        connecting = ConnectingByName(
            self.channel, host, port, timeout, on_connected=self.note_connected,
            on_failed=self.errors.append,
        )  # fmt: skip
        assert self.outcomes == 0
        return connecting

    def note_connected(self, sock: socket.socket, sockaddr: Any) -> None:
        self.connected.append(sockaddr)
        sock.close()

    @property
    def outcomes(self) -> int:
        return len(self.connected) + len(self.errors)

    def finish(self) -> None:
        run_until(self.loop, lambda: self.outcomes)
        for _ in range(5):
            self.loop.run_once(0)
        assert self.outcomes == 1
        assert not self.busy()
        assert inspection.timers(self.loop, 9) == []

    def busy(self) -> bool:
        return any(work.busy() for work in self.loop.background)

    def trying(self) -> list[Any]:
        """Return the addresses of the attempts under way."""
        channels = [each.channel for each in inspection.registrations(self.loop)]
        return [each.address.sockaddr for each in channels if isinstance(each, Attempt)]

    def resolvers(self) -> int:
        return sum(isinstance(work, Resolver) for work in self.loop.background)


@pytest.fixture
def setup() -> Iterator[Setup]:
    clock = FakeClock()
    with EventLoop(debug=True, clock=clock) as loop:
        yield Setup(loop, clock)


class Names:
    """Stands in for getaddrinfo(); a name that is not there blocks until ``opened``."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.known: dict[str, list[tuple[int, Any]]] = {}
        self.asked = threading.Semaphore(0)
        self.opened = threading.Event()
        self._real = socket.getaddrinfo
        monkeypatch.setattr(socket, "getaddrinfo", self.getaddrinfo)

    def getaddrinfo(self, host: str, port: int, type: int, flags: int) -> Any:
        if flags & socket.AI_NUMERICHOST:
            return self._real(host, port, type=type, flags=flags)
        if host not in self.known:
            self.asked.release()
            assert self.opened.wait(20)
            raise socket.gaierror(socket.EAI_AGAIN, "Temporary failure in name resolution")
        return [(family, type, 6, "", sockaddr) for family, sockaddr in self.known[host]]

    def wait_until_asked(self) -> None:
        assert self.asked.acquire(timeout=20)


@pytest.fixture
def names(monkeypatch: pytest.MonkeyPatch) -> Iterator[Names]:
    names = Names(monkeypatch)
    yield names
    names.opened.set()


def refused() -> tuple[str, int]:
    """An address at which nobody listens."""
    with socket.create_server((HERE, 0)) as server:
        address: tuple[str, int] = server.getsockname()
        return address


def test_a_name_that_cannot_be_resolved(setup: Setup, names: Names) -> None:
    names.opened.set()
    setup.connect()
    setup.finish()
    assert isinstance(setup.errors[0], socket.gaierror)
    assert "Temporary failure" in str(setup.errors[0])


def test_a_name_whose_one_address_refuses(setup: Setup, names: Names) -> None:
    names.known["some.example"] = [(socket.AF_INET, refused())]
    setup.connect(timeout=None)
    setup.finish()
    assert isinstance(setup.errors[0], ConnectionRefusedError)


def test_a_name_without_addresses(setup: Setup, names: Names) -> None:
    names.known["some.example"] = []
    setup.connect()
    setup.finish()
    assert str(setup.errors[0]) == "no connection to some.example port 80 (it has no addresses)"


def test_a_numeric_address_needs_no_resolver(setup: Setup, names: Names) -> None:
    with socket.create_server((HERE, 0)) as server:
        setup.connect(HERE, server.getsockname()[1])
        setup.finish()
        assert setup.connected == [server.getsockname()]
    assert setup.resolvers() == 0


def test_the_limit_while_the_name_is_looked_up(setup: Setup, names: Names) -> None:
    setup.connect()
    names.wait_until_asked()
    setup.clock.advance(5)
    setup.finish()
    assert isinstance(setup.errors[0], TimeoutError)
    assert str(setup.errors[0]).endswith(
        "no connection to some.example port 80 within 5 seconds (its name was not resolved)"
    )
    names.opened.set()  # the late answer moves nothing
    Resolver.of(setup.loop).submit(int)
    setup.loop.run()
    assert setup.outcomes == 1


def test_the_limit_covers_look_up_and_attempts_together(setup: Setup, names: Names) -> None:
    with socket.create_server((HERE, 0), backlog=0) as server, full(server):
        address = server.getsockname()
        names.known["some.example"] = [(socket.AF_INET, refused()), (socket.AF_INET, address)]
        setup.connect()
        setup.clock.advance(4)
        run_until(setup.loop, lambda: setup.trying() == [address])
        assert setup.outcomes == 0
        setup.clock.advance(1)
        setup.finish()
    text = str(setup.errors[0])
    assert isinstance(setup.errors[0], TimeoutError)
    assert "within 5 seconds" in text
    assert "Connection refused; " in text
    assert f"{HERE}:{address[1]}: no answer" in text


class full:
    """A server whose backlog is full: what connects now gets no answer."""

    def __init__(self, server: socket.socket) -> None:
        self._address = server.getsockname()
        self._fillers: list[socket.socket] = []

    def __enter__(self) -> None:
        for _ in range(4):
            filler = socket.socket()
            filler.setblocking(False)
            filler.connect_ex(self._address)
            self._fillers.append(filler)

    def __exit__(self, *details: object) -> None:
        for filler in self._fillers:
            filler.close()


def test_too_many_names_at_once_is_a_failed_connect(setup: Setup, names: Names) -> None:
    Resolver(setup.loop, threads=1, max_queued=0).resolve("busy.example", 80, lambda job: None)
    names.wait_until_asked()
    setup.connect()
    run_until(setup.loop, lambda: setup.outcomes)
    assert setup.errors[0].errno == errno.EAGAIN
    assert "some.example port 80 cannot be looked up: 0 jobs wait" in str(setup.errors[0])


def test_closed_while_the_name_is_looked_up(setup: Setup, names: Names) -> None:
    connecting = setup.connect()
    names.wait_until_asked()
    connecting.close()
    connecting.close()
    setup.loop.run()  # nothing is left to wait for
    names.opened.set()
    setup.loop.run()
    assert setup.outcomes == 0


def test_closed_before_the_first_attempt(setup: Setup) -> None:
    setup.connect(*refused()).close()
    setup.loop.run()
    assert setup.outcomes == 0


def test_a_look_up_is_repeated_in_a_forked_child(setup: Setup, names: Names) -> None:
    """The parent's thread is not there, so its answer would never come."""
    connecting = setup.connect(*refused_by_name(names))
    Resolver.of(setup.loop).close()  # with its threads
    connecting.after_fork()
    setup.finish()
    assert isinstance(setup.errors[0], ConnectionRefusedError)
    assert connecting not in setup.loop.background


def refused_by_name(names: Names) -> tuple[str, int]:
    """A name whose one address refuses."""
    address = refused()
    names.known["some.example"] = [(socket.AF_INET, address)]
    return "some.example", address[1]


def test_attempts_go_on_in_a_forked_child(setup: Setup) -> None:
    with socket.create_server((HERE, 0)) as server:
        setup.connect(*server.getsockname()).after_fork()
        setup.finish()
        assert setup.connected == [server.getsockname()]


@pytest.mark.parametrize("how", ["stop", "close"])
def test_the_loops_end_closes_the_channel(setup: Setup, names: Names, how: str) -> None:
    setup.connect(timeout=None)
    names.wait_until_asked()
    if how == "stop":
        setup.loop.stop()
        setup.loop.run()
    else:
        setup.loop.close()
    assert setup.channel.closed
    assert setup.outcomes == 0


@pytest.mark.parametrize(
    ("host", "port", "kind"),
    [
        (None, 80, TypeError),
        (b"some.example", 80, TypeError),
        ("some.example", "80", TypeError),
        ("some.example", None, TypeError),
        ("", 80, ValueError),
        ("some.example", 0, ValueError),
        ("some.example", 65536, ValueError),
    ],
)
def test_mistakes_are_told_at_once(
    setup: Setup, host: object, port: object, kind: type[Exception]
) -> None:
    with pytest.raises(kind, match=r"connect_to\(\) takes a host name and a port"):
        setup.connect(host, port)
    assert not setup.busy()
    assert inspection.timers(setup.loop, 9) == []


@pytest.mark.parametrize("port", [1, 65535])
def test_every_port_may_be_tried(setup: Setup, port: int) -> None:
    setup.connect(HERE, port).close()


ONE = Address(socket.AF_INET6, socket.SOCK_STREAM, 6, ("::1", 80, 0, 0))
TWO = Address(socket.AF_INET, socket.SOCK_STREAM, 6, (HERE, 80))
REFUSED = ConnectionRefusedError(errno.ECONNREFUSED, "Connection refused")
UNREACHABLE = OSError(errno.ENETUNREACH, "Network is unreachable")


def test_one_failure_is_the_reason() -> None:
    assert summary("name", [(ONE, REFUSED)]) is REFUSED


def test_equal_failures_keep_their_kind() -> None:
    whole = summary("some.example port 80", [(ONE, REFUSED), (TWO, REFUSED)])
    assert isinstance(whole, ConnectionRefusedError)
    assert whole.strerror == (
        "no connection to some.example port 80 "
        "([::1]:80: Connection refused; 127.0.0.1:80: Connection refused)"
    )


def test_different_failures_are_told_together_and_kept() -> None:
    whole = summary("name", [(ONE, UNREACHABLE), (TWO, REFUSED)])
    assert type(whole) is OSError
    assert whole.errno is None
    assert "[::1]:80: Network is unreachable; 127.0.0.1:80: Connection refused" in str(whole)
    assert cast(ExceptionGroup[OSError], whole.__cause__).exceptions == (UNREACHABLE, REFUSED)


@pytest.mark.parametrize("end", ["close", "loop"])
def test_an_overridden_close_is_called_once(loop: EventLoop, end: str) -> None:
    class Leaving(Dispatcher):
        def close(self) -> None:
            room.remove(self)  # raises when called again
            super().close()

    client = Leaving(loop)
    room = [client]
    client.connect_to(HERE, 80)
    if end == "close":
        client.close()
    else:
        loop.close()
    assert client.closed
    assert room == []
