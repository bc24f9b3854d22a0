"""What the three selectors promise: waiting, keys, what they can do, regular files."""

import logging
import math
import os
import select
import selectors
import socket
import stat
from contextlib import closing

import pytest

from miniloop.readiness import EVERYTHING, HANGUP, READ, URGENT, WRITE
from miniloop.selectors import (
    EpollSelector,
    KqueueSelector,
    PollSelector,
    SelectSelector,
    default_selector,
)
from miniloop.selectors.epoll import MOST_EVENTS
from miniloop.selectors.poll import LONGEST_WAIT, limited, to_poll_bits
from tests.selectors import kqueue
from tests.selectors.kinds import Kind, Pair, kqueue_selector, ready, rebuilds

# -- how long it waits ----------------------------------------------------------------------------


@pytest.mark.parametrize("timeout", [0, -1, -0.5, -math.inf])
def test_no_time_means_no_waiting(selector: PollSelector, timeout: float) -> None:
    assert selector.select(timeout) == []


def test_a_wait_is_at_least_nothing_and_at_most_a_day() -> None:
    times = [-math.inf, -0.5, 0, 1.5, LONGEST_WAIT, LONGEST_WAIT + 1, math.inf]
    assert [limited(seconds) for seconds in times] == [0, 0, 0, 1.5, *[LONGEST_WAIT] * 3]


@pytest.mark.parametrize("timeout", [None, 3e6, 1e10, math.inf, 10**400, LONGEST_WAIT])
def test_however_long_it_may_wait(
    selector: PollSelector, pair: Pair, timeout: float | None
) -> None:
    selector.register(pair[0], WRITE, "ours")
    assert ready(selector, timeout) == [("ours", WRITE)]


@pytest.mark.parametrize("files", [False, True])
def test_nan_is_no_time(selector: PollSelector, pair: Pair, file: int, files: bool) -> None:
    selector.register(file if files else pair[0], WRITE)
    with pytest.raises(ValueError, match=r"NaN: give seconds, or None"):
        selector.select(math.nan)


class Recorded:
    """A poll or epoll object that records the arguments of `poll()`."""

    def __init__(self) -> None:
        self.calls: list[tuple[object, ...]] = []

    def poll(self, *args: object) -> list[tuple[int, int]]:
        self.calls.append(args)
        return []

    def register(self, fd: int, bits: int) -> None:
        if stat.S_ISREG(os.fstat(fd).st_mode):
            raise PermissionError

    def close(self) -> None:
        pass


@pytest.mark.parametrize(
    ("seconds", "milliseconds"),
    [(None, None), (-1, 0), (0, 0), (0.0001, 1), (1.5, 1500), (1e9, 86_400_000)],
)
def test_what_poll_is_asked(seconds: float | None, milliseconds: int | None) -> None:
    kernel = Recorded()

    class Subject(PollSelector):
        def _new_kernel(self) -> Recorded:
            return kernel

    Subject().select(seconds)
    assert kernel.calls == [(milliseconds,)]


@pytest.mark.parametrize(
    ("seconds", "asked"), [(None, None), (-1, 0), (0, 0), (1.5, 1.5), (1e9, 86_400)]
)
def test_what_epoll_is_asked(
    seconds: float | None, asked: float | None, pair: Pair, file: int
) -> None:
    kernel = Recorded()

    class Subject(EpollSelector):
        def _new_kernel(self) -> Recorded:
            return kernel

    with closing(Subject()) as selector:
        selector.select(seconds)
        for sock in pair:
            selector.register(sock, READ)
        selector.select(seconds)
        selector.register(file, READ)
        selector.select(seconds)
    assert kernel.calls == [(asked, MOST_EVENTS), (asked, MOST_EVENTS), (0, MOST_EVENTS)]


# -- keys -----------------------------------------------------------------------------------------


def test_keys(selector: PollSelector, pair: Pair) -> None:
    ours, theirs = pair
    key = selector.register(ours, READ | WRITE, "ours")
    assert key == selectors.SelectorKey(ours, ours.fileno(), READ | WRITE, "ours")
    assert selector.get_map() == {key.fd: key}
    assert selector.get_key(ours.fileno()) == key
    theirs.send(b"x")
    assert selector.select(0) == [(key, READ | WRITE)]
    same = selector.modify(ours.fileno(), READ | WRITE, "same events")
    assert same == (ours.fileno(), ours.fileno(), READ | WRITE, "same events")
    assert selector.select(0) == [(same, READ | WRITE)]
    assert selector.unregister(ours) == same
    assert not selector.get_map()
    assert selector.select(0) == []


def test_many_at_once(selector: PollSelector) -> None:
    pairs = [socket.socketpair() for _ in range(20)]
    for number, (ours, theirs) in enumerate(pairs):
        selector.register(ours, READ | WRITE, number)
        theirs.send(b"x")
    assert sorted(ready(selector)) == [(number, READ | WRITE) for number in range(20)]
    for ours, theirs in pairs:
        selector.unregister(ours)
        ours.close()
        theirs.close()


def test_wrong_use(selector: PollSelector, pair: Pair) -> None:
    ours, _ = pair
    for events in (0, 16, EVERYTHING + 16, -1):
        with pytest.raises(ValueError, match=r"must be some of READ, WRITE, .*HANGUP, not"):
            selector.register(ours, events)
    with pytest.raises(KeyError):
        selector.modify(ours, READ)
    with pytest.raises(KeyError):
        selector.unregister(ours)
    selector.register(ours, READ)
    with pytest.raises(KeyError, match="registered already"):
        selector.register(ours, READ)
    with pytest.raises(ValueError, match="events must be"):
        selector.modify(ours, 0)
    assert selector.get_key(ours.fileno()).events == READ
    ours.close()
    with pytest.raises(ValueError, match="no open descriptor"):
        selector.register(ours, READ)
    with pytest.raises(ValueError, match="no open descriptor"):
        selector.register(-1, READ)


class WithDescriptorZero:
    def fileno(self) -> int:
        return 0


def test_descriptor_zero(selector: PollSelector, pair: Pair) -> None:
    saved = os.dup(0)
    os.dup2(pair[0].fileno(), 0)
    try:
        assert selector.register(0, WRITE, "zero").fd == 0
        assert ready(selector) == [("zero", WRITE)]
        selector.unregister(0)
        selector.register(WithDescriptorZero(), WRITE, "zero")
        assert ready(selector) == [("zero", WRITE)]
        selector.unregister(0)
    finally:
        os.dup2(saved, 0)
        os.close(saved)


def test_bits() -> None:
    assert to_poll_bits(READ | WRITE) == select.POLLIN | select.POLLOUT
    assert to_poll_bits(URGENT) == select.POLLPRI
    assert to_poll_bits(HANGUP) == select.POLLRDHUP


# -- what a selector can do -----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("kind", "sees"),
    [
        (PollSelector, EVERYTHING),
        (EpollSelector, EVERYTHING),
        (kqueue_selector, READ | WRITE | HANGUP),
    ],
)
def test_what_it_sees_is_what_it_takes(kind: Kind, sees: int, pair: Pair) -> None:
    with closing(kind()) as selector:
        assert selector.sees == sees
        for events in range(1, EVERYTHING + 1):
            if events & ~sees:
                with pytest.raises(ValueError, match=f"READ, WRITE, HANGUP, not {events}"):
                    selector.register(pair[0], events)
            else:
                selector.register(pair[0], events)
                selector.unregister(pair[0])


def test_poll_has_no_descriptor() -> None:
    assert PollSelector().outer_fileno() is None
    assert not hasattr(PollSelector, "fileno")


def test_the_descriptor_tells_that_something_is_ready(
    with_kernel: EpollSelector | KqueueSelector, pair: Pair
) -> None:
    ours, theirs = pair
    numbers = [with_kernel.fileno(), with_kernel.outer_fileno()]
    assert numbers[1] == with_kernel.outer_fileno()
    with_kernel.register(ours, READ)
    assert select.select(numbers, [], [], 0)[0] == []
    theirs.send(b"x")
    assert select.select(numbers, [], [], 0)[0] == numbers
    ours.recv(1)
    with_kernel.modify(ours, HANGUP)
    theirs.send(b"x")
    assert select.select(numbers, [], [], 0)[0] == []
    theirs.close()
    for _ in range(2):
        assert select.select(numbers, [], [], 0)[0] == numbers
        assert ready(with_kernel) == [(None, HANGUP)]
    with_kernel.unregister(ours)
    assert select.select(numbers, [], [], 0)[0] == []


def test_closing(selector: PollSelector, pair: Pair, file: int) -> None:
    selector.register(pair[0], READ)
    selector.register(file, READ)
    selector.close()
    assert not selector.get_map()
    assert not selector.always_ready()
    selector.close()


def test_closing_closes_the_descriptors(with_kernel: EpollSelector | KqueueSelector) -> None:
    numbers = {with_kernel.fileno(), with_kernel.outer_fileno()}
    with_kernel.close()
    for number in numbers:
        with pytest.raises(OSError, match="Bad file descriptor"):
            os.fstat(number)


def test_closing_without_an_outer_descriptor(with_kernel: EpollSelector | KqueueSelector) -> None:
    number = with_kernel.fileno()
    with_kernel.close()
    with pytest.raises(OSError, match="Bad file descriptor"):
        os.fstat(number)


# -- regular files: poll(2) calls them always ready -----------------------------------------------


def test_regular_file_is_always_ready(selector: PollSelector, file: int) -> None:
    selector.register(file, READ, "file")
    assert ready(selector, 1000) == [("file", READ)]
    key = selector.modify(file, READ | WRITE, "changed")
    assert key == selectors.SelectorKey(file, file, READ | WRITE, "changed")
    assert ready(selector, 1000) == [("changed", READ | WRITE)]
    assert selector.unregister(file) == key
    assert ready(selector) == []


def test_the_descriptor_cannot_tell_of_a_file(
    with_kernel: EpollSelector | KqueueSelector, file: int
) -> None:
    assert not with_kernel.always_ready()
    with_kernel.register(file, READ)
    assert with_kernel.always_ready()
    assert select.select([with_kernel.outer_fileno()], [], [], 0)[0] == []
    with_kernel.modify(file, HANGUP)
    assert not with_kernel.always_ready()
    with_kernel.unregister(file)
    assert not with_kernel.always_ready()


def test_poll_itself_knows_files(file: int) -> None:
    selector = PollSelector()
    selector.register(file, READ)
    assert not selector.always_ready()


def test_regular_file_that_wants_nothing_does_not_end_the_wait(
    selector: PollSelector, file: int, pair: Pair
) -> None:
    selector.register(file, HANGUP, "file")
    assert ready(selector, 0.001) == []
    selector.register(pair[0], WRITE, "ours")
    assert ready(selector, 1000) == [("ours", WRITE)]


def test_modify_checks_a_file_too(selector: PollSelector, file: int) -> None:
    selector.register(file, READ)
    with pytest.raises(ValueError, match="events must be"):
        selector.modify(file, 0)


def test_rebuilding_leaves_files_alone(
    epoll: EpollSelector, file: int, pair: Pair, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    epoll.register(file, READ, "file")
    epoll.register(pair[0], WRITE, "ours")
    epoll._rebuild("test")
    assert ready(epoll) == [("ours", WRITE), ("file", READ)]
    epoll.unregister(file)
    epoll.register(file, READ)
    assert rebuilds(caplog) == ["WARNING"]


# -- platforms ------------------------------------------------------------------------------------


def test_default_selector(monkeypatch: pytest.MonkeyPatch) -> None:
    with closing(default_selector()) as selector:
        assert type(selector) is EpollSelector
    system = kqueue.Select()
    for name in ("kqueue", "kevent", *(name for name in dir(system) if name.startswith("KQ_"))):
        monkeypatch.setattr(select, name, getattr(system, name), raising=False)
    with closing(default_selector()) as selector:
        assert type(selector) is EpollSelector
    monkeypatch.delattr(select, "epoll")
    with closing(default_selector()) as selector:
        assert type(selector) is KqueueSelector
    monkeypatch.delattr(select, "kqueue")
    with closing(default_selector()) as selector:
        assert type(selector) is PollSelector
    monkeypatch.delattr(select, "poll")
    with closing(default_selector()) as selector:
        assert type(selector) is SelectSelector
