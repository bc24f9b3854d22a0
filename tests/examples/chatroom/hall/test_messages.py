from __future__ import annotations

import dataclasses

import pytest

from examples.chatroom.hall.messages import Kind, Message


def test_a_message_cannot_be_changed_on_its_way() -> None:
    message = Message(Kind.SAID, "hello", "ann", room="lobby", at=1.0)
    with pytest.raises(dataclasses.FrozenInstanceError):
        message.text = "goodbye"  # type: ignore[misc]  # that it is wrong is the point


def test_notices_bear_no_time_unless_given() -> None:
    assert Message(Kind.NOTICE, "hello").at is None
