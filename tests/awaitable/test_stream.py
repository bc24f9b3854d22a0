"""Reading and writing a stream from a coroutine, on the simulated network."""

import errno
import ssl
from collections.abc import Callable, Coroutine
from typing import Any

import pytest

from miniloop.awaitable import Cancelled, IncompleteRead, Stream, Task, TooLong, timeout, together
from miniloop.awaitable.stream import READ_AHEAD
from miniloop.dispatcher import CHUNK
from miniloop.testing import Peer, SimulatedNetwork
from tests.awaitable.simulated import connected, on_many_networks, outcome, pause, talk
from tests.certificates import certificates

Read = Callable[[Stream], Coroutine[Any, Any, bytes]]
all_reads = pytest.mark.parametrize(
    "read",
    [
        lambda stream: stream.read_until(b"\r\n"),
        lambda stream: stream.read_exactly(10),
        lambda stream: stream.read_some(),
    ],
    ids=["until", "exactly", "some"],
)
whole_reads = pytest.mark.parametrize(
    "read",
    [lambda stream: stream.read_until(b"\r\n"), lambda stream: stream.read_exactly(10)],
    ids=["until", "exactly"],
)


# -- what is read -------------------------------------------------------------------------------


@on_many_networks
def test_each_read_frames_anew(seed: int) -> None:
    async def conversation(stream: Stream, peer: Peer) -> None:
        peer.send(b"5\nhello6\r\nworld!" + b"rest")
        assert await stream.read_until(b"\n") == b"5"
        assert await stream.read_exactly(5) == b"hello"
        assert await stream.read_until(b"\r\n") == b"6"
        assert await stream.read_exactly(0) == b""
        assert await stream.read_exactly(6) == b"world!"
        assert await stream.read_some(1) == b"r"
        rest = b""
        while rest != b"est":
            rest += await stream.read_some()

    talk(conversation, seed)


@on_many_networks
def test_a_terminator_that_arrives_in_pieces(seed: int) -> None:
    async def conversation(stream: Stream, peer: Peer) -> None:
        peer.send(b"a\r\r\n.\r\n" * 100)
        for _ in range(100):
            assert await stream.read_until(b"\r\n.\r\n") == b"a\r"

    talk(conversation, seed)


@pytest.mark.parametrize("size", [0, 1, 9])
def test_message_as_long_as_the_limit(size: int) -> None:
    async def conversation(stream: Stream, peer: Peer) -> None:
        peer.send(b"x" * size + b"\r\n" + b"y" * (size + 1) + b"\r\n")
        assert await stream.read_until(b"\r\n", limit=size) == b"x" * size
        with pytest.raises(TooLong, match="within"):
            await stream.read_until(b"\r\n", limit=size)
        assert await stream.read_until(b"\r\n", limit=size + 1) == b"y" * (size + 1)

    for seed in range(10):
        talk(conversation, seed)


def test_too_long_is_found_without_the_terminator() -> None:
    async def conversation(stream: Stream, peer: Peer) -> None:
        peer.send(b"x" * 102)
        with pytest.raises(TooLong):
            await stream.read_until(b"\r\n", limit=100)
        assert not stream.closed
        assert await stream.read_exactly(102) == b"x" * 102

    for seed in range(10):
        talk(conversation, seed)


def test_arguments_that_make_no_sense() -> None:
    async def conversation(stream: Stream, peer: Peer) -> None:
        with pytest.raises(ValueError, match="terminator"):
            await stream.read_until(b"")
        with pytest.raises(ValueError, match="not -1"):
            await stream.read_exactly(-1)
        with pytest.raises(ValueError, match="not 0"):
            await stream.read_some(0)

    talk(conversation)


def test_nothing_is_read_ahead_beyond_the_bound() -> None:
    async def conversation(stream: Stream, peer: Peer) -> None:
        peer.send(b"x" * 1_000_000)
        await pause(stream.loop, 30)
        kept = len(stream._received_)
        assert READ_AHEAD <= kept < READ_AHEAD + CHUNK
        assert peer.unsent > 500_000
        assert await stream.read_exactly(kept) == b"x" * kept
        assert await stream.read_exactly(1_000_000 - kept) == b"x" * (1_000_000 - kept)

    talk(conversation)


# -- ends ---------------------------------------------------------------------------------------


@on_many_networks
def test_the_peers_end_is_no_error(seed: int) -> None:
    async def conversation(stream: Stream, peer: Peer) -> None:
        peer.send(b"last\n")
        peer.finish()
        assert await stream.read_until(b"\n") == b"last"
        assert await stream.read_some() == b""
        assert await stream.read_some() == b""
        assert not stream.closed
        assert stream.error is None

    talk(conversation, seed)


@whole_reads
@pytest.mark.parametrize("sent", [b"", b"half"])
def test_an_end_too_early_is_named(read: Read, sent: bytes) -> None:
    async def conversation(stream: Stream, peer: Peer) -> None:
        peer.send(sent)
        peer.finish()
        with pytest.raises(IncompleteRead, match=f"after {len(sent)} bytes") as caught:
            await read(stream)
        assert caught.value.partial == sent
        assert await stream.read_some() == sent  # a read that raises takes nothing

    talk(conversation)


@on_many_networks
def test_half_closed_by_both_sides_it_stays_open(seed: int) -> None:
    async def conversation(stream: Stream, peer: Peer) -> None:
        peer.send(b"question")
        peer.finish()
        assert await stream.read_exactly(8) == b"question"
        assert await stream.read_some() == b""
        await stream.write(b"answer")
        stream.close_write()
        await pause(stream.loop, 100)
        assert peer.received == b"answer"
        assert peer.eof
        assert not stream.closed

    talk(conversation, seed)


@on_many_networks
def test_reading_goes_on_after_our_half_close(seed: int) -> None:
    async def conversation(stream: Stream, peer: Peer) -> None:
        await stream.write(b"question")
        stream.close_write()
        while not peer.eof:
            await pause(stream.loop, 0.1)
        peer.send(b"answer" * 1000)
        assert await stream.read_exactly(6000) == b"answer" * 1000
        with pytest.raises(RuntimeError, match="close_write"):
            await stream.write(b"more")

    talk(conversation, seed)


@all_reads
def test_a_reset_is_raised_after_what_came_before(read: Read) -> None:
    async def conversation(stream: Stream, peer: Peer) -> None:
        peer.send(b"12345678\r\n")
        await pause(stream.loop, 10)
        peer.reset()
        await pause(stream.loop, 10)
        assert stream.closed
        assert await read(stream)
        for _ in range(2):
            with pytest.raises(ConnectionResetError):
                await read(stream)
        with pytest.raises(ConnectionResetError):
            await stream.write(b"x")
        with pytest.raises(ConnectionResetError):
            await stream.secured()

    talk(conversation)


@all_reads
def test_a_reset_wakes_the_reader(read: Read) -> None:
    async def conversation(stream: Stream, peer: Peer) -> None:
        stream.loop.call_later(1, peer.reset)
        with pytest.raises(ConnectionResetError):
            await read(stream)

    talk(conversation)


@all_reads
def test_an_error_of_the_channel_is_raised_and_not_called_an_end(read: Read) -> None:
    """Whatever ended the connection: a limit of time or of output sets ``error`` too."""

    async def conversation(stream: Stream, peer: Peer) -> None:
        peer.finish()
        assert await stream.read_some() == b""
        stream.error = TimeoutError(errno.ETIMEDOUT, "idle")
        stream.end()
        with pytest.raises(TimeoutError, match="idle"):
            await read(stream)

    talk(conversation)


@all_reads
def test_closing_wakes_the_reader(read: Read) -> None:
    async def conversation(stream: Stream, peer: Peer) -> None:
        stream.loop.call_later(1, stream.close)
        for _ in range(2):
            with pytest.raises(ConnectionAbortedError, match="closed by this side"):
                await read(stream)
        with pytest.raises(ConnectionResetError):
            await stream.write(b"x")

    talk(conversation)


# -- time limits, cancellation, two readers -----------------------------------------------------


@whole_reads
def test_a_read_out_of_time_takes_nothing(read: Read) -> None:
    async def conversation(stream: Stream, peer: Peer) -> None:
        peer.send(b"1234567")
        for _ in range(3):
            began = stream.loop.time()
            with pytest.raises(TimeoutError, match="not done within 5 seconds"):
                async with timeout(5):
                    await read(stream)
            assert stream.loop.time() - began == pytest.approx(5, abs=0.01)
        peer.send(b"8\r\n")
        assert await stream.read_until(b"\r\n") == b"12345678"

    talk(conversation)


@all_reads
def test_a_cancelled_read_takes_nothing(read: Read) -> None:
    net = SimulatedNetwork(7)
    with net.loop() as loop:
        stream, peer = connected(net, loop)
        task = Task(loop, read(stream), lambda task: None)
        net.run(1)
        task.cancel()
        net.run(1)
        assert isinstance(task.error, Cancelled)
        peer.send(b"12345678\r\n")
        assert outcome(net, loop, stream.read_until(b"\r\n")) == b"12345678"


@all_reads
def test_a_second_reader_is_refused(read: Read) -> None:
    async def conversation(stream: Stream, peer: Peer) -> None:
        stream.loop.call_later(2, peer.send, b"12345678\r\n")

        async def second() -> None:
            await pause(stream.loop, 1)
            with pytest.raises(RuntimeError, match="another coroutine is reading"):
                await read(stream)

        first, _ = await together(stream.read_until(b"\r\n"), second())
        assert first == b"12345678"
        peer.send(b"more\r\n")
        assert await stream.read_until(b"\r\n") == b"more"

    talk(conversation)


# -- writing ------------------------------------------------------------------------------------


def test_writing_waits_for_a_slow_reader_only() -> None:
    async def conversation(stream: Stream, peer: Peer) -> None:
        await stream.write(b"x" * 1000)
        assert stream.output_size == 1000  # too little to wait for
        peer.reading = False
        size = 500_000
        with pytest.raises(TimeoutError):
            async with timeout(30):
                await stream.write(bytearray(size))
        assert stream.output_size > stream.high_water  # it is queued all the same
        stream.loop.call_later(10, setattr, peer, "reading", True)
        began = stream.loop.time()
        await stream.write(b"end")
        assert stream.loop.time() - began >= 10
        assert stream.output_size <= stream.low_water
        while len(peer.received) < 1000 + size + 3:
            await pause(stream.loop, 1)

    for seed in range(5):
        talk(conversation, seed)


def test_a_reset_wakes_the_writer() -> None:
    async def conversation(stream: Stream, peer: Peer) -> None:
        peer.reading = False
        stream.loop.call_later(10, peer.reset)
        with pytest.raises(ConnectionResetError):
            await stream.write(bytes(1_000_000))

    talk(conversation)


def test_two_writers_do_not_mix() -> None:
    async def conversation(stream: Stream, peer: Peer) -> None:
        await together(*[stream.write(letter * 200_000) for letter in (b"a", b"b")])
        while len(peer.received) < 400_000:
            await pause(stream.loop, 1)
        assert peer.received == b"a" * 200_000 + b"b" * 200_000

    talk(conversation)


# -- connecting ---------------------------------------------------------------------------------


def test_connect_refused() -> None:
    net = SimulatedNetwork(7)
    net.hosts["peer"] = ["peer"]

    async def conversation(stream: Stream) -> None:
        stream.connect_to("peer", 1)
        with pytest.raises(ConnectionRefusedError):
            await stream.established()
        with pytest.raises(ConnectionRefusedError):
            await stream.read_some()

    with net.loop() as loop:
        outcome(net, loop, conversation(Stream(loop)))


def test_no_runner_is_said() -> None:
    """A coroutine that was started by hand has nothing that would wake it."""
    net = SimulatedNetwork(7)
    with net.loop() as loop:
        stream, _ = connected(net, loop)
        with pytest.raises(RuntimeError, match="give it to a Task, or to asyncio"):
            stream.read_some().send(None)
        with pytest.raises(RuntimeError, match="give it to a Task, or to asyncio"):
            timeout(1)


# -- TLS ----------------------------------------------------------------------------------------


def test_starting_tls_in_the_middle() -> None:
    """The client's hello arrives with its request, before the server has read that."""
    ours, theirs = certificates().server(), certificates().client()
    net = SimulatedNetwork(7)

    async def server(stream: Stream) -> None:
        assert await stream.read_until(b"\n") == b"STARTTLS"
        await pause(stream.loop, 10)
        stream.start_tls(ours, server_side=True)
        await stream.secured()
        await stream.write(await stream.read_until(b"\n") + b"!")

    async def client(stream: Stream) -> None:
        await stream.write(b"STARTTLS\n")
        await pause(stream.loop, 1)
        stream.start_tls(theirs, server_hostname="localhost")
        await stream.write(b"hello\n")
        await stream.secured()
        assert await stream.read_exactly(6) == b"hello!"

    with net.loop() as loop:
        ends = [Stream(loop, sock) for sock in net.socketpair()]
        outcome(net, loop, together(server(ends[0]), client(ends[1])))


def test_a_handshake_that_fails_is_raised() -> None:
    async def conversation(stream: Stream, peer: Peer) -> None:
        stream.start_tls(ssl.create_default_context(), server_hostname="peer")
        peer.send(b"this is no TLS at all\r\n")
        for _ in range(2):
            with pytest.raises(ssl.SSLError):
                await stream.secured()
        with pytest.raises(ssl.SSLError):
            await stream.read_some()

    talk(conversation)
