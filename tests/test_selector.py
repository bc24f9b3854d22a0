"""Real kernel objects, but nothing that waits: what is asked for has happened already."""

import logging
import os
import select
import selectors
import socket
import tempfile
from collections.abc import Iterator
from contextlib import closing

import pytest

from miniloop.readiness import EVERYTHING, HANGUP, READ, URGENT, WRITE
from miniloop.selector import EpollSelector, PollSelector, default_selector, to_poll_bits

Pair = tuple[socket.socket, socket.socket]


pytestmark = pytest.mark.needs("epoll")


@pytest.fixture(params=[EpollSelector, PollSelector])
def selector(request: pytest.FixtureRequest) -> Iterator[PollSelector]:
    with closing(request.param()) as selector:
        yield selector


@pytest.fixture
def epoll() -> Iterator[EpollSelector]:
    with closing(EpollSelector()) as selector:
        yield selector


@pytest.fixture
def pair() -> Iterator[Pair]:
    ours, theirs = socket.socketpair()
    with ours, theirs:
        yield ours, theirs


@pytest.fixture
def file() -> Iterator[int]:
    with tempfile.TemporaryFile() as opened:
        yield opened.fileno()


def ready(selector: selectors.BaseSelector, timeout: float = 0) -> list[tuple[object, int]]:
    return [(key.data, bits) for key, bits in selector.select(timeout)]


def test_reading_and_writing(selector: PollSelector, pair: Pair) -> None:
    ours, theirs = pair
    key = selector.register(ours, READ | WRITE, "ours")
    assert (key.fileobj, key.fd, key.events, key.data) == (ours, ours.fileno(), 3, "ours")
    assert ready(selector) == [("ours", WRITE)]
    theirs.send(b"x")
    assert ready(selector) == [("ours", READ | WRITE)]
    selector.modify(ours, READ, "other")
    assert ready(selector) == [("other", READ)]
    selector.modify(ours.fileno(), READ, "same events")
    assert ready(selector) == [("same events", READ)]
    assert selector.unregister(ours).data == "same events"
    assert ready(selector) == []


def test_urgent(selector: PollSelector) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        theirs = socket.create_connection(server.getsockname())
        ours, _ = server.accept()
    with ours, theirs:
        selector.register(ours, READ | URGENT)
        theirs.send(b"!", socket.MSG_OOB)
        assert ready(selector, 5)[0][1] & URGENT


def test_hangup_without_reading(selector: PollSelector, pair: Pair) -> None:
    ours, theirs = pair
    selector.register(ours, HANGUP)
    theirs.send(b"unread")
    assert ready(selector) == []
    theirs.shutdown(socket.SHUT_WR)
    assert ready(selector)[0][1] & HANGUP


def test_complete_hangup_wakes_everybody(selector: PollSelector, pair: Pair) -> None:
    ours, theirs = pair
    selector.register(ours, WRITE)
    theirs.close()
    assert ready(selector) == [(None, READ | WRITE | HANGUP)]


@pytest.mark.parametrize("timeout", [0, -1, -0.5])
def test_no_time_means_no_waiting(selector: PollSelector, timeout: float) -> None:
    assert selector.select(timeout) == []


def test_waiting_without_end(selector: PollSelector, pair: Pair) -> None:
    selector.register(pair[0], WRITE, "ours")
    assert [key.data for key, _ in selector.select()] == ["ours"]


def test_map(selector: PollSelector, pair: Pair) -> None:
    key = selector.register(pair[0], READ)
    assert selector.get_map() == {key.fd: key}
    assert selector.get_key(pair[0].fileno()) == key
    selector.unregister(pair[0])
    assert not selector.get_map()


def test_wrong_use(selector: PollSelector, pair: Pair) -> None:
    ours, _ = pair
    for events in (0, 16, EVERYTHING + 16):
        with pytest.raises(ValueError, match="events must be"):
            selector.register(ours, events)
    with pytest.raises(KeyError):
        selector.modify(ours, READ)
    with pytest.raises(KeyError):
        selector.unregister(ours)
    selector.register(ours, READ)
    with pytest.raises(KeyError, match="registered already"):
        selector.register(ours, READ)
    ours.close()
    with pytest.raises(ValueError, match="no open descriptor"):
        selector.register(ours, READ)


def test_bits() -> None:
    assert to_poll_bits(READ | WRITE) == select.POLLIN | select.POLLOUT
    assert to_poll_bits(URGENT) == select.POLLPRI
    assert to_poll_bits(HANGUP) == select.POLLRDHUP


def test_epoll_has_a_descriptor_of_its_own(epoll: EpollSelector, pair: Pair) -> None:
    assert select.select([epoll], [], [], 0)[0] == []
    epoll.register(pair[0], WRITE)
    assert select.select([epoll], [], [], 0)[0] == [epoll]


# -- regular files: epoll refuses them, poll calls them always ready -----------------------------


def test_regular_file_is_always_ready(selector: PollSelector, file: int) -> None:
    selector.register(file, READ, "file")
    assert ready(selector, 1000) == [("file", READ)]
    selector.modify(file, READ | WRITE, "changed")
    assert ready(selector, 1000) == [("changed", READ | WRITE)]
    selector.unregister(file)
    assert ready(selector) == []


def test_regular_file_that_wants_nothing_does_not_end_the_wait(
    selector: PollSelector, file: int, pair: Pair
) -> None:
    selector.register(file, HANGUP, "file")
    assert ready(selector, 0.001) == []
    selector.register(pair[0], WRITE, "ours")
    assert ready(selector, 1000) == [("ours", WRITE)]


def test_modify_checks_a_file_too(epoll: EpollSelector, file: int) -> None:
    epoll.register(file, READ)
    with pytest.raises(ValueError, match="events must be"):
        epoll.modify(file, 0)


def test_rebuilding_leaves_files_alone(epoll: EpollSelector, file: int, pair: Pair) -> None:
    epoll.register(file, READ, "file")
    epoll.register(pair[0], WRITE, "ours")
    epoll._rebuild("test")
    assert ready(epoll) == [("ours", WRITE), ("file", READ)]


# -- descriptors closed behind the selector's back -----------------------------------------------


def rebuilds(caplog: pytest.LogCaptureFixture) -> list[str]:
    return [r.levelname for r in caplog.records if "rebuilding the epoll set" in r.getMessage()]


def leave_a_ghost(epoll: EpollSelector, pair: Pair) -> socket.socket:
    """Close a readable descriptor while a duplicate keeps it alive in the kernel."""
    ours, theirs = pair
    theirs.send(b"x")
    duplicate = ours.dup()
    epoll.register(ours, READ, "ghost")
    fd = ours.fileno()
    ours.close()
    epoll.unregister(fd)
    return duplicate


def test_ghost_of_a_duplicated_descriptor_is_got_rid_of(
    epoll: EpollSelector, pair: Pair, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    with leave_a_ghost(epoll, pair):
        other, peer = socket.socketpair()
        with other, peer:
            os.dup2(other.fileno(), 200)  # a number that is not the ghost's
            epoll.register(200, WRITE, "alive")
            epoll.select(0)
            assert rebuilds(caplog) == ["WARNING"]
            assert ready(epoll) == [("alive", WRITE)]
            assert rebuilds(caplog) == ["WARNING"]
            os.close(200)


def test_rebuilding_is_said_once(epoll: EpollSelector, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    for _ in range(3):
        pair = socket.socketpair()
        with pair[1], leave_a_ghost(epoll, pair):
            assert ready(epoll) == []
    assert rebuilds(caplog) == ["WARNING", "DEBUG", "DEBUG"]


def test_number_comes_back_after_it_was_closed_before_unregistering(
    epoll: EpollSelector, pair: Pair, caplog: pytest.LogCaptureFixture
) -> None:
    fd = pair[0].fileno()
    with leave_a_ghost(epoll, pair):
        reader, writer = os.pipe()
        if reader != fd:
            os.dup2(reader, fd)
        epoll.register(fd, READ, "newcomer")
        assert rebuilds(caplog) == ["WARNING"]
        assert ready(epoll) == []  # the ghost is readable, the newcomer is not
        os.write(writer, b"x")
        assert ready(epoll) == [("newcomer", READ)]
        for number in {reader, writer, fd}:
            os.close(number)


def test_closed_before_unregistering_without_a_duplicate(epoll: EpollSelector, pair: Pair) -> None:
    fd = pair[0].fileno()
    epoll.register(pair[0], READ)
    pair[0].close()
    epoll.unregister(fd)
    assert ready(epoll) == []


def test_rebuilding_survives_another_closed_descriptor(epoll: EpollSelector, pair: Pair) -> None:
    ours, theirs = socket.socketpair()
    epoll.register(ours, READ, "closed")
    fd = ours.fileno()
    with leave_a_ghost(epoll, pair):
        ours.close()
        theirs.close()
        epoll.select(0)
        assert ready(epoll) == []
    epoll.unregister(fd)


# -- platforms -----------------------------------------------------------------------------------


def test_default_selector(monkeypatch: pytest.MonkeyPatch) -> None:
    with closing(default_selector()) as selector:
        assert type(selector) is EpollSelector
    monkeypatch.delattr(select, "epoll")
    with closing(default_selector()) as selector:
        assert type(selector) is PollSelector
    monkeypatch.delattr(select, "poll")
    with closing(default_selector()) as selector:
        assert type(selector) is selectors.DefaultSelector
