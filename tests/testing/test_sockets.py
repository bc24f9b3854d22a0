"""Simulated sockets under real dispatchers; how they compare with the kernel's is another test."""

import errno
import logging
import socket

import pytest

from miniloop import AsyncChat, Dispatcher, EventLoop, Listener, Reconnecting
from miniloop.testing import GENTLE, Faults, SimulatedNetwork
from tests.driving import Lines, Recording, reset


class Echo(Lines):
    def handle_line(self, line: bytes) -> None:
        self.push(line + b"\n")


@pytest.fixture
def net() -> SimulatedNetwork:
    return SimulatedNetwork(1, faults=GENTLE)


def test_two_dispatchers_on_two_loops(net: SimulatedNetwork) -> None:
    with net.loop() as left, net.loop() as right:
        Listener(left, ("server", 1), Echo)
        client = Lines(right)
        client.create_socket()
        client.connect(("server", 1))
        client.push(b"hello\nworld\n")
        net.run_until(lambda: len(client.lines) == 2)
        assert client.lines == [b"hello", b"world"]


def test_a_connect_has_one_outcome(net: SimulatedNetwork) -> None:
    with net.loop() as loop:
        Listener(loop, ("server", 1), Echo)
        sock = loop.new_socket(socket.AF_INET, socket.SOCK_STREAM)
        sock.setblocking(False)
        assert sock.connect_ex(("server", 1)) == errno.EINPROGRESS
        net.settle()
        assert [sock.connect_ex(("server", 1)) for _ in range(2)] == [0, errno.EISCONN]
        sock.close()


def test_descriptors_come_back(net: SimulatedNetwork) -> None:
    """A channel closes another and opens a third in one batch: the third gets nothing of it."""
    with net.loop() as loop:

        class Replacing(Recording):
            victim: "Replacing | None" = None
            heir: Recording | None = None

            def handle_read(self) -> None:
                super().handle_read()
                if self.victim is not None:
                    number = self.victim.fileno()
                    self.victim.close()
                    self.heir = Recording(self.loop, net.socketpair()[0])
                    assert self.heir.fileno() == number

        (a, far_a), (b, far_b) = net.socketpair(), net.socketpair()
        first, second = Replacing(loop, a), Replacing(loop, b)
        first.victim, second.victim = second, first
        for far in (far_a, far_b):
            far.setblocking(False)
            far.send(b"x")
        net.settle()
        heirs = [channel.heir for channel in (first, second) if channel.heir]
        assert len(heirs) == 1
        assert heirs[0].seen == []


def test_a_descriptor_closed_by_other_means(
    net: SimulatedNetwork, caplog: pytest.LogCaptureFixture
) -> None:
    with net.loop(debug=False) as loop:
        old = Recording(loop, net.socketpair()[0])
        net.settle()
        number = old.fileno()
        net.close_descriptor(number)
        new = Recording(loop, net.socketpair()[0])
        assert new.fileno() == number
        net.settle()
        assert old.seen == ["close"]
        assert not new.closed
    assert "closed behind its back" in caplog.text


def test_running_out_of_descriptors(caplog: pytest.LogCaptureFixture) -> None:
    net = SimulatedNetwork(1, faults=GENTLE, descriptors=4)
    with net.loop() as loop:
        Listener(loop, ("server", 1), Echo)
        peers = [net.connect(("server", 1)) for _ in range(4)]
        for peer in peers:
            peer.send(b"hello\n")
        net.run(3)
        assert sum(peer.received == b"hello\n" for peer in peers) == 2
        with pytest.raises(OSError, match="Too many open files"):
            loop.new_socket(socket.AF_INET, socket.SOCK_STREAM)
        for peer in peers:
            peer.finish()
        net.run(5)
        assert all(peer.received == b"hello\n" for peer in peers)
        assert len(net.open_sockets) == 1
    assert net.open_sockets == []
    assert "cannot accept" in caplog.text


def test_every_accept_error_is_survived(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.CRITICAL)
    for seed in range(20):
        net = SimulatedNetwork(seed, faults=Faults(accept_error=0.5))
        with net.loop() as loop:
            Listener(loop, ("server", 1), Echo)
            peers = [net.connect(("server", 1)) for _ in range(10)]
            for peer in peers:
                peer.send(b"x\n")
            net.run(60)
            assert all(peer.received == b"x\n" or peer.error for peer in peers)


def test_a_reset_is_reported_once(net: SimulatedNetwork) -> None:
    with net.loop() as loop:
        ours, theirs = net.socketpair()
        channel = Recording(loop, ours)
        reset(theirs)
        net.settle()
        assert channel.seen == ["nothing", "close"] or channel.seen == ["close", "nothing"]
        assert isinstance(channel.error, ConnectionResetError)


def test_a_slow_reader_and_the_water_marks(net: SimulatedNetwork) -> None:
    class Talker(Lines):
        high_water, low_water = 1000, 100

    chats: list[Talker] = []
    with net.loop() as loop:
        Listener(loop, ("server", 1), lambda loop, sock: chats.append(Talker(loop, sock)))
        peer = net.connect(("server", 1))
        peer.reading = False
        net.settle()
        chats[0].push(b"x" * 500_000)
        net.settle()
        assert chats[0].seen == ["high"]
        assert len(peer.read(1000)) == 1000
        peer.reading = True
        net.settle()
        assert chats[0].seen == ["high", "low"]
        assert len(peer.received) == 500_000


def test_urgent_data(net: SimulatedNetwork) -> None:
    class Urgent(Recording):
        def handle_expt(self) -> None:
            self.seen.append("urgent " + self.socket.recv(1, socket.MSG_OOB).decode())

    chats: list[Urgent] = []
    with net.loop() as loop:
        Listener(loop, ("server", 1), lambda loop, sock: chats.append(Urgent(loop, sock)))
        peer = net.connect(("server", 1))
        net.settle()
        peer.send_urgent(b"ab!")
        net.settle()
        assert chats[0].data == b"ab"
        assert "urgent !" in chats[0].seen


def test_idle_limits_and_reconnecting_run_on_the_clock_that_jumps(net: SimulatedNetwork) -> None:
    class Silent(Lines):
        def __init__(self, loop: EventLoop, sock: socket.socket) -> None:
            super().__init__(loop, sock)
            self.set_idle_timeout(600)

    def connect(loop: EventLoop) -> Dispatcher:
        channel = Lines(loop)
        channel.create_socket()
        channel.connect(("server", 1))
        channels.append(channel)
        return channel

    channels: list[AsyncChat] = []
    with net.loop() as loop, net.loop() as client_loop:
        Listener(loop, ("server", 1), Silent)
        Reconnecting(client_loop, connect, uniform=net.random.uniform)
        net.run(3600)
        assert 5 <= len(channels) <= 6


def test_run_by_the_program_itself(net: SimulatedNetwork) -> None:
    with net.loop() as loop:
        Listener(loop, ("server", 1), Echo)
        peer = net.connect(("server", 1))
        peer.send(b"hello\n")
        loop.call_later(3600, loop.stop)
        begun = net.now
        loop.run()
        assert net.now - begun == pytest.approx(3600, abs=0.01)
        assert peer.received == b"hello\n"
    net.settle()
    assert peer.eof


def test_blocking_calls_are_refused_and_not_waited_for(net: SimulatedNetwork) -> None:
    sock, other = net.socketpair()
    with pytest.raises(RuntimeError, match="would have to wait"):
        sock.recv(1)
    with pytest.raises(ValueError, match="cannot wait"):
        sock.settimeout(3)
    sock.sendall(b"hello")
    net.settle()
    buffer = bytearray(10)
    assert other.recv_into(buffer) == 5
    assert buffer[:5] == b"hello"
    with net.socket() as unconnected, pytest.raises(RuntimeError, match="would have to wait"):
        unconnected.connect(("server", 1))


def test_wrong_arguments_are_refused_as_by_real_ones(net: SimulatedNetwork) -> None:
    with net.socket() as sock:
        with pytest.raises(TypeError):
            sock.bind("server")
        with pytest.raises(TypeError):
            sock.connect(("server", "http"))
        with pytest.raises(OverflowError):
            sock.bind(("server", 70000))
        with pytest.raises(ValueError, match="negative"):
            sock.recv(-1)
        with pytest.raises(TypeError):
            net.socketpair()[0].send("text")  # type: ignore[arg-type]
    with pytest.raises(OSError, match="not supported"):
        net.socket(socket.AF_INET, socket.SOCK_RAW)
    with pytest.raises(OSError, match="not supported"):
        net.socket(12345)
    assert sock.fileno() == -1
    with pytest.raises(OSError, match="Bad file descriptor"):
        sock.setblocking(False)
    assert sock.connect_ex(("server", 1)) == errno.EBADF


def test_the_size_of_the_buffers_can_be_set(net: SimulatedNetwork) -> None:
    left, right = net.socketpair()
    left.setblocking(False)
    left.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 500)
    right.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1000)
    assert left.send(b"x" * 5000) == 1000
    net.settle()
    assert left.send(b"x" * 5000) == 1000
    net.settle()
    assert left.send(b"x" * 5000) == 1000
    net.settle()
    with pytest.raises(BlockingIOError):
        left.send(b"x")


def test_the_smallest_buffer_is_not_writable_when_it_is_full() -> None:
    net = SimulatedNetwork(1, faults=Faults(buffers=(1, 1)))
    chats: list[Echo] = []
    with net.loop() as loop:
        Listener(loop, ("server", 1), lambda loop, sock: chats.append(Echo(loop, sock)))
        peer = net.connect(("server", 1))
        peer.reading = False
        net.settle()
        chats[0].push(b"xxx")
        begun = net.now
        net.run(1)
        assert net.kernel.descriptors.get(chats[0].fileno()).poll() == 0
        assert net.now - begun == pytest.approx(1, abs=1e-4)  # no loop was woken without need
