"""In debug mode a slow handler is logged with its time; otherwise nothing is measured."""

import logging

import pytest

from miniloop import EventLoop, Trace
from miniloop.readiness import READ, WRITE
from miniloop.testing import FakeClock, ScriptedSelector
from miniloop.trace import install
from miniloop.trace.slow_handlers import SlowHandlers
from tests.doubles import FakeChannel, fail


class Echo(FakeChannel):
    """Its handlers take as long as they are told."""

    connecting = False


class Stage:
    """A loop on a scripted selector, and a clock that the handlers move."""

    def __init__(self, slow: float | None = 0.1, *, debug: bool = True) -> None:
        self.clock = FakeClock()
        self.asked = 0
        self.selector = ScriptedSelector(self.clock)
        self.loop = EventLoop(selector=self.selector, clock=self.time, debug=debug, slow=slow)

    def time(self) -> float:
        self.asked += 1
        return self.clock()

    def take(self, seconds: float) -> None:
        self.clock.advance(seconds)


def warnings(caplog: pytest.LogCaptureFixture) -> list[str]:
    return [record.getMessage() for record in caplog.records if record.levelno == logging.WARNING]


@pytest.mark.parametrize(
    ("event", "call", "name"),
    [(READ, "read", "handle_read"), (WRITE, "write", "handle_write")],
)
def test_a_slow_handler_is_named(
    event: int, call: str, name: str, caplog: pytest.LogCaptureFixture
) -> None:
    stage = Stage()
    with stage.loop as loop:
        channel = Echo(fd=7, wants=READ | WRITE)
        channel.join(loop)
        channel.on[call] = lambda: stage.take(0.213)
        loop.run_once(0)
        stage.selector.script((7, event))
        loop.run_once(0)
    assert warnings(caplog) == [
        f"Echo.{name} took 0.213 s, while no other channel was served: split the work, or give it "
        "to a ThreadPool"
    ]


def test_a_slow_flush_is_named(caplog: pytest.LogCaptureFixture) -> None:
    stage = Stage()
    with stage.loop as loop:
        channel = Echo(fd=7)
        channel.on["flush"] = lambda: stage.take(0.5)
        channel.join(loop)
        loop.flush_soon(channel)
        loop.run_once(0)
    assert [text.split(",")[0] for text in warnings(caplog)] == ["Echo.flush took 0.500 s"]


def test_slow_timers_and_callbacks_are_named(caplog: pytest.LogCaptureFixture) -> None:
    stage = Stage()
    with stage.loop as loop:
        loop.call_later(0, stage.take, 0.2)
        loop.call_soon(stage.take, 0.3)
        loop.run_once(0)
        loop.run_once(0)
    assert [text.split(",")[0] for text in warnings(caplog)] == [
        "the timer Stage.take took 0.200 s", "the callback Stage.take took 0.300 s"
    ]  # fmt: skip


def test_who_fails_slowly_is_named_too(caplog: pytest.LogCaptureFixture) -> None:
    stage = Stage()

    def fail_late() -> None:
        stage.take(1)
        fail()

    with stage.loop as loop:
        channel = Echo(fd=7)
        channel.on["read"] = fail_late
        channel.join(loop)
        loop.run_once(0)
        stage.selector.script((7, READ))
        loop.run_once(0)
    assert warnings(caplog)[0].startswith("Echo.handle_read took 1.000 s")


def test_a_stop_inside_a_callback_keeps_the_times_apart(caplog: pytest.LogCaptureFixture) -> None:
    stage = Stage()
    slowness = SlowHandlers(stage.time, 0.1)
    with stage.loop as loop:
        registration = Echo(fd=7).join(loop)
        handle = loop.call_soon(int)
        slowness.before_callback(handle)
        stage.take(0.15)
        slowness.before_handler(registration, "flush")
        slowness.after_handler(registration, "flush")
        slowness.after_callback(handle)
        slowness.after_callback(handle)  # of which the beginning was not seen
    assert [text.split(",")[0] for text in warnings(caplog)] == ["the callback int took 0.150 s"]


@pytest.mark.parametrize(("slow", "debug"), [(0.1, False), (None, True)])
def test_nothing_is_measured_without_need(
    slow: float | None, debug: bool, caplog: pytest.LogCaptureFixture
) -> None:
    stage = Stage(slow, debug=debug)
    with stage.loop as loop:
        channel = Echo(fd=7)
        channel.on["read"] = lambda: stage.take(1)
        channel.join(loop)
        loop.run_once(0)
        stage.selector.script((7, READ))
        stage.asked = 0
        loop.run_once(0)
        assert stage.asked == 0
    assert warnings(caplog) == []


def test_the_limit_itself_is_slow(caplog: pytest.LogCaptureFixture) -> None:
    stage = Stage(0.125)
    with stage.loop as loop:
        loop.call_soon(stage.take, 0.125)
        loop.run_once(0)
    assert len(warnings(caplog)) == 1


@pytest.mark.parametrize("seconds", [0.0, 0.099])
def test_who_is_quick_is_not_named(seconds: float, caplog: pytest.LogCaptureFixture) -> None:
    stage = Stage()
    with stage.loop as loop:
        loop.call_soon(stage.take, seconds)
        loop.run_once(0)
    assert warnings(caplog) == []


def test_a_trace_does_not_silence_the_warning(caplog: pytest.LogCaptureFixture) -> None:
    stage = Stage()
    install(stage.loop, Trace())
    with stage.loop as loop:
        loop.call_soon(stage.take, 1)
        loop.run_once(0)
    assert len(warnings(caplog)) == 1


@pytest.mark.parametrize("slow", [-1, float("nan")])
def test_nonsense_is_refused(slow: float) -> None:
    with pytest.raises(ValueError, match="number of seconds"):
        SlowHandlers(FakeClock(), slow)
