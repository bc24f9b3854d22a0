"""The same passes, told step by step.

A loop that is traced does what ``passes.py`` says, and tells.  It costs nothing when off: a trace
puts the methods of this file in the places of those that they repeat, on that one loop, and its end
takes them away again.  So no stage, event or callback of an untraced loop looks whether there is a
trace.  What a channel sends and receives is told in the same way, by ``equipment.py``.
"""

import selectors
from collections.abc import Callable

from miniloop.passes import Passes
from miniloop.readiness import READ, Registration
from miniloop.timers import Handle
from miniloop.trace.hooks import HANDLERS, Counts, Trace, Traces, handler_name
from miniloop.trace.instrumented_sockets import Equipment
from miniloop.trace.slow_handlers import SLOW, Slowness

_REPLACED = (
    "_pass", "_refresh", "_flush", "_wait", "_deliver", "_run_timers", "_run_callbacks",
    "_run_handle", "call_soon",
)  # fmt: skip


class TracedPasses(Passes):
    """Passes that can be traced.

    Args:
        selector, clock, debug: as for ``Passes``.
        trace: an object that is told what the loop does.
        slow: in debug mode, a warning tells of handlers that take more than so many seconds.
    """

    def __init__(
        self,
        selector: selectors.BaseSelector,
        clock: Callable[[], float],
        debug: bool,
        trace: Trace | None,
        slow: float | None = SLOW,
    ) -> None:
        """Tell of what is there already: the loop's own channel."""
        super().__init__(selector, clock, debug)
        self._slowness = Slowness(clock, slow) if debug and slow is not None else None
        self._trace: Trace | None = None
        self._told: Traces | None = None
        self._equipment: Equipment | None = None
        self.trace = trace

    @property
    def trace(self) -> Trace | None:
        """Who is told what the loop does.  It may be set at any time, from the next stage on."""
        return self._trace

    @trace.setter
    def trace(self, trace: Trace | None) -> None:
        if self._told is not None:
            self._stop_telling()
        self._trace = trace
        traces = [each for each in (trace, self._slowness) if each is not None]
        if traces:
            self._tell(Traces(*traces))

    def _tell(self, told: Traces) -> None:
        """Put the telling methods in their places."""
        self._told = told
        for name in _REPLACED:
            setattr(self, name, getattr(self, "_traced_" + name.removeprefix("_")))
        self._equipment = self._registry.trace = Equipment(told, self._registry.registrations)
        for registration in [*self._registry.registrations.values()]:
            self._equipment.opened(registration)

    def _stop_telling(self) -> None:
        """Take the telling methods away, so that the plain ones are found again."""
        for name in _REPLACED:
            delattr(self, name)
        if self._equipment is not None:
            self._equipment.take_back()
        self._told = self._equipment = self._registry.trace = None

    def _loop_closed(self) -> None:
        """Say the last word."""
        if self._told is not None:
            told = self._told
            self.trace = self._slowness = None
            if self._told is not None:
                self._stop_telling()
            told.loop_closed()

    # -- the pass and its stages, as in passes.py and scheduler.py --------------------------------

    def _traced_pass(self, timeout: float | None = None) -> None:
        told = self._telling()
        registry = self._registry
        told.before_pass(
            Counts(
                len(registry.registrations) - 1, len(registry.dirty) + len(registry.asked),
                len(self._unflushed), len(self._timers), len(self._callbacks),
            )
        )  # fmt: skip
        try:
            Passes._pass(self, timeout)
        finally:
            told.after_pass()

    def _traced_refresh(self) -> None:
        self._telling().stage("refresh")
        Passes._refresh(self)

    def _traced_flush(self) -> None:
        told = self._telling()
        unflushed, self._unflushed = self._unflushed, []
        for registration in unflushed:
            try:
                if registration.alive:
                    self._told_call(told, registration, "flush", registration.channel.flush)
            except Exception:
                self._registry.contain(registration)

    def _traced_wait(self, timeout: float | None) -> list[tuple[selectors.SelectorKey, int]]:
        told = self._telling()
        told.stage("wait")
        if self._busy():
            timeout = 0
        elif self._timers:
            timeout = self._until_next_timer(timeout)
        told.before_wait(timeout)
        ready = 0
        try:
            events = self._selector.select(timeout)
            ready = len(events)
        finally:
            told.after_wait(ready)
        return events

    def _traced_deliver(self, events: list[tuple[selectors.SelectorKey, int]]) -> None:
        told = self._telling()
        told.stage("deliver")
        for key, ready in events:
            registration: Registration = key.data
            told.before_delivery(registration, ready)
            try:
                if ready == registration.direct:
                    name = handler_name(registration.channel, READ)
                    self._told_call(told, registration, name, registration.channel.handle_read)
                else:
                    self._deliver_each(told, registration, ready)
            except Exception:
                self._registry.contain(registration)
            finally:
                told.after_delivery(registration)

    def _deliver_each(self, told: Trace, registration: Registration, ready: int) -> None:
        """Do as ``readiness.deliver()``."""
        for event, name in HANDLERS.items():
            if ready & event and registration.wants(event):
                channel = registration.channel
                self._told_call(
                    told, registration, handler_name(channel, event),
                    getattr(channel, name + "_event"),
                )  # fmt: skip

    def _told_call(
        self, told: Trace, registration: Registration, name: str, handler: Callable[[], object]
    ) -> None:
        told.before_handler(registration, name)
        try:
            handler()
        finally:
            told.after_handler(registration, name)

    def _traced_run_timers(self) -> None:
        if (when := self._timers.next_time()) is not None and when <= self.time():
            self._telling().stage("timers")
        Passes._run_timers(self)

    def _traced_run_callbacks(self) -> None:
        self._telling().stage("callbacks")
        Passes._run_callbacks(self)

    def _traced_run_handle(self, handle: Handle) -> None:
        if handle.cancelled():
            return
        told = self._telling()
        told.before_callback(handle)
        try:
            Passes._run_handle(self, handle)
        finally:
            told.after_callback(handle)

    def _traced_call_soon(self, callback: Callable[..., object], *args: object) -> Handle:
        handle = type(self).call_soon(self, callback, *args)
        self._telling().scheduled(handle)
        return handle

    def tell_scheduled(self, work: object) -> None:
        """Tell the trace of ``work`` that will come back as a callback's first argument."""
        self._telling().scheduled(work)

    def _telling(self) -> Trace:
        """Return whom to tell: nobody, when a handler has just ended the trace."""
        return _NOBODY if self._told is None else self._told


_NOBODY = Trace()
