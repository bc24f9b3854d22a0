"""A channel that is no socket, and loops on a scripted selector with a fake clock."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import count

from miniloop import EventLoop
from miniloop.readiness import READ, Channel, Registration
from miniloop.registry import Registry
from miniloop.testing import FakeClock, ScriptedSelector

_numbers = count(1000)


class FakeChannel(Channel):
    """Notes what the loop does with it; ``on[name]`` is run inside the call of that name."""

    plain_read = True

    def __init__(self, name: str = "", wants: int = READ, fd: int | None = None) -> None:
        self.name = name
        self.wants = wants
        self.fd = next(_numbers) if fd is None else fd
        self.calls: list[str] = []
        self.on: dict[str, Callable[[], object]] = {}
        self.queued = False
        self.registry: Registry | None = None
        self.registration: Registration | None = None

    def join(self, loop: EventLoop, *, polled: bool = False) -> Registration:
        return self.register(loop.registry, polled=polled)

    def register(self, registry: Registry, *, polled: bool = False) -> Registration:
        self.registry = registry
        self.registration = registry.register(self, polled=polled)
        return self.registration

    def want(self, wants: int) -> None:
        """Change the interest and announce it."""
        self.wants = wants
        assert self.registry is not None
        assert self.registration is not None
        self.registry.interest_changed(self.registration)

    def _called(self, name: str) -> None:
        self.calls.append(name)
        self.on.get(name, int)()

    def fileno(self) -> int:
        return self.fd

    def interest(self) -> int:
        self.on.get("interest", int)()
        return self.wants

    def flush(self) -> None:
        self._called("flush")

    def handle_read(self) -> None:
        self._called("read")

    def handle_read_event(self) -> None:
        self.handle_read()

    def handle_write_event(self) -> None:
        self._called("write")

    def handle_expt_event(self) -> None:
        self._called("urgent")

    def handle_hangup_event(self) -> None:
        self._called("hangup")

    def handle_error(self) -> None:
        self._called("error")

    def handle_stop(self) -> None:
        self._called("stop")

    def drained(self) -> bool:
        return not self.queued

    def evict(self, newcomer: Channel) -> None:
        self._called("evict")

    def close(self) -> None:
        self._called("close")
        self._leave_()

    def _leave_(self) -> None:
        if self.registry is not None and self.registration is not None:
            self.registry.unregister(self.registration)


class Sees(list[str]):
    """A log shared by several channels and callbacks, in the order of the calls."""

    def note(self, what: str) -> Callable[[], None]:
        return lambda: self.append(what)


@contextmanager
def scripted() -> Iterator[tuple[EventLoop, ScriptedSelector, FakeClock]]:
    clock = FakeClock()
    selector = ScriptedSelector(clock)
    with EventLoop(selector=selector, clock=clock, debug=True) as loop:
        yield loop, selector, clock


def fail() -> None:
    """A handler with a bug."""
    raise ValueError("on purpose")
