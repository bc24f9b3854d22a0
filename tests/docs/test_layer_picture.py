"""The pictures of layers are what the tables of the tests of imports say."""

import xml.etree.ElementTree as ET

import pytest

from tests.book.drawing import Drawing
from tests.book.layer_picture import layers, rooms, rows_by_depth
from tests.book.pages import DOCS
from tests.book.pictures import EXPLAINED, LAYERS
from tests.examples.chatroom.test_imports import CHAT_ROOM, FOLDERS
from tests.test_imports import CORE, WINGS


@pytest.mark.parametrize("name", LAYERS)
def test_the_committed_pictures_are_current(name: str) -> None:
    drawn = (EXPLAINED / f"{name}.svg").read_text()
    assert drawn == LAYERS[name]().svg(), "run python3 -m tests.book fill"


def test_the_design_shows_the_layers_and_the_states() -> None:
    design = (DOCS / "explanation" / "design.md").read_text()
    assert "(img/design-layers.svg)" in design
    assert "(../inside/img/04-states.svg)" in design


def test_the_chat_rooms_page_shows_its_layers() -> None:
    page = (DOCS / "explanation" / "chat-room.md").read_text()
    assert "(img/chat-room-layers.svg)" in page


def test_every_module_of_the_core_and_every_wing_is_there() -> None:
    assert {*CORE, *WINGS} <= texts_in(layers())


def test_every_folder_of_the_chat_room_and_every_module_is_there() -> None:
    texts = texts_in(rooms())
    assert set(FOLDERS) <= texts
    words = {word for text in texts for word in text.replace(",", " ").split()}
    modules = {module.split(".")[-1] for module in CHAT_ROOM.sources()}
    assert modules - words == {"__init__"}


def test_a_wing_is_above_what_it_imports() -> None:
    rows = rows_by_depth({"c": {"b"}, "a": set(), "b": {"a"}, "d": {"a"}})
    assert rows == [["a"], ["b", "d"], ["c"]]


def test_a_circle_of_wings_is_refused() -> None:
    with pytest.raises(ValueError, match=r"a.*b"):
        rows_by_depth({"a": {"b"}, "b": {"a"}, "c": set()})


def texts_in(drawing: Drawing) -> set[str]:
    return {"".join(each.itertext()) for each in ET.fromstring(drawing.svg()).findall(".//{*}text")}
