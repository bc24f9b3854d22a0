"""Descriptors closed behind the selector's back, and the ghosts that epoll keeps of them."""

import logging
import os
import socket

import pytest

from miniloop.readiness import HANGUP, READ, WRITE
from miniloop.selectors import EpollSelector, KqueueSelector, PollSelector
from tests.selectors.kinds import Pair, ready, rebuilds


def test_closed_before_it_is_unregistered(selector: PollSelector, pair: Pair) -> None:
    fd = pair[0].fileno()
    selector.register(pair[0], READ | WRITE)
    pair[0].close()
    selector.unregister(fd)
    assert not selector.get_map()
    assert ready(selector) == []


def test_closed_and_opened_again(selector: PollSelector, pair: Pair) -> None:
    """The new registration on the number gets the new file's events."""
    ours, theirs = socket.socketpair()
    fd = ours.fileno()
    selector.register(ours, READ | WRITE, "old")
    ours.close()
    with theirs:
        os.dup2(pair[0].fileno(), fd)
        selector.unregister(fd)
        selector.register(fd, READ, "new")
        assert ready(selector) == []
        pair[1].send(b"x")
        assert ready(selector) == [("new", READ)]
        selector.unregister(fd)
        os.close(fd)


def test_registering_a_closed_descriptor(with_kernel: EpollSelector | KqueueSelector) -> None:
    with socket.socket() as sock:
        fd = sock.fileno()
    with pytest.raises(OSError, match="Bad file descriptor"):
        with_kernel.register(fd, READ | WRITE)
    assert not with_kernel.get_map()


@pytest.mark.parametrize("after", [HANGUP, WRITE, READ | WRITE])
def test_modifying_a_closed_descriptor(
    with_kernel: EpollSelector | KqueueSelector, pair: Pair, after: int
) -> None:
    ours, _ = pair
    fd = ours.fileno()
    with_kernel.register(ours, READ)
    ours.close()
    with pytest.raises(OSError, match="Bad file descriptor"):
        with_kernel.modify(fd, after)
    assert with_kernel.get_key(fd).events == READ
    with_kernel.unregister(fd)
    assert with_kernel.select(0) == []


def test_modifying_another_file(with_kernel: EpollSelector | KqueueSelector, pair: Pair) -> None:
    ours, theirs = socket.socketpair()
    fd = ours.fileno()
    with_kernel.register(ours, READ)
    ours.close()
    theirs.close()
    os.dup2(pair[0].fileno(), fd)
    with pytest.raises(FileNotFoundError):
        with_kernel.modify(fd, WRITE)
    with_kernel.unregister(fd)
    with_kernel.register(fd, WRITE, "new")
    assert ready(with_kernel) == [("new", WRITE)]
    with_kernel.unregister(fd)
    os.close(fd)


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
