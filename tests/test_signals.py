"""SIGINT and SIGTERM; raised by the process itself, so nothing is waited for."""

import signal
import socket
import threading
from collections.abc import Iterator

import pytest

from miniloop import EventLoop
from miniloop.signals import stopping_signals
from tests.doubles import Sees

BOTH = [signal.SIGINT, signal.SIGTERM]


@pytest.fixture(autouse=True)
def _handlers_stay() -> Iterator[None]:
    before = [signal.getsignal(number) for number in BOTH]
    yield
    assert [signal.getsignal(number) for number in BOTH] == before


@pytest.fixture
def wakeup() -> Iterator[tuple[socket.socket, int]]:
    receiver, sender = socket.socketpair()
    receiver.setblocking(False)
    sender.setblocking(False)
    with receiver, sender:
        yield receiver, sender.fileno()


@pytest.mark.parametrize("number", BOTH)
def test_first_signal_stops_and_wakes(
    number: signal.Signals, wakeup: tuple[socket.socket, int]
) -> None:
    sees, before = Sees(), signal.getsignal(number)
    with stopping_signals(sees.note("stop"), wakeup[1]):
        signal.raise_signal(number)
        assert sees == ["stop"]
        assert wakeup[0].recv(10) == bytes([number])
        assert signal.getsignal(number) is before
    assert signal.set_wakeup_fd(-1) == -1


def test_second_interrupt_has_its_usual_effect(wakeup: tuple[socket.socket, int]) -> None:
    sees = Sees()
    with stopping_signals(sees.note("stop"), wakeup[1]):
        signal.raise_signal(signal.SIGINT)
        with pytest.raises(KeyboardInterrupt):
            signal.raise_signal(signal.SIGINT)
    assert sees == ["stop"]


def test_handlers_of_the_program_are_left_alone(wakeup: tuple[socket.socket, int]) -> None:
    sees = Sees()
    before = signal.signal(signal.SIGTERM, lambda number, frame: sees.append("own"))
    try:
        with stopping_signals(sees.note("stop"), wakeup[1]):
            signal.raise_signal(signal.SIGTERM)
    finally:
        signal.signal(signal.SIGTERM, before)
    assert sees == ["own"]


def test_other_threads_have_no_handlers() -> None:
    before, inside = signal.getsignal(signal.SIGINT), []

    def run() -> None:
        with stopping_signals(int, -1):
            inside.append(signal.getsignal(signal.SIGINT))

    thread = threading.Thread(target=run)
    thread.start()
    thread.join()
    assert inside == [before]


@pytest.mark.parametrize("number", BOTH)
def test_signal_ends_a_loop_in_order(loop: EventLoop, number: signal.Signals) -> None:
    sees = Sees()
    loop.on_stop(sees.note("goodbye"))
    loop.call_soon(signal.raise_signal, number)
    loop.run(forever=True)
    assert sees == ["goodbye"]
