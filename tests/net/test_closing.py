"""Tests of miniloop.net.closing: a peer that takes none of the last output is given up in time."""

import errno
import logging
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from miniloop import AsyncChat
from miniloop.queued import QueuedDispatcher
from miniloop.testing import Faults, Peer, SimulatedNetwork
from miniloop.testing.loop import SimulatedLoop
from miniloop.trace import inspection

NARROW = Faults(latency=(0.01, 0.01), buffers=(1024, 1024))
UNTIMELY = Faults(latency=(0.01, 0.01), buffers=(1024, 1024), spurious=0.5)
MUCH = 100_000
LIMIT = 60.0


class Queued(QueuedDispatcher):
    def handle_read(self) -> None:
        self.recv()


class Chat(AsyncChat):
    def collect_incoming_data(self, data: bytes) -> None:
        pass


Ends = Callable[[QueuedDispatcher, Peer], object]


def closes_when_done(channel: QueuedDispatcher, peer: Peer) -> None:
    channel.close_when_done()


def is_hung_up_on(channel: QueuedDispatcher, peer: Peer) -> None:
    peer.finish()


def half_closes_both_ways(channel: QueuedDispatcher, peer: Peer) -> None:
    channel.close_write()
    peer.finish()


WAYS: list[Ends] = [closes_when_done, is_hung_up_on, half_closes_both_ways]
every_way = pytest.mark.parametrize("end", WAYS)


class Scene:
    """A channel, and a peer that reads only when told."""

    def __init__(self, net: SimulatedNetwork, kind: type[QueuedDispatcher]) -> None:
        self.net = net
        self.loop: SimulatedLoop = net.loop(debug=True)
        server = net.listen(("server", 1))
        self.channel = kind(self.loop)
        self.channel.create_socket()
        self.channel.connect(("server", 1))
        net.settle()
        (self.peer,) = server.peers
        self.peer.reading = False

    def begin(self, end: Ends, size: int = MUCH) -> None:
        """Queue much, and have the channel end when it is sent; time goes on until it is stuck."""
        self.channel.push(b"x" * size)
        end(self.channel, self.peer)
        self.net.run(1)
        assert not self.channel.closed


@pytest.fixture(params=[Queued, Chat])
def scene(request: pytest.FixtureRequest) -> Iterator[Scene]:
    scene = Scene(SimulatedNetwork(1, faults=NARROW), request.param)
    with scene.loop:
        yield scene


@every_way
def test_a_peer_that_never_reads_is_given_up(
    scene: Scene, end: Ends, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, "miniloop")
    scene.begin(end)
    scene.net.run(LIMIT - 2)
    assert caplog.messages == []
    scene.net.run(3)
    assert scene.channel.closed
    assert isinstance(scene.channel.error, TimeoutError)
    assert caplog.messages == [
        f"closing {scene.channel!r}: closing: the peer took nothing for 60 seconds"
    ]
    assert inspection.timers(scene.loop, 9) == []


@every_way
def test_a_slow_reader_gets_everything(scene: Scene, end: Ends) -> None:
    scene.begin(end)
    while not scene.channel.closed:
        scene.net.run(0.9 * LIMIT)
        scene.peer.read(1024)
        scene.net.settle()
    scene.peer.reading = True
    scene.net.settle()
    assert scene.channel.error is None
    assert scene.peer.received == b"x" * MUCH


@every_way
def test_without_a_limit_it_waits(scene: Scene, end: Ends) -> None:
    scene.channel.close_timeout = None
    scene.begin(end)
    scene.net.run(100 * LIMIT)
    assert not scene.channel.closed
    scene.peer.reading = True
    scene.net.run(LIMIT)
    assert scene.peer.received == b"x" * MUCH
    assert (scene.channel.closed, scene.channel.error) == (True, None)


def test_the_limit_is_the_channels_own(scene: Scene) -> None:
    scene.channel.close_timeout = 5
    scene.begin(closes_when_done)
    scene.net.run(5)
    assert isinstance(scene.channel.error, TimeoutError)


def test_a_wake_up_without_room_gives_no_more_time() -> None:
    scene = Scene(SimulatedNetwork(1, faults=UNTIMELY), Queued)
    with scene.loop:
        scene.begin(closes_when_done)
        for second in range(70):  # so that there is something to select
            scene.net.call_later(second, scene.loop.call_soon_threadsafe, int)
        scene.net.run(LIMIT + 2)
        assert scene.channel.closed


def test_a_peer_that_sends_and_does_not_read_is_given_up(scene: Scene) -> None:
    scene.begin(closes_when_done)
    for second in range(100):
        scene.net.call_later(second, send_if_possible, scene.peer)
    scene.net.run(LIMIT + 1)
    assert isinstance(scene.channel.error, TimeoutError)


def send_if_possible(peer: Peer) -> None:
    if peer.error is None:
        peer.send(b"I do not listen")


def test_a_half_close_alone_has_no_limit(scene: Scene) -> None:
    """The peer may be sending; the idle limit is for that."""
    scene.channel.push(b"x" * MUCH)
    scene.channel.close_write()
    scene.net.run(10 * LIMIT)
    assert not scene.channel.closed
    scene.peer.reading = True
    scene.net.run(20)
    assert scene.peer.received == b"x" * MUCH
    assert scene.peer.eof


def test_an_answer_that_a_thread_works_on_is_not_limited(scene: Scene) -> None:
    """The limit begins when the answer waits for room, not before."""
    scene.channel.input_done = lambda: False  # type: ignore[method-assign]
    scene.peer.finish()
    scene.net.run(10 * LIMIT)
    scene.channel.push(b"x" * MUCH)
    scene.net.run(LIMIT - 1)
    assert not scene.channel.closed
    scene.net.run(2)
    assert isinstance(scene.channel.error, TimeoutError)


def test_a_limit_that_is_over_leaves_the_next_output_its_time(scene: Scene) -> None:
    scene.channel.input_done = lambda: False  # type: ignore[method-assign]
    scene.begin(is_hung_up_on)
    scene.net.run(LIMIT / 2)
    scene.peer.reading = True
    scene.net.run(20)
    assert scene.channel.output_size == 0
    assert inspection.timers(scene.loop, 9) == []
    scene.peer.reading = False
    scene.channel.push(b"x" * MUCH)
    scene.net.run(LIMIT - 1)
    assert not scene.channel.closed
    scene.net.run(2)
    assert scene.channel.closed


def test_a_connect_has_its_own_limit() -> None:
    net = SimulatedNetwork(1, faults=NARROW)
    with net.loop(debug=True) as loop:
        net.refuse(("server", 1), errno.ETIMEDOUT)  # no answer for two minutes
        channel = Queued(loop)
        channel.create_socket()
        channel.connect(("server", 1), timeout=10 * LIMIT)
        channel.push(b"x" * MUCH)
        channel.close_when_done()
        net.run(1.5 * LIMIT)
        assert not channel.closed
        assert len(inspection.timers(loop, 9)) == 1  # the connect's


def test_an_idle_limit_beside_it_still_counts(scene: Scene) -> None:
    scene.channel.set_idle_timeout(20)
    scene.begin(closes_when_done)
    scene.net.run(20)
    assert "idle" in str(scene.channel.error)


def test_a_producer_counts_as_output(scene: Scene) -> None:
    class Endless:
        def more(self) -> bytes:
            return b"x" * 1000

    scene.channel.push_with_producer(Endless())
    scene.begin(closes_when_done, size=0)
    for _ in range(5):
        scene.net.run(0.9 * LIMIT)
        scene.peer.read(1024)
    assert not scene.channel.closed
    scene.net.run(LIMIT + 1)
    assert isinstance(scene.channel.error, TimeoutError)


def test_an_orderly_stop_has_its_own_limit(scene: Scene) -> None:
    scene.begin(closes_when_done)
    before = scene.net.now
    scene.loop.stop(grace=5)
    scene.loop.run()
    assert scene.net.now - before == pytest.approx(5, abs=0.1)
    assert (scene.channel.closed, scene.channel.error) == (True, None)


def test_run_returns_when_the_peer_is_given_up(scene: Scene) -> None:
    scene.begin(closes_when_done)
    before = scene.net.now
    scene.loop.run()
    assert scene.net.now - before == pytest.approx(LIMIT, abs=2)


def test_an_override_that_fails_is_reported(scene: Scene, caplog: pytest.LogCaptureFixture) -> None:
    def fail(reason: Any) -> None:
        raise ValueError("on purpose")

    scene.channel.abort = fail  # type: ignore[method-assign]
    scene.begin(closes_when_done)
    scene.net.run(LIMIT)
    assert scene.channel.closed
    assert "on purpose" in caplog.text
