"""The picture of the layers in docs/explanation/design.md, from tests/test_imports.py.

A change of a table changes the picture; ``tests/docs/test_layer_picture.py`` asserts that the
committed one is current.
"""

import textwrap
from collections.abc import Mapping

from tests.book.drawing import Drawing


def layers() -> Drawing:
    """The core in its order, and the wings with what each may import."""
    from tests.test_imports import CORE, OF_THE_CORE, WINGS  # needs pytest, which "site" does not

    drawing = Drawing(740, 60 + 30 * len(CORE), "The order of imports: the core, and the wings")
    drawing.text(95, 26, "the core", size=13)
    for number, name in enumerate(reversed(CORE)):
        drawing.box(20, 40 + 30 * number, 150, 24, name, code=True, size=12)
    drawing.text(470, 26, "the wings, and what each may import besides itself", size=13)
    rows = wings_by_depth(WINGS)
    height = (30 * len(CORE) - 6 - 12 * (len(rows) - 1)) / len(rows)
    for number, row in enumerate(reversed(rows)):
        for place, wing in enumerate(row):
            core = OF_THE_CORE.get(wing)
            of_the_core = "the core" if core is None else "of the core: " + ", ".join(sorted(core))
            imports = ", ".join([*sorted(WINGS[wing]), of_the_core])
            draw_wing(
                drawing, 224 + 124 * place, 40 + number * (height + 12), height, wing, imports
            )
    middle = 40 + (30 * len(CORE) - 6) / 2
    drawing.arrow((224, middle), (170, middle), label="import", at=(197, middle - 6), size=11)
    return drawing


def draw_wing(drawing: Drawing, x: float, y: float, height: float, name: str, imports: str) -> None:
    drawing.box(x, y, 118, height, name, code=True, size=13, kind="quiet", top=True)
    for line, text in enumerate(textwrap.wrap(imports, 17)):
        drawing.text(x + 59, y + 40 + 16 * line, text, faint=True, size=12)


def wings_by_depth(wings: Mapping[str, set[str]]) -> list[list[str]]:
    """Return rows of wings, each of which imports only from the rows before it.

    Raises:
        ValueError: some wings import each other.
    """
    rows: list[list[str]] = []
    placed: set[str] = set()
    while len(placed) < len(wings):
        row = [wing for wing in wings if wing not in placed and wings[wing] <= placed]
        if not row:
            raise ValueError(f"these wings import each other: {sorted(wings.keys() - placed)}")
        rows.append(row)
        placed.update(row)
    return rows
