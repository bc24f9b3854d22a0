"""The pictures of docs/explanation/design.md, made from the tables that the tests assert.

The layers are those of ``tests/test_imports.py``, the states those of ``miniloop/state.py``.  A
change of a table changes the picture, and ``tests/docs/test_design_pictures.py`` asserts that the
committed one is current.
"""

import textwrap
from collections.abc import Callable, Mapping
from enum import Enum
from typing import TypeVar

from miniloop import state
from tests.book.drawing import Drawing
from tests.book.pages import DOCS

PLACE = DOCS / "explanation" / "img"

State = TypeVar("State", bound=Enum)


def layers() -> Drawing:
    """The core in its order, and the wings with what each may import besides the core."""
    from tests.test_imports import CORE, OF_THE_CORE, WINGS  # needs pytest, which "site" does not

    drawing = Drawing(740, 60 + 30 * len(CORE), "The order of imports: the core, and the wings")
    drawing.text(95, 26, "the core", size=13)
    for number, name in enumerate(reversed(CORE)):
        drawing.box(20, 40 + 30 * number, 150, 24, name, code=True, size=12)
    drawing.text(470, 26, "the wings, and what each may import besides itself", size=13)
    rows = wings_by_depth(WINGS)
    height = (30 * len(CORE) - 6 - 12 * (len(rows) - 1)) / len(rows)
    for number, row in enumerate(reversed(rows)):
        y = 40 + number * (height + 12)
        for place, wing in enumerate(row):
            x = 224 + 124 * place
            drawing.box(x, y, 118, height, wing, code=True, size=13, kind="quiet", top=True)
            core = OF_THE_CORE.get(wing)
            what = [
                *sorted(WINGS[wing]),
                "the core" if core is None else "of the core: " + str(*core),
            ]
            for line, text in enumerate(textwrap.wrap(", ".join(what), 17)):
                drawing.text(x + 59, y + 40 + 16 * line, text, faint=True, size=12)
    middle = 40 + (30 * len(CORE) - 6) / 2
    drawing.arrow((224, middle), (170, middle), label="import", at=(197, middle - 6), size=11)
    return drawing


def wings_by_depth(wings: Mapping[str, set[str]]) -> list[list[str]]:
    """Return rows of wings, each of which imports only from the rows before it."""
    rows: list[list[str]] = []
    placed: set[str] = set()
    while len(placed) < len(wings):
        row = [wing for wing in wings if wing not in placed and wings[wing] <= placed]
        if not row:
            raise ValueError("the table of wings has a circle")
        rows.append(row)
        placed.update(row)
    return rows


def states() -> Drawing:
    """The transitions of Life and Output, and the reasons of the read hold."""
    drawing = Drawing(
        740, 575, "Life, Output and the read hold: the states, and what may follow what"
    )
    transitions(drawing, 10, "Life", state.LIFE)
    transitions(drawing, 215, "Output", state.OUTPUT)
    read_hold(drawing, 490)
    return drawing


def transitions(
    drawing: Drawing, top: float, title: str, table: Mapping[State, frozenset[State]]
) -> None:
    """Draw the states in their order, and below them a lane for each with an arrow a successor."""
    order = [*table]
    width, step = 100, (700 - 100) / (len(order) - 1)
    deepest = max(len(wrapped(each)) for each in order)
    boxes = top + 34 + 14 * deepest
    drawing.text(20, top + 16, title, anchor="start", size=15)
    for number, each in enumerate(order):
        x = 20 + step * number
        kind = "box" if table[each] else "quiet"
        name = each.name.replace("_WHEN", "_\nWHEN")
        drawing.box(x, boxes, width, 40, name, code=True, size=12, kind=kind)
        for line, text in enumerate(wrapped(each)):
            y = boxes - 8 - 14 * (len(wrapped(each)) - 1 - line)
            drawing.text(x + width / 2, y, text, faint=True, size=11)
    for number, each in enumerate(order):
        slot = (number + 1) * width / (len(order) + 1)  # its own place in every box
        lane = boxes + 40 + 14 * (len(order) - number)
        for after in sorted(table[each], key=order.index):
            start, end = (20 + step * n + slot for n in (number, order.index(after)))
            drawing.arrow((start, boxes + 40), (start, lane), (end, lane), (end, boxes + 40))


def wrapped(each: Enum) -> list[str]:
    return textwrap.wrap(each.value, 18)


def read_hold(drawing: Drawing, top: float) -> None:
    """Draw the bits: those that can be lifted with a full border, the others with a broken one."""
    drawing.text(20, top, "The read hold: reading is wanted when there is none", anchor="start",
                 size=15)  # fmt: skip
    names = hold_names()
    for number, (bit, lifted) in enumerate(state.HOLDS.items()):
        x = 20 + 101 * number
        drawing.box(x, top + 18, 94, 34, names[bit], code=True, size=12,
                    kind="box" if lifted else "gone")  # fmt: skip
        label = "can be lifted" if lifted else "for good"
        drawing.text(x + 47, top + 70, label, faint=True, size=11)


def hold_names() -> dict[int, str]:
    """Return the names of the read hold's bits, as ``state.py`` has them."""
    return {
        value: name for name, value in vars(state).items()
        if type(value) is int and value in state.HOLDS
    }  # fmt: skip


PICTURES: dict[str, Callable[[], Drawing]] = {"design-layers": layers, "design-states": states}


def draw_all() -> None:
    for name, draw in PICTURES.items():
        (PLACE / f"{name}.svg").write_text(draw().svg())
