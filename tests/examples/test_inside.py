"""The tiny loop of docs/inside/, and the solutions of the exercises that are programs."""

import select
import socket
from collections.abc import Callable, Iterator
from contextlib import suppress
from threading import Thread

import pytest
from hypothesis import given
from hypothesis import strategies as st

from examples.inside.allowance import Allowance
from examples.inside.careful_loop import CarefulLoop
from examples.inside.every import Every
from examples.inside.generations import Generations
from examples.inside.kernel_loop import KernelLoop
from examples.inside.naive_splitter import NaiveSplitter, fast_messages
from examples.inside.relay import join
from examples.inside.tiny_loop import Loop, accept, echo
from examples.inside.woken_loop import WokenLoop
from miniloop import EventLoop
from miniloop.testing import FakeClock
from tests.driving import receive, settle

Pair = tuple[socket.socket, socket.socket]


@pytest.fixture
def pairs() -> Iterator[Callable[[], Pair]]:
    """A maker of connected pairs, closed afterwards."""
    made: list[socket.socket] = []

    def make() -> Pair:
        ours, theirs = socket.socketpair()
        theirs.setblocking(False)
        made.extend((ours, theirs))
        return ours, theirs

    yield make
    for sock in made:
        sock.close()


def silent(sock: socket.socket) -> bool:
    return not select.select([sock], [], [], 0)[0]


def test_the_tiny_loop_accepts_and_echoes() -> None:
    loop = Loop()
    with socket.create_server(("127.0.0.1", 0)) as server:
        loop.handlers[server] = accept
        with socket.create_connection(server.getsockname()) as client:
            loop.run_once(20)
            client.send(b"hello")
            loop.run_once(20)
            assert client.recv(100) == b"hello"
        del loop.handlers[server]
        loop.run()  # until the connection has ended too
    assert not loop.handlers


def test_the_tiny_loop_drops_the_handler_of_a_closed_connection(pairs: Callable[[], Pair]) -> None:
    loop = Loop()
    (ours, theirs), (other, _) = pairs(), pairs()
    loop.handlers = {ours: echo, other: echo}
    theirs.close()
    loop.run_once()
    assert [*loop.handlers] == [other]
    loop.run_once(0)


def test_the_careful_loop_closes_one_connection_and_serves_the_others(
    pairs: Callable[[], Pair], caplog: pytest.LogCaptureFixture
) -> None:
    loop = CarefulLoop()
    (bad, one), (good, two), (gone, three) = pairs(), pairs(), pairs()

    def fail(loop: Loop, sock: socket.socket) -> None:
        loop.handlers.pop(gone)
        raise ValueError("a bug")

    loop.handlers = {bad: fail, good: echo, gone: echo}
    for peer in (one, two, three):
        peer.send(b"x")
    loop.run_once()
    assert (bad.fileno(), [*loop.handlers]) == (-1, [good])
    assert two.recv(1) == b"x"
    assert silent(three)
    assert "a bug" in caplog.text


def test_the_kernels_loop(pairs: Callable[[], Pair]) -> None:
    loop = KernelLoop()
    ours, theirs = pairs()
    silent, _ = pairs()
    loop.watch(silent, lambda loop, sock: None)  # Windows does not wait for nothing
    seen: list[bytes] = []
    loop.watch(ours, lambda loop, sock: seen.append(sock.recv(100)))
    theirs.send(b"hello")
    loop.run_once()
    loop.forget(ours)
    theirs.send(b"more")
    loop.run_once(0)
    assert seen == [b"hello"]
    loop.selector.close()


def test_an_allowance_is_not_exceeded(pairs: Callable[[], Pair]) -> None:
    """In debug mode, which raises on a change that was not announced."""
    clock = FakeClock()
    with EventLoop(clock=clock, debug=True) as loop:
        ours, theirs = pairs()
        channel = Allowance(loop, ours)
        theirs.send(b"x" * 2500)
        for received in (1000, 2000, 2500):
            settle(loop)
            assert len(channel.data) == received
            clock.advance(1)
        channel.left = 1
        theirs.send(b"y")
        theirs.close()
        settle(loop)
        clock.advance(1)
        settle(loop)
        assert channel.closed


def test_a_generation_gets_its_own_events_only() -> None:
    seen: list[str] = []
    handlers = Generations()
    bob = handlers.register(8, lambda: seen.append("Bob"))
    eve = handlers.register(8, lambda: seen.append("Eve"))
    assert not handlers.deliver(bob)
    assert handlers.deliver(eve)
    assert seen == ["Eve"]


def test_every_does_not_drift() -> None:
    clock = FakeClock(0.0)
    calls: list[float] = []
    with EventLoop(clock=clock) as loop:

        def slow() -> None:
            calls.append(clock())
            clock.advance(0.4)
            if len(calls) == 3:
                clock.advance(10)  # one comes late, nine are skipped

        every = Every(loop, 1.0, slow)
        while len(calls) < 7:
            clock.advance(0.25)
            loop.run_once(0)
        every.cancel()
        clock.advance(10)
        loop.run_once(0)
    assert [int(when) for when in calls] == [1, 2, 3, 13, 14, 15, 16]
    assert all(when % 1 < 0.7 for when in calls)


def test_a_thread_wakes_the_tiny_loop() -> None:
    loop = WokenLoop()
    seen: list[str] = []
    thread = Thread(target=loop.call_threadsafe, args=(lambda: seen.append("woken"),))
    thread.start()
    loop.run_once(20)
    thread.join()
    with suppress(BlockingIOError):
        while loop.sender.send(b"\0" * 65536):
            pass
    loop.call_threadsafe(lambda: seen.append("though it was full"))
    loop.run_once(0)
    assert seen == ["woken", "though it was full"]
    loop.receiver.close()
    loop.sender.close()


@given(
    st.lists(st.sampled_from([b"a", b"\r", b"\n", b"\r\n", b"ab\r"]), max_size=60),
    st.sampled_from([b"\n", b"\r\n", b"a\r", b"aa"]),
)
def test_the_framer_splits_as_the_naive_one_does(chunks: list[bytes], terminator: bytes) -> None:
    naive = NaiveSplitter(terminator)
    assert fast_messages(chunks, terminator) == [m for chunk in chunks for m in naive.feed(chunk)]


def test_a_relay_keeps_little_and_loses_nothing(loop: EventLoop, pairs: Callable[[], Pair]) -> None:
    (one, sender), (other, reader) = pairs(), pairs()
    ends = join(loop, one, other)
    data = bytes(range(256)) * 32768

    def send_what_fits() -> int:
        sent = 0
        with suppress(BlockingIOError):
            while sent < len(data):
                sent += sender.send(data[sent : sent + 65536])
                settle(loop, 3)
        return sent

    sent = send_what_fits()
    assert sent < len(data) / 4, "nobody reads, so all of it is somewhere in between"
    assert 65536 < ends[1].output_size < 300_000
    got = b""
    while len(got) < sent:
        got += receive(reader)
        settle(loop, 3)
    assert got == data[:sent]
    reader.send(b"thanks")
    settle(loop)
    assert receive(sender) == b"thanks"
    sender.close()
    settle(loop)
    assert all(end.closed for end in ends)
