"""The table of what is measured: workloads, contestants, targets. No code that does anything.

A target is the least ratio of our figure to the contestant's that the project has set itself.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from .load import Address, Echoes, Load, Room, Visits


@dataclass(frozen=True)
class Contestant:
    """A server in a workload.

    Attributes:
        label: Its name in the table.
        server: Which server, a key of `servers.MODULES`.
        target: Ours must reach so many times its figure; None where no target was set.
        crowd: Idle connections that are kept open meanwhile.
    """

    label: str
    server: str
    target: float | None = None
    crowd: int = 0


@dataclass(frozen=True)
class Workload:
    """Something to measure; the first contestant is ours, the others are compared with it.

    Attributes:
        name: For `--only`.
        title: For the table.
        kind: What the servers do: echo, lines or fanout.
        load: Makes the load, given the server's address.
        connections: The most connections open at once, without a crowd.
        contestants: Ours first.
        saturating: Whether the load keeps a server busy; if not, idle time is no reason to warn.
    """

    name: str
    title: str
    kind: str
    load: Callable[[Address], Load]
    connections: int
    contestants: tuple[Contestant, ...]
    saturating: bool = True


CROWD = 10_000
SILENT = 5_000


def peer(name: str, target: float | None = None) -> Contestant:
    """Return a contestant whose label is its server's name."""
    return Contestant(name, name, target)


WORKLOADS = (
    Workload(
        "echo",
        "64-byte echo, 50 connections, Dispatcher",
        "echo",
        lambda address: Echoes(address, 50),
        50,
        (peer("miniloop"), peer("handwritten", 0.97), peer("asyncio", 1.0), peer("uvloop", 0.85)),
    ),
    Workload(
        "lines",
        "64-byte line echo, 50 connections, AsyncChat",
        "lines",
        lambda address: Echoes(address, 50),
        50,
        (peer("miniloop"), peer("handwritten", 1.0), peer("asyncio"), peer("uvloop", 0.85)),
    ),
    Workload(
        "bursts",
        "bursts of 256 lines, 4 connections, AsyncChat",
        "lines",
        lambda address: Echoes(address, 4, lines=256),
        4,
        (
            peer("miniloop"),
            peer("handwritten", 0.5),
            peer("asyncio", 10.0),
            peer("uvloop", 10.0),
            peer("twisted", 2.5),
        ),
    ),
    Workload(
        "room",
        "one speaker, 200 members, 16 lines at once, AsyncChat",
        "fanout",
        lambda address: Room(address, 200, lines=16),
        200,
        (peer("miniloop"), peer("handwritten", 0.85), peer("asyncio", 6.0), peer("uvloop", 6.0)),
    ),
    Workload(
        "thousand",
        "64-byte line echo, 1,000 connections, AsyncChat",
        "lines",
        lambda address: Echoes(address, 1000),
        1000,
        (peer("miniloop"), peer("handwritten", 0.95)),
    ),
    Workload(
        "connect",
        "connect, one line, close, AsyncChat",
        "lines",
        lambda address: Visits(address, 64),
        64,
        (peer("miniloop"), peer("handwritten", 0.9)),
    ),
    Workload(
        "idle",
        "one active connection among 10,000 idle, AsyncChat",
        "lines",
        lambda address: Echoes(address, 1),
        1,
        (
            Contestant("among 10,000", "miniloop", crowd=CROWD),
            Contestant("alone", "miniloop", target=0.9),
        ),
        saturating=False,  # one connection waits for its answer before it sends again
    ),
    Workload(
        "old-echo",
        "64-byte echo, 50 connections, asyncore.dispatcher_with_send",
        "echo",
        lambda address: Echoes(address, 50),
        50,
        (peer("compat"), peer("asyncore", 0.95)),
    ),
    Workload(
        "old-asked",
        "64-byte echo, 50 connections, asyncore.dispatcher with predicates of its own",
        "asked",
        lambda address: Echoes(address, 50),
        50,
        (peer("compat"), peer("asyncore", 0.95)),
    ),
    Workload(
        "old-lines",
        "64-byte line echo, 50 connections, async_chat",
        "lines",
        lambda address: Echoes(address, 50),
        50,
        (peer("compat"), peer("asyncore", 0.95)),
    ),
    Workload(
        "old-bursts",
        "bursts of 256 lines, 4 connections, async_chat",
        "lines",
        lambda address: Echoes(address, 4, lines=256),
        4,
        (peer("compat"), peer("asyncore", 1.0)),
    ),
    Workload(
        "old-silent",
        "one active connection among 5,000 silent ones, async_chat, poll(2)",
        "lines-poll",
        lambda address: Echoes(address, 1),
        1,
        (
            Contestant("compat", "compat", crowd=SILENT),
            Contestant("asyncore", "asyncore", target=20.0, crowd=SILENT),
        ),
        saturating=False,
    ),
)
