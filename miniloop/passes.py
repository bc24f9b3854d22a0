"""One pass of the loop: refresh, wait, deliver, timers, callbacks.

This file knows the ``Channel`` protocol and nothing of sockets.  Read ``_pass()`` first: it is
the diagram of everything else.  When passes begin and end is ``loop.py``'s matter; ``traced.py``
repeats these stages for loops that are traced.
"""

import selectors
from collections.abc import Callable
from threading import get_ident

from miniloop.readiness import Channel, Registration, deliver
from miniloop.registry import Registry
from miniloop.scheduler import Scheduler


class Passes(Scheduler):
    """The part of an event loop that serves channels, pass by pass.

    Args:
        selector: any ``selectors.BaseSelector``; closed by the owner.
        clock: returns seconds, never running backwards.
        debug: ask every channel in every pass, and raise when one changed its answer without
            announcing it.
    """

    def __init__(
        self,
        selector: selectors.BaseSelector,
        clock: Callable[[], float],
        debug: bool,
    ) -> None:
        """Serve nobody but the waker yet."""
        super().__init__(clock)
        self.debug = debug
        self._selector = selector
        self._registry = Registry(selector)
        self._unflushed: list[Registration] = []
        self._own = self.register(self._waker)

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
        if self._callbacks or self._registry.dirty or self._unflushed:  # as _busy()
            timeout = 0
        elif self._timers:
            timeout = self._until_next_timer(timeout)
        return self._selector.select(timeout)

    def _busy(self) -> bool:
        """Return whether something is left for the next pass to do at once."""
        return bool(self._callbacks or self._registry.dirty or self._unflushed)

    def _deliver(self, events: list[tuple[selectors.SelectorKey, int]]) -> None:
        """Call the handlers of everybody who is still there and still wants it.

        This is the hot path.  ``direct`` is one comparison for "alive, trusted, wants READ, and
        READ is all there is"; everything else goes through ``readiness.deliver()``.
        """
        for key, ready in events:
            registration: Registration = key.data
            try:
                if ready == registration.direct:
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
        if registration.alive:
            self._check_thread()
            if not registration.dirty:
                self._registry.mark_dirty(registration)

    def flush_soon(self, registration: Registration) -> None:
        """Call the channel's ``flush()`` in the next refresh.

        Raises:
            RuntimeError: the loop runs on another thread.
        """
        if self._thread != get_ident():  # as _check_thread(), without its call: once a message
            self._come_from_outside()
        self._unflushed.append(registration)
