"""Listening and connecting, and the outcomes of a connect."""

import errno

import pytest

from miniloop import EventLoop, Listener
from miniloop.testing import GENTLE, SimulatedNetwork
from tests.driving import Lines, Recording


@pytest.fixture
def net() -> SimulatedNetwork:
    return SimulatedNetwork(1, faults=GENTLE)


def connecting(
    loop: EventLoop, address: tuple[str, int], timeout: float | None = None
) -> Recording:
    channel = Recording(loop)
    channel.create_socket(10 if ":" in address[0] else 2)
    channel.connect(address, timeout=timeout)
    return channel


def test_an_address_without_a_listener_refuses(net: SimulatedNetwork) -> None:
    with net.loop() as loop:
        channel = connecting(loop, ("server", 1))
        net.run_until(lambda: channel.closed)
    assert channel.seen == ["failed ConnectionRefusedError"]
    peer = net.connect(("server", 1))
    net.settle()
    assert isinstance(peer.error, ConnectionRefusedError)


def test_a_silent_address_times_out_as_with_linux(net: SimulatedNetwork) -> None:
    net.refuse(("server", 1), errno.ETIMEDOUT)
    begun = net.now
    with net.loop() as loop:
        channel = connecting(loop, ("server", 1))
        net.run_until(lambda: channel.closed, seconds=200)
    assert channel.seen == ["failed TimeoutError"]
    assert net.now - begun == pytest.approx(127, abs=0.1)


def test_the_programs_own_time_limit_comes_first(net: SimulatedNetwork) -> None:
    net.refuse(("server", 1), errno.ETIMEDOUT)
    begun = net.now
    with net.loop() as loop:
        channel = connecting(loop, ("server", 1), timeout=5)
        net.run_until(lambda: channel.closed)
    assert channel.seen == ["failed TimeoutError"]
    assert net.now - begun == pytest.approx(5, abs=0.001)


def test_any_error_may_be_had_and_taken_back(net: SimulatedNetwork) -> None:
    net.listen(("server", 1))
    net.refuse(("server", 1), errno.EHOSTUNREACH)
    first = net.connect(("server", 1))
    net.settle()
    net.refuse(("server", 1), None)
    second = net.connect(("server", 1))
    net.settle()
    assert first.error is not None
    assert first.error.errno == errno.EHOSTUNREACH
    assert second.connected


def test_with_a_full_backlog_connects_wait(net: SimulatedNetwork) -> None:
    server = net.listen(("server", 1), backlog=1)
    server.accepting = False
    peers = [net.connect(("server", 1)) for _ in range(4)]
    net.run(0.5)
    assert [peer.connected for peer in peers] == [True, True, False, False]
    server.accept()
    net.run(10)
    assert all(peer.connected for peer in peers)
    assert len(server.peers) == 4


@pytest.mark.parametrize("where", ["", "0.0.0.0"])
def test_a_listener_everywhere_is_found_anywhere(net: SimulatedNetwork, where: str) -> None:
    with net.loop() as loop:
        Listener(loop, (where, 80), Lines)
        peer = net.connect(("10.1.2.3", 80))
        net.settle()
        assert peer.connected


def test_ipv6_addresses_have_four_parts(net: SimulatedNetwork) -> None:
    with net.loop() as loop:
        listener = Listener(loop, ("::1", 0), Recording)
        assert len(listener.address) == 4
        channel = connecting(loop, ("::1", listener.address[1]))
        net.run_until(lambda: channel.connected)
        assert channel.socket.getpeername() == listener.address


def test_an_address_is_taken_until_it_is_free(net: SimulatedNetwork) -> None:
    with net.loop() as loop:
        first = Listener(loop, ("server", 80), Lines)
        with pytest.raises(OSError, match="Address already in use"):
            Listener(loop, ("server", 80), Lines)
        first.close()
        Listener(loop, ("server", 80), Lines)


def test_a_closed_listener_resets_its_backlog(net: SimulatedNetwork) -> None:
    server = net.listen(("server", 1))
    server.accepting = False
    peer = net.connect(("server", 1))
    net.settle()
    server.close()
    net.settle()
    assert isinstance(peer.error, ConnectionResetError)


@pytest.mark.needs("unix sockets")
def test_unix_sockets_have_abstract_names_only(net: SimulatedNetwork) -> None:
    with net.loop() as loop:
        with pytest.raises(OSError, match="no file system"):
            Listener(loop, "/tmp/socket", Lines)
        listener = Listener(loop, "\0name", Lines, backlog=0)
        listener.pause_reading()
        channels = []
        for _ in range(2):  # the second one finds the backlog full: EAGAIN, and tries again
            channel = Recording(loop)
            channel.create_socket(1)
            channel.connect("\0name")
            channels.append(channel)
        net.run(1)
        assert [channel.connected for channel in channels] == [True, False]
        listener.resume_reading()
        net.run(1)
        assert channels[1].connected
        listener.close()
        late = Recording(loop)
        late.create_socket(1)
        late.connect("\0name")
        net.settle()
        assert late.seen == ["failed ConnectionRefusedError"]
