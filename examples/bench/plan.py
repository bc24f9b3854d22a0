"""The table of what is measured: workloads, contestants, goals. No code that does anything.

A goal is the least ratio of our figure to the contestant's that the project has set itself. It is
to be reached by rate and by processor time.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from .allocator import Allocator
from .load import Echoes, Load, Room, Visits
from .loops import Loops
from .process import Address


@dataclass(frozen=True)
class Contestant:
    """A server in a workload.

    Attributes:
        label: Its name in the table.
        server: Which server, a key of `servers.MODULES`.
        goal: Ours must reach so many times its figure; None where no goal was set.
        crowd: Idle connections that are kept open meanwhile.
        allocator: The settings of the C library's allocator that it runs under.
        cpu_goal: The goal by processor time where it is another than by rate.
    """

    label: str
    server: str
    goal: float | None = None
    crowd: int = 0
    allocator: Allocator = Allocator.RAISED
    cpu_goal: float | None = None


@dataclass(frozen=True)
class Workload:
    """Something to measure; the first contestant is ours, the others are compared with it.

    Attributes:
        name: For `--only`.
        title: For the table.
        kind: What the servers do, one of `servers.KINDS`.
        load: Makes the load, given the server's address and what sends and receives.
        connections: The most connections open at once, without a crowd.
        contestants: Ours first.
        saturating: Whether the load keeps a server busy; if not, idle time is no reason to warn.
    """

    name: str
    title: str
    kind: str
    load: Callable[[Address, Loops], Load]
    connections: int
    contestants: tuple[Contestant, ...]
    saturating: bool = True


CROWD = 10_000
SILENT = 5_000
LONG_LINE = 65536  # bytes, the newline included
IDLE_CHAT = 786  # bytes that an idle AsyncChat may take beyond the bare socket, by tracemalloc
CEILING = Contestant("ceiling", "reflector")
"""A server in C that only sends back: what the load can do is measured against it."""

ALLOCATOR_MATTERS = {"asyncio"}
"""Servers whose figures differ under the system's own settings: both are shown."""


def peer(name: str, goal: float | None = None) -> Contestant:
    """Return a contestant whose label is its server's name."""
    return Contestant(name, name, goal)


WORKLOADS = (
    Workload(
        "echo",
        "64-byte echo, 50 connections, Dispatcher",
        "echo",
        lambda address, loops: Echoes(address, loops, 50),
        50,
        (peer("miniloop"), peer("handwritten", 0.98), peer("asyncio"), peer("uvloop")),
    ),
    Workload(
        "lines",
        "64-byte line echo, 50 connections, AsyncChat",
        "lines",
        lambda address, loops: Echoes(address, loops, 50),
        50,
        (
            peer("miniloop"),
            Contestant("handwritten", "handwritten", goal=0.98, cpu_goal=0.93),
            peer("asyncio", 1.05),
            peer("uvloop", 0.88),
        ),
    ),
    Workload(
        "thousand",
        "64-byte line echo, 1,000 connections, AsyncChat",
        "lines",
        lambda address, loops: Echoes(address, loops, 1000),
        1000,
        (peer("miniloop"), peer("handwritten", 1.0)),
    ),
    Workload(
        "room",
        "one speaker, 200 members, single lines, AsyncChat",
        "fanout",
        lambda address, loops: Room(address, loops, 200, lines=1),
        200,
        (
            peer("miniloop"),
            peer("handwritten", 0.94),
            peer("asyncio"),
            peer("uvloop", 1.1),
            peer("twisted"),
        ),
    ),
    Workload(
        "room-16",
        "one speaker, 200 members, 16 lines at once, AsyncChat",
        "fanout",
        lambda address, loops: Room(address, loops, 200, lines=16),
        200,
        (
            peer("miniloop"),
            peer("handwritten", 0.85),
            peer("asyncio"),
            peer("uvloop", 6.4),
            peer("twisted", 1.7),
        ),
    ),
    Workload(
        "bursts",
        "bursts of 256 lines, 4 connections, AsyncChat",
        "lines",
        lambda address, loops: Echoes(address, loops, 4, lines=256),
        4,
        (
            peer("miniloop"),
            peer("handwritten", 0.5),
            peer("asyncio"),
            peer("uvloop", 13.0),
            peer("twisted", 2.8),
        ),
    ),
    Workload(
        "connect",
        "connect, one line, close, AsyncChat",
        "lines",
        lambda address, loops: Visits(address, loops, 64),
        64,
        (peer("miniloop"), peer("handwritten", 0.85), peer("asyncio", 1.15)),
    ),
    Workload(
        "long-lines",
        "lines of 64 KiB, 16 connections, AsyncChat",
        "lines",
        lambda address, loops: Echoes(address, loops, 16, size=LONG_LINE),
        16,
        (peer("miniloop"), peer("handwritten", 0.92), peer("asyncio", 1.0)),
    ),
    Workload(
        "idle",
        "one active connection among 10,000 idle, AsyncChat",
        "lines",
        lambda address, loops: Echoes(address, loops, 1),
        1,
        (
            Contestant("among 10,000", "miniloop", crowd=CROWD),
            Contestant("alone", "miniloop", goal=0.9),
        ),
        saturating=False,  # one connection waits for its answer before it sends again
    ),
    Workload(
        "old-echo",
        "64-byte echo, 50 connections, asyncore.dispatcher_with_send",
        "echo",
        lambda address, loops: Echoes(address, loops, 50),
        50,
        (peer("compat"), peer("asyncore", 0.95)),
    ),
    Workload(
        "old-asked",
        "64-byte echo, 50 connections, asyncore.dispatcher with predicates of its own",
        "asked",
        lambda address, loops: Echoes(address, loops, 50),
        50,
        (peer("compat"), peer("asyncore", 0.95)),
    ),
    Workload(
        "old-lines",
        "64-byte line echo, 50 connections, async_chat",
        "lines",
        lambda address, loops: Echoes(address, loops, 50),
        50,
        (peer("compat"), peer("asyncore", 0.98)),
    ),
    Workload(
        "old-bursts",
        "bursts of 256 lines, 4 connections, async_chat",
        "lines",
        lambda address, loops: Echoes(address, loops, 4, lines=256),
        4,
        (peer("compat"), peer("asyncore", 1.1)),
    ),
    Workload(
        "old-ping-pong",
        "two objects that send a line to and fro 100 times, for one connection, async_chat",
        "pingpong",
        lambda address, loops: Echoes(address, loops, 1),
        1,
        (peer("compat"), peer("asyncore", 0.95)),
    ),
    Workload(
        "old-silent",
        "one active connection among 5,000 silent ones, async_chat, poll(2)",
        "lines-poll",
        lambda address, loops: Echoes(address, loops, 1),
        1,
        (
            Contestant("compat", "compat", crowd=SILENT),
            Contestant("asyncore", "asyncore", goal=50.0, crowd=SILENT),
        ),
        saturating=False,
    ),
)
