"""The picture of a channel's states, from the tables of ``miniloop/state.py``.

Only the places of the boxes are chosen here.  A state without a place is an error, and so is a
table in which the last state does not follow each of the others.
"""

from collections.abc import Mapping
from enum import Enum
from typing import TypeVar

from tests.book.drawing import WIDTH, Drawing

_State = TypeVar("_State", bound=Enum)

Place = tuple[float, float, float]
"""Left edge, middle line and width of a box, in pixels."""

_LIFE: dict[str, Place] = {
    "NEW": (10, 95, 50), "CONNECTING": (85, 55, 100), "LISTENING": (85, 135, 100),
    "OPEN": (205, 95, 55), "CLOSED": (280, 95, 62),
}  # fmt: skip
_OUTPUT: dict[str, Place] = {
    "OPEN": (10, 515, 55), "DRAINING": (90, 445, 85), "SHUT_WHEN_EMPTY": (90, 585, 140),
    "SHUT": (90, 655, 55), "CLOSE_WHEN_EMPTY": (190, 515, 145), "CLOSED": (270, 655, 65),
}  # fmt: skip
_ROUND = {
    ("OPEN", "SHUT"): [(30.0, 535.0), (30.0, 655.0)],
    ("SHUT_WHEN_EMPTY", "SHUT"): [(115.0, 605.0)],
    ("SHUT_WHEN_EMPTY", "CLOSE_WHEN_EMPTY"): [(210.0, 565.0)],
    ("SHUT", "CLOSE_WHEN_EMPTY"): [(145.0, 655.0), (250.0, 655.0)],
    ("DRAINING", "CLOSE_WHEN_EMPTY"): [(175.0, 445.0), (250.0, 445.0)],
}
"""Arrows that would cross a box: they start at the first of these points."""
_BELOW = {("SHUT_WHEN_EMPTY", "SHUT"), ("SHUT_WHEN_EMPTY", "CLOSE_WHEN_EMPTY"),
          ("SHUT", "CLOSE_WHEN_EMPTY"), ("DRAINING", "CLOSE_WHEN_EMPTY")}  # fmt: skip
"""Arrows that end at the upper or lower edge, straight above or below where they come from."""


def states() -> Drawing:
    from miniloop import state  # not before: "break" imports the changed one

    drawing = Drawing(
        WIDTH, 690, "Life, the reasons to hold reading, and Output, with what follows"
    )
    drawing.text(10, 24, "Life: what the socket is doing", anchor="start", size=13)
    draw_table(drawing, state.LIFE, _LIFE)
    drawing.text(10, 195, "Read hold: reasons not to read", anchor="start", size=13)
    _draw_reasons(drawing, {name: state.HOLDS[bit] for name, bit in reasons().items()})
    drawing.text(10, 405, "Output: what may be queued", anchor="start", size=13)
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
            drawing.text(x + width / 2, y - 27, "from each", faint=True, size=12)
        elif last not in following:
            raise ValueError(f"{last} does not follow {state}: draw all arrows to it")
        for after in sorted(following - {last}, key=lambda each: each.name):
            start = _ROUND.get((state.name, after.name), [(x + width, y)])
            drawing.arrow(*start, _end(state.name, after.name, start[-1], places[after.name]))


def _end(before: str, after: str, start: tuple[float, float], place: Place) -> tuple[float, float]:
    if (before, after) not in _BELOW:
        return place[:2]
    return start[0], place[1] + (20 if start[1] > place[1] else -20)


def _draw_reasons(drawing: Drawing, liftable: Mapping[str, bool]) -> None:
    for number, (name, lifted) in enumerate(liftable.items()):
        x, y = 10 + 112 * (number % 3), 208 + 80 * (number // 3)
        drawing.box(x, y, 106, 36, name, code=True, size=13, kind="box" if lifted else "hot")
        drawing.text(x + 53, y + 53, "lifted again" if lifted else "for good", faint=True, size=12)
