"""A limit for run(), which would otherwise hang where it should return."""

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

from tests.driving import LONGEST


class Hangs(BaseException):
    """What is left of a run() that did not return; no handler may contain it."""


@contextmanager
def returns() -> Iterator[None]:
    """Fail when the block takes too long; it is on the main thread, with no timer of a loop."""

    def interrupt(number: int, frame: FrameType | None) -> None:
        raise Hangs

    before = signal.signal(signal.SIGALRM, interrupt)
    signal.setitimer(signal.ITIMER_REAL, LONGEST)
    try:
        yield
    except Hangs:
        raise AssertionError("run() did not return") from None
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
