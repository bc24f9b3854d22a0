"""How much memory an idle AsyncChat takes beyond its socket: `python3 -m examples.bench.memory`.

A child process makes some thousand connected sockets, bare or each in an AsyncChat, exchanges one
line on each so that whatever is made on first use exists, and reports bytes a connection: by
tracemalloc, which counts Python's own allocations exactly, or by resident set size, which also has
what the allocator wastes. The difference of two children, bare and chat, is the answer.
"""

from __future__ import annotations

import gc
import os
import socket
import subprocess
import sys
import tracemalloc
from collections.abc import Callable, Sequence
from pathlib import Path

from .process import ROOT

SOCKETS = 4000
HELLO = b"hello\n"

Pair = tuple[socket.socket, socket.socket]


def beyond_the_socket(by: str, count: int = SOCKETS) -> float:
    """Return the bytes that one idle AsyncChat takes beyond the bare socket's.

    Args:
        by: How to count, "tracemalloc" or "rss".
        count: How many connections to make; each takes two descriptors.
    """
    return in_child("chat", by, count) - in_child("bare", by, count)


def in_child(what: str, by: str, count: int) -> float:
    """Return bytes a connection as a child process of its own counts them."""
    command = [sys.executable, "-m", "examples.bench.memory", what, by, str(count)]
    done = subprocess.run(command, cwd=ROOT, stdout=subprocess.PIPE, text=True, check=True)
    return float(done.stdout)


def main(argv: Sequence[str]) -> None:
    """Count in this process and print the bytes that one connection takes."""
    what, by, count = argv[0], argv[1], int(argv[2])
    fill = {"bare": fill_bare, "chat": fill_chat}[what]
    print(growth({"tracemalloc": traced_bytes, "rss": resident_bytes}[by], fill, count) / count)


def growth(used: Callable[[], int], fill: Callable[[int], object], count: int) -> int:
    """Return how many bytes more are in use once `count` connections exist than with one."""
    first = fill(1)  # imports, caches and the loop itself are not a connection's
    gc.collect()
    if used is traced_bytes:
        tracemalloc.start()
    before = used()
    kept = fill(count)
    gc.collect()
    after = used()
    del first, kept
    return after - before


def traced_bytes() -> int:
    """Return the bytes that Python has allocated since tracemalloc began."""
    return tracemalloc.get_traced_memory()[0]


def resident_bytes() -> int:
    """Return this process's resident set size (Linux)."""
    return int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")


def fill_bare(count: int) -> object:
    """Make bare connections and exchange a line on each."""
    pairs = make_pairs(count)
    for near, far in pairs:
        far.send(HELLO)
        near.send(near.recv(4096))
        far.recv(4096)
    return pairs


def fill_chat(count: int) -> object:
    """Make as many in an AsyncChat each, and exchange a line on each."""
    from miniloop import AsyncChat, EventLoop

    class Idle(AsyncChat):
        """Keeps nothing of its own."""

        def collect_incoming_data(self, data: bytes) -> None:
            """Forget it."""

        def found_terminator(self) -> None:
            """Answer the line."""
            self.push(HELLO)

    loop = EventLoop()
    pairs = make_pairs(count)
    for near, far in pairs:
        Idle(loop, near).set_terminator(b"\n")
        far.send(HELLO)
    for _, far in pairs:
        while not answered(far):
            loop.run_once(0)
    return loop, pairs


def answered(far: socket.socket) -> bool:
    """Tell whether the answer has come, and take it."""
    try:
        return far.recv(4096) == HELLO
    except BlockingIOError:
        return False


def make_pairs(count: int) -> list[Pair]:
    """Return connected pairs of non-blocking sockets; they stay open as long as the list."""
    pairs = [socket.socketpair() for _ in range(count)]
    for near, far in pairs:
        near.setblocking(False)
        far.setblocking(False)
    return pairs


if __name__ == "__main__":
    main(sys.argv[1:])
