"""The order and the delays of RFC 8305, on a fake clock: sockets are scripts, nobody sleeps."""

import errno
import socket
from collections.abc import Iterator
from itertools import count
from typing import Any

import pytest

from miniloop import EventLoop
from miniloop.net.happy_eyeballs import Race
from miniloop.net.resolving import Address
from miniloop.readiness import WRITE
from miniloop.testing import FakeClock, ScriptedSelector
from miniloop.trace import inspection
from tests.doubles import FakeChannel, scripted

_numbers = count(5000)

SILENT = errno.EINPROGRESS
ONE, TWO, THREE = (
    Address(socket.AF_INET6, socket.SOCK_STREAM, 6, ("2001:db8::1", 80, 0, 0)),
    Address(socket.AF_INET, socket.SOCK_STREAM, 6, ("192.0.2.2", 80)),
    Address(socket.AF_INET6, socket.SOCK_STREAM, 6, ("2001:db8::3", 80, 0, 0)),
)


class FakeSocket:
    """Connects as the test says, and knows when."""

    def __init__(self, test: "Setup", family: int, kind: int, proto: int) -> None:
        self.family = family
        self.number = next(_numbers)
        self.outcome = 0
        self.closed = self.detached = False
        self._test = test

    def __bool__(self) -> bool:
        return True

    def setblocking(self, flag: bool) -> None:
        assert not flag

    def fileno(self) -> int:
        return self.number

    def connect_ex(self, sockaddr: Any) -> int:
        self._test.sockets[sockaddr[0]] = self
        self._test.begun.append((sockaddr[0], self._test.clock() - 1000))
        code = self._test.answers.get(sockaddr[0], SILENT)
        if code is None:
            raise TypeError("no address")
        return code

    def getsockopt(self, level: int, option: int) -> int:
        return self.outcome

    def detach(self) -> int:
        self.detached = True
        return self.number

    def close(self) -> None:
        self.closed = True


class Setup:
    def __init__(self, loop: EventLoop, selector: ScriptedSelector, clock: FakeClock) -> None:
        self.loop = loop
        self.selector = selector
        self.clock = clock
        self.begun: list[tuple[str, float]] = []
        self.sockets: dict[str, FakeSocket] = {}
        self.answers: dict[str, int | None] = {}
        self.won: list[tuple[object, Address]] = []
        self.lost = 0
        self.refused_families: set[int] = set()
        loop.run_once(0)

    def make_socket(self, family: int, kind: int, proto: int) -> FakeSocket:
        if family in self.refused_families:
            raise OSError(errno.EAFNOSUPPORT, "Address family not supported by protocol")
        return FakeSocket(self, family, kind, proto)

    def race(self, *addresses: Address) -> Race:
        race = Race(self.loop, addresses, self.note_won, self.note_lost)
        assert self.begun == []  # nothing happens inside a constructor
        return race

    def note_won(self, sock: socket.socket, address: Address) -> None:
        self.won.append((sock, address))

    def note_lost(self) -> None:
        self.lost += 1

    def until(self, when: float) -> None:
        """Go on until this many seconds have passed."""
        timer = self.loop.call_at(1000 + when, int)
        while self.clock() < 1000 + when:
            self.loop.run_once()
        timer.cancel()

    def answer(self, *hosts: str, outcome: int = 0) -> None:
        """Let these connects end in the next pass."""
        self.loop.run_once(0)
        for host in hosts:
            self.sockets[host].outcome = outcome
        self.selector.script(*[(self.sockets[host].number, WRITE) for host in hosts])
        self.loop.run_once()


@pytest.fixture
def setup(monkeypatch: pytest.MonkeyPatch) -> Iterator[Setup]:
    with scripted() as (loop, selector, clock):
        setup = Setup(loop, selector, clock)
        monkeypatch.setattr(loop, "new_socket", setup.make_socket)
        yield setup


def test_attempts_begin_250_ms_apart_and_go_on_together(setup: Setup) -> None:
    race = setup.race(ONE, TWO, THREE)
    setup.until(5)
    assert setup.begun == [("2001:db8::1", 0), ("192.0.2.2", 0.25), ("2001:db8::3", 0.5)]
    assert len(race.running) == 3
    assert (setup.won, setup.lost) == ([], 0)


def test_a_failure_lets_the_next_begin_at_once_and_the_delay_anew(setup: Setup) -> None:
    setup.race(ONE, TWO, THREE)
    setup.until(0.1)
    setup.answer("2001:db8::1", outcome=errno.ECONNREFUSED)
    setup.until(5)
    assert [(host, round(when, 3)) for host, when in setup.begun] == [
        ("2001:db8::1", 0),
        ("192.0.2.2", 0.1),
        ("2001:db8::3", 0.35),
    ]


def test_a_failure_lets_the_next_begin_while_others_go_on(setup: Setup) -> None:
    race = setup.race(ONE, TWO, THREE)
    setup.until(0.3)
    setup.answer("2001:db8::1", outcome=errno.ECONNREFUSED)
    setup.until(0.31)
    assert [host for host, _ in setup.begun] == ["2001:db8::1", "192.0.2.2", "2001:db8::3"]
    assert len(race.running) == 2


def test_a_failure_inside_connect_counts_too(setup: Setup) -> None:
    setup.answers["2001:db8::1"] = errno.ENETUNREACH
    setup.race(ONE, TWO)
    setup.until(5)
    assert setup.begun == [("2001:db8::1", 0), ("192.0.2.2", 0)]


def test_the_first_that_answers_wins_and_the_others_are_closed(setup: Setup) -> None:
    race = setup.race(ONE, TWO, THREE)
    setup.until(0.3)
    setup.answer("192.0.2.2")
    winner = setup.sockets["192.0.2.2"]
    assert setup.won == [(winner, TWO)]
    assert not winner.closed
    assert setup.sockets["2001:db8::1"].closed
    setup.until(5)
    assert len(setup.begun) == 2  # the third was never needed
    assert inspection.timers(setup.loop, 9) == []
    assert race.running == {}
    assert inspection.registrations(setup.loop) == []


def test_an_early_attempt_may_win_late(setup: Setup) -> None:
    setup.race(ONE, TWO)
    setup.until(3)
    setup.answer("2001:db8::1")
    assert [address for _, address in setup.won] == [ONE]
    assert setup.sockets["192.0.2.2"].closed


def test_of_two_in_one_pass_one_wins(setup: Setup) -> None:
    setup.race(ONE, TWO)
    setup.until(0.3)
    setup.answer("192.0.2.2", "2001:db8::1")
    assert [address for _, address in setup.won] == [TWO]
    assert setup.sockets["2001:db8::1"].closed


def test_when_all_fail_it_is_lost_once(setup: Setup) -> None:
    race = setup.race(ONE, TWO)
    setup.until(0.3)
    setup.answer("192.0.2.2", outcome=errno.ECONNREFUSED)
    assert setup.lost == 0
    setup.answer("2001:db8::1", outcome=errno.EHOSTUNREACH)
    setup.until(5)
    assert setup.lost == 1
    assert [(address, error.errno) for address, error in race.failures] == [
        (TWO, errno.ECONNREFUSED),
        (ONE, errno.EHOSTUNREACH),
    ]
    assert all(sock.closed for sock in setup.sockets.values())
    assert setup.won == []


def test_a_family_without_sockets_costs_no_delay(setup: Setup) -> None:
    setup.refused_families = {socket.AF_INET6}
    race = setup.race(ONE, THREE, TWO)
    setup.until(0.01)
    assert setup.begun == [("192.0.2.2", 0)]
    assert len(race.failures) == 2


@pytest.mark.parametrize("addresses", [(), (ONE, TWO)])
def test_without_any_socket_it_is_lost_from_the_loop(
    setup: Setup, addresses: tuple[Address, ...]
) -> None:
    setup.refused_families = {socket.AF_INET6, socket.AF_INET}
    setup.race(*addresses)
    assert setup.lost == 0
    setup.until(5)
    assert setup.lost == 1


@pytest.mark.parametrize("when", [None, 0.0, 0.3, 5.0])
def test_close_ends_every_attempt_silently(setup: Setup, when: float | None) -> None:
    race = setup.race(ONE, TWO)
    if when is not None:
        setup.until(when)
        setup.loop.run_once(0)
    race.close()
    race.close()
    setup.until(9)
    assert len(setup.begun) == (0 if when is None else 1 if when == 0.0 else 2)
    assert all(sock.closed for sock in setup.sockets.values())
    assert (setup.won, setup.lost) == ([], 0)
    assert inspection.timers(setup.loop, 9) == []


def test_close_in_the_pass_of_a_failure_reports_nothing(
    setup: Setup, caplog: pytest.LogCaptureFixture
) -> None:
    setup.answers["2001:db8::1"] = errno.ENETUNREACH
    race = setup.race(ONE)
    setup.loop.run_once(0)
    assert (
        len(setup.begun) == 1
    )  # the kernel refused at once, and that is reported in the next pass
    race.close()
    setup.until(1)
    assert (setup.won, setup.lost) == ([], 0)
    assert caplog.text == ""


def test_a_descriptor_that_was_taken_away_is_a_failure(setup: Setup) -> None:
    race = setup.race(ONE)
    setup.until(0.1)
    FakeChannel(fd=setup.sockets["2001:db8::1"].number).join(setup.loop)
    assert setup.lost == 1
    assert race.failures[0][1].errno == errno.EBADF
    assert setup.sockets["2001:db8::1"].detached  # closing it would close the newcomer's


def test_an_address_that_makes_no_sense_leaks_no_socket(
    setup: Setup, caplog: pytest.LogCaptureFixture
) -> None:
    setup.answers["2001:db8::1"] = None
    setup.race(ONE)
    setup.until(0.1)
    assert "TypeError: no address" in caplog.text
    assert setup.sockets["2001:db8::1"].closed
