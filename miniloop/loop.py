"""The event loop: what happens in a pass, when passes are made, and how the loop ends.

Read ``EventLoop._pass()`` first: it is the diagram of everything else.  The loop knows the
``Channel`` protocol and nothing of sockets.
"""

from __future__ import annotations

import logging
import selectors
import socket
import time
from collections import deque
from threading import get_ident

from miniloop.readiness import Channel, Registration, deliver
from miniloop.registry import Registry, close, close_on_error
from miniloop.timers import Handle, TimerHandle, TimerQueue

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any, Self

    from miniloop.hosts.stepper import Stepper
    from miniloop.system.background import Background
    from miniloop.system.signals import SignalHandlers
    from miniloop.system.waker import Waker

logger = logging.getLogger("miniloop")

GRACE = 5.0  # seconds for queued output in an orderly stop: then a person presses Ctrl-C again
LONGEST_WAIT = 86400.0  # seconds of one wait: epoll refuses more than 24 days (asyncio's figure)


class EventLoop:
    """Waits for descriptors and times, and calls the handlers, one after the other.

    It does so on one thread.  Others may call ``call_soon_threadsafe()`` and ``stop()`` only.

    Args:
        selector: any ``selectors.BaseSelector``, by default the best here; the loop closes it.
        clock: returns seconds and never runs backwards.
        debug: in every pass, raise when a channel changed its interest without announcing it.
        slow: in debug mode, log each handler, timer and callback that takes so many seconds (the
            default is asyncio's); None measures nothing.

    Attributes:
        registry: which channel is watched for what.
        background: work without a descriptor, such as pools of threads; a dict, for its order.
        accepted: what ``accept()`` has just returned: a cache, for the new connection's dispatcher.
    """

    def __init__(
        self,
        *,
        selector: selectors.BaseSelector | None = None,
        clock: Callable[[], float] = time.monotonic,
        debug: bool = False,
        slow: float | None = 0.1,
    ) -> None:
        self.debug = debug
        self.time = clock
        self.closed = False
        self.background: dict[Background, None] = {}
        self.accepted: tuple[socket.socket, Any] | None = None
        self._selector = self._new_selector() if selector is None else selector
        self.registry = Registry(self._selector, self._check_thread)
        self._timers = TimerQueue()
        self._callbacks: deque[Handle] = deque()
        self._unflushed: list[Channel] = []
        self._thread: int | None = None  # the thread that is inside a pass
        self._home: int | None = None  # the thread of the host, for a loop inside another one
        self._stop_grace: float | None = None
        self._on_stop: deque[Handle] = deque()
        self._signals: SignalHandlers | None = None
        self._waker = self._new_waker()
        self._own = self.registry.register(self._waker)
        self._install_wings(slow if debug else None)

    def _install_wings(self, slow: float | None) -> None:
        from miniloop.system.forking import renew_after_fork

        renew_after_fork(self)
        if slow is not None:
            from miniloop.trace.slow_handlers import watch_slow_handlers

            watch_slow_handlers(self, slow)

    def new_socket(self, family: int, type: int, proto: int = 0) -> socket.socket:
        """Make a socket for a channel; a simulated loop makes simulated ones.  OSError: refused."""
        return socket.socket(family, type, proto)

    def _new_selector(self) -> selectors.BaseSelector:
        from miniloop.selectors import default_selector

        return default_selector()

    def _new_waker(self) -> Waker:
        """Make the waker; a simulated loop has one without descriptors."""
        from miniloop.system.waker import Waker

        return Waker()

    def _pass(self, timeout: float | None = None, *, forever: bool = True) -> bool:
        """Go through the stages; unless ``forever``, return False where the wait could not end."""
        self._refresh()
        if not (forever or self._has_work()):
            return False
        events = self._wait(timeout)
        if events:
            self._deliver(events)
        if self._timers.heap or self._timers.due:
            self._run_timers()
        if self._callbacks:
            self._run_callbacks()
        return True

    def _refresh(self) -> None:
        """Flush queued output, then ask the channels that have to be asked.

        What becomes queued or dirty in here waits for the next pass, so this stage ends.
        """
        registry = self.registry
        if self._unflushed:
            self._flush()
        if registry.dirty or registry.polled:
            registry.ask()
        if self.debug:
            from miniloop.trace.audit import audit

            audit(registry)

    def _flush(self) -> None:
        """Flush the channels that queued output; when an exception passes, the rest stay listed."""
        waiting, self._unflushed = iter(self._unflushed), []
        try:
            for channel in waiting:
                try:
                    channel.flush()
                except Exception:
                    close_on_error(channel)
        except BaseException:
            self._unflushed[:0] = [channel, *waiting]
            raise

    def _wait(self, timeout: float | None) -> list[tuple[selectors.SelectorKey, int]]:
        """Wait for events until the next timer or callback, at most ``timeout`` seconds."""
        return self._selector.select(self._timeout(timeout))

    def _timeout(self, longest: float | None) -> float | None:
        until = self._time_to_next()
        if until is None or (longest is not None and longest < until):
            until = longest
        return LONGEST_WAIT if until is not None and until > LONGEST_WAIT else until

    def _time_to_next(self) -> float | None:
        """Return the seconds until there is something to do without an event; None: never."""
        if self._callbacks or self.registry.dirty or self._unflushed:
            return 0
        if not (self._timers.heap or self._timers.due):
            return None
        when = self._timers.next_time()
        return None if when is None else max(0.0, when - self.time())

    def _deliver(self, events: list[tuple[selectors.SelectorKey, int]]) -> None:
        """Call the handlers of the registrations that are alive and want the event.

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
                close_on_error(registration.channel)

    def _run_timers(self) -> None:
        """Run the timers that are due now; those that they add wait for the next pass."""
        for _ in range(self._timers.move_due(self.time())):
            self._run_handle(self._timers.due.popleft())

    def _run_callbacks(self) -> None:
        """Run the callbacks scheduled before this stage began (trio's batches)."""
        for _ in range(len(self._callbacks)):
            self._run_handle(self._callbacks.popleft())

    def _run_handle(self, handle: Handle) -> None:
        """Run one callback; its exception is logged."""
        try:
            handle.run()
        except Exception:
            logger.exception("exception in %r", handle)

    def run_once(self, timeout: float | None = None) -> None:
        """Run one pass; it waits at most ``timeout`` seconds, or a day (None: no limit)."""
        self._thread = self._entering()
        try:
            self._pass(timeout)
        finally:
            self._thread = None

    def run(self, *, forever: bool = False) -> None:
        """Run passes until ``stop()``, SIGINT or SIGTERM, or until nothing is left to wait for.

        On the main thread the two signals mean ``stop()``, unless the program has handlers of its
        own; a second one has its usual effect.  With ``forever`` it goes on with nothing to wait
        for, because threads call the loop.  RuntimeError: it is closed, or running already.
        """
        self._thread = self._entering()
        try:
            with self._signal_handlers().stopping(self.stop):
                while self._stop_grace is None and self._pass(forever=forever):
                    pass
                if self._stop_grace is not None:
                    from miniloop.system.stopping import end_in_order

                    for _ in end_in_order(self, self._stop_grace):
                        self._pass()
        finally:
            self._thread = None
            self._stop_grace = None

    def stepper(self) -> Stepper:
        """Return what another event loop needs to run this one: a descriptor, a time, a step."""
        from miniloop.hosts.stepper import Stepper

        return Stepper(self)

    def _entering(self) -> int:
        """Claim the loop for this thread."""
        self._check_open()
        if self._thread is not None:
            raise RuntimeError("the loop is running already: return to it from the handler")
        return get_ident()

    def _has_work(self) -> bool:
        """Return whether anything but a thread or a signal could still make something happen."""
        if len(self.registry.registrations) > 1 or self._time_to_next() is not None:  # 1: the waker
            return True
        return any(work.busy() for work in self.background)

    def stop(self, grace: float = GRACE) -> None:
        """End ``run()`` in order; callable from any thread and from signal handlers.

        Listeners close first, then the ``on_stop()`` callbacks run, then queued output is sent for
        at most ``grace`` seconds, then all channels are closed, and ``run()`` returns.  Without a
        ``run()`` in progress, the next one does all this at once.
        """
        self._check_open()
        self._stop_grace = grace
        self._waker.wake()

    def on_stop(self, callback: Callable[..., object], *args: object) -> Handle:
        """Call ``callback(*args)`` when an orderly stop begins, before output is sent."""
        self._on_stop.append(handle := Handle(callback, args))
        return handle

    def _channels(self) -> list[Registration]:
        """Return the registrations other than the waker's."""
        return [each for each in self.registry.registrations.values() if each is not self._own]

    def _close_channels(self) -> None:
        """Close all background work and channels; one that fails to close hinders no other."""
        for work in [*self.background]:
            self._run_handle(Handle(work.close, ()))
            self.background.pop(work, None)
        for registration in self._channels():
            close(registration.channel)

    def close(self) -> None:
        """Close every channel at once, then the loop itself; again is harmless.

        RuntimeError: the loop runs; or it has signal handlers, and this is not the main thread.
        """
        if self.closed:
            return
        if self._thread is not None:
            raise RuntimeError("the loop is running: call stop(), and close() after run() returned")
        if self._signals is not None:
            self._signals.close()  # first: it refuses another thread
        self._close_channels()
        self.registry.unregister(self._own)
        self.closed = True
        for work in (self._timers, self._callbacks, self._on_stop, self._unflushed):
            work.clear()  # it will not be done any more, and refers to channels
        self.registry.dirty.clear()
        self._waker.close()
        self._selector.close()

    def __enter__(self) -> Self:
        """Return the loop; leaving the block closes it."""
        return self

    def __exit__(self, *exception: object) -> None:
        """Close the loop."""
        self.close()

    def call_soon(self, callback: Callable[..., object], *args: object) -> Handle:
        """Call ``callback(*args)`` at the end of this pass, or of the next one.

        RuntimeError: the loop is closed, or runs on another thread.
        """
        self._check_thread()
        self._callbacks.append(handle := Handle(callback, args))
        return handle

    def call_soon_threadsafe(self, callback: Callable[..., object], *args: object) -> Handle:
        """As ``call_soon()``, from any thread or signal handler; it wakes the loop."""
        self._check_open()
        self._hand_over(handle := Handle(callback, args))
        return handle

    def _hand_over(self, handle: Handle) -> None:
        self._callbacks.append(handle)
        self._waker.wake()

    def call_later(
        self, delay: float, callback: Callable[..., object], *args: object
    ) -> TimerHandle:
        """Call ``callback(*args)`` in ``delay`` seconds; raises as ``call_at()``."""
        if callable(delay):
            raise TypeError(f"call_later(delay, callback, *args): {delay!r} is no delay in seconds")
        return self.call_at(self.time() + delay, callback, *args)

    def call_at(self, when: float, callback: Callable[..., object], *args: object) -> TimerHandle:
        """Call ``callback(*args)`` when ``time()`` reaches ``when``, in seconds.

        Raises as ``call_soon()``; TypeError or ValueError: ``when`` is no number.
        """
        self._check_thread()
        return self._timers.add(when, callback, args)

    def add_signal_handler(
        self, number: int, callback: Callable[..., object], *args: object
    ) -> None:
        """Run ``callback(*args)`` in the callbacks stage when a signal arrives.

        A forked child does not inherit the handler.  Raises as ``SignalHandlers.add()``.
        """
        self._check_open()
        self._signal_handlers().add(number, Handle(callback, args))

    def remove_signal_handler(self, number: int) -> bool:
        """Put back a signal's former handler, as ``close()`` does; return whether it was ours."""
        return self._signals is not None and self._signals.remove(number)

    def _signal_handlers(self) -> SignalHandlers:
        if self._signals is None:
            from miniloop.system.signals import SignalHandlers

            self._signals = SignalHandlers(self._waker.signal_fileno(), self._hand_over)
        return self._signals

    def scheduled(self, work: object) -> None:
        """Note that ``work`` comes back as the first argument of a callback; for traces."""

    def flush_soon(self, channel: Channel) -> None:
        """Call the channel's ``flush()`` in the next refresh; raises as ``call_soon()``."""
        self._check_thread()
        self._unflushed.append(channel)

    def _check_open(self) -> None:
        """Refuse a closed loop."""
        if self.closed:
            raise RuntimeError("the loop is closed: make a new EventLoop()")

    def _check_thread(self) -> None:
        """Refuse a closed loop, and other threads than its own; wake a host between two passes."""
        thread = get_ident()
        if self._thread == thread:
            return
        self._check_open()
        owner = self._home if self._thread is None else self._thread
        if owner is not None and owner != thread:
            raise RuntimeError("the loop is another thread's: use loop.call_soon_threadsafe()")
        if owner is not None:
            self._waker.wake()
