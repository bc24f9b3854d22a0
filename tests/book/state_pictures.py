"""The picture of a channel's states, from the tables of ``miniloop/state.py``.

Only the places of the boxes are chosen here.  A state without a place is an error, and so is a
table in which the last state does not follow each of the others.
"""

from collections.abc import Mapping
from enum import Enum
from typing import TypeVar

from tests.book.drawing import Drawing

_State = TypeVar("_State", bound=Enum)

Place = tuple[float, float, float]
"""Left edge, middle line and width of a box, in pixels."""

_LIFE: dict[str, Place] = {
    "NEW": (20, 95, 90), "CONNECTING": (190, 55, 130), "LISTENING": (190, 135, 130),
    "OPEN": (400, 95, 90), "CLOSED": (640, 95, 80),
}  # fmt: skip
_OUTPUT: dict[str, Place] = {
    "OPEN": (20, 375, 80), "DRAINING": (160, 325, 110), "SHUT_WHEN_EMPTY": (160, 420, 140),
    "SHUT": (370, 465, 70), "CLOSE_WHEN_EMPTY": (475, 375, 140), "CLOSED": (650, 375, 75),
}  # fmt: skip
_ROUND = {("OPEN", "SHUT"): [(60.0, 395.0), (60.0, 465.0)]}
"""Arrows that would cross a box: they start at the first of these points."""


def states() -> Drawing:
    from miniloop import state  # not before: "break" imports the changed one

    drawing = Drawing(740, 500, "Life, the reasons to hold reading, and Output, with what follows")
    drawing.text(20, 24, "Life: what the socket is doing", anchor="start", size=13)
    draw_table(drawing, state.LIFE, _LIFE)
    drawing.text(20, 195, "Read hold: reading is wanted when none is set", anchor="start", size=13)
    _draw_reasons(drawing, {name: state.HOLDS[bit] for name, bit in reasons().items()})
    drawing.text(20, 295, "Output: what may be queued", anchor="start", size=13)
    draw_table(drawing, state.OUTPUT, _OUTPUT)
    return drawing


def reasons() -> dict[str, int]:
    """Return the reasons not to read by name; HANGUP_SEEN is no reason of its own."""
    from miniloop import state

    bits = {bit for bit in state.HOLDS if bit & state.REASONS}
    return {name: bit for name, bit in vars(state).items() if type(bit) is int and bit in bits}


def draw_table(
    drawing: Drawing, table: Mapping[_State, frozenset[_State]], places: Mapping[str, Place]
) -> None:
    (last,) = [state for state, following in table.items() if not following]
    for state, following in table.items():
        x, y, width = places[state.name]
        ends = state is last
        drawing.box(x, y - 20, width, 40, state.name, code=True, size=13,
                    kind="quiet" if ends else "box")  # fmt: skip
        if ends:
            drawing.text(x + width / 2, y - 28, "from each", faint=True, size=12)
        elif last not in following:
            raise ValueError(f"{last} does not follow {state}: draw all arrows to it")
        for after in sorted(following - {last}, key=lambda each: each.name):
            start = _ROUND.get((state.name, after.name), [(x + width, y)])
            drawing.arrow(*start, places[after.name][:2])


def _draw_reasons(drawing: Drawing, liftable: Mapping[str, bool]) -> None:
    for number, (name, lifted) in enumerate(liftable.items()):
        x = 20 + 118 * number
        drawing.box(x, 208, 106, 36, name, code=True, size=13, kind="box" if lifted else "hot")
        drawing.text(x + 53, 261, "lifted again" if lifted else "for good", faint=True, size=12)
