"""Who is asked, what the selector is told, and how a channel ends that failed."""

import selectors
import socket
from collections.abc import Iterator
from contextlib import closing

import pytest

from miniloop.readiness import HANGUP, NOT_DIRECT, READ, URGENT, WRITE
from miniloop.registry import Registry
from miniloop.selector import EpollSelector, PollSelector
from miniloop.testing import ScriptedSelector
from tests.doubles import FakeChannel, fail


@pytest.fixture
def selector() -> ScriptedSelector:
    return ScriptedSelector()


@pytest.fixture
def registry(selector: ScriptedSelector) -> Registry:
    return Registry(selector)


def test_selector_is_told_of_differences_only(
    registry: Registry, selector: ScriptedSelector
) -> None:
    channel = FakeChannel(fd=7)
    registration = registry.register(channel, asked=False)
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


def test_only_the_dirty_and_the_asked_are_asked(registry: Registry) -> None:
    asked, announced = FakeChannel("asked"), FakeChannel("announced")
    questions: list[str] = []
    asked.on["interest"] = lambda: questions.append("asked")
    announced.on["interest"] = lambda: questions.append("announced")
    registry.register(asked, asked=True)
    registration = registry.register(announced, asked=False)
    for _ in range(3):
        registry.ask()
    assert questions == ["asked", "announced", "asked", "asked"]
    registry.mark_dirty(registration)
    assert registration.direct == NOT_DIRECT
    registry.ask()
    assert questions[4:] == ["asked", "announced"]
    assert registration.direct == READ


def test_asked_channel_leaves(registry: Registry) -> None:
    registration = registry.register(FakeChannel(), asked=True)
    registry.ask()
    registry.unregister(registration)
    assert registry.asked == {}


def test_dead_one_is_not_asked(registry: Registry) -> None:
    channel = FakeChannel()
    channel.on["interest"] = fail
    registry.unregister(registry.register(channel, asked=False))
    registry.ask()
    assert channel.calls == []


def test_stock_selector_hears_of_read_and_write_only(
    registry: Registry, selector: ScriptedSelector
) -> None:
    channel = FakeChannel(wants=HANGUP, fd=7)
    registration = registry.register(channel, asked=False)
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
        registry = Registry(selector)
        registration = registry.register(
            FakeChannel(wants=URGENT | HANGUP, fd=ours.fileno()), asked=False
        )
        registry.ask()
        assert selector.get_key(ours.fileno()).events == URGENT | HANGUP
        registry.unregister(registration)


def test_no_descriptor(registry: Registry) -> None:
    with pytest.raises(ValueError, match="register before closing"):
        registry.register(FakeChannel(fd=-1), asked=False)


# -- somebody else on the same descriptor --------------------------------------------------------


def test_newcomer_evicts_who_stood_there(
    registry: Registry, caplog: pytest.LogCaptureFixture
) -> None:
    old, new = FakeChannel("old", fd=7), FakeChannel("new", fd=7)
    first = registry.register(old, asked=False)
    registry.ask()
    second = registry.register(new, asked=False)
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
    registry.register(old, asked=False)
    second = registry.register(new, asked=False)
    assert registry.registrations == {7: second}
    assert "on purpose" in caplog.text


def test_late_unregistering_leaves_the_newcomer_alone(registry: Registry) -> None:
    first = registry.register(FakeChannel(fd=7), asked=False)
    newcomer = registry.registrations[7] = registry.register(FakeChannel(fd=8), asked=False)
    registry.unregister(first)
    assert registry.registrations[7] is newcomer


# -- failures ------------------------------------------------------------------------------------


def test_predicate_that_fails_ends_its_channel_only(registry: Registry) -> None:
    bad, good = FakeChannel("bad"), FakeChannel("good")
    bad.on["interest"] = fail
    registrations = [registry.register(channel, asked=False) for channel in (bad, good)]
    registry.ask()
    assert bad.calls == ["error", "close"]
    assert [registration.alive for registration in registrations] == [False, True]
    assert registrations[1].interest == READ


@pytest.mark.parametrize("broken", [("error",), ("close",), ("error", "close")])
def test_failing_while_failing(
    registry: Registry, broken: tuple[str, ...], caplog: pytest.LogCaptureFixture
) -> None:
    channel = FakeChannel()
    for name in ("interest", *broken):
        channel.on[name] = fail
    registration = registry.register(channel, asked=False)
    registry.ask()
    assert channel.calls == ["error", "close"]
    assert not registration.alive
    assert registry.registrations == {}
    assert len(caplog.records) == len(broken)


def test_closed_in_handle_error(registry: Registry) -> None:
    channel = FakeChannel()
    channel.on["interest"] = fail
    registration = registry.register(channel, asked=False)
    channel.on["error"] = lambda: registry.unregister(registration)
    registry.ask()
    assert channel.calls == ["error"]


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
    yield Registry(selector), selector
    assert not selector.get_map()


def test_selector_that_refuses(refusing: tuple[Registry, Refuses]) -> None:
    registry, selector = refusing
    channel = FakeChannel()
    registration = registry.register(channel, asked=False)
    channel.on["close"] = lambda: registry.unregister(registration)
    selector.refusing = "register"
    registry.ask()
    assert channel.calls == ["error", "close"]
    assert not registration.alive
    assert selector.calls == []


def test_selector_that_forgets(refusing: tuple[Registry, Refuses]) -> None:
    registry, selector = refusing
    channel = FakeChannel()
    registration = registry.register(channel, asked=False)
    registry.ask()
    selector.refusing = "modify"
    channel.wants = WRITE
    registry.mark_dirty(registration)
    registry.ask()
    assert channel.calls == ["error", "close"]
    assert not registration.alive


# -- the audit -----------------------------------------------------------------------------------


def test_audit_accepts_what_is_announced_or_asked(registry: Registry) -> None:
    asked, dirty, still = FakeChannel(), FakeChannel(), FakeChannel()
    registry.register(asked, asked=True)
    registration = registry.register(dirty, asked=False)
    registry.register(still, asked=False)
    registry.ask()
    asked.wants = dirty.wants = WRITE
    registry.mark_dirty(registration)
    registry.audit()


def test_audit_raises_on_a_silent_change(registry: Registry) -> None:
    channel = FakeChannel()
    registry.register(channel, asked=False)
    registry.ask()
    channel.wants = WRITE
    with pytest.raises(RuntimeError, match=r"call interest_changed\(\)"):
        registry.audit()


def test_audit_contains_a_predicate_that_fails(registry: Registry) -> None:
    bad, victim, good = FakeChannel(), FakeChannel(), FakeChannel()
    registrations = [registry.register(channel, asked=False) for channel in (bad, victim, good)]
    registry.ask()
    bad.on["interest"] = fail
    bad.on["close"] = lambda: registry.unregister(registrations[1])
    registry.audit()
    assert [registration.alive for registration in registrations] == [False, False, True]
    assert victim.calls == []
