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
    """The signals that one loop handles.

    Args:
        wakeup_fd: where the C-level handler writes, so that the loop's wait ends.
        schedule: called with the handle of a signal that has arrived, from inside Python's handler:
            at any moment of the main thread.
    """

    def __init__(self, wakeup_fd: int, schedule: Callable[[Handle], object]) -> None:
        """Handle no signal yet."""
        self._wakeup_fd = wakeup_fd
        self._fd_before = -1  # restored when run() returns
        self._schedule = schedule
        self._handles: dict[int, Handle] = {}
        self._stopping: set[int] = set()  # those that mean stop(), unless there is a handle
        self._stop: Callable[[], object] = _no_op
        self._before: dict[int, Any] = {}  # the handlers that ours replaced

    def add(self, number: int, handle: Handle) -> None:
        """Run ``handle`` on the loop whenever this signal arrives.

        Raises:
            RuntimeError: not called on the main thread, or the signal cannot be caught.
            ValueError: there is no such signal.
        """
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
        self._set_wakeup()

    def remove(self, number: int) -> bool:
        """Put back a signal's former handler; return whether there was one of ours.

        Raises:
            RuntimeError: not called on the main thread.
        """
        if number not in self._handles:
            return False
        _check_main_thread()
        if number not in self._stopping:
            self._uninstall(number)
        self._handles.pop(number).cancel()
        self._set_wakeup()
        return True

    def close(self) -> None:
        """Put back all of them."""
        for number in [*self._handles]:
            self.remove(number)

    def after_fork(self) -> None:
        """In a forked child: put back all of them, and write to no waker of the parent's."""
        self._end_stopping()
        for number in self._handles:
            self._uninstall(number)
        self._handles.clear()
        self._fd_before = -1
        self._set_wakeup()

    @contextmanager
    def stopping(self, stop: Callable[[], object]) -> Iterator[None]:
        """Call ``stop()`` at the first SIGINT or SIGTERM; a second one has its usual effect.

        Handlers that the program has set itself are left alone, and so is everything when this is
        not the main thread, where Python allows no handlers.
        """
        if threading.current_thread() is not threading.main_thread():
            yield
            return
        self._fd_before = signal.set_wakeup_fd(self._wakeup_fd, warn_on_full_buffer=False)
        self._stop = stop
        for number in _STOPPING:
            if self._underneath(number) in _DEFAULTS:
                self._stopping.add(number)
                self._install(number)
        try:
            yield
        finally:
            self._end_stopping()
            signal.set_wakeup_fd(self._fd_before)
            self._set_wakeup()

    def _end_stopping(self) -> None:
        """Give SIGINT and SIGTERM their usual effect again, or the program's."""
        for number in self._stopping - self._handles.keys():
            self._uninstall(number)
        self._stopping = set()
        self._stop = _no_op

    def _arrived(self, number: int, frame: FrameType | None) -> None:
        """Python's handler for all of them."""
        if number in self._handles:
            self._schedule(self._handles[number])
        elif number in self._stopping:
            stop = self._stop
            self._end_stopping()  # so that the next one has its usual effect
            stop()

    def _underneath(self, number: int) -> Any:
        """Return the handler that is installed, or was before ours."""
        current = signal.getsignal(number)
        return self._before[number] if current == self._arrived else current

    def _install(self, number: int) -> None:
        """Install our handler, and keep the one that it replaces."""
        before = self._underneath(number)
        self._before[number] = signal.SIG_DFL if before is None else before  # None: C code's own
        signal.signal(number, self._arrived)

    def _uninstall(self, number: int) -> None:
        """Put back the former handler, unless the program has installed another one meanwhile."""
        if signal.getsignal(number) == self._arrived:
            signal.signal(number, self._before[number])

    def _set_wakeup(self) -> None:
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


def _no_op() -> None:
    """Replace ``stop()`` while no ``run()`` is in progress."""
