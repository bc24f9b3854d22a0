"""Delivery: in order, and each event only to registrations that want it at that moment."""

import pytest

from miniloop.readiness import (
    EVERYTHING,
    HANGUP,
    NOT_DIRECT,
    READ,
    URGENT,
    WRITE,
    Channel,
    Registration,
    deliver,
)
from tests.doubles import FakeChannel


def registered(
    channel: FakeChannel, *, polled: bool = False, interest: int | None = None
) -> Registration:
    registration = Registration(channel, channel.fd, polled=polled)
    registration.interest = channel.wants if interest is None else interest
    registration.trust()
    return registration


def test_order() -> None:
    channel = FakeChannel(wants=EVERYTHING)
    deliver(registered(channel), EVERYTHING)
    assert channel.calls == ["read", "write", "urgent", "hangup"]


@pytest.mark.parametrize(
    ("bit", "call"), [(READ, "read"), (WRITE, "write"), (URGENT, "urgent"), (HANGUP, "hangup")]
)
def test_only_what_is_ready_and_wanted(bit: int, call: str) -> None:
    wanted, unwanted = FakeChannel(wants=bit), FakeChannel(wants=EVERYTHING & ~bit)
    deliver(registered(wanted), EVERYTHING)
    deliver(registered(unwanted), bit)
    deliver(registered(unwanted), 0)
    assert wanted.calls == [call]
    assert unwanted.calls == []


def test_closed_by_the_handler_before() -> None:
    channel = FakeChannel(wants=EVERYTHING)
    registration = registered(channel)
    channel.on["read"] = registration.die
    deliver(registration, EVERYTHING)
    assert channel.calls == ["read"]


def test_dirty_one_is_asked_before_each_event() -> None:
    channel = FakeChannel(wants=EVERYTHING)
    registration = registered(channel, polled=True)
    channel.on["read"] = lambda: setattr(channel, "wants", HANGUP)
    deliver(registration, EVERYTHING)
    assert channel.calls == ["read", "hangup"]


def test_trusted_answer_is_not_asked_for_again() -> None:
    channel = FakeChannel(wants=READ)
    registration = registered(channel)
    channel.wants = 0
    assert registration.wants(READ)
    registration.dirty = True
    assert not registration.wants(READ)


def test_dead_one_wants_nothing() -> None:
    registration = registered(FakeChannel(wants=EVERYTHING))
    assert repr(registration).endswith("interest=0xf alive>")
    registration.die()
    assert not registration.wants(READ)
    assert (registration.direct, registration.interest) == (NOT_DIRECT, 0)
    assert repr(registration).endswith("interest=0x0 dead>")


def test_a_channel_wants_nothing_and_reads_by_default() -> None:
    class Reads(Channel):
        reads = 0

        def handle_read(self) -> None:
            self.reads += 1

    channel = Reads()
    assert channel.interest() == 0
    channel.handle_read_event()
    assert channel.reads == 1


def test_no_short_cut_past_an_overridden_handle_read_event() -> None:
    """A channel has to say that READ means handle_read() and no more."""
    registration = Registration(Channel(), 5, polled=False)
    registration.interest = READ
    registration.trust()
    assert registration.direct == NOT_DIRECT


@pytest.mark.parametrize(
    ("interest", "polled", "plain", "direct"),
    [
        (READ, False, True, READ),
        (READ | WRITE, False, True, READ),
        (READ, True, True, NOT_DIRECT),
        (READ, False, False, NOT_DIRECT),
        (WRITE, False, True, NOT_DIRECT),
        (0, False, True, NOT_DIRECT),
    ],
)
def test_short_cut(interest: int, polled: bool, plain: bool, direct: int) -> None:
    channel = FakeChannel()
    channel.plain_read = plain
    assert registered(channel, polled=polled, interest=interest).direct == direct
