"""Signals become callbacks on the loop; SIGINT and SIGTERM end a running loop in order.

Python runs a signal's handler between two bytecodes of the main thread, which may be too late: a
wait that has just begun would go on.  ``signal.set_wakeup_fd()`` closes the gap: the C-level
handler itself writes to the waker, so the wait ends at once, and the Python handler runs next.
"""

import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Any

from miniloop.timers import Handle

_DEFAULTS = (signal.SIG_DFL, signal.default_int_handler)
_STOPPING = (signal.SIGINT, signal.SIGTERM)


class SignalHandlers:
    """The signals that one loop takes care of.

    Args:
        wakeup_fd: where the C-level handler writes, so that the loop's wait ends.
        hand_over: called with the handle of a signal that has arrived, from inside Python's
            handler: at any moment of the main thread.
    """

    def __init__(self, wakeup_fd: int, hand_over: Callable[[Handle], object]) -> None:
        """Take care of none yet."""
        self._wakeup_fd = wakeup_fd
        self._hand_over = hand_over
        self._handles: dict[int, Handle] = {}
        self._stopping: set[int] = set()  # those that mean stop() unless somebody has a handle
        self._stop: Callable[[], object] = _nothing
        self._before: dict[int, Any] = {}  # what stood where our handler stands now

    def add(self, number: int, handle: Handle) -> None:
        """Run ``handle`` on the loop whenever this signal arrives."""
        _check_main_thread()
        if number not in signal.valid_signals():
            raise ValueError(f"there is no signal {number!r}: use the names in the signal module")
        old = self._handles.get(number)
        self._handles[number] = handle  # before Python calls us, or one that comes now is lost
        try:
            self._install(number)
        except OSError:
            del self._handles[number]
            raise RuntimeError(f"signal {number!r} cannot be caught") from None
        if old is not None:
            old.cancel()
        self._settle_wakeup()

    def remove(self, number: int) -> bool:
        """Give one back; return whether it was ours."""
        if number not in self._handles:
            return False
        _check_main_thread()
        if number not in self._stopping:
            self._uninstall(number)
        self._handles.pop(number).cancel()
        self._settle_wakeup()
        return True

    def close(self) -> None:
        """Give all back."""
        for number in [*self._handles]:
            self.remove(number)

    @contextmanager
    def stopping(self, stop: Callable[[], object]) -> Iterator[None]:
        """Call ``stop()`` at the first SIGINT or SIGTERM; a second one has its usual effect.

        Handlers that the program has set itself are left alone, and so is everything when this is
        not the main thread, where Python allows no handlers.
        """
        if threading.current_thread() is not threading.main_thread():
            yield
            return
        fd_before = signal.set_wakeup_fd(self._wakeup_fd, warn_on_full_buffer=False)
        self._stop = stop
        for number in _STOPPING:
            if self._underneath(number) in _DEFAULTS:
                self._stopping.add(number)
                self._install(number)
        try:
            yield
        finally:
            self._stop_no_more()
            signal.set_wakeup_fd(fd_before)
            self._settle_wakeup()

    def _stop_no_more(self) -> None:
        """SIGINT and SIGTERM have their usual effect again, or the program's."""
        for number in self._stopping - self._handles.keys():
            self._uninstall(number)
        self._stopping = set()
        self._stop = _nothing

    def _arrived(self, number: int, frame: FrameType | None) -> None:
        """Be Python's handler for all of them."""
        if number in self._handles:
            self._hand_over(self._handles[number])
        elif number in self._stopping:
            stop = self._stop
            self._stop_no_more()  # so that the next one does what it always did
            stop()

    def _underneath(self, number: int) -> Any:
        """Return the handler that stands there, or stood there before ours."""
        current = signal.getsignal(number)
        return self._before[number] if current == self._arrived else current

    def _install(self, number: int) -> None:
        """Have Python call us, and note whom it called before."""
        before = self._underneath(number)
        self._before[number] = signal.SIG_DFL if before is None else before  # None: C code's own
        signal.signal(number, self._arrived)

    def _uninstall(self, number: int) -> None:
        """Put back what is still ours to put back; else the program has set its own."""
        if signal.getsignal(number) == self._arrived:
            signal.signal(number, self._before[number])

    def _settle_wakeup(self) -> None:
        """Be woken by the C-level handler while there are handles, unless it wakes another loop.

        Another loop's wait ends with the signal too, and then our Python handler runs.
        """
        before = signal.set_wakeup_fd(
            self._wakeup_fd if self._handles else -1, warn_on_full_buffer=False
        )
        if before not in (-1, self._wakeup_fd):
            signal.set_wakeup_fd(before)


def _check_main_thread() -> None:
    """Refuse every other thread, as Python does."""
    if threading.current_thread() is not threading.main_thread():
        raise RuntimeError("signal handlers are set, removed and put back on the main thread only")


def _nothing() -> None:
    """Stand where ``stop()`` is while no ``run()`` is in progress."""
