"""Every sequence of docs/reference/which-method-when.md, on real sockets."""

import pytest

from tests.docs.tables import sequences
from tests.integration.happenings import (
    Happening,
    Stage,
    Takes,
    aborts,
    closes,
    closes_when_done,
    connects_and_is_hung_up_on,
    fails_to_connect,
    gets_too_long_a_line,
    hears_nothing,
    is_not_read,
    is_read_again,
    is_read_far_too_little,
    is_reset,
    noting,
    raises_in_a_handler,
    sees_the_loop_stop,
    sends_a_line_and_hangs_up,
)

SEQUENCES: dict[str, Happening] = {
    "the peer sends a line and hangs up": sends_a_line_and_hangs_up,
    "the connection is reset": is_reset,
    "a handler raises": raises_in_a_handler,
    "a line is too long": gets_too_long_a_line,
    "nothing moves for too long": hears_nothing,
    "the peer does not read": is_not_read,
    "the peer reads again": is_read_again,
    "the peer reads far too little": is_read_far_too_little,
    "it connects, and is hung up on": connects_and_is_hung_up_on,
    "a connect fails": fails_to_connect,
    "the program calls `close_when_done()`": closes_when_done,
    "the program calls `close()`": closes,
    "the program calls `abort(reason)`": aborts,
    "the loop stops in order": sees_the_loop_stop,
}


def test_every_sequence_is_tried() -> None:
    assert set(SEQUENCES) == set(sequences())


@pytest.mark.parametrize("event", SEQUENCES)
def test_the_order_of_calls(stage: Stage, event: str) -> None:
    calls: list[str] = []
    names = {name for of_one in sequences().values() for name in of_one}
    kind = noting(Takes, names, calls)
    kind.noted = calls
    SEQUENCES[event](stage, kind)
    once = [
        call for at, call in enumerate(calls) if call != "handle_write" or call not in calls[:at]
    ]
    assert once == sequences()[event]
