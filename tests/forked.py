"""A forked child in the middle of a test: it shares every descriptor with the test's process."""

import os
import signal
import traceback
import warnings
from collections.abc import Callable

LONGEST = 20
"""Seconds after which a child that hangs is ended by SIGALRM; a healthy one needs milliseconds."""


class Forked:
    """A child that runs ``step()`` and then ends, without anything of the test's own clean-up.

    Its exit status is 0, or 1 when the step raised, or the negated number of a signal.
    """

    def __init__(self, step: Callable[[], object]) -> None:
        reader, writer = os.pipe()
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", DeprecationWarning)  # idle threads of other tests
            self.pid = os.fork()
        if not self.pid:
            os.close(reader)
            _run(step, writer)
        os.close(writer)
        self._reader = reader

    def wait(self) -> int:
        """Wait for its end; AssertionError with its traceback when the step raised."""
        _, status = os.waitpid(self.pid, 0)
        with os.fdopen(self._reader, "rb") as said:
            text = said.read().decode()
        assert not text, f"in the child:\n{text}"
        return os.waitstatus_to_exitcode(status)

    def terminate(self) -> int:
        """Send SIGTERM, and wait for its end."""
        os.kill(self.pid, signal.SIGTERM)
        return self.wait()


def _run(step: Callable[[], object], writer: int) -> None:
    """Be the child; never returns."""
    status = 1
    try:
        signal.alarm(LONGEST)
        step()
        status = 0
    except BaseException:
        os.write(writer, traceback.format_exc().encode())
    finally:
        os._exit(status)


def in_child(step: Callable[[], object]) -> None:
    """Run ``step()`` in a child and wait; what it raises fails the test."""
    assert Forked(step).wait() == 0
