"""Which channels are asked, what the selector is given, and how a channel ends that failed."""

import selectors
import socket
from collections.abc import Iterator
from contextlib import closing

import pytest

from miniloop.readiness import HANGUP, NOT_DIRECT, READ, URGENT, WRITE, Registration
from miniloop.registry import Registry
from miniloop.selectors import EpollSelector, PollSelector
from miniloop.testing import ScriptedSelector
from tests.doubles import FakeChannel, fail


def allow() -> None:
    """Allow changes from this thread."""


@pytest.fixture
def selector() -> ScriptedSelector:
    return ScriptedSelector()


@pytest.fixture
def registry(selector: ScriptedSelector) -> Registry:
    return Registry(selector, allow)


def test_selector_is_told_of_differences_only(
    registry: Registry, selector: ScriptedSelector
) -> None:
    channel = FakeChannel(fd=7)
    registration = channel.register(registry)
    assert selector.calls == []
    for wants in (READ, READ, READ | WRITE, 0, 0, WRITE):
        channel.wants = wants
        registry.mark_dirty(registration)
        registry.ask()
    registry.unregister(registration)
    registry.unregister(registration)
    assert selector.calls == [
        ("register", 7, READ),
        ("modify", 7, READ | WRITE),
        ("unregister", 7, 0),
        ("register", 7, WRITE),
        ("unregister", 7, 0),
    ]
    assert registry.registrations == {}


def test_only_dirty_and_polled_channels_are_asked(registry: Registry) -> None:
    polled, announced = FakeChannel("polled"), FakeChannel("announced")
    questions: list[str] = []
    polled.on["interest"] = lambda: questions.append("polled")
    announced.on["interest"] = lambda: questions.append("announced")
    polled.register(registry, polled=True)
    registration = announced.register(registry)
    for _ in range(3):
        registry.ask()
    assert questions == ["polled", "announced", "polled", "polled"]
    registry.mark_dirty(registration)
    assert registration.direct == NOT_DIRECT
    registry.ask()
    assert questions[4:] == ["polled", "announced"]
    assert registration.direct == READ


def test_polled_channel_leaves(registry: Registry) -> None:
    registration = FakeChannel().register(registry, polled=True)
    registry.ask()
    registry.unregister(registration)
    assert registry.polled == {}


def test_dead_one_is_not_asked(registry: Registry) -> None:
    channel = FakeChannel()
    channel.on["interest"] = fail
    registry.unregister(channel.register(registry))
    registry.ask()
    assert channel.calls == []


def test_stock_selector_hears_of_read_and_write_only(
    registry: Registry, selector: ScriptedSelector
) -> None:
    channel = FakeChannel(wants=HANGUP, fd=7)
    registration = channel.register(registry)
    registry.ask()
    channel.wants = READ | URGENT
    registry.mark_dirty(registration)
    registry.ask()
    assert selector.calls == [("register", 7, READ)]
    assert registration.interest == READ | URGENT


@pytest.mark.needs("epoll")
@pytest.mark.parametrize("kind", [EpollSelector, PollSelector])
def test_our_selectors_hear_of_everything(kind: type[PollSelector]) -> None:
    ours, theirs = socket.socketpair()
    with ours, theirs, closing(kind()) as selector:
        registry = Registry(selector, allow)
        registration = registry.register(
            FakeChannel(wants=URGENT | HANGUP, fd=ours.fileno()), polled=False
        )
        registry.ask()
        assert selector.get_key(ours.fileno()).events == URGENT | HANGUP
        registry.unregister(registration)


def test_no_descriptor(registry: Registry) -> None:
    with pytest.raises(ValueError, match="register before closing"):
        FakeChannel(fd=-1).register(registry)
    FakeChannel(fd=0).register(registry)


# -- another channel on the same descriptor ------------------------------------------------------


def test_newcomer_evicts_the_channel_before(
    registry: Registry, caplog: pytest.LogCaptureFixture
) -> None:
    old, new = FakeChannel("old", fd=7), FakeChannel("new", fd=7)
    first = old.register(registry)
    registry.ask()
    second = new.register(registry)
    assert old.calls == ["evict"]
    assert not first.alive
    assert second.alive
    assert registry.registrations == {7: second}
    assert "closed behind its back" in caplog.text
    registry.unregister(first)
    assert registry.registrations == {7: second}


def test_eviction_that_fails(registry: Registry, caplog: pytest.LogCaptureFixture) -> None:
    old, new = FakeChannel(fd=7), FakeChannel(fd=7)
    old.on["evict"] = fail
    old.register(registry)
    second = new.register(registry)
    assert registry.registrations == {7: second}
    assert "on purpose" in caplog.text


def test_late_unregistering_leaves_the_newcomer_alone(registry: Registry) -> None:
    first = FakeChannel(fd=7).register(registry)
    newcomer = registry.registrations[7] = FakeChannel(fd=8).register(registry)
    registry.unregister(first)
    assert registry.registrations[7] is newcomer


# -- failures ------------------------------------------------------------------------------------


def test_predicate_that_fails_ends_its_channel_only(registry: Registry) -> None:
    bad, good = FakeChannel("bad"), FakeChannel("good")
    bad.on["interest"] = fail
    registrations = [channel.register(registry) for channel in (bad, good)]
    registry.ask()
    assert bad.calls == ["error", "close"]
    assert [registration.alive for registration in registrations] == [False, True]
    assert registrations[1].interest == READ


class Interrupt(BaseException):
    """What a handler may raise to leave the loop."""


def interrupt() -> None:
    raise Interrupt


@pytest.mark.parametrize("polled", [False, True])
def test_an_exception_that_passes_leaves_the_others_to_be_asked(
    registry: Registry, polled: bool
) -> None:
    channels = [FakeChannel(name) for name in ("first", "second", "third")]
    registrations = [channel.register(registry, polled=polled) for channel in channels]
    channels[1].on["interest"] = interrupt
    with pytest.raises(Interrupt):
        registry.ask()
    assert [each.interest for each in registrations] == [READ, 0, 0]
    channels[1].on.clear()
    registry.ask()
    assert [each.interest for each in registrations] == [READ, READ, READ]
    assert [each.direct for each in registrations] == [NOT_DIRECT if polled else READ] * 3


def test_one_that_died_meanwhile_is_not_asked_again(registry: Registry) -> None:
    channel, other = FakeChannel(), FakeChannel()
    registration = other.register(registry)

    def leave() -> None:
        registry.unregister(registration)
        raise Interrupt

    channel.on["interest"] = leave
    channel.register(registry)
    registry.mark_dirty(registration)  # behind the channel
    registry.dirty.pop(0)
    with pytest.raises(Interrupt):
        registry.ask()
    assert registration not in registry.dirty
    assert not registration.dirty


def test_another_selector_is_given_everything_anew(
    registry: Registry, selector: ScriptedSelector
) -> None:
    channels = [FakeChannel(fd=fd) for fd in (7, 8)]
    registrations = [channels[0].register(registry), channels[1].register(registry, polled=True)]
    registry.ask()
    other = ScriptedSelector()
    before = len(selector.calls)
    registry.replace_selector(other)
    assert [each.direct for each in registrations] == [NOT_DIRECT] * 2
    registry.ask()
    assert sorted(other.calls) == [("register", 7, READ), ("register", 8, READ)]
    assert len(selector.calls) == before
    registry.unregister(registrations[0])
    assert ("unregister", 7, 0) in other.calls


def test_the_thread_is_checked(selector: ScriptedSelector) -> None:
    def refuse() -> None:
        raise RuntimeError("another thread")

    registry = Registry(selector, refuse)
    with pytest.raises(RuntimeError, match="another thread"):
        FakeChannel().register(registry)
    registration = registry.add(Registration(FakeChannel(), 7, polled=False))
    with pytest.raises(RuntimeError, match="another thread"):
        registry.interest_changed(registration)
    with pytest.raises(RuntimeError, match="another thread"):
        registry.unregister(registration)
    registration.die()
    registry.interest_changed(registration)  # nothing changes, so nothing is refused
    registry.unregister(registration)


@pytest.mark.parametrize("broken", [("error",), ("close",), ("error", "close")])
def test_failing_while_failing(
    registry: Registry, broken: tuple[str, ...], caplog: pytest.LogCaptureFixture
) -> None:
    channel = FakeChannel()
    for name in ("interest", *broken):
        channel.on[name] = fail
    registration = channel.register(registry)
    registry.ask()
    assert channel.calls == ["error", "close"]
    assert not registration.alive
    assert registry.registrations == {}
    assert len(caplog.records) == len(broken)


def test_closed_in_handle_error(registry: Registry) -> None:
    channel = FakeChannel()
    channel.on["interest"] = fail
    registration = channel.register(registry)
    channel.on["error"] = lambda: registry.unregister(registration)
    registry.ask()
    assert channel.calls == ["error", "close"]  # close() again is harmless


class Refuses(ScriptedSelector):
    """Fails in one method, as the kernel does with a descriptor that was closed."""

    refusing = ""

    def register(self, fileobj: object, events: int, data: object = None) -> selectors.SelectorKey:
        if self.refusing == "register":
            raise OSError("refused")
        return super().register(fileobj, events, data)

    def modify(self, fileobj: object, events: int, data: object = None) -> selectors.SelectorKey:
        if self.refusing == "modify":
            super().unregister(fileobj)  # as the stock selectors do
            raise OSError("refused")
        return super().modify(fileobj, events, data)


@pytest.fixture
def refusing() -> Iterator[tuple[Registry, Refuses]]:
    selector = Refuses()
    yield Registry(selector, allow), selector
    assert not selector.get_map()


def test_selector_that_refuses(refusing: tuple[Registry, Refuses]) -> None:
    registry, selector = refusing
    channel = FakeChannel()
    registration = channel.register(registry)
    channel.on["close"] = lambda: registry.unregister(registration)
    selector.refusing = "register"
    registry.ask()
    assert channel.calls == ["error", "close"]
    assert not registration.alive
    assert selector.calls == []


def test_selector_that_forgets(refusing: tuple[Registry, Refuses]) -> None:
    registry, selector = refusing
    channel = FakeChannel()
    registration = channel.register(registry)
    registry.ask()
    selector.refusing = "modify"
    channel.wants = WRITE
    registry.mark_dirty(registration)
    registry.ask()
    assert channel.calls == ["error", "close"]
    assert not registration.alive
