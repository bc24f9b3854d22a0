"""Coroutines that take the place of handlers, in an asyncio loop that hosts ours."""

import asyncio
import socket
from collections.abc import Awaitable, Callable, Coroutine
from typing import Any

import pytest

from miniloop import AsyncioGuest, EventLoop, Listener
from miniloop.awaitable import AwaitableChat, Task
from miniloop.testing import SimulatedNetwork
from tests.awaitable.simulated import on_many_networks
from tests.driving import fill, pair, receive, reset

pytestmark = pytest.mark.needs("guests")
Test = Callable[[AwaitableChat, socket.socket], Coroutine[Any, Any, object]]


def in_asyncio(test: Test) -> None:
    """Run ``test(chat, peer)`` with a connected chat, in asyncio, with a limit for hanging."""

    async def main() -> None:
        with EventLoop(debug=True) as loop, pair() as (ours, theirs):
            async with AsyncioGuest(loop, asyncio.get_running_loop()):
                chat = AwaitableChat(loop, ours)
                chat.set_terminator(b"\n")
                await asyncio.wait_for(test(chat, theirs), 20)
                chat.close()

    asyncio.run(main())


async def is_waiting(coroutine: Awaitable[object]) -> "asyncio.Future[object]":
    """Start it, and see that it is still waiting once everything else has had its turn."""
    task = asyncio.ensure_future(coroutine)
    for _ in range(20):
        await asyncio.sleep(0)
    assert not task.done()
    return task


def test_messages_in_order() -> None:
    async def test(chat: AwaitableChat, peer: socket.socket) -> None:
        waiting = await is_waiting(chat.message())
        peer.send(b"one\ntw")
        assert await waiting == b"one"
        peer.send(b"o\n\nfour\n")
        assert [await chat.message() for _ in range(3)] == [b"two", b"", b"four"]

    in_asyncio(test)


def test_answers_leave_though_no_handler_runs() -> None:
    async def test(chat: AwaitableChat, peer: socket.socket) -> None:
        reader, writer = await asyncio.open_connection(sock=peer.dup())
        chat.push(b"hello\n")
        assert await reader.readline() == b"hello\n"
        writer.close()
        await writer.wait_closed()

    in_asyncio(test)


def test_iteration_ends_with_the_connection() -> None:
    async def test(chat: AwaitableChat, peer: socket.socket) -> None:
        peer.send(b"one\ntwo\nunfinished")
        peer.shutdown(socket.SHUT_WR)
        assert [message async for message in chat] == [b"one", b"two"]
        with pytest.raises(EOFError, match="has ended"):
            await chat.message()

    in_asyncio(test)


@pytest.mark.parametrize("end", ["long line", "abort", "idle"])
def test_an_end_by_a_limit_is_no_clean_end(end: str) -> None:
    async def test(chat: AwaitableChat, peer: socket.socket) -> None:
        peer.send(b"one\n")
        assert await chat.message() == b"one"
        waiting = await is_waiting(chat.message())
        if end == "long line":
            peer.send(b"x" * 100_000)
        elif end == "abort":
            chat.abort("no more of this")
        else:
            chat.set_idle_timeout(0.01)
        with pytest.raises(OSError, match=r"max_input|no more of this|idle"):
            await waiting
        with pytest.raises(OSError, match=r"max_input|no more of this|idle"):
            async for _ in chat:
                pass

    in_asyncio(test)


def test_reset_is_raised_after_the_messages() -> None:
    async def main() -> None:
        with EventLoop(debug=True) as loop, pair(socket.AF_INET) as (ours, theirs):
            async with AsyncioGuest(loop, asyncio.get_running_loop()):
                chat = AwaitableChat(loop, ours)
                chat.set_terminator(b"\n")
                theirs.send(b"one\n")
                assert await chat.message() == b"one"
                waiting = await is_waiting(chat.message())
                reset(theirs)
                with pytest.raises(ConnectionResetError):
                    await waiting
                with pytest.raises(ConnectionResetError):
                    await chat.drain()

    asyncio.run(main())


def test_closing_ends_the_waiting() -> None:
    async def test(chat: AwaitableChat, peer: socket.socket) -> None:
        waiting = [await is_waiting(chat.message()) for _ in range(2)]
        chat.close()
        for waiter in waiting:
            with pytest.raises(EOFError):
                await waiter

    in_asyncio(test)


def test_cancelled_waiter_takes_no_message() -> None:
    async def test(chat: AwaitableChat, peer: socket.socket) -> None:
        cancelled, other = await is_waiting(chat.message()), await is_waiting(chat.message())
        cancelled.cancel()
        peer.send(b"one\n")
        assert await other == b"one"
        peer.send(b"two\n")
        assert await chat.message() == b"two"

    in_asyncio(test)


def test_slow_coroutine_slows_the_peer_down() -> None:
    async def test(chat: AwaitableChat, peer: socket.socket) -> None:
        peer.send(b"0\n")
        assert await chat.message() == b"0"
        assert not chat.readable()
        lines = b"".join(b"%d\n" % number for number in range(1, 1000))
        peer.send(lines)
        await asyncio.sleep(0.01)
        assert chat.socket.recv(1 << 20, socket.MSG_PEEK) == lines
        assert [int(await chat.message()) for _ in range(999)] == [*range(1, 1000)]

    in_asyncio(test)


def test_a_new_terminator_applies_to_the_next_byte() -> None:
    async def test(chat: AwaitableChat, peer: socket.socket) -> None:
        peer.send(b"5\nhello6\nworld!rest")
        got = []
        for _ in range(2):
            size = int(await chat.message())
            chat.set_terminator(size)
            got.append(await chat.message())
            chat.set_terminator(b"\n")
        assert got == [b"hello", b"world!"]
        chat.set_terminator(None)
        assert await chat.message() == b"rest"
        peer.send(b"more")
        assert await chat.message() == b"more"

    in_asyncio(test)


def test_an_answer_to_a_peer_that_has_finished_still_leaves() -> None:
    async def test(chat: AwaitableChat, peer: socket.socket) -> None:
        peer.send(b"question\n")
        peer.shutdown(socket.SHUT_WR)
        assert await chat.message() == b"question"
        await asyncio.sleep(0.01)
        chat.push(b"answer")  # it is not closed: the coroutine was at work
        await asyncio.sleep(0.01)
        with pytest.raises(EOFError):
            await chat.message()
        assert chat.closed
        assert receive(peer) == b"answer"

    in_asyncio(test)


def test_messages_outlive_a_reset() -> None:
    async def main() -> None:
        with EventLoop(debug=True) as loop, pair(socket.AF_INET) as (ours, theirs):
            async with AsyncioGuest(loop, asyncio.get_running_loop()):
                chat = AwaitableChat(loop, ours)
                chat.set_terminator(b"\n")
                theirs.send(b"1\n2\n3\nunfinished")
                assert await chat.message() == b"1"
                reset(theirs)
                while not chat.closed:
                    await asyncio.sleep(0)
                assert await chat.message() == b"2"
                assert await chat.message() == b"3"
                with pytest.raises(ConnectionResetError):
                    await chat.message()

    asyncio.run(asyncio.wait_for(main(), 20))


class Both(AwaitableChat):
    """Handles some of the messages, and leaves the others to a coroutine."""

    def __init__(self, loop: EventLoop, sock: socket.socket) -> None:
        self.part = b""
        self.handled: list[bytes] = []
        super().__init__(loop, sock)

    def collect_incoming_data(self, data: bytes) -> None:
        self.part += data
        super().collect_incoming_data(data)

    def found_terminator(self) -> None:
        part, self.part = self.part, b""
        if part.startswith(b"."):
            self._parts_.clear()
            self.handled.append(part)
        else:
            super().found_terminator()


def test_an_override_handles_messages_without_a_coroutine() -> None:
    async def main() -> None:
        with EventLoop(debug=True) as loop, pair() as (ours, theirs):
            async with AsyncioGuest(loop, asyncio.get_running_loop()):
                chat = Both(loop, ours)
                chat.set_terminator(b"\n")
                theirs.send(b".one\n.two\nthree\n.four\n")
                while len(chat.handled) < 2:
                    await asyncio.sleep(0)
                assert await chat.message() == b"three"
                theirs.close()
                with pytest.raises(EOFError):
                    await chat.message()
                assert chat.handled == [b".one", b".two", b".four"]

    asyncio.run(asyncio.wait_for(main(), 20))


@on_many_networks
def test_without_another_loop(seed: int) -> None:
    """A server whose framing changes, and clients, all on the simulated network."""
    net = SimulatedNetwork(seed)

    async def serve(chat: AwaitableChat) -> None:
        chat.set_terminator(b"\n")
        async for size in chat:
            chat.set_terminator(int(size))
            chat.push((await chat.message())[::-1])
            await chat.drain()
            chat.set_terminator(b"\n")

    with net.loop() as loop:
        Listener(
            loop, ("server", 1), lambda loop, sock: Task(loop, serve(AwaitableChat(loop, sock)))
        )
        peer = net.connect(("server", 1))
        peer.send(b"5\nhello6\nworld!")
        peer.finish()
        net.run_until(lambda: peer.eof)
        assert peer.received == b"olleh!dlrow"
        assert len(net.open_sockets) == 1


def test_messages_that_were_kept_outlive_the_connection() -> None:
    async def test(chat: AwaitableChat, peer: socket.socket) -> None:
        peer.send(b"1\n2\n3\n4\n5\n")
        peer.close()
        assert [message async for message in chat] == [b"1", b"2", b"3", b"4", b"5"]

    in_asyncio(test)


def test_draining_waits_for_a_slow_peer_only() -> None:
    async def test(chat: AwaitableChat, peer: socket.socket) -> None:
        chat.push(b"x" * 100)
        await chat.drain()
        assert chat.output_size == 100  # too little to wait for
        chat.push(b"x" * 100_000)
        await chat.drain()
        receive(peer)
        fill(chat.socket)
        chat.push(b"x" * 100_000)
        waiting = await is_waiting(chat.drain())
        while not waiting.done():
            receive(peer)
            await asyncio.sleep(0)
        await waiting

    in_asyncio(test)


def start_connecting(chat: AwaitableChat, address: tuple[str, int], *, by_name: bool) -> None:
    if by_name:
        chat.connect_to(*address)
    else:
        chat.create_socket()
        chat.connect(address)


both_ways = pytest.mark.parametrize("by_name", [False, True], ids=["connect", "connect_to"])


@both_ways
def test_connecting(by_name: bool) -> None:
    async def main() -> None:
        with EventLoop(debug=True) as loop:
            async with AsyncioGuest(loop, asyncio.get_running_loop()):
                listener = Listener(loop, ("127.0.0.1", 0), AwaitableChat)
                chat = AwaitableChat(loop)
                start_connecting(chat, listener.address[:2], by_name=by_name)
                await chat.established()
                assert chat.connected
                chat.close()
                await chat.established()  # it was

    asyncio.run(main())


@both_ways
def test_failing_to_connect(by_name: bool, caplog: pytest.LogCaptureFixture) -> None:
    async def main() -> None:
        with EventLoop(debug=True) as loop, socket.socket() as nobody:
            nobody.bind(("127.0.0.1", 0))
            async with AsyncioGuest(loop, asyncio.get_running_loop()):
                chat = AwaitableChat(loop)
                start_connecting(chat, nobody.getsockname(), by_name=by_name)
                with pytest.raises(ConnectionRefusedError):
                    await chat.established()
                given_up = AwaitableChat(loop)
                given_up.close()
                with pytest.raises(ConnectionAbortedError):
                    await given_up.established()

    asyncio.run(main())
    assert not caplog.records
