"""What every dispatcher is, whatever it reads and writes: a life on the loop.

Being registered, being asked, failing, idling and ending live here.  Nothing in this file sends or
receives a byte or knows what a socket is.
"""

import logging
from collections.abc import Callable
from typing import ClassVar

from miniloop.loop import EventLoop
from miniloop.readiness import (
    HANGUP,
    READ,
    URGENT,
    WRITE,
    Channel,
    Registration,
    announced,
    announces,
)
from miniloop.timers import Handle, TimerHandle

logger = logging.getLogger("miniloop")


class BaseChannel:
    """A registration on a loop, and the order of its end.

    Whatever ends a channel from outside (the peer, an error, the loop) leads to
    ``handle_close()`` exactly once, and the channel is closed after it even when the override
    forgets to.  A ``close()`` by the program itself calls nothing.
    """

    plain_read = False
    closed = False
    _registration: Registration | None = None
    _ended = False
    _paused = False
    _idle_limit: float | None = None
    _idle_timer: TimerHandle | None = None
    _last_read = 0.0
    _watchers: tuple[Handle, ...] = ()
    _urgent: ClassVar[int] = 0

    def __init_subclass__(cls) -> None:
        """Find out once whether a class wants URGENT events; channels pay only for that."""
        super().__init_subclass__()
        cls._urgent = 0 if cls.handle_expt is BaseChannel.handle_expt else URGENT

    def __init__(self, loop: EventLoop) -> None:
        """Belong to ``loop``; registered later, when there is a descriptor."""
        if not isinstance(loop, EventLoop):
            raise TypeError(f"the first argument is the EventLoop, not {loop!r}")
        self.loop = loop

    # -- what the loop asks ----------------------------------------------------------------------

    def fileno(self) -> int:
        """Return the descriptor number, -1 without one."""
        return -1

    @announced
    def readable(self) -> bool:
        """Return whether READ events are wanted."""
        return not self._paused

    @announced
    def writable(self) -> bool:
        """Return whether WRITE events are wanted: only while something is waiting to go out."""
        return False

    def interest(self) -> int:
        """Return the wanted readiness bits, from ``readable()`` and ``writable()``."""
        wanted = READ | self._urgent if self.readable() else HANGUP
        return wanted | WRITE if self.writable() else wanted

    def interest_changed(self) -> None:
        """Announce that ``readable()`` or ``writable()`` may answer differently now.

        Raises:
            RuntimeError: called from another thread than the loop's.
        """
        if self._registration is not None:
            self.loop.interest_changed(self._registration)

    def flush(self) -> None:
        """Nothing is queued here."""

    def drained(self) -> bool:
        """Return whether no output is waiting."""
        return True

    # -- reading paused, idling ------------------------------------------------------------------

    def pause_reading(self) -> None:
        """Take nothing in until ``resume_reading()``; the peer is slowed down by TCP itself.

        Its disappearance is still noticed.
        """
        self.interest_changed()
        self._paused = True

    def resume_reading(self) -> None:
        """Read again.

        Raises:
            RuntimeError: the channel is closed.
        """
        self.check_open("resume_reading()")
        self.interest_changed()
        self._paused = False

    def set_idle_timeout(self, seconds: float | None) -> None:
        """Call ``handle_idle()`` whenever nothing was received for ``seconds`` (None: never).

        Traffic costs no timer operations: one timer looks back when it fires.

        Raises:
            RuntimeError: the channel is closed.
            ValueError: ``seconds`` is not positive.
        """
        self.check_open("set_idle_timeout()")
        if seconds is not None and not seconds > 0:
            raise ValueError(f"an idle time limit is a number of seconds above 0, not {seconds!r}")
        if self._idle_timer is not None:
            self._idle_timer.cancel()
            self._idle_timer = None
        self._idle_limit = seconds
        self._last_read = self.loop.time()
        self._update_plain_read()
        if seconds is not None:
            self._idle_timer = self.loop.call_later(seconds, self._look_back)
        self.interest_changed()

    def _look_back(self) -> None:
        """Has it been silent long enough?  If not, look again when it could have been."""
        limit = self._idle_limit
        if limit is None or self.closed:
            return
        now, timer = self.loop.time(), self._idle_timer
        silent = now - self._last_read
        if silent >= limit:
            self._last_read, silent = now, 0.0
            self._guarded(self.handle_idle)
        if self._idle_timer is timer and not self.closed:  # else set_idle_timeout() was called
            self._idle_timer = self.loop.call_at(now + limit - silent, self._look_back)

    def _update_plain_read(self) -> None:
        """Set ``plain_read``; subclasses add their own conditions."""
        self.plain_read = self._idle_limit is None

    # -- events ----------------------------------------------------------------------------------

    def handle_read_event(self) -> None:
        """Handle READ; notes the time for the idle limit."""
        if self._idle_limit is not None:
            self._last_read = self.loop.time()
        self.handle_read()

    def handle_write_event(self) -> None:
        """Handle WRITE."""
        self.handle_write()

    def handle_expt_event(self) -> None:
        """Handle URGENT."""
        self.handle_expt()

    def handle_hangup_event(self) -> None:
        """Handle HANGUP: the peer is gone."""
        self.end()

    def handle_stop(self) -> None:
        """Do nothing: what is open stays open until its output is sent."""

    def evict(self, newcomer: Channel) -> None:
        """Let go of the descriptor, which is somebody else's now."""
        self.end()

    # -- the handlers to override ----------------------------------------------------------------

    def handle_read(self) -> None:
        """Something can be read.  Override it; reading nothing would be called for ever."""
        raise NotImplementedError(
            f"{type(self).__name__} receives data but has no handle_read(): override it, "
            "or call pause_reading()"
        )

    def handle_write(self) -> None:
        """There is room again after a ``send()`` that could not send everything."""

    def handle_expt(self) -> None:
        """Out-of-band data has arrived; it is only watched for in classes that override this."""

    def handle_idle(self) -> None:
        """Nothing was received for the idle time limit: end the channel, by default."""
        self.end()

    def handle_close(self) -> None:
        """The peer is gone, or a handler failed; called once, and the channel is closed after."""

    def handle_error(self) -> None:
        """An exception escaped from a handler; called inside the ``except`` block.

        By default it is logged with its traceback, and ``handle_close()`` follows.  The channel is
        closed afterwards whatever an override does.
        """
        logger.exception("uncaptured exception, closing channel %r", self)
        self.end()

    # -- the end ---------------------------------------------------------------------------------

    def end(self) -> None:
        """Call ``handle_close()`` unless it was called already, and close."""
        if self._ended or self.closed:
            self.close()
            return
        self._ended = True
        try:
            self.handle_close()
        finally:
            self.close()

    def on_close(self, callback: Callable[..., object], *args: object) -> Handle:
        """Call ``callback(*args)`` from the loop once this is closed, whoever closes it.

        For those who look after a channel from outside.  ``handle_close()`` is the channel's own,
        and is not called when the program itself closes it.
        """
        handle = Handle(callback, args)
        self._watchers = (*self._watchers, handle)
        if self.closed:
            self._tell_watchers()
        return handle

    def _tell_watchers(self) -> None:
        watchers, self._watchers = self._watchers, ()
        for handle in watchers:
            if not self.loop.closed:
                self.loop.call_soon(handle.run)

    def close(self) -> None:
        """Leave the loop; again is harmless.  Calls no handler."""
        if self._registration is not None:
            self.loop.unregister(self._registration)  # first: it refuses another thread
            self._registration = None
        self.closed = True
        if self._idle_timer is not None:
            self._idle_timer.cancel()
            self._idle_timer = None
        if self._watchers:
            self._tell_watchers()

    def check_open(self, what: str) -> None:
        """Refuse ``what`` on a closed channel.

        Raises:
            RuntimeError: the channel is closed.
        """
        if self.closed:
            raise RuntimeError(
                f"{what} on a closed channel: check .closed, or forget it in handle_close()"
            )

    def _guarded(self, step: Callable[..., object], *args: object) -> None:
        """Run a step that a timer or callback started, contained as the loop does for events."""
        try:
            step(*args)
        except Exception:
            try:
                self.handle_error()
            finally:
                self.close()

    def _attach(self) -> None:
        """Be served by the loop from now on.

        The predicates are looked up on the instance, where a test may have put its own; but not
        through ``__dict__``, which would make CPython build one and every attribute slower.
        """
        self._update_plain_read()
        asked = not (announces(self.readable) and announces(self.writable))
        self._registration = self.loop.register(self, asked=asked)
