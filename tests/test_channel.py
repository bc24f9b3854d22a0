"""The life of a channel: asked, idle, failing, ended; with no socket anywhere."""

from collections.abc import Callable, Iterator

import pytest

from miniloop import EventLoop, announced
from miniloop.channel import BaseChannel
from miniloop.readiness import READ, URGENT, WRITE
from miniloop.testing import FakeClock, ScriptedSelector
from miniloop.trace import inspection
from tests.doubles import fail, scripted

Setup = tuple[EventLoop, ScriptedSelector, FakeClock]


@pytest.fixture
def setup() -> Iterator[Setup]:
    with scripted() as parts:
        yield parts


class Plain(BaseChannel):
    """Notes its handlers; ``on`` runs inside them."""

    fd = 7

    def __init__(self, loop: EventLoop) -> None:
        super().__init__(loop)
        self.calls: list[str] = []
        self.on: dict[str, Callable[[], object]] = {}
        self._attach_()

    def fileno(self) -> int:
        return self.fd

    def _called(self, name: str) -> None:
        self.calls.append(name)
        self.on.get(name, int)()

    def handle_read(self) -> None:
        self._called("read")

    def handle_idle(self) -> None:
        self._called("idle")

    def handle_close(self) -> None:
        self._called("close")


class Urgent(Plain):
    def handle_expt(self) -> None:
        self._called("urgent")


class Overrides(Plain):
    wants = False

    def writable(self) -> bool:
        return self.wants


class Announces(Plain):
    wants = False

    @announced
    def writable(self) -> bool:
        return self.wants


def test_a_mixin_is_told_of_subclasses() -> None:
    class Mixin:
        told: list[str] = []  # noqa: RUF012 - of all its classes

        def __init_subclass__(cls) -> None:
            cls.told.append(cls.__name__)

    class Mixed(Plain, Mixin):
        pass

    assert Mixed.told == ["Mixed"]


def test_only_a_plain_read_goes_straight_to_handle_read(setup: Setup) -> None:
    channel = Plain(setup[0])
    assert channel.plain_read
    channel.set_idle_timeout(1)
    assert not channel.plain_read  # each READ is noted


def test_needs_a_loop() -> None:
    with pytest.raises(TypeError, match="first argument is the EventLoop"):
        BaseChannel("loop")  # type: ignore[arg-type]  # on purpose


def test_without_descriptor(loop: EventLoop) -> None:
    channel = BaseChannel(loop)
    assert channel.fileno() == -1
    assert channel.drained()
    channel.flush()
    channel.interest_changed()
    channel.handle_stop()
    channel.close()
    assert channel.closed


def test_interest(setup: Setup) -> None:
    assert BaseChannel(setup[0]).interest() == READ
    channel = Plain(setup[0])
    assert channel.interest() == READ
    channel.pause_reading()
    assert channel.interest() == 0
    channel.resume_reading()
    assert channel.interest() == READ
    channel.close()
    urgent = Urgent(setup[0])
    assert urgent.interest() == READ | URGENT
    urgent.close()
    overrides = Overrides(setup[0])
    overrides.wants = True
    assert overrides.interest() == READ | WRITE


def test_overridden_predicate_is_asked_in_every_pass(setup: Setup) -> None:
    loop, selector, _ = setup
    channel = Overrides(loop)
    loop.run_once(0)
    channel.wants = True
    loop.run_once(0)
    assert selector.calls[-1] == ("modify", 7, READ | WRITE)


def test_announced_predicate_is_asked_when_announced(setup: Setup) -> None:
    loop, selector, _ = setup
    channel = Announces(loop)
    loop.run_once(0)
    channel.wants = True
    channel.interest_changed()
    loop.run_once(0)
    assert selector.calls[-1] == ("modify", 7, READ | WRITE)
    channel.wants = False
    with pytest.raises(RuntimeError, match="interest_changed"):
        loop.run_once(0)


def test_events_reach_their_handlers(setup: Setup) -> None:
    channel = Urgent(setup[0])
    channel.handle_read_event()
    channel.handle_expt_event()
    assert channel.calls == ["read", "urgent"]
    Plain(setup[0]).handle_expt_event()


def test_reading_must_be_overridden(loop: EventLoop) -> None:
    with pytest.raises(NotImplementedError, match=r"override it, or call pause_reading\(\)"):
        BaseChannel(loop).handle_read()


# -- the end -------------------------------------------------------------------------------------


def test_handle_close_runs_once(setup: Setup) -> None:
    channel = Plain(setup[0])

    def end_again() -> None:
        channel.end()
        assert channel.closed

    channel.on["close"] = end_again
    channel.end()
    channel.end()
    assert channel.calls == ["close"]


def test_close_calls_no_handler(setup: Setup) -> None:
    channel = Plain(setup[0])
    channel.close()
    channel.close()
    channel.end()
    assert channel.calls == []
    assert not inspection.registrations(setup[0])


def test_closed_even_when_handle_close_fails(setup: Setup) -> None:
    channel = Plain(setup[0])
    channel.on["close"] = fail
    with pytest.raises(ValueError, match="on purpose"):
        channel.end()
    assert channel.closed


def test_leaves_the_loop_even_when_an_overridden_close_fails(
    setup: Setup, caplog: pytest.LogCaptureFixture
) -> None:
    class Failing(Plain):
        def close(self) -> None:
            if not self.closed:
                fail()
            super().close()

    loop, selector, _ = setup
    channel = Failing(loop)
    channel.on["read"] = fail
    loop.run_once(0)
    selector.script((7, READ))
    loop.run_once()
    assert channel.closed
    assert not inspection.registrations(loop)
    assert "exception while closing" in caplog.text


def test_failing_handler_ends_the_channel(setup: Setup, caplog: pytest.LogCaptureFixture) -> None:
    loop, selector, _ = setup
    channel = Plain(loop)
    channel.on["read"] = fail
    loop.run_once(0)
    selector.script((7, READ))
    loop.run_once()
    assert channel.calls == ["read", "close"]
    assert "uncaptured exception" in caplog.text
    assert "on purpose" in caplog.text


def test_eviction_ends_the_channel(setup: Setup) -> None:
    old, new = Plain(setup[0]), Plain(setup[0])
    assert old.calls == ["close"]
    assert not new.closed


def test_closed_channel_refuses(setup: Setup) -> None:
    channel = Plain(setup[0])
    channel.close()
    for call in (channel.resume_reading, lambda: channel.set_idle_timeout(1)):
        with pytest.raises(RuntimeError, match=r"on a closed channel: check \.closed"):
            call()


# -- idling --------------------------------------------------------------------------------------


def test_idle_after_silence(setup: Setup) -> None:
    loop, _, clock = setup
    channel = Plain(loop)
    channel.set_idle_timeout(10)
    loop.run_once(9)
    channel.handle_read_event()
    loop.run_once(9)
    loop.run_once(9)
    assert (clock(), channel.calls) == (1019, ["read", "idle"])
    loop.run_once()
    assert (clock(), channel.calls) == (1029, ["read", "idle", "idle"])


def test_reading_costs_no_timer(setup: Setup) -> None:
    loop = setup[0]
    channel = Plain(loop)
    channel.set_idle_timeout(10)
    assert not channel.plain_read
    for _ in range(50):
        channel.handle_read_event()
    assert len(inspection.timers(loop, 9)) == 1


def test_idle_limit_is_taken_back(setup: Setup) -> None:
    loop = setup[0]
    channel = Plain(loop)
    channel.set_idle_timeout(10)
    channel.set_idle_timeout(None)
    loop.run_once(30)
    assert channel.calls == []
    assert inspection.timers(loop, 9) == []


@pytest.mark.parametrize("limit", [10, 20, None])
def test_idle_limit_is_set_anew_in_handle_idle(setup: Setup, limit: float | None) -> None:
    loop, _, clock = setup
    channel = Plain(loop)
    channel.on["idle"] = lambda: channel.set_idle_timeout(limit)
    channel.set_idle_timeout(10)
    loop.run_once(0)
    loop.run_once()
    assert (clock(), channel.calls) == (1010, ["idle"])
    assert len(inspection.timers(loop, 9)) == (limit is not None)


def test_idle_ends_by_default(setup: Setup) -> None:
    loop = setup[0]
    channel = Plain(loop)
    channel.on["idle"] = lambda: BaseChannel.handle_idle(channel)
    channel.set_idle_timeout(10)
    loop.run_once(0)
    loop.run_once()
    assert channel.calls == ["idle", "close"]
    assert inspection.timers(loop, 9) == []


@pytest.mark.parametrize("also", ["", "close"])
def test_failing_handle_idle_is_contained(setup: Setup, also: str) -> None:
    loop = setup[0]
    channel = Plain(loop)
    channel.on["idle"] = channel.on[also] = fail
    channel.set_idle_timeout(10)
    loop.run_once(0)
    loop.run_once()
    assert channel.calls == ["idle", "close"]
    assert channel.closed


def test_closing_cancels_the_idle_limit(setup: Setup) -> None:
    loop = setup[0]
    channel = Plain(loop)
    channel.set_idle_timeout(10)
    channel.close()
    assert inspection.timers(loop, 9) == []
    loop.run_once(20)
    assert channel.calls == []


@pytest.mark.parametrize("wrong", [0, -1, float("nan")])
def test_wrong_idle_limits(setup: Setup, wrong: float) -> None:
    with pytest.raises(ValueError, match="seconds above 0"):
        Plain(setup[0]).set_idle_timeout(wrong)


# -- on_close --------------------------------------------------------------------------------------


@pytest.mark.parametrize("how", ["close", "end", "exception"])
def test_on_close_is_called_once_from_the_loop_whoever_closes(loop: EventLoop, how: str) -> None:
    channel, seen = BaseChannel(loop), list[str]()
    channel.on_close(seen.append, "first")
    channel.on_close(seen.append, "never").cancel()
    channel.on_close(seen.append, "second")
    if how == "exception":
        channel._guarded_(int, "no number")
    else:
        getattr(channel, how)()
    channel.close()
    assert seen == []
    loop.run()
    assert seen == ["first", "second"]


def test_on_close_of_a_closed_channel_is_called_all_the_same(loop: EventLoop) -> None:
    channel, seen = BaseChannel(loop), list[str]()
    channel.close()
    channel.on_close(seen.append, "late")
    assert seen == []
    loop.run()
    assert seen == ["late"]


def test_closing_after_the_loop_calls_nobody(loop: EventLoop) -> None:
    channel, seen = BaseChannel(loop), list[str]()
    channel.on_close(seen.append, "no")
    loop.close()
    channel.close()
    assert seen == []
