"""SIGINT and SIGTERM end a running loop in order.

``signal.set_wakeup_fd()`` lets the C-level handler itself write to the waker, so a signal that
arrives just before the wait begins still ends it; a Python handler alone would run too late.
"""

import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType

_DEFAULTS = (signal.SIG_DFL, signal.default_int_handler)


@contextmanager
def stopping_signals(stop: Callable[[], object], wakeup_fd: int) -> Iterator[None]:
    """Call ``stop()`` at the first SIGINT or SIGTERM; a second one has its usual effect.

    Handlers that the program has set itself are left alone, and so is everything when this is not
    the main thread, where Python allows no handlers.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    numbers = (signal.SIGINT, signal.SIGTERM)
    before = {number: signal.getsignal(number) for number in numbers}
    ours = [number for number in numbers if before[number] in _DEFAULTS]

    def restore() -> None:
        """Put back what is still ours to put back."""
        for number in ours:
            if signal.getsignal(number) is first_signal:  # else the program has set its own
                signal.signal(number, before[number])

    def first_signal(number: int, frame: FrameType | None) -> None:
        """Stop in order, and let the next signal do what it always did."""
        restore()
        stop()

    fd_before = signal.set_wakeup_fd(wakeup_fd, warn_on_full_buffer=False)
    for number in ours:
        signal.signal(number, first_signal)
    try:
        yield
    finally:
        restore()
        signal.set_wakeup_fd(fd_before)
