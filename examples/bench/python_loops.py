"""The tight loops in Python, for machines without a compiler.

As fast as Python allows: methods are bound beforehand, received bytes go into one buffer. They make
the same system calls as a server in Python, so beside a fast server they may be the slower side.
"""

from __future__ import annotations

import os
import select
import selectors
import socket
import time
from array import array
from collections.abc import Callable, Sequence

from .loops import PATIENCE, Sample, closed, silent
from .process import Address

AT_ONCE = 64  # events of one wait
PATIENT_STEP = 0.1  # seconds
BUFFER = 65536  # bytes
OneSocket = getattr(selectors, "PollSelector", selectors.SelectSelector)  # opens no descriptor
DONT_WAIT = getattr(socket, "MSG_DONTWAIT", 0)  # where there is none, a receive sleeps

Ready = Callable[[float], Sequence[object]]  # gets seconds, returns what is ready


class Waiter:
    """Waits for sockets, and adds up how long that took.

    Args:
        spin: Ask again and again, without sleeping.
        patience: Seconds without an answer after which the server counts as dead.
    """

    def __init__(self, spin: bool, patience: float) -> None:
        self.waited = 0.0
        self.step = 0.0 if spin else PATIENT_STEP
        self.patience = patience

    def wait(self, ready: Ready) -> None:
        """Call `ready` with the seconds that it may take, until it returns something.

        Raises:
            TimeoutError: It did not within the patience.
        """
        if ready(0):
            return
        started = time.perf_counter()
        while not ready(self.step):
            if time.perf_counter() - started > self.patience:
                raise silent(self.patience)
        self.waited += time.perf_counter() - started


class Reader:
    """Fetches answers of one size from a connection."""

    def __init__(self, sock: socket.socket, size: int, waiter: Waiter, buffer: memoryview) -> None:
        self.sock = sock
        self.selector: selectors.BaseSelector | None = None  # many are never waited for
        self.receive = sock.recv_into
        self.size = size
        self.waiter = waiter
        self.buffer = buffer

    def ready(self, seconds: float) -> Sequence[object]:
        """Wait so long for the socket to be readable; return something if it is."""
        if self.selector is None:
            self.selector = OneSocket()
            self.selector.register(self.sock, selectors.EVENT_READ)
        return self.selector.select(seconds)

    def read(self) -> None:
        """Receive one answer, in as many pieces as it comes."""
        missing = self.size
        while missing:
            try:
                part = self.receive(self.buffer, min(missing, BUFFER), DONT_WAIT)
            except BlockingIOError:
                self.waiter.wait(self.ready)
                continue
            if not part:
                raise closed()
            missing -= part


class PythonLoops:
    """The loops in Python.

    Args:
        spin: Wait by asking again and again, without sleeping.
    """

    name = "python"

    def __init__(self, spin: bool) -> None:
        self._spin = spin

    def echoes(self, socks: Sequence[socket.socket], message: bytes, seconds: float) -> Sample:
        """See `Loops`."""
        waiter, readers = self._readers(socks, message)
        sends = [sock.sendall for sock in socks]
        half = (len(socks) + 1) // 2
        lows = range(0, len(socks), half)
        halves = [(readers[low : low + half], sends[low : low + half]) for low in lows]
        messages, clock = 0, time.perf_counter
        started = clock()
        while clock() - started < seconds:
            for some_readers, some_sends in halves:
                waiter.wait(some_readers[-1].ready)
                for reader in some_readers:
                    reader.read()
                for send in some_sends:
                    send(message)
            messages += len(socks)
        return Sample(messages, clock() - started, waiter.waited)

    def room(self, socks: Sequence[socket.socket], text: bytes, seconds: float) -> Sample:
        """See `Loops`."""
        waiter, readers = self._readers(socks, text)
        speak, middle = socks[-1].sendall, len(socks) // 2
        messages, clock = 0, time.perf_counter
        started = clock()
        while clock() - started < seconds:
            for reader in readers[:middle]:
                reader.read()
            speak(text)
            for reader in readers[middle:]:
                reader.read()
            messages += len(socks)
        return Sample(messages, clock() - started, waiter.waited)

    def visits(self, address: Address, count: int, message: bytes, seconds: float) -> Sample:
        """See `Loops`."""
        waiter, buffer = Waiter(self._spin, PATIENCE), memoryview(bytearray(BUFFER))
        half = (count + 1) // 2
        groups: list[list[socket.socket]] = [[], []]
        finished = 0
        started = time.perf_counter()
        try:
            while time.perf_counter() - started < seconds or any(groups):
                for group, size in zip(groups, (half, count - half), strict=True):
                    finished += self._end_visits(group, len(message), waiter, buffer)
                    if time.perf_counter() - started < seconds:
                        begin_visits(group, address, size, message)
            return Sample(finished, time.perf_counter() - started, waiter.waited)
        finally:
            for sock in [*groups[0], *groups[1]]:
                sock.close()

    def closed_loop(
        self,
        epoll: select.epoll,
        message: bytes,
        sent: array[float],
        seconds: float,
        least: int = 0,
        patience: float = PATIENCE,
    ) -> tuple[Sample, list[float]]:
        """See `Loops`."""
        waiter, size = Waiter(self._spin, patience), len(message)
        clock, read, write = time.perf_counter, os.read, os.write
        latencies: list[float] = []
        note = latencies.append
        events: list[tuple[int, int]] = []

        def ready(pause: float) -> Sequence[object]:
            events[:] = epoll.poll(pause, AT_ONCE)
            return events

        started = now = clock()
        end = started + seconds
        while now < end or (len(latencies) < least and now < end + patience):
            waiter.wait(ready)
            now = clock()
            for fd, _ in events:
                if len(read(fd, size)) != size:
                    raise closed()
                note(now - sent[fd])
                sent[fd] = clock()
                write(fd, message)
        return Sample(len(latencies), now - started, waiter.waited), latencies

    def _readers(
        self, socks: Sequence[socket.socket], message: bytes
    ) -> tuple[Waiter, list[Reader]]:
        waiter, buffer = Waiter(self._spin, PATIENCE), memoryview(bytearray(BUFFER))
        return waiter, [Reader(sock, len(message), waiter, buffer) for sock in socks]

    def _end_visits(
        self, group: list[socket.socket], size: int, waiter: Waiter, buffer: memoryview
    ) -> int:
        """Receive all answers of a group and close its connections; return how many."""
        for sock in group:
            Reader(sock, size, waiter, buffer).read()
            sock.close()
        finished = len(group)
        group.clear()
        return finished


def begin_visits(group: list[socket.socket], address: Address, count: int, message: bytes) -> None:
    """Connect so often and send a message each."""
    for _ in range(count):
        sock = socket.socket()
        group.append(sock)
        sock.connect(address)
        sock.send(message)
