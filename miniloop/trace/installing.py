"""Install hooks on a loop, from outside.

A traced loop does what ``loop.py`` says, and reports.  An untraced one pays nothing: installing
puts the methods of this file in the places of those that they repeat, on that one loop, and
removing takes them away.  So no stage, event or callback looks whether there is a trace.  What a
channel sends and receives is reported in the same way, by ``instrumented_sockets.py``.
"""

import selectors
from collections.abc import Callable
from weakref import WeakKeyDictionary, ref

from miniloop.loop import EventLoop
from miniloop.readiness import READ, Registration
from miniloop.registry import close_on_error
from miniloop.timers import Handle
from miniloop.trace.hooks import HANDLERS, Counts, Trace, Traces, handler_name
from miniloop.trace.instrumented_sockets import Instruments

_OF_LOOP = (
    "_pass", "_refresh", "_flush", "_wait", "_deliver", "_run_timers", "_run_callbacks",
    "_run_handle", "call_soon", "scheduled", "close",
)  # fmt: skip
_OF_REGISTRY = ("add", "unregister", "_ask")


def install(loop: EventLoop, hooks: Trace) -> None:
    """Call ``hooks`` for what ``loop`` does, from the next stage on; several may be installed.

    They are told of every channel that is there already (``opened()``).

    Raises:
        RuntimeError: the loop is closed.
    """
    loop._check_open()
    tracing = _tracings.get(loop)
    if tracing is None:
        tracing = _tracings[loop] = Tracing(loop)
    tracing.change([*tracing.hooks, hooks])
    for registration in [*loop.registry.registrations.values()]:
        hooks.opened(registration)


def remove(loop: EventLoop, hooks: Trace) -> None:
    """Stop calling ``hooks``; harmless where they are not installed."""
    tracing = _tracings.get(loop)
    if tracing is not None:
        tracing.change([each for each in tracing.hooks if each is not hooks])


def installed(loop: EventLoop) -> list[Trace]:
    """Return the hooks that are installed on ``loop``, in the order in which they are called."""
    tracing = _tracings.get(loop)
    return [] if tracing is None else tracing.hooks


class Tracing:
    """The hooks of one loop, and the methods that call them.

    Attributes:
        hooks: those that are installed.
    """

    def __init__(self, loop: EventLoop) -> None:
        """Replace nothing yet."""
        self._loop = ref(loop)
        self.hooks: list[Trace] = []
        self._notify = Traces()
        self._instruments: Instruments | None = None

    def change(self, hooks: list[Trace]) -> None:
        """Call these hooks from now on."""
        loop = self._the_loop()
        if self._instruments is not None:
            self._uninstall(loop)
        self.hooks = hooks
        self._notify = Traces(*hooks)
        if hooks:
            self._install(loop)

    def _the_loop(self) -> EventLoop:
        loop = self._loop()
        assert loop is not None  # it calls us
        return loop

    def _install(self, loop: EventLoop) -> None:
        for place, names in ((loop, _OF_LOOP), (loop.registry, _OF_REGISTRY)):
            for name in names:
                setattr(place, name, getattr(self, name))
        self._instruments = Instruments(self._notify, loop.registry.registrations)
        for registration in [*loop.registry.registrations.values()]:
            self._instruments.attach(registration)

    def _uninstall(self, loop: EventLoop) -> None:
        for place, names in ((loop, _OF_LOOP), (loop.registry, _OF_REGISTRY)):
            for name in names:
                delattr(place, name)
        if self._instruments is not None:
            self._instruments.detach_all()
        self._instruments = None

    # -- the methods of loop.py and registry.py, with notifications -------------------------------

    def _pass(self, timeout: float | None = None, *, forever: bool = True) -> bool:
        loop, notify = self._the_loop(), self._notify
        registry = loop.registry
        notify.before_pass(
            Counts(
                len(registry.registrations) - 1, len(registry.due()),
                len(loop._unflushed), len(loop._timers), len(loop._callbacks),
            )
        )  # fmt: skip
        try:
            return type(loop)._pass(loop, timeout, forever=forever)
        finally:
            notify.after_pass()

    def _refresh(self) -> None:
        loop = self._the_loop()
        self._notify.stage("refresh")
        type(loop)._refresh(loop)

    def _flush(self) -> None:
        loop = self._the_loop()
        waiting, loop._unflushed = iter(loop._unflushed), []
        try:
            for channel in waiting:
                registration = loop.registry.registrations.get(channel.fileno())
                try:
                    self._call(registration, "flush", channel.flush)
                except Exception:
                    close_on_error(channel)
        except BaseException:
            loop._unflushed[:0] = [channel, *waiting]
            raise

    def _wait(self, timeout: float | None) -> list[tuple[selectors.SelectorKey, int]]:
        loop, notify = self._the_loop(), self._notify
        notify.stage("wait")
        timeout = loop._timeout(timeout)
        notify.before_wait(timeout)
        ready = 0
        try:
            events = loop._selector.select(timeout)
            ready = len(events)
        finally:
            notify.after_wait(ready)
        return events

    def _deliver(self, events: list[tuple[selectors.SelectorKey, int]]) -> None:
        self._notify.stage("deliver")
        for key, ready in events:
            registration: Registration = key.data
            notify = self._notify
            notify.before_delivery(registration, ready)
            try:
                if ready == registration.direct:
                    name = handler_name(registration.channel, READ)
                    self._call(registration, name, registration.channel.handle_read)
                else:
                    self._deliver_each(registration, ready)
            except Exception:
                close_on_error(registration.channel)
            finally:
                notify.after_delivery(registration)

    def _deliver_each(self, registration: Registration, ready: int) -> None:
        """As ``readiness.deliver()``."""
        for event, name in HANDLERS.items():
            if ready & event and registration.wants(event):
                channel = registration.channel
                handler = getattr(channel, name + "_event")
                self._call(registration, handler_name(channel, event), handler)

    def _call(
        self, registration: Registration | None, name: str, handler: Callable[[], object]
    ) -> None:
        """Call one handler; a channel without a descriptor has no row in a trace."""
        if registration is None:
            handler()
            return
        notify = self._notify
        notify.before_handler(registration, name)
        try:
            handler()
        finally:
            notify.after_handler(registration, name)

    def _run_timers(self) -> None:
        loop = self._the_loop()
        when = loop._timers.next_time()
        if when is not None and when <= loop.time():
            self._notify.stage("timers")
        type(loop)._run_timers(loop)

    def _run_callbacks(self) -> None:
        loop = self._the_loop()
        self._notify.stage("callbacks")
        type(loop)._run_callbacks(loop)

    def _run_handle(self, handle: Handle) -> None:
        if handle.cancelled():
            return
        loop, notify = self._the_loop(), self._notify
        notify.before_callback(handle)
        try:
            type(loop)._run_handle(loop, handle)
        finally:
            notify.after_callback(handle)

    def call_soon(self, callback: Callable[..., object], *args: object) -> Handle:
        """As the loop's own, with a notification."""
        loop = self._the_loop()
        handle = type(loop).call_soon(loop, callback, *args)
        self._notify.scheduled(handle)
        return handle

    def scheduled(self, work: object) -> None:
        """Note work that comes back as a callback's first argument."""
        self._notify.scheduled(work)

    def add(self, registration: Registration) -> Registration:
        """As the registry's own, with a notification."""
        registry = self._the_loop().registry
        type(registry).add(registry, registration)
        self._notify.opened(registration)
        if self._instruments is not None:
            self._instruments.attach(registration)
        return registration

    def unregister(self, registration: Registration) -> None:
        """As the registry's own, with a notification."""
        registry, alive = self._the_loop().registry, registration.alive
        type(registry).unregister(registry, registration)
        if alive:
            if self._instruments is not None:
                self._instruments.detach(registration)
            self._notify.closed(registration)

    def _ask(self, registration: Registration) -> None:
        registry, before = self._the_loop().registry, registration.interest
        type(registry)._ask(registry, registration)
        if registration.alive:
            self._notify.asked(registration, before)

    def close(self) -> None:
        """As the loop's own, with a notification; nothing follows."""
        loop, notify = self._the_loop(), self._notify
        type(loop).close(loop)
        if self._instruments is not None:
            self._uninstall(loop)
            notify.loop_closed()


_tracings: "WeakKeyDictionary[EventLoop, Tracing]" = WeakKeyDictionary()
