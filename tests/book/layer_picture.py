"""The pictures of layers in docs/explanation/, from the tables that the tests of imports have.

A change of a table changes its picture; ``tests/docs/test_layer_picture.py`` asserts that the
committed ones are current.
"""

import textwrap
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from tests.book.drawing import Drawing


def layers() -> Drawing:
    """The core in its order, and the wings with what each may import."""
    from tests.test_imports import CORE, OF_THE_CORE, WINGS  # needs pytest, which "site" does not

    drawing = Drawing(740, 60 + 30 * len(CORE), "The order of imports: the core, and the wings")
    drawing.text(95, 26, "the core", size=13)
    for number, name in enumerate(reversed(CORE)):
        drawing.box(20, 40 + 30 * number, 150, 24, name, code=True, size=12)
    drawing.text(470, 26, "the wings, and what each may import besides itself", size=13)
    rows = rows_by_depth(WINGS)
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


def rooms() -> Drawing:
    """The folders of the chat room, with the modules in each and what it may import."""
    from tests.examples.chatroom.test_imports import CHAT_ROOM, FOLDERS, place_of

    modules: dict[str, list[str]] = {folder: [] for folder in FOLDERS}
    for module in CHAT_ROOM.sources():
        modules[place_of(module)].append(module.split(".")[-1])
    rows = [
        [folder_box(row, folder, modules[folder], FOLDERS[folder]) for folder in row]
        for row in reversed(rows_by_depth(FOLDERS))
    ]
    heights = [max(box.height for box in row) for row in rows]
    title = "The order of imports in the chat room: each folder imports only from rows below it"
    drawing = Drawing(740, 34 + sum(heights) + 12 * len(rows), title)
    drawing.text(370, 24, "each imports only from the rows below it", size=13)
    y = 40
    for row, height in zip(rows, heights, strict=True):
        for place, box in enumerate(row):
            draw_folder(drawing, 20 + place * (box.width + 12), y, height, box)
        y += height + 12
    return drawing


class Folder(NamedTuple):
    """The contents of a folder's box."""

    name: str
    width: float
    lines: list[str]
    imports: list[str]

    @property
    def height(self) -> int:
        return 34 + 16 * len(self.lines) + 14 * max(1, len(self.imports))


def folder_box(row: Sequence[str], name: str, modules: list[str], imports: set[str]) -> Folder:
    width = (700 - 12 * (len(row) - 1)) / len(row)
    shown = ", ".join(module for module in modules if module != "__init__")
    lines = textwrap.wrap(shown, int((width - 16) / 6.5))
    said = f"imports {', '.join(sorted(imports))}" if imports else ""
    return Folder(name, width, lines, textwrap.wrap(said, int((width - 16) / 5.5)))


def draw_folder(drawing: Drawing, x: float, y: float, height: float, box: Folder) -> None:
    drawing.box(x, y, box.width, height, box.name, code=True, size=13, kind="quiet", top=True)
    middle = x + box.width / 2
    for line, text in enumerate(box.lines):
        drawing.text(middle, y + 36 + 16 * line, text, size=12)
    for line, text in enumerate(reversed(box.imports)):
        drawing.text(middle, y + height - 8 - 14 * line, text, faint=True, size=11)


def rows_by_depth(wings: Mapping[str, set[str]]) -> list[list[str]]:
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
