"""A wake-up is never lost, however many there are and whenever they come."""

import os
import select
import socket
from collections.abc import Iterator
from contextlib import suppress

import pytest

from miniloop.readiness import READ
from miniloop.system.waker import Waker


def readable(waker: Waker) -> bool:
    return bool(select.select([waker], [], [], 0)[0])


@pytest.fixture
def waker() -> Iterator[Waker]:
    waker = Waker()
    yield waker
    waker.close()


def test_wakes_until_it_was_read(waker: Waker) -> None:
    assert not readable(waker)
    waker.wake()
    waker.wake()
    assert readable(waker)
    waker.handle_read()
    assert not readable(waker)
    waker.wake()
    assert readable(waker)


def test_waking_what_was_closed_in_that_moment_is_harmless(waker: Waker) -> None:
    waker.close()
    waker.wake()


def test_waking_what_another_thread_closes_after_the_look_is_harmless(waker: Waker) -> None:
    waker.close()
    waker._pending = False  # as the thread that wakes has seen it
    waker.wake()


def test_a_descriptor_closed_behind_its_back_is_not_passed_over(waker: Waker) -> None:
    os.close(waker._sender.detach())
    waker._sender = socket.socket(fileno=os.dup(waker._receiver.fileno()))
    os.close(waker._sender.fileno())
    with pytest.raises(OSError, match="Bad file descriptor"):
        waker.wake()
    waker._sender.detach()


def test_many_wake_ups_are_one_byte(waker: Waker) -> None:
    for _ in range(1000):
        waker.wake()
    assert waker._receiver.recv(5000) == b"\0"


def test_signals_write_their_own_bytes(waker: Waker) -> None:
    with socket.socket(fileno=socket.dup(waker.signal_fileno())) as sender:
        sender.send(b"\2" * 5000)
    waker.handle_read()
    assert not readable(waker)


def test_full_pipe_is_a_wake_up_already(waker: Waker) -> None:
    with suppress(BlockingIOError):
        while waker._sender.send(b"\0" * 65536):
            pass
    waker.wake()
    assert readable(waker)


def test_read_without_wake_up(waker: Waker) -> None:
    waker.handle_read()
    waker.handle_read_event()
    assert not readable(waker)


class WokenMeanwhile:
    """The receiver of a waker that another thread wakes just before it is read."""

    def __init__(self, waker: Waker, receiver: socket.socket) -> None:
        self.waker = waker
        self.receiver = receiver

    def recv(self, size: int) -> bytes:
        self.waker.wake()
        return self.receiver.recv(size)


def test_wake_up_while_reading_is_not_the_last_one(waker: Waker) -> None:
    receiver = waker._receiver
    waker.wake()
    waker._receiver = WokenMeanwhile(waker, receiver)  # type: ignore[assignment]
    waker.handle_read()
    waker._receiver = receiver
    waker.wake()
    assert readable(waker)


def test_is_a_channel_that_only_reads(waker: Waker) -> None:
    assert waker.interest() == READ
    assert waker.fileno() == waker._receiver.fileno()
    assert waker.drained()
    waker.flush()
    waker.handle_stop()
    waker.handle_write_event()
    waker.handle_expt_event()
    waker.handle_hangup_event()
    assert not readable(waker)


def test_losing_the_waker_is_said(waker: Waker, caplog: pytest.LogCaptureFixture) -> None:
    try:
        raise KeyError("lost")
    except KeyError:
        waker.handle_error()
    assert "lost its waker" in caplog.text


def test_losing_its_descriptor_is_said(waker: Waker, caplog: pytest.LogCaptureFixture) -> None:
    descriptor = waker.fileno()
    waker.evict(waker)
    assert "loop's own descriptor" in caplog.text
    assert waker.fileno() == -1
    os.close(descriptor)  # somebody else's, in life
