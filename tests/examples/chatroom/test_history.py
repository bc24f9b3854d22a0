from __future__ import annotations

from examples.chatroom.history import History, MemoryHistory
from examples.chatroom.messages import Kind, Message


def filled(kept: int, said: int) -> History:
    history = MemoryHistory(kept)
    for number in range(said):
        history.append("lobby", Message(Kind.SAID, str(number)))
    return history


def texts(history: History, count: int, room: str = "lobby") -> list[str]:
    return [message.text for message in history.last(room, count)]


def test_the_newest_come_back_oldest_first() -> None:
    assert texts(filled(kept=10, said=5), 3) == ["2", "3", "4"]


def test_no_more_is_kept_than_allowed() -> None:
    assert texts(filled(kept=2, said=5), 99) == ["3", "4"]
    assert texts(filled(kept=0, said=5), 99) == []


def test_none_asked_for_is_none_given() -> None:
    assert texts(filled(kept=10, said=5), 0) == []


def test_rooms_are_apart_and_can_be_forgotten() -> None:
    history = filled(kept=10, said=1)
    assert texts(history, 9, "attic") == []
    history.forget("lobby")
    history.forget("attic")
    assert texts(history, 9) == []
