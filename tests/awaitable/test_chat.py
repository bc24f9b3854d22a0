"""Coroutines that take the place of handlers, in an asyncio loop that hosts ours."""

import asyncio
import socket
from collections.abc import Awaitable, Callable, Coroutine
from typing import Any

import pytest

from miniloop import AsyncioGuest, EventLoop, Listener
from miniloop.awaitable import AwaitableChat
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
        chat.max_unread = 10
        peer.setblocking(True)
        peer.send(b"".join(b"%d\n" % number for number in range(1000)))
        assert await chat.message() == b"0"
        await asyncio.sleep(0)
        assert not chat.readable()
        assert at_hand(chat) == [b"%d" % number for number in range(1, 10)]
        assert chat.readable()
        assert await chat.message() == b"10"
        assert not chat.readable()  # as many as before
        assert [int(await chat.message()) for _ in range(989)] == [*range(11, 1000)]
        assert chat.readable()

    in_asyncio(test)


def at_hand(chat: AwaitableChat) -> list[bytes]:
    """Take the messages that are there without waiting."""
    taken: list[bytes] = []
    while True:
        coroutine = chat.message()
        try:
            coroutine.send(None)
        except StopIteration as done:
            taken.append(done.value)
        else:
            coroutine.close()
            return taken


def test_reading_goes_on_when_half_of_the_messages_are_taken() -> None:
    async def test(chat: AwaitableChat, peer: socket.socket) -> None:
        chat.max_unread = 4
        peer.send(b"1\n2\n3\n4\n5\n")
        assert await chat.message() == b"1"
        assert not chat.readable()
        assert await chat.message() == b"2"
        assert chat.readable()

    in_asyncio(test)


def test_messages_that_were_kept_outlive_the_connection() -> None:
    async def test(chat: AwaitableChat, peer: socket.socket) -> None:
        chat.max_unread = 2
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
