from __future__ import annotations

import logging

import pytest

from examples.chatroom.hall.hall import Hall
from examples.chatroom.hall.limits import Limits
from examples.chatroom.people.sanction import MUTE
from tests.examples.chatroom.hall.halls import guest
from tests.examples.chatroom.helpers import NOON, new_hall, person
from tests.examples.chatroom.slow_store import SlowStore


def test_whispers_are_neither_remembered_nor_logged(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG, "chatroom")
    store = SlowStore()
    hall = Hall(Limits(), store, log_messages=True)
    ann, _ = guest(hall, "ann")
    hall.speech.whisper(ann, ann, "my password", NOON)
    hall.speech.say(ann, "hello", NOON)
    store.answer()
    assert store.texts() == [[], ["hello"]]
    assert "hello" in caplog.text
    assert "password" not in caplog.text


def test_what_people_say_is_not_logged_by_default(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG, "chatroom")
    hall = new_hall()
    ann, _ = guest(hall, "ann")
    hall.speech.say(ann, "hello", NOON)
    assert "ann" in caplog.text
    assert "hello" not in caplog.text


def test_who_is_muted_cannot_speak_by_leaving() -> None:
    hall = new_hall()
    ann, bob = person(hall, "ann"), person(hall, "bob")
    target = hall.names.find("ann").name
    assert target is not None
    hall.sanctions.impose(MUTE, target, None, "bob", "", NOON.wall)
    ann.types("hello", "/me waves", "/topic hello", "/msg bob hello", "/quit hello")
    assert [message.text for message in bob.screen.messages] == ["quit"]
