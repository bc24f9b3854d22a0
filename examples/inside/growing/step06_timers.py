"""Step 6: a heap of timers decides how long the wait may be (06-time.md)."""

from __future__ import annotations

import heapq
import logging
import selectors
import socket
import time
from collections import deque
from collections.abc import Callable

READ, WRITE = selectors.EVENT_READ, selectors.EVENT_WRITE
Events = list[tuple[selectors.SelectorKey, int]]


class Registration:
    """One channel on one descriptor; it dies with the channel and is never used again."""

    def __init__(self, channel: Channel, fd: int) -> None:
        self.channel = channel
        self.fd = fd
        self.interest = 0  # what the selector was given
        self.alive = True

    def wants(self, event: int) -> bool:
        """Return whether the event may be delivered at this moment."""
        return self.alive and bool(self.channel.interest() & event)


class Timer:
    """A callback with a time; a cancelled one is dropped when it comes to the top of the heap."""

    def __init__(self, callback: Callable[[], object]) -> None:
        self.callback = callback
        self.cancelled = False

    def cancel(self) -> None:
        """Do not call it."""
        self.cancelled = True


class Loop:
    """Calls ``handle_read()`` of each channel whose socket can be read."""

    def __init__(self) -> None:
        self.selector = selectors.DefaultSelector()
        self.registrations: dict[int, Registration] = {}
        self.dirty: list[Registration] = []
        self.callbacks: deque[Callable[[], object]] = deque()
        self.timers: list[tuple[float, int, Timer]] = []
        self.made = 0  # timers: the number orders those of one time

    def run_once(self, timeout: float | None = None) -> None:
        """Make one pass; it waits at most ``timeout`` seconds, or without a limit (None)."""
        self._refresh()
        events = self._wait(self._timeout(timeout))
        self._deliver(events)
        self._run_timers()
        self._run_callbacks()

    def _refresh(self) -> None:
        waiting, self.dirty = self.dirty, []
        for registration in waiting:
            try:
                if registration.alive:
                    self._ask(registration)
            except Exception:
                close_on_error(registration.channel)

    def _ask(self, registration: Registration) -> None:
        """Give the selector what has changed."""
        before, after = registration.interest, registration.channel.interest()
        if not before and after:
            self.selector.register(registration.fd, after, registration)
        elif before and not after:
            self.selector.unregister(registration.fd)
        elif before != after:
            self.selector.modify(registration.fd, after, registration)
        registration.interest = after

    def _timeout(self, longest: float | None) -> float | None:
        """Return how long the wait may be: 0 with work at hand, else until the next timer."""
        if self.callbacks or self.dirty:
            return 0
        when = self.next_time()
        if when is None:
            return longest
        until = max(0.0, when - time.monotonic())
        return until if longest is None else min(until, longest)

    def next_time(self) -> float | None:
        """Return the time of the earliest timer, or None; drop cancelled ones before it."""
        while self.timers and self.timers[0][2].cancelled:
            heapq.heappop(self.timers)
        return self.timers[0][0] if self.timers else None

    def _wait(self, timeout: float | None) -> Events:
        return self.selector.select(timeout)

    def _deliver(self, events: Events) -> None:
        for key, ready in events:
            registration: Registration = key.data
            try:
                if ready & READ and registration.wants(READ):
                    registration.channel.handle_read()
                if ready & WRITE and registration.wants(WRITE):
                    registration.channel.handle_write()
            except Exception:
                close_on_error(registration.channel)

    def _run_timers(self) -> None:
        now = time.monotonic()  # once: a timer that adds another one does not hold the pass
        while self.timers and self.timers[0][0] <= now:
            timer = heapq.heappop(self.timers)[2]
            if not timer.cancelled:
                self._call(timer.callback)

    def _run_callbacks(self) -> None:
        for _ in range(len(self.callbacks)):  # what they add waits for the next pass
            self._call(self.callbacks.popleft())

    def _call(self, callback: Callable[[], object]) -> None:
        try:
            callback()
        except Exception:
            logging.exception("exception in a callback")

    def register(self, channel: Channel) -> Registration:
        """Serve a channel from the next pass on."""
        registration = Registration(channel, channel.sock.fileno())
        self.registrations[registration.fd] = registration
        self.dirty.append(registration)
        return registration

    def unregister(self, registration: Registration) -> None:
        """Stop serving a channel; call this before its descriptor is closed."""
        registration.alive = False
        if registration.interest:
            self.selector.unregister(registration.fd)
        del self.registrations[registration.fd]

    def call_soon(self, callback: Callable[[], object]) -> None:
        """Call ``callback()`` at the end of this pass, or of the next one."""
        self.callbacks.append(callback)

    def call_later(self, seconds: float, callback: Callable[[], object]) -> Timer:
        """Call ``callback()`` in so many seconds, unless the timer is cancelled."""
        self.made += 1
        timer = Timer(callback)
        heapq.heappush(self.timers, (time.monotonic() + seconds, self.made, timer))
        return timer

    def run(self) -> None:
        """Make passes until nothing is left to wait for."""
        while self.registrations or self.callbacks or self.next_time() is not None:
            self.run_once()


def close_on_error(channel: Channel) -> None:
    """End a channel whose handler raised; what its ``handle_close()`` raises ends nothing else."""
    logging.exception("closing %r", channel)
    try:
        channel.end()
    except Exception:
        logging.exception("exception in handle_close() of %r", channel)


class Channel:
    """A socket on a loop."""

    def __init__(self, loop: Loop, sock: socket.socket) -> None:
        sock.setblocking(False)
        self.loop = loop
        self.sock = sock
        self.reading = True
        self.ended = self.closed = False
        self.registration = loop.register(self)

    def interest(self) -> int:
        """Return the wanted events."""
        return READ if self.readable() else 0

    def readable(self) -> bool:
        """Return whether input is wanted."""
        return self.reading

    def interest_changed(self) -> None:
        """Have the loop ask again, in the next refresh."""
        self.loop.dirty.append(self.registration)

    def pause_reading(self) -> None:
        """Receive nothing until ``resume_reading()``."""
        self.reading = False
        self.interest_changed()

    def resume_reading(self) -> None:
        """Receive again."""
        self.reading = True
        self.interest_changed()

    def handle_read(self) -> None:
        """The socket can be read: override this."""

    def handle_write(self) -> None:
        """There is room for output: override this."""

    def handle_close(self) -> None:
        """The channel ends, but not by the program's own ``close()``; called at most once."""

    def end(self) -> None:
        """Report the end, unless that was done, and close."""
        report, self.ended = not (self.ended or self.closed), True
        try:
            if report:
                self.handle_close()
        finally:
            self.close()

    def close(self) -> None:
        """Leave the loop, then close the socket; again is harmless."""
        if not self.closed:
            self.closed = True
            self.loop.unregister(self.registration)
            self.sock.close()


class Listener(Channel):
    """Makes a channel of each connection."""

    def __init__(
        self, loop: Loop, sock: socket.socket, make: Callable[[Loop, socket.socket], object]
    ) -> None:
        super().__init__(loop, sock)
        self.make = make

    def handle_read(self) -> None:
        """Accept a connection."""
        sock, _ = self.sock.accept()
        self.make(self.loop, sock)


class Echo(Channel):
    """Sends back what arrives."""

    def handle_read(self) -> None:
        """Receive and send; the peer's end is the channel's."""
        data = self.sock.recv(65536)
        if data:
            self.sock.sendall(data)
        else:
            self.end()


def main() -> None:
    """Serve until Ctrl-C."""
    loop = Loop()
    Listener(loop, socket.create_server(("127.0.0.1", 1234)), Echo)
    loop.run()


if __name__ == "__main__":
    main()
