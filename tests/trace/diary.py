"""Hooks that note what they are told, and a loop on a scripted selector to install them on."""

from miniloop import EventLoop, Trace
from miniloop.readiness import Registration
from miniloop.testing import FakeClock, ScriptedSelector
from miniloop.timers import Handle
from miniloop.trace import install
from miniloop.trace.hooks import Counts, callback_name


class Diary(Trace):
    """Notes every hook, with what tells the most."""

    def __init__(self) -> None:
        self.told: list[str] = []

    def note(self, *words: object) -> None:
        self.told.append(" ".join(map(str, words)))

    def before_pass(self, counts: Counts) -> None:
        self.note("pass", *counts)

    def stage(self, name: str) -> None:
        self.note("stage", name)

    def after_pass(self) -> None:
        self.note("passed")

    def asked(self, registration: Registration, before: int) -> None:
        self.note("ask", registration.fd, before, registration.interest)

    def before_wait(self, timeout: float | None) -> None:
        self.note("wait", timeout)

    def after_wait(self, count: int) -> None:
        self.note("waited", count)

    def before_delivery(self, registration: Registration, ready: int) -> None:
        self.note("deliver", registration.fd, ready)

    def after_delivery(self, registration: Registration) -> None:
        self.note("delivered", registration.fd)

    def before_handler(self, registration: Registration, name: str) -> None:
        self.note(name, registration.fd)

    def after_handler(self, registration: Registration, name: str) -> None:
        self.note("end of", name, registration.fd)

    def before_callback(self, handle: Handle) -> None:
        self.note("call", callback_name(handle))

    def after_callback(self, handle: Handle) -> None:
        self.note("called")

    def opened(self, registration: Registration) -> None:
        self.note("opened", registration.fd)

    def closed(self, registration: Registration) -> None:
        self.note("closed", registration.fd)

    def scheduled(self, work: object) -> None:
        self.note("soon", callback_name(work) if isinstance(work, Handle) else work)

    def loop_closed(self) -> None:
        self.note("end")


class Bytes(Trace):
    """Notes what is queued, sent and received."""

    def __init__(self) -> None:
        self.told: list[tuple[str, object, int]] = []

    def pushed(self, registration: Registration, size: int) -> None:
        self.told.append(("pushed", registration.channel, size))

    def received(self, registration: Registration, size: int) -> None:
        self.told.append(("received", registration.channel, size))

    def sent(self, registration: Registration, size: int) -> None:
        self.told.append(("sent", registration.channel, size))


def begin(
    trace: Trace | None, *, debug: bool = False, slow: float | None = None
) -> tuple[EventLoop, ScriptedSelector]:
    clock = FakeClock()
    selector = ScriptedSelector(clock)
    loop = EventLoop(selector=selector, clock=clock, debug=debug, slow=slow)
    if trace is not None:
        install(loop, trace)
    return loop, selector


def plain() -> None:
    """Be a callback."""
