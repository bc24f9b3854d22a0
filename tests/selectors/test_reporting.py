"""One table for the three selectors: what each of them reports; the kqueue is a double."""

import errno
import os
import selectors
import socket
from collections.abc import Callable
from contextlib import closing

import pytest

from miniloop.readiness import EVERYTHING, HANGUP, READ, URGENT, WRITE
from miniloop.selectors import EpollSelector, PollSelector
from tests.driving import fill
from tests.selectors.kinds import Kind, Pair, ready


def nothing(ours: socket.socket, theirs: socket.socket) -> int:
    return WRITE


def data(ours: socket.socket, theirs: socket.socket) -> int:
    theirs.send(b"x")
    return READ | WRITE


def end(ours: socket.socket, theirs: socket.socket) -> int:
    theirs.shutdown(socket.SHUT_WR)
    return READ | WRITE | HANGUP


def data_and_end(ours: socket.socket, theirs: socket.socket) -> int:
    theirs.send(b"x")
    return end(ours, theirs)


def no_room(ours: socket.socket, theirs: socket.socket) -> int:
    fill(ours)
    return 0


def no_room_and_end(ours: socket.socket, theirs: socket.socket) -> int:
    fill(ours)
    return end(ours, theirs) & ~WRITE


def gone(ours: socket.socket, theirs: socket.socket) -> int:
    theirs.close()
    return READ | WRITE | HANGUP


def error(ours: socket.socket, theirs: socket.socket) -> int:
    ours.send(b"what the peer does not read makes its close() a reset")
    return gone(ours, theirs)


HAPPENINGS = [nothing, data, end, data_and_end, no_room, no_room_and_end, gone, error]
INTERESTS = [events for events in range(1, EVERYTHING + 1) if not events & URGENT]


@pytest.mark.parametrize("first", ["register", "modify", "happen"])
@pytest.mark.parametrize("happens", HAPPENINGS)
def test_table(
    selector: PollSelector, happens: Callable[[socket.socket, socket.socket], int], first: str
) -> None:
    """In every order of registration and event, and in every call."""
    for events in INTERESTS:
        ours, theirs = socket.socketpair()
        with ours, theirs:
            expected = happens(ours, theirs) if first == "happen" else 0
            selector.register(ours, events if first != "modify" else INTERESTS[-1], "ours")
            if first == "modify":
                selector.select(0)
                selector.modify(ours, events, "ours")
            if first != "happen":
                selector.select(0)
                expected = happens(ours, theirs)
            answer = [("ours", expected & events)] if expected & events else []
            for _ in range(3):
                assert ready(selector) == answer, events
            selector.unregister(ours)
            assert selector.select(0) == []


@pytest.mark.parametrize("after", INTERESTS)
@pytest.mark.parametrize("before", INTERESTS)
def test_every_change_of_interest(
    selector: PollSelector, pair: Pair, before: int, after: int
) -> None:
    ours, theirs = pair
    expected = data_and_end(ours, theirs)
    selector.register(ours, before)
    assert ready(selector) == [(None, expected & before)]
    key = selector.modify(ours, after, "changed")
    assert key == selectors.SelectorKey(ours, ours.fileno(), after, "changed")
    assert selector.get_key(ours.fileno()) == key
    assert ready(selector) == [("changed", expected & after)]


def test_unread_data_does_not_end_the_wait_for_a_hangup(selector: PollSelector, pair: Pair) -> None:
    ours, theirs = pair
    selector.register(ours, HANGUP)
    theirs.send(b"unread")
    assert ready(selector, 0.001) == []
    theirs.send(b"more")
    assert ready(selector, 0.001) == []
    theirs.shutdown(socket.SHUT_WR)
    assert ready(selector, None) == [(None, HANGUP)]


def test_a_reset_connection(selector: PollSelector) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        theirs = socket.create_connection(server.getsockname())
        ours, _ = server.accept()
    with ours, theirs:
        for events in INTERESTS:
            selector.register(ours, events)
            selector.unregister(ours)
        selector.register(ours, HANGUP)
        theirs.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\x01\0\0\0\0\0\0\0")
        theirs.close()
        assert ready(selector, 5) == [(None, HANGUP)]
        for events in INTERESTS:
            selector.modify(ours, events)
            assert ready(selector) == [(None, events)]


@pytest.mark.parametrize("kind", [PollSelector, EpollSelector])
def test_urgent(kind: Kind) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        theirs = socket.create_connection(server.getsockname())
        ours, _ = server.accept()
    with closing(kind()) as selector, ours, theirs:
        selector.register(ours, READ | URGENT)
        theirs.send(b"!", socket.MSG_OOB)
        assert ready(selector, 5)[0][1] & URGENT


@pytest.mark.parametrize("kind", [PollSelector, EpollSelector])
def test_complete_hangup_sets_every_bit(kind: Kind, pair: Pair) -> None:
    ours, theirs = pair
    with closing(kind()) as selector:
        selector.register(ours, WRITE)
        theirs.close()
        assert [bits for _, bits in selector.select(0)] == [READ | WRITE | HANGUP]


def test_a_connect_that_was_refused(selector: PollSelector) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        address = server.getsockname()
    with socket.socket() as client:
        client.setblocking(False)
        assert client.connect_ex(address) in (errno.EINPROGRESS, errno.ECONNREFUSED)
        selector.register(client, WRITE)
        assert ready(selector, 5) == [(None, WRITE)]


def test_a_listener(selector: PollSelector) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        selector.register(server, READ)
        assert ready(selector) == []
        with socket.create_connection(server.getsockname()):
            assert ready(selector, 5) == [(None, READ)]


def test_both_ends_of_a_pipe(selector: PollSelector) -> None:
    reader, writer = os.pipe()
    selector.register(reader, READ | HANGUP, "reader")
    selector.register(writer, WRITE | HANGUP, "writer")
    assert ready(selector) == [("writer", WRITE)]
    os.write(writer, b"x")
    assert sorted(ready(selector)) == [("reader", READ), ("writer", WRITE)]
    selector.unregister(reader)
    os.close(reader)
    assert ready(selector) == [("writer", WRITE | HANGUP)]
    selector.unregister(writer)
    os.close(writer)


@pytest.mark.parametrize("before", [0, HANGUP])
def test_pipe_that_has_lost_its_reader(selector: PollSelector, before: int) -> None:
    reader, writer = os.pipe()
    if before:
        selector.register(writer, before)
    os.close(reader)
    (selector.modify if before else selector.register)(writer, WRITE, "broken")
    for _ in range(2):
        assert ready(selector, 1000) == [("broken", WRITE)]
    selector.unregister(writer)
    assert selector.select(0) == []
    os.close(writer)
