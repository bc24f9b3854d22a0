"""Coroutines that serve a listener: ends, errors and what the log says; and asyncio as the host."""

import asyncio
import gc
import logging
import ssl
import subprocess
import sys
import weakref
from collections.abc import Iterator

import pytest

from miniloop import AsyncioGuest, EventLoop, Listener
from miniloop.awaitable import Stream, TooLong, served_by, timeout
from miniloop.awaitable.runner import current_task
from miniloop.awaitable.serving import Handler
from miniloop.testing import HARSH, Peer, SimulatedLoop, SimulatedNetwork
from tests.awaitable.simulated import on_many_networks

ADDRESS = ("server", 1234)


@pytest.fixture
def net() -> SimulatedNetwork:
    return SimulatedNetwork(7)


@pytest.fixture
def loop(net: SimulatedNetwork) -> Iterator[SimulatedLoop]:
    with net.loop() as loop:
        yield loop


@pytest.fixture
def log(caplog: pytest.LogCaptureFixture) -> pytest.LogCaptureFixture:
    caplog.set_level(logging.INFO)
    return caplog


async def echo(stream: Stream) -> None:
    while line := await stream.read_until(b"\n"):
        await stream.write(line + b"\n")


def serve(net: SimulatedNetwork, loop: EventLoop, handler: Handler) -> Peer:
    Listener(loop, ADDRESS, served_by(handler))
    return net.connect(ADDRESS)


@on_many_networks
def test_a_conversation(seed: int) -> None:
    net = SimulatedNetwork(seed)
    with net.loop() as loop:
        Listener(loop, ADDRESS, served_by(echo))
        peers = [net.connect(ADDRESS) for _ in range(3)]
        for peer in peers:
            peer.send(b"one\ntwo\n\n")  # an empty line ends it
        net.run_until(lambda: all(peer.eof for peer in peers))
        assert [peer.received for peer in peers] == [b"one\ntwo\n"] * 3
        assert len(net.open_sockets) == 1


def test_what_is_queued_is_sent_when_the_handler_returns(
    net: SimulatedNetwork, loop: SimulatedLoop
) -> None:
    async def much(stream: Stream) -> None:
        stream.push(b"x" * 300_000)

    peer = serve(net, loop, much)
    net.run_until(lambda: peer.eof)
    assert len(peer.received) == 300_000
    assert peer.error is None


def test_what_a_peer_sends_forges_no_line_of_the_log(
    net: SimulatedNetwork, loop: SimulatedLoop, log: pytest.LogCaptureFixture
) -> None:
    async def quote(stream: Stream) -> None:
        raise ConnectionError("bad: " + (await stream.read_until(b"\0")).decode())

    peer = serve(net, loop, quote)
    peer.send(b"x\nERROR all is lost\x1b[2J" + b"y" * 10_000 + b"\0")
    net.run_until(lambda: peer.eof)
    (record,) = log.records
    assert r"bad: x\nERROR all is lost\x1b[2Jyyy" in record.getMessage()
    assert record.getMessage().isprintable()
    assert len(record.getMessage()) < 1000


def test_a_peer_that_leaves_is_worth_one_line(
    net: SimulatedNetwork, loop: SimulatedLoop, log: pytest.LogCaptureFixture
) -> None:
    peer = serve(net, loop, echo)
    peer.send(b"one\ntwo")
    net.run_until(lambda: peer.received == b"one\n")
    peer.finish()
    net.run(10)
    (record,) = log.records
    assert record.levelno == logging.INFO
    assert not record.exc_info
    assert "awaitable.stream.Stream" in record.getMessage()
    assert len(net.open_sockets) == 1


@pytest.mark.parametrize("how", ["reset", "no TLS"])
def test_the_channels_own_error_is_no_news(
    net: SimulatedNetwork, loop: SimulatedLoop, log: pytest.LogCaptureFixture, how: str
) -> None:
    """The channel reports it, as it does without a coroutine; and nothing holds the stream."""
    streams: list[weakref.ref[Stream]] = []

    async def converse(stream: Stream) -> None:
        streams.append(weakref.ref(stream))
        if how == "no TLS":
            stream.start_tls(ssl.create_default_context(), server_hostname="peer")
        await echo(stream)

    peer = serve(net, loop, converse)
    net.run_until(lambda: streams)
    gc.disable()
    try:
        peer.reset() if how == "reset" else peer.send(b"HTTP/1.1 400 Bad Request\r\n\r\n")
        net.run(10)
        assert not log.records
        assert len(net.open_sockets) == 1
        assert streams[0]() is None
    finally:
        gc.enable()


def test_what_a_stranger_can_cause_is_no_traceback(
    net: SimulatedNetwork, loop: SimulatedLoop, log: pytest.LogCaptureFixture
) -> None:
    async def impatient(stream: Stream) -> None:
        async with timeout(5):
            await stream.read_until(b"\n", limit=5)

    peers = [serve(net, loop, impatient), net.connect(ADDRESS)]
    peers[0].send(b"123456789")
    net.run(10)
    assert all(peer.eof or peer.error for peer in peers)
    assert [record.levelname for record in log.records] == ["INFO"] * 2
    assert "within 5 bytes" in log.text
    assert "within 5 seconds" in log.text


def test_an_exception_is_logged_once_and_ends_its_connection_only(
    net: SimulatedNetwork, loop: SimulatedLoop, log: pytest.LogCaptureFixture
) -> None:
    async def divide(stream: Stream) -> None:
        while True:
            number = int(await stream.read_until(b"\n"))
            await stream.write(b"%d\n" % (100 // number))

    peers = [serve(net, loop, divide), net.connect(ADDRESS)]
    for peer in peers:
        peer.send(b"2\n")
    net.run_until(lambda: all(peer.received == b"50\n" for peer in peers))
    peers[0].send(b"0\n")
    net.run_until(lambda: peers[0].eof)
    (record,) = log.records
    assert "awaitable.stream.Stream" in record.getMessage()
    assert "ZeroDivisionError" in log.text
    peers[1].send(b"10\n")
    net.run_until(lambda: peers[1].received == b"50\n10\n")


def test_an_error_of_the_program_keeps_its_traceback(
    net: SimulatedNetwork, loop: SimulatedLoop, log: pytest.LogCaptureFixture
) -> None:
    """It is an OSError too, but none of the connection."""

    async def open_what_is_missing(stream: Stream) -> None:
        raise FileNotFoundError(2, "no such file", "missing.txt")

    peer = serve(net, loop, open_what_is_missing)
    net.run_until(lambda: peer.eof)
    assert "Traceback" in log.text
    assert "missing.txt" in log.text


def test_a_handler_that_is_no_coroutine(
    net: SimulatedNetwork, loop: SimulatedLoop, log: pytest.LogCaptureFixture
) -> None:
    peer = serve(net, loop, print)  # type: ignore[arg-type]
    net.run_until(lambda: peer.eof or peer.error)
    assert "object NoneType can't be used in 'await' expression" in log.text


def test_closing_by_the_handler(
    net: SimulatedNetwork, loop: SimulatedLoop, log: pytest.LogCaptureFixture
) -> None:
    async def close(stream: Stream) -> None:
        stream.close()

    peer = serve(net, loop, close)
    net.run_until(lambda: peer.eof)
    assert not log.records


def test_stopping_the_loop_sends_what_is_queued_and_closes_the_rest(
    net: SimulatedNetwork, loop: SimulatedLoop, log: pytest.LogCaptureFixture
) -> None:
    ended: list[str] = []

    async def wait(stream: Stream) -> None:
        try:
            stream.push(b"x" * 30_000)
            await stream.read_some()
        finally:
            ended.append("cleaned up")

    peer = serve(net, loop, wait)
    loop.call_later(0.2, loop.stop)
    loop.run()
    net.run_until(lambda: peer.eof)
    assert len(peer.received) == 30_000
    assert ended == ["cleaned up"]
    assert net.open_sockets == []
    assert not log.records


@pytest.mark.parametrize("seed", range(30))
def test_on_a_harsh_network_nothing_leaks(seed: int) -> None:
    net = SimulatedNetwork(seed, faults=HARSH)

    async def patient(stream: Stream) -> None:
        async with timeout(100):
            await echo(stream)

    with net.loop() as loop:
        listener = Listener(loop, ADDRESS, served_by(patient))
        for _ in range(5):
            net.connect(ADDRESS).send(b"hello\n" * 20)
        net.run(200)
        assert len(net.open_sockets) == 1
        assert [*loop.background] == [loop._resolver]
        listener.close()


# -- asyncio as the host ------------------------------------------------------------------------


@pytest.mark.needs("guests")
def test_inside_asyncio_the_handler_is_a_task_of_asyncio() -> None:
    async def conversation(stream: Stream) -> None:
        assert current_task() is None
        await asyncio.sleep(0)
        while True:
            try:
                async with timeout(0.01):
                    line = await stream.read_until(b"\n")
            except TimeoutError:
                line = b"late"
            await stream.write(line + b"\n")

    async def main() -> None:
        with EventLoop(debug=True) as loop:
            async with AsyncioGuest(loop, asyncio.get_running_loop()):
                listener = Listener(loop, ("127.0.0.1", 0), served_by(conversation))
                client = Stream(loop)
                client.connect_to(*listener.address[:2])
                await client.established()
                assert await client.read_exactly(5) == b"late\n"
                await client.write(b"hello\n")
                while await client.read_until(b"\n") != b"hello":
                    pass
                client.close()
                await asyncio.sleep(0)

    asyncio.run(asyncio.wait_for(main(), 20))


@pytest.mark.needs("guests")
def test_inside_asyncio_cancelling_and_a_second_reader() -> None:
    async def main() -> None:
        with EventLoop(debug=True) as loop:
            async with AsyncioGuest(loop, asyncio.get_running_loop()):
                listener = Listener(loop, ("127.0.0.1", 0), served_by(Stream.established))
                client = Stream(loop)
                listener.pause_reading()
                client.connect_to(*listener.address[:2])
                await client.established()
                reading = asyncio.ensure_future(client.read_until(b"\n", 5))
                await asyncio.sleep(0)
                with pytest.raises(RuntimeError, match="another coroutine is reading"):
                    await client.read_some()
                reading.cancel()
                with pytest.raises(asyncio.CancelledError):
                    await reading
                listener.resume_reading()
                assert await client.read_some() == b""
                client.close()

    asyncio.run(asyncio.wait_for(main(), 20))


@pytest.mark.needs("guests")
def test_inside_asyncio_a_cancelled_handler_closes_its_connection() -> None:
    async def wait(stream: Stream) -> None:
        await stream.write(b"hello")
        await asyncio.get_running_loop().create_future()

    async def main() -> None:
        with EventLoop(debug=True) as loop:
            async with AsyncioGuest(loop, asyncio.get_running_loop()):
                listener = Listener(loop, ("127.0.0.1", 0), served_by(wait))
                client = Stream(loop)
                client.connect_to(*listener.address[:2])
                assert await client.read_exactly(5) == b"hello"
                gc.collect()  # the task is kept alive, though nothing of the program's holds it
                (task,) = [each for each in asyncio.all_tasks() if "_conversation" in repr(each)]
                task.cancel()
                assert await client.read_some() == b""
                client.close()

    asyncio.run(asyncio.wait_for(main(), 20))


def test_asyncio_is_not_imported() -> None:
    program = (
        "import sys\n"
        "for name in [name for name in sys.modules if name.startswith('asyncio')]:\n"
        "    del sys.modules[name]  # imported by what takes from this Python what Windows lacks\n"
        "from miniloop import EventLoop\n"
        "from miniloop.awaitable import Stream, run, timeout\n"
        "async def main():\n"
        "    async with timeout(1): return 1\n"
        "with EventLoop() as loop: assert run(loop, main()) == 1\n"
        "assert 'asyncio' not in sys.modules\n"
    )
    subprocess.run([sys.executable, "-W", "error", "-c", program], check=True, timeout=60)


def test_too_long_is_a_value_error() -> None:
    assert issubclass(TooLong, ValueError)
