from __future__ import annotations

from examples.chatroom.doors.queues import Queues


def test_the_queues_of_a_door_are_summed_up() -> None:
    assert Queues.of([1, 5, 0]) == Queues(connections=3, waiting=6, largest=5)
    assert Queues.of([]) == Queues()


def test_the_web_door_gives_figures() -> None:
    figures = {"connections": 2, "output_queued": 30, "output_largest": 20, "seats": 1}
    assert Queues.from_figures(figures) == Queues(connections=2, waiting=30, largest=20)
