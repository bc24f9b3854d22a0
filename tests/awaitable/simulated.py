"""A coroutine that talks to a scripted peer, without any other loop and without real time."""

from collections.abc import Callable, Coroutine
from typing import Any

import pytest

from miniloop import EventLoop
from miniloop.awaitable import Stream, Task, Waiter
from miniloop.testing import Peer, SimulatedLoop, SimulatedNetwork

Conversation = Callable[[Stream, Peer], Coroutine[Any, Any, object]]
on_many_networks = pytest.mark.parametrize("seed", range(20))


def talk(conversation: Conversation, seed: int = 7) -> None:
    """Run ``conversation(stream, peer)`` to its end; no socket may be left."""
    net = SimulatedNetwork(seed)
    with net.loop() as loop:
        stream, peer = connected(net, loop)
        outcome(net, loop, conversation(stream, peer))
        stream.close()
    assert net.open_sockets == []


def connected(net: SimulatedNetwork, loop: SimulatedLoop) -> tuple[Stream, Peer]:
    """Make a stream, and the peer to which it is connected."""
    server = net.listen(("peer", 1))
    stream = Stream(loop)
    stream.connect_to("peer", 1)
    net.run_until(lambda: stream.connected and server.peers)
    server.close()
    return stream, server.peers[0]


def outcome(net: SimulatedNetwork, loop: EventLoop, coroutine: Coroutine[Any, Any, Any]) -> Any:
    """Run a coroutine to its end and return its result, or raise what it raised."""
    task = Task(loop, coroutine, lambda task: None)
    net.run_until(lambda: task.done, 1000)
    return task.result()


async def pause(loop: EventLoop, seconds: float) -> None:
    """Wait so long, by the simulated clock."""
    waiter = Waiter[None]()
    loop.call_later(seconds, waiter.set_result, None)
    await waiter
