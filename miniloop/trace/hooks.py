"""What the loop did, as a handful of hooks.

Override what you need and give the object to ``miniloop.trace.install(loop, hooks)``.
A loop without a trace pays nothing for all this, not even a comparison: ``installing.py`` says how.
(The idea of a hook interface small enough to memorise is curio's; that of paying for the overridden
hooks only is trio's.)
"""

from collections.abc import Callable
from functools import partial
from typing import Any, NamedTuple

from miniloop.readiness import HANGUP, READ, URGENT, WRITE, Channel, Registration
from miniloop.timers import Handle

HANDLERS = {
    READ: "handle_read", WRITE: "handle_write", URGENT: "handle_expt", HANGUP: "handle_hangup",
}  # fmt: skip
"""What the program calls the handler of each event; see ``handler_name()``."""


class Counts(NamedTuple):
    """How much there is at the beginning of a pass.

    Attributes:
        channels: those that are registered, without the loop's own.
        dirty: those that will be asked what they want.
        flushing: those that queued output since the last pass.
        timers: those that are still to run.
        callbacks: those that wait for this pass.
    """

    channels: int
    dirty: int
    flushing: int
    timers: int
    callbacks: int


class Trace:
    """Hooks that do nothing.

    They run on the loop's thread, in the middle of what they tell: they must neither block nor
    raise.  Each ``before_`` is followed by its ``after_``, whatever happens between the two.
    """

    def before_pass(self, counts: Counts) -> None:
        """A pass begins."""

    def stage(self, name: str) -> None:
        """A stage begins: ``refresh``, ``wait``, ``deliver``, ``timers`` or ``callbacks``.

        Those that have nothing to do are left out.
        """

    def after_pass(self) -> None:
        """The pass is over."""

    def asked(self, registration: Registration, before: int) -> None:
        """The channel was asked for its interest, which was ``before`` until then.

        The answer is ``registration.interest``; where it differs, the selector was told.
        """

    def before_wait(self, timeout: float | None) -> None:
        """The loop is about to wait at most ``timeout`` seconds (None: without end)."""

    def after_wait(self, count: int) -> None:
        """The selector returned ``count`` ready registrations."""

    def before_delivery(self, registration: Registration, ready: int) -> None:
        """The handlers for ``ready`` (readiness bits) are about to be called."""

    def after_delivery(self, registration: Registration) -> None:
        """The handlers returned; the registration may be dead by now."""

    def before_handler(self, registration: Registration, name: str) -> None:
        """One handler is about to be called: ``handle_read``, ``handle_accept``, ``flush`` ..."""

    def after_handler(self, registration: Registration, name: str) -> None:
        """The handler returned or raised; the registration may be dead by now."""

    def before_callback(self, handle: Handle) -> None:
        """A callback, or the one of a timer (``TimerHandle``), is about to run."""

    def after_callback(self, handle: Handle) -> None:
        """The callback returned or raised."""

    def scheduled(self, work: object) -> None:
        """Whatever runs at the moment, if anything, has asked for something to be done later.

        That is the handle of a ``call_soon()``, or the job of a ``ThreadPool``, which comes back as
        the first argument of a callback.
        """

    def opened(self, registration: Registration) -> None:
        """A channel was registered, or was there when the trace began; its events begin."""

    def closed(self, registration: Registration) -> None:
        """The registration is dead; its channel and the descriptor are about to be closed."""

    def pushed(self, registration: Registration, size: int) -> None:
        """The channel's ``push()`` queued ``size`` bytes; 0 for a producer."""

    def received(self, registration: Registration, size: int) -> None:
        """The kernel handed over ``size`` bytes: with TLS, the encrypted ones.

        This and ``sent()`` are called for true sockets, not for files nor simulated sockets.
        """

    def sent(self, registration: Registration, size: int) -> None:
        """The kernel took ``size`` bytes."""

    def loop_closed(self) -> None:
        """The loop is closed: nothing follows."""


HOOKS = [name for name in vars(Trace) if not name.startswith("_")]


class Traces(Trace):
    """Several traces of one loop, called in the order given."""

    def __init__(self, *traces: Trace) -> None:
        """Call of each of ``traces`` the hooks that it overrides."""
        for name in HOOKS:
            hooks = [getattr(trace, name) for trace in traces if overrides(trace, name)]
            if hooks:
                setattr(self, name, hooks[0] if len(hooks) == 1 else _call_all(hooks))
        self._wanted = {name for name in HOOKS if any(overrides(trace, name) for trace in traces)}

    def wants(self, name: str) -> bool:
        """Return whether one of them overrides the hook ``name``."""
        return name in self._wanted


def overrides(trace: Trace, name: str) -> bool:
    """Return whether ``trace`` has a hook of its own under ``name``."""
    if isinstance(trace, Traces):
        return trace.wants(name)
    return getattr(type(trace), name) is not getattr(Trace, name) or name in getattr(
        trace, "__dict__", ()
    )


def _call_all(hooks: list[Callable[..., None]]) -> Callable[..., None]:
    def call(*args: object) -> None:
        for hook in hooks:
            hook(*args)

    return call


# -- names ----------------------------------------------------------------------------------------


def channel_behind(channel: Channel) -> Channel:
    """Return the program's own channel where something stands in for it, as TLS does."""
    behind: Channel = getattr(channel, "_channel", channel)
    return behind


def handler_name(channel: Channel, event: int) -> str:
    """Return which handler the program will see called for ``event``, one readiness bit."""
    channel = channel_behind(channel)
    if event == READ and getattr(channel, "accepting", False):
        return "handle_accept"
    if event == WRITE and getattr(channel, "connecting", False):
        return "handle_connect"
    return HANDLERS[event]


def callback_name(handle: Handle) -> str:
    """Return what a callback is called: ``LineDoor.close`` for a method, with its object's class.

    Where miniloop's own code calls a step of the program for it, that step's name is returned.
    """
    callback: Any = handle._callback
    args = handle._args
    if isinstance(callback, partial):
        callback, args = callback.func, callback.args
    callback = getattr(callback, "__wrapped__", callback)
    owner = getattr(callback, "__self__", None)
    if isinstance(owner, Handle):  # call_soon(handle.run)
        return callback_name(owner)
    name = getattr(callback, "__name__", "")
    step = args[0] if args else None
    if name == "_finish":  # a thread pool's job
        step = getattr(step, "_on_done", None)
    elif name == "_look_back":  # an idle limit's
        step = getattr(owner, "_on_idle", None)
    if name in ("_guarded_", "_finish", "_look_back") and callable(step):
        return callback_name(Handle(step, ()))
    if owner is not None and name and not isinstance(owner, type):
        return f"{type(owner).__qualname__}.{name}"
    return str(getattr(callback, "__qualname__", type(callback).__qualname__))
