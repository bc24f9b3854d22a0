"""The simulated loop."""

import socket

import pytest

from miniloop import Listener
from miniloop.readiness import Registration
from miniloop.testing import GENTLE, SimulatedNetwork
from miniloop.trace.hooks import Trace
from miniloop.trace.installing import install
from tests.driving import Careful, Lines, Recording


@pytest.fixture
def net() -> SimulatedNetwork:
    return SimulatedNetwork(1, faults=GENTLE)


@pytest.mark.needs("guests")
def test_no_real_descriptor_is_opened(net: SimulatedNetwork) -> None:
    with socket.socket() as probe:
        before = probe.fileno()
    with net.loop() as loop:
        Listener(loop, ("server", 1), Lines)
        net.connect(("server", 1))
        net.settle()
        with socket.socket() as probe:
            assert probe.fileno() == before
        with pytest.raises(RuntimeError, match="no descriptor"):
            loop.stepper().fileno()


def test_it_is_running_inside_a_pass_and_inside_run(net: SimulatedNetwork) -> None:
    seen: list[bool] = []
    with net.loop() as loop:

        def look() -> None:
            seen.append(loop.running)
            with pytest.raises(RuntimeError, match="running already"):
                loop.run_once(0)
            seen.append(loop.running)

        loop.call_soon(look)
        loop.run_once(0)
        assert not loop.running
        loop.call_soon(look)
        loop.run()
        assert not loop.running
    assert seen == [True] * 4


def test_a_watched_loop_keeps_its_own_trace(net: SimulatedNetwork) -> None:
    class Handlers(Trace):
        def __init__(self) -> None:
            self.seen: list[str] = []

        def before_handler(self, registration: Registration, name: str) -> None:
            self.seen.append(name)

    own, watch = Handlers(), Handlers()
    with net.loop() as loop:
        install(loop, own)
        ours, theirs = net.socketpair()
        channel = Recording(loop, ours)
        loop.start_watching(watch)
        theirs.send(b"x")
        net.run_until(lambda: channel.data == b"x")
        loop.stop_watching(watch)
        theirs.send(b"y")
        net.run_until(lambda: channel.data == b"xy")
    assert own.seen == ["handle_read", "handle_read"]
    assert watch.seen == ["handle_read"]


def test_a_channel_that_announces_nothing_is_served(net: SimulatedNetwork) -> None:
    with net.loop() as loop:
        Listener(loop, ("server", 7), Careful)
        peer = net.connect(("server", 7))
        for number in range(3):
            peer.send(b"%d" % number)
            net.run_until(lambda: peer.received)
            assert peer.take() == b"%d" % number
