from __future__ import annotations

from examples.chatroom.doors.crowding import one_too_many


def test_the_oldest_of_the_largest_crowd_goes() -> None:
    waiting = {1: "a", 2: "b", 3: "c", 4: "b"}
    assert one_too_many(waiting) == 2
    del waiting[2]
    assert one_too_many(waiting) == 1
