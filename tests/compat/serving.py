"""Serving a map inside one ``loop()``, which is what the layer optimises, until something is so."""

# mypy: disallow-subclassing-any=False

import socket
import time
from collections.abc import Callable
from typing import Any

LONGEST = 20.0
"""Seconds until a test that waits for the kernel gives up; a healthy one needs milliseconds."""


class Guard:
    """A duck-typed member of a map: asked on every pass, it leaves the loop when it is time."""

    accepting = False

    def __init__(self, core: Any, done: Callable[[], object]) -> None:
        self.core, self.done = core, done
        self.deadline = time.monotonic() + LONGEST

    def readable(self) -> bool:
        assert time.monotonic() < self.deadline, "it did not happen in time"
        if self.done():
            raise self.core.ExitNow
        return False

    def writable(self) -> bool:
        return False


def serve(
    core: Any,
    map: dict[int, Any],
    done: Callable[[], object],
    use_poll: bool = False,
    timeout: float = 0.05,
) -> None:
    """Run one ``loop()`` until ``done()``, which is asked before each wait."""
    one, other = socket.socketpair()
    with one, other:
        map[one.fileno()] = Guard(core, done)
        try:
            core.loop(timeout, use_poll, map)
        except core.ExitNow:
            pass
        else:
            assert done(), "the loop ended before it was done"
        finally:
            map.pop(one.fileno(), None)


def after(passes: int) -> Callable[[], bool]:
    """Return a ``done()`` that lets so many passes by."""
    left = iter(range(passes))
    return lambda: next(left, None) is None


def recorder(core: Any) -> Any:
    """Return a class that notes what is called, with ``seen`` shared as the order of calls.

    Its predicates are the old modules' own; overridden ones are asked on every pass anyhow.
    """
    base: Any = core.dispatcher_with_send

    class Recorder(base):
        def __init__(
            self, sock: Any, map: dict[int, Any], name: str = "", seen: list[Any] | None = None
        ) -> None:
            self.name = name
            self.seen: list[Any] = [] if seen is None else seen
            self.on: dict[str, Callable[[], object]] = {}
            base.__init__(self, sock, map)

        def note(self, what: str) -> None:
            self.seen.append(f"{self.name} {what}".strip())
            self.on.get(what.split(" ", maxsplit=1)[0], int)()

        def handle_read(self) -> None:
            try:
                data = self.recv(4096)
            except BlockingIOError:  # a loop inside a handler was here before
                return
            if data:
                self.note(f"read {data.decode()}")

        def handle_write(self) -> None:
            self.note("write")

        def handle_expt(self) -> None:
            self.note("expt")

        def handle_connect(self) -> None:
            self.note("connect")

        def handle_close(self) -> None:
            self.note("close")
            self.close()

        def handle_error(self) -> None:
            self.note("error")
            raise  # inside the except block of the loop

    return Recorder
