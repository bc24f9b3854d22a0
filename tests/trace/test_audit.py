"""The audit accepts what is announced, and names the channel that changed in silence."""

import pytest

from miniloop.readiness import WRITE
from miniloop.registry import Registry
from miniloop.testing import ScriptedSelector
from miniloop.trace.audit import audit
from tests.doubles import FakeChannel, fail


@pytest.fixture
def registry() -> Registry:
    return Registry(ScriptedSelector(), lambda: None)


def test_audit_accepts_what_is_announced_or_polled(registry: Registry) -> None:
    polled, dirty, still = FakeChannel(), FakeChannel(), FakeChannel()
    polled.register(registry, polled=True)
    registration = dirty.register(registry)
    still.register(registry)
    registry.ask()
    polled.wants = dirty.wants = WRITE
    registry.mark_dirty(registration)
    audit(registry)


def test_audit_raises_on_a_silent_change(registry: Registry) -> None:
    channel = FakeChannel()
    channel.register(registry)
    registry.ask()
    channel.wants = WRITE
    with pytest.raises(RuntimeError, match=r"call interest_changed\(\)"):
        audit(registry)


def test_audit_contains_a_predicate_that_fails(registry: Registry) -> None:
    bad, victim, good = FakeChannel(), FakeChannel(), FakeChannel()
    registrations = [channel.register(registry) for channel in (bad, victim, good)]
    registry.ask()
    bad.on["interest"] = fail
    bad.on["close"] = lambda: registry.unregister(registrations[1])
    audit(registry)
    assert [registration.alive for registration in registrations] == [False, False, True]
    assert victim.calls == []
