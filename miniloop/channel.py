"""What every dispatcher is: registered, pausing, failing, idling and ending.

Nothing here sends or receives a byte or knows what a socket is.  Names with an underscore at both
ends (``_hold_``) are private to the library: subclasses have names of their own, ``_pieces`` say,
which must not meet ours by chance.
"""

from __future__ import annotations

import logging

from miniloop import state
from miniloop.loop import EventLoop
from miniloop.readiness import READ, URGENT, WRITE, Channel, Registration, announced, announces
from miniloop.registry import close_on_error
from miniloop.state import CLOSED, CONNECTING, LISTENING, NEW, OPEN, Life, Output
from miniloop.timers import Handle

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import ClassVar

    from miniloop.net.idle_limit import IdleLimit

logger = logging.getLogger("miniloop")

_OUTPUT_OPEN = Output.OPEN


class BaseChannel(Channel):
    """A registration on a loop, and the order of its end.

    ``handle_close()`` is called at most once: when the peer, an error, a limit, an exception out of
    a handler, ``close_when_done()`` or ``end()`` ends the channel.  It is not called for the
    program's own ``close()``, nor when the loop closes the channel.  While it is connecting,
    ``handle_connect_error()`` takes its place.  Whatever the override does, it is closed then.

    Attributes:
        loop: the loop it is on.
        connected, connecting, accepting, closed: its state; at most one of them is true.
        error: the error, the limit or the reason of ``abort()`` that ended it, if one did.
    """

    _life_: Life = state.Uninitialised()  # type: ignore[assignment]  # until the constructor sets it
    _registration_: Registration | None = None
    error: Exception | None = None
    _limits_: tuple[IdleLimit, ...] = ()
    _watchers_: tuple[Handle, ...] = ()
    _urgent_: ClassVar[int] = 0

    def __init_subclass__(cls) -> None:
        """Note whether a class wants URGENT events, and refuse what would fail in silence."""
        super().__init_subclass__()
        cls._urgent_ = 0 if cls.handle_expt is BaseChannel.handle_expt else URGENT
        if not cls.__module__.startswith("miniloop."):
            from miniloop.system.class_checks import check_class

            check_class(cls)

    def __init__(self, loop: EventLoop) -> None:
        if not isinstance(loop, EventLoop):
            raise TypeError(f"the first argument is the EventLoop, not {loop!r}")
        self.loop = loop
        self._hold_ = 0
        self._life_ = NEW
        self._output_ = _OUTPUT_OPEN
        self._blocked_ = False  # the kernel's buffer is full: output waits for WRITE
        self.connected = self.connecting = self.accepting = self.closed = False

    def _move_(self, life: Life) -> None:
        """Enter ``life``, and set the four attributes that follow from it: their one writer."""
        if self.loop.debug:
            state.check(state.LIFE, self._life_, life)
        self._life_ = life
        self.connected = life is OPEN
        self.connecting = life is CONNECTING
        self.accepting = life is LISTENING
        self.closed = life is CLOSED

    def _set_output_(self, output: Output) -> None:
        """Enter ``output``: its one writer."""
        if self.loop.debug and output is not self._output_:
            state.check(state.OUTPUT, self._output_, output)
        self._output_ = output

    def _attach_(self) -> None:
        """Be served by the loop from now on."""
        self._update_plain_read_()
        polled = not (announces(self.readable) and announces(self.writable))
        self._registration_ = self.loop.registry.register(self, polled=polled)

    def interest(self) -> int:
        """Return the wanted readiness bits."""
        wanted = READ | self._urgent_ if self.readable() else 0
        return wanted | WRITE if self.writable() else wanted

    @announced
    def readable(self) -> bool:
        """Return whether READ events are wanted."""
        return not self._hold_ & state.REASONS

    @announced
    def writable(self) -> bool:
        """Return whether WRITE events are wanted: a send was cut short."""
        return self._blocked_

    def _wait_for_room_(self) -> None:
        self._blocked_ = True
        self.interest_changed()

    def interest_changed(self) -> None:
        """Announce that ``readable()`` or ``writable()`` may answer differently now."""
        if self._registration_ is not None:
            self.loop.registry.interest_changed(self._registration_)

    def _hold_reading_(self, reason: int) -> None:
        """Stop reading for a reason, see ``state.py``."""
        self.interest_changed()
        self._hold_ |= reason

    def _release_reading_(self, reason: int) -> None:
        """Lift a reason; reading goes on when it was the last one."""
        self.interest_changed()
        self._hold_ &= ~(reason | state.HANGUP_SEEN)

    def pause_reading(self) -> None:
        """Stop reading until ``resume_reading()``; the end is still noticed (``net/hangup.py``)."""
        self._hold_reading_(state.PAUSED)

    def resume_reading(self) -> None:
        """Read again.  RuntimeError: the channel is closed."""
        self.check_open("resume_reading()")
        self._release_reading_(state.PAUSED)

    def set_idle_timeout(self, seconds: float | None) -> None:
        """Call ``handle_idle()`` whenever nothing was received or sent for ``seconds``.

        None: never, the default.  RuntimeError: closed.  ValueError: ``seconds`` is not positive.
        """
        from miniloop.net.idle_limit import set_idle_timeout

        set_idle_timeout(self, seconds)

    def _update_plain_read_(self) -> None:
        self.plain_read = not self._limits_

    def _note_traffic_(self) -> None:
        """Have the time limits begin again: bytes were received or sent."""
        for limit in self._limits_:
            limit.note()

    def handle_read_event(self) -> None:
        """Handle READ; note the time for the limits."""
        self._hold_ &= state.REASONS  # reading goes on: look for the peer's end in the next hold
        self._note_traffic_()
        self.handle_read()

    def handle_read(self) -> None:
        """Something can be read.  Override it: what is not read is reported for ever."""
        raise NotImplementedError(
            f"{type(self).__name__} receives data but has no handle_read(): override it, "
            "or call pause_reading()"
        )

    def handle_write(self) -> None:
        """There is room again after a ``send()`` that could not send everything."""

    def handle_expt_event(self) -> None:
        """Handle URGENT."""
        self.handle_expt()

    def handle_expt(self) -> None:
        """Out-of-band data has arrived; only watched for in classes that override this."""

    def handle_idle(self) -> None:
        """Nothing was received or sent for the idle time limit; by default this aborts."""
        from miniloop.net.idle_limit import silence

        self.abort(silence(self))

    def handle_close(self) -> None:
        """The channel ends, but not by the program's own ``close()``; called at most once.

        The channel is closed after this, whatever an override does or raises.
        """

    def handle_error(self) -> None:
        """An exception escaped from a handler; called inside the ``except`` block.

        By default it is logged with its traceback.  The channel ends after this, with
        ``handle_close()``, whatever an override does; what it raises is logged.
        """
        logger.exception("uncaptured exception, closing channel %r", self)

    def _guarded_(self, step: Callable[..., object], *args: object) -> None:
        """Run a step that a timer or callback started; what it raises ends the channel."""
        try:
            step(*args)
        except Exception:
            close_on_error(self)

    def _peer_finished_(self) -> None:
        """Report that the peer will send no more: once, and not after ``close_when_done()``."""
        if self._hold_ & state.EOF:
            return
        self._hold_ |= state.EOF  # announced below, where the channel is still there
        try:
            self._report_eof_()
        finally:
            self.interest_changed()

    def _report_eof_(self) -> None:
        if self._hold_ & state.CLOSING:
            return
        try:
            self.handle_eof()
        except BaseException:  # an interrupt: no event would report the end again
            self.loop.call_soon(self._guarded_, self._report_eof_)
            raise

    def handle_eof(self) -> None:
        """The peer will send no more; called once, unless interrupted.  By default this ends.

        An override may leave the channel open, to answer; the program closes it then.
        """
        self.end()

    def end(self) -> None:
        """Report the end, unless that was done already, and close."""
        if self.closed or self._hold_ & state.ENDED:
            self.close()
            return
        self._hold_ |= state.ENDED
        try:
            self._report_end_()
        finally:
            self.close()

    def _report_end_(self) -> None:
        self.handle_close()

    def abort(self, reason: str | Exception) -> None:
        """End at once for a reason, such as bad input: it is logged in one line at INFO.

        What is queued is lost.  ``error`` is the reason, for a str a ConnectionAbortedError with
        this text, and ``handle_close()`` follows.  Harmless when the end was reported already.
        """
        from miniloop.net.aborting import abort

        abort(self, reason)

    def on_close(self, callback: Callable[..., object], *args: object) -> Handle:
        """Call ``callback(*args)`` from the loop once this is closed, by the program too."""
        handle = Handle(callback, args)
        self._watchers_ = (*self._watchers_, handle)
        if self.closed:
            self._notify_watchers_()
        return handle

    def _notify_watchers_(self) -> None:
        while self._watchers_ and not self.loop.closed:
            self.loop.call_soon(self._watchers_[0].run)
            self._watchers_ = self._watchers_[1:]

    def close(self) -> None:
        """Leave the loop; again is harmless.  Calls no handler."""
        if self._registration_ is not None:
            self.loop.registry.unregister(self._registration_)  # first: it checks the thread
            self._registration_ = None
        if not self.closed:
            self._move_(CLOSED)
            self._hold_ |= state.CLOSING
        for limit in self._limits_:
            limit.close()
        self._limits_ = ()
        if self._watchers_:
            self._notify_watchers_()

    def _leave_(self) -> None:
        """Leave the loop when an overridden ``close()`` has failed."""
        BaseChannel.close(self)

    def check_open(self, what: str) -> None:
        """Refuse ``what`` on a closed channel.  RuntimeError: it is closed."""
        if self._life_ is CLOSED:
            raise RuntimeError(
                f"{what} on a closed channel: check .closed, or forget it in handle_close()"
            )


def without_frames(error: OSError) -> OSError:
    """Return an error that a channel may keep: frames, its context's too, hold the channel."""
    error.__context__ = None
    return error.with_traceback(None)
