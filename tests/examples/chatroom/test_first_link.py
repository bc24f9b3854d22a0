"""A clustered node opens its doors when it knows the other nodes, or after a while."""

from __future__ import annotations

import pytest

from examples.chatroom import __main__ as chatroom
from examples.chatroom.hall.hall import Hall
from examples.chatroom.hall.limits import Limits
from miniloop.testing import SimulatedNetwork


class _Late:
    """An order that is ready after the first timer."""

    def __init__(self) -> None:
        self.ready = False


@pytest.mark.parametrize(
    ("answers_after", "opens_after"), [(0.5, 0.5), (60.0, chatroom.FIRST_LINK)]
)
def test_the_doors_wait_for_the_others_for_a_while(
    answers_after: float, opens_after: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    with SimulatedNetwork(1).loop() as loop:
        hall, order = Hall(Limits()), _Late()
        monkeypatch.setattr(hall, "order", order)
        loop.call_later(answers_after, setattr, order, "ready", True)
        began = loop.time()
        chatroom._meet_others(loop, hall)
        assert loop.time() - began == pytest.approx(opens_after, abs=0.01)


def test_one_server_does_not_wait() -> None:
    with SimulatedNetwork(1).loop() as loop:
        began = loop.time()
        chatroom._meet_others(loop, Hall(Limits()))
        assert loop.time() == began
