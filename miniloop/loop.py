"""The event loop: refresh, wait, deliver, timers, callbacks.

This file knows the ``Channel`` protocol and nothing of sockets.  Read ``_pass()`` first: it is
the diagram of everything else.
"""

import logging
import selectors
import time
from collections.abc import Callable
from threading import get_ident
from types import TracebackType
from typing import Self

from miniloop.activity import Activities
from miniloop.readiness import Channel, Registration, deliver
from miniloop.registry import Registry
from miniloop.scheduler import Scheduler
from miniloop.selector import default_selector
from miniloop.signals import stopping_signals
from miniloop.timers import Handle
from miniloop.trace import Trace, deliver_traced

logger = logging.getLogger("miniloop")

DEFAULT_GRACE = 5.0
"""Seconds that an orderly stop gives to queued output: what a person waits before Ctrl-C again."""


class EventLoop(Scheduler):
    """Waits for descriptors and times, and calls those who wait for them, one after the other.

    All of it happens on one thread: the one that calls ``run()``.  From any other thread only
    ``call_soon_threadsafe()`` and ``stop()`` may be called.

    Args:
        selector: any ``selectors.BaseSelector``; the platform's best when not given.  The loop
            closes it.
        clock: returns seconds, never running backwards; ``time.monotonic`` when not given.
        debug: ask every channel in every pass, and raise when one changed its answer without
            announcing it.
        trace: an object that is told what the loop does.

    Attributes:
        activities: what lives on the loop without a descriptor, such as pools of threads.
    """

    def __init__(
        self,
        *,
        selector: selectors.BaseSelector | None = None,
        clock: Callable[[], float] = time.monotonic,
        debug: bool = False,
        trace: Trace | None = None,
    ) -> None:
        """Open the selector and the waker; nothing runs yet."""
        super().__init__(clock)
        self.debug = debug
        self.trace = trace
        self._selector = default_selector() if selector is None else selector
        self._registry = Registry(self._selector)
        self._unflushed: list[Registration] = []
        self.activities = Activities()
        self._goodbyes: list[Handle] = []
        self._stop_grace: float | None = None
        self._own = self.register(self._waker)

    # -- one pass --------------------------------------------------------------------------------

    def run_once(self, timeout: float | None = None) -> None:
        """Run one pass: refresh, wait, deliver, timers, callbacks.

        Args:
            timeout: longest wait for an event in seconds; None waits for the next event, timer
                or callback however long that takes.

        Raises:
            RuntimeError: the loop is closed, or is running already.
        """
        self._thread = self._entering()
        try:
            self._pass(timeout)
        finally:
            self._thread = None

    def _pass(self, timeout: float | None = None) -> None:
        """Go through the stages once."""
        self._refresh()
        events = self._wait(timeout)
        if events:
            self._deliver(events)
        if self._timers:
            self._run_timers()
        if self._callbacks:
            self._run_callbacks()

    def _refresh(self) -> None:
        """Flush what is queued, then ask who has to be asked.

        What becomes queued or dirty in here waits for the next pass, so this ends.
        """
        registry = self._registry
        if self._unflushed:
            self._flush()
        if registry.dirty or registry.asked:
            registry.ask()
        if self.debug:
            registry.audit()

    def _flush(self) -> None:
        """Let every channel that queued something send it, with one system call each."""
        unflushed, self._unflushed = self._unflushed, []
        for registration in unflushed:
            try:
                if registration.alive:
                    registration.channel.flush()
            except Exception:
                self._registry.contain(registration)

    def _wait(self, timeout: float | None) -> list[tuple[selectors.SelectorKey, int]]:
        """Wait for events until the next timer, callback or ``timeout``."""
        if self._callbacks or self._registry.dirty or self._unflushed:
            timeout = 0
        elif self._timers:
            timeout = self._until_next_timer(timeout)
        if self.trace is None:
            return self._selector.select(timeout)
        self.trace.before_wait(timeout)
        events = self._selector.select(timeout)
        self.trace.after_wait(len(events))
        return events

    def _deliver(self, events: list[tuple[selectors.SelectorKey, int]]) -> None:
        """Call the handlers of everybody who is still there and still wants it.

        This is the hot path.  ``direct`` is one comparison for "alive, trusted, wants READ, and
        READ is all there is"; everything else goes through ``readiness.deliver()``.
        """
        trace = self.trace
        for key, ready in events:
            registration: Registration = key.data
            try:
                if trace is not None:
                    deliver_traced(trace, registration, ready)
                elif ready == registration.direct:
                    registration.channel.handle_read()
                else:
                    deliver(registration, ready)
            except Exception:
                self._registry.contain(registration)

    # -- channels --------------------------------------------------------------------------------

    def register(self, channel: Channel, *, asked: bool = False) -> Registration:
        """Serve ``channel`` from the next pass on; the channel itself calls this.

        Args:
            channel: whom to serve; its descriptor must be open.
            asked: ask for its interest in every pass, because it changes unannounced.

        Raises:
            RuntimeError: the loop is closed, or runs on another thread.
            ValueError: the channel has no open descriptor.
        """
        self._check_usable()
        return self._registry.register(channel, asked=asked)

    def unregister(self, registration: Registration) -> None:
        """Serve it no more.  Call it *before* closing the descriptor; again is harmless."""
        self._check_thread()
        self._registry.unregister(registration)

    def forget(self, fd: int) -> None:
        """Close the channel that has descriptor ``fd``; harmless where nobody has."""
        registration = self._registry.registrations.get(fd)
        if registration is not None:
            self._registry.close_channel(registration)

    def interest_changed(self, registration: Registration) -> None:
        """Ask this channel for its interest again, in the next refresh.

        Raises:
            RuntimeError: the loop runs on another thread.
        """
        if registration.alive and not registration.dirty:
            self._check_thread()
            self._registry.mark_dirty(registration)

    def flush_soon(self, registration: Registration) -> None:
        """Call the channel's ``flush()`` in the next refresh.

        Raises:
            RuntimeError: the loop runs on another thread.
        """
        if self._thread is not None and self._thread != get_ident():
            self._check_thread()  # raises
        self._unflushed.append(registration)

    # -- life and death --------------------------------------------------------------------------

    def run(self, *, forever: bool = False) -> None:
        """Run passes until ``stop()``, SIGINT or SIGTERM, or until nothing is left to wait for.

        On the main thread the two signals mean ``stop()``, unless the program has handlers of its
        own for them; a second one has its usual effect.

        Args:
            forever: go on with nothing to wait for, because other threads will call
                ``call_soon_threadsafe()``.

        Raises:
            RuntimeError: the loop is closed, or is running already.
        """
        self._thread = self._entering()
        try:
            with stopping_signals(self.stop, self._waker.signal_fileno()):
                while self._stop_grace is None and (forever or self._has_work()):
                    self._pass()
                if self._stop_grace is not None:
                    self._end_in_order(self._stop_grace)
        finally:
            self._thread = None
            self._stop_grace = None

    def stop(self, grace: float = DEFAULT_GRACE) -> None:
        """End ``run()`` in order; callable from any thread and from signal handlers.

        Listeners close first, then the ``on_stop()`` callbacks run, then queued output is sent for
        at most ``grace`` seconds, then all channels are closed, and ``run()`` returns.  Without a
        ``run()`` in progress, the next one does all this at once.

        Raises:
            RuntimeError: the loop is closed.
        """
        self._check_open()
        self._stop_grace = grace
        self._waker.wake()

    def on_stop(self, callback: Callable[..., object], *args: object) -> Handle:
        """Call ``callback(*args)`` when an orderly stop begins: the place to say goodbye."""
        handle = Handle(callback, args)
        self._goodbyes.append(handle)
        return handle

    def close(self) -> None:
        """Close every channel at once, then the loop itself; again is harmless.

        Raises:
            RuntimeError: called while the loop runs.
        """
        if self._closed:
            return
        if self._thread is not None:
            raise RuntimeError("the loop is running: call stop(), and close() after run() returned")
        self._close_channels()
        self._closed = True
        self._callbacks.clear()
        self._registry.unregister(self._own)
        self._waker.close()
        self._selector.close()

    def __enter__(self) -> Self:
        """Return the loop; leaving the block closes it."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Close the loop."""
        self.close()

    def _has_work(self) -> bool:
        """Return whether anything but a thread or a signal could still make something happen."""
        return bool(
            len(self._registry.registrations) > 1
            or self._timers
            or self._callbacks
            or self.activities.busy()
        )

    def _channels(self) -> list[Registration]:
        """Return the registrations other than the waker's."""
        return [entry for entry in self._registry.registrations.values() if entry is not self._own]

    def _end_in_order(self, grace: float) -> None:
        """Listeners, goodbyes, queued output, the rest."""
        for registration in self._channels():
            try:
                if registration.alive:
                    registration.channel.handle_stop()
            except Exception:
                self._registry.contain(registration)
        self.activities.handle_stop()
        goodbyes, self._goodbyes = self._goodbyes, []
        for handle in goodbyes:
            self._run_handle(handle)
        limit = self.call_later(grace, self._close_channels)
        self._flush()  # first what needs no waiting, so that a pass only waits for a slow reader
        while not self._drained():
            self._pass()
            self._flush()
        limit.cancel()
        self._close_channels()

    def _drained(self) -> bool:
        """Return whether no channel has output waiting."""
        return all(registration.channel.drained() for registration in self._channels())

    def _close_channels(self) -> None:
        """Close all activities and channels; one that fails to close hinders no other."""
        self.activities.close()
        for registration in self._channels():
            self._registry.close_channel(registration)

    def _entering(self) -> int:
        """Claim the loop for this thread."""
        self._check_open()
        if self._thread is not None:
            raise RuntimeError(
                "the loop is running already: a handler returns to the loop instead of running it"
            )
        return get_ident()
