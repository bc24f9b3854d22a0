"""Host names on a simulated network."""

import contextlib
import errno
import socket

import pytest

from miniloop import EventLoop
from miniloop.testing import GENTLE, SimulatedNetwork
from tests.driving import Recording


@pytest.fixture
def net() -> SimulatedNetwork:
    return SimulatedNetwork(1, faults=GENTLE)


def named(loop: EventLoop, host: str) -> Recording:
    channel = Recording(loop)
    channel.connect_to(host, 80)
    return channel


def test_a_name_leads_to_its_first_address_that_answers(net: SimulatedNetwork) -> None:
    net.hosts["web"] = ["2001:db8::1", "10.0.0.1"]
    server = net.listen(("10.0.0.1", 80))
    net.refuse(("2001:db8::1", 80), errno.ETIMEDOUT)
    with net.loop() as loop:
        begun = net.now
        channel = named(loop, "web")
        net.run_until(lambda: channel.connected)
        assert net.now - begun == pytest.approx(0.25, abs=0.01)  # RFC 8305's delay
        assert len(server.peers) == 1


def test_a_host_that_listens_needs_no_entry(net: SimulatedNetwork) -> None:
    net.listen(("server", 80))
    with net.loop() as loop:
        channel = named(loop, "server")
        net.run_until(lambda: channel.connected)


def test_an_unknown_name_fails(net: SimulatedNetwork) -> None:
    with net.loop() as loop:
        channel = named(loop, "nowhere")
        net.run_until(lambda: channel.closed)
        assert channel.seen == ["failed gaierror"]
        assert isinstance(channel.error, socket.gaierror)


def test_names_are_known_after_a_stop_too(net: SimulatedNetwork) -> None:
    net.listen(("server", 80))
    with net.loop() as loop:
        loop.stop()
        loop.run()
        channel = named(loop, "server")
        net.run_until(lambda: channel.connected)


@pytest.mark.parametrize("ended", ["callback", "exception"])
def test_names_are_known_after_any_end_of_a_run(net: SimulatedNetwork, ended: str) -> None:
    class Interrupt(BaseException):
        pass

    def interrupt() -> None:
        raise Interrupt

    net.listen(("server", 80))
    with net.loop() as loop:
        loop.call_soon(interrupt if ended == "exception" else loop.stop)
        with contextlib.suppress(Interrupt):
            loop.run()
        channel = named(loop, "server")
        net.run_until(lambda: channel.connected)


def test_a_lookup_is_dropped_with_its_loop(net: SimulatedNetwork) -> None:
    net.listen(("server", 80))
    with net.loop() as loop:
        channel = named(loop, "server")
    net.settle()
    assert channel.closed
    assert net.open_sockets == []
