"""What SelectSelector promises: as poll(2), without HANGUP; and as Windows needs it."""

import errno
import os
import socket
from collections.abc import Callable, Collection, Iterator
from contextlib import closing

import pytest

from miniloop.readiness import HANGUP, READ, URGENT, WRITE
from miniloop.selectors import PollSelector, SelectSelector
from tests.driving import pair as tcp_or_unix
from tests.selectors.kinds import Pair, ready
from tests.selectors.test_reporting import HAPPENINGS

INTERESTS = [READ, WRITE, READ | WRITE]
Sets = tuple[list[int], list[int], list[int]]


@pytest.fixture
def selector() -> Iterator[SelectSelector]:
    with closing(SelectSelector()) as selector:
        yield selector


@pytest.mark.parametrize("happens", HAPPENINGS)
@pytest.mark.parametrize("before", INTERESTS)
@pytest.mark.parametrize("after", INTERESTS)
def test_table(
    selector: SelectSelector,
    pair: Pair,
    happens: Callable[[socket.socket, socket.socket], int],
    before: int,
    after: int,
) -> None:
    """What poll(2) reports, whatever was asked for before."""
    with closing(PollSelector()) as other:
        expected = happens(*pair) & ~HANGUP
        other.register(pair[0], after, "ours")
        selector.register(pair[0], before, "ours")
        assert ready(selector) == ([("ours", expected & before)] if expected & before else [])
        selector.modify(pair[0], after, "ours")
        assert ready(selector) == ready(other)
        selector.unregister(pair[0])
        assert selector.select(0) == []


def test_urgent_data(selector: SelectSelector) -> None:
    with tcp_or_unix(socket.AF_INET) as (ours, theirs):
        selector.register(ours, READ | WRITE | URGENT, "ours")
        assert ready(selector) == [("ours", WRITE)]
        theirs.send(b"!", socket.MSG_OOB)
        assert ready(selector, 5) == [("ours", WRITE | URGENT)]


@pytest.mark.parametrize("interest", [*INTERESTS, URGENT])
def test_closed_behind_its_back(selector: SelectSelector, pair: Pair, interest: int) -> None:
    """It is ready, and the others are served in the next call."""
    ours, theirs = socket.socketpair()
    fd = ours.fileno()
    with theirs:
        selector.register(ours, interest, "closed")
        selector.register(pair[0], WRITE, "open")
        ours.close()
        assert selector.select(None) == [(selector.get_key(fd), READ | WRITE | HANGUP)]
        selector.unregister(fd)
        assert ready(selector) == [("open", WRITE)]


def test_a_closed_descriptor_is_refused(selector: SelectSelector) -> None:
    with socket.socket() as sock:
        fd = sock.fileno()
    with pytest.raises(OSError, match="Bad file descriptor"):
        selector.register(fd, READ)
    assert not selector.get_map()
    assert selector.select(0) == []


def test_a_number_that_is_too_large_is_refused_alone(selector: SelectSelector, pair: Pair) -> None:
    selector.register(pair[0], WRITE, "ours")
    with pytest.raises(ValueError, match="out of range"):
        selector.register(1 << 20, READ)
    assert ready(selector) == [("ours", WRITE)]


class Windows:
    """select() as Windows has it, for one socket; other errors are scripted.

    Attributes:
        failed: the connect has failed, which the third set tells.
        calls: the arguments of the calls, without the questions for one descriptor.
    """

    def __init__(self) -> None:
        self.failed = False
        self.error: OSError | None = None
        self.calls: list[Sets] = []

    def select(
        self, r: Collection[int], w: Collection[int], x: Collection[int], timeout: float | None
    ) -> Sets:
        if not (r or w or x):
            raise OSError(10022, "An invalid argument was supplied")
        if isinstance(r, list):
            return [], [], []
        self.calls.append(([*r], [*w], [*x]))
        if self.error:
            raise self.error
        return [], [], [*x] if self.failed else []


def test_windows_tells_of_a_failed_connect_among_the_exceptions() -> None:
    system = Windows()
    selector = SelectSelector(system, windows=True)
    selector.register(7, WRITE, "connecting")
    selector.register(8, READ, "reading")
    assert selector.select(0) == []
    assert system.calls == [([8], [7], [7])]
    system.failed = True
    assert ready(selector) == [("connecting", WRITE)]


def test_windows_waits_for_nothing_without_a_call(monkeypatch: pytest.MonkeyPatch) -> None:
    waits: list[float] = []
    monkeypatch.setattr("time.sleep", waits.append)
    system = Windows()
    selector = SelectSelector(system, windows=True)
    assert [selector.select(seconds) for seconds in (0, 2.5, None)] == [[], [], []]
    assert waits == [0, 2.5, 86_400.0]
    assert system.calls == []


def test_an_error_that_no_descriptor_explains_is_raised() -> None:
    system = Windows()
    selector = SelectSelector(system, windows=False)
    selector.register(7, READ)
    system.error = OSError(errno.ENOMEM, os.strerror(errno.ENOMEM))
    with pytest.raises(OSError, match="memory"):
        selector.select(0)


def test_without_windows_the_sets_stay_apart() -> None:
    system = Windows()
    selector = SelectSelector(system, windows=False)
    selector.register(7, WRITE)
    selector.select(0)
    assert system.calls == [([], [7], [])]
