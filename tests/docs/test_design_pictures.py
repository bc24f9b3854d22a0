"""The pictures of the design are what the tables say: the layers, and the states of a channel."""

import xml.etree.ElementTree as ET

import pytest

from miniloop.state import HOLDS, LIFE, OUTPUT
from tests.book.design_pictures import (
    PICTURES,
    PLACE,
    hold_names,
    layers,
    states,
    wings_by_depth,
)
from tests.book.pages import DOCS
from tests.test_imports import CORE, WINGS

DESIGN = (DOCS / "explanation" / "design.md").read_text()


@pytest.mark.parametrize("name", PICTURES)
def test_the_committed_picture_is_current(name: str) -> None:
    drawn = PICTURES[name]().svg()
    assert (PLACE / f"{name}.svg").read_text() == drawn, "run python3 -m tests.book fill"


@pytest.mark.parametrize("name", PICTURES)
def test_the_page_shows_it(name: str) -> None:
    assert f"(img/{name}.svg)" in DESIGN


def test_every_module_of_the_core_and_every_wing_is_there() -> None:
    assert {*CORE, *WINGS} <= words(layers().svg())


def test_a_wing_stands_above_what_it_imports() -> None:
    rows = wings_by_depth({"c": {"b"}, "a": set(), "b": {"a"}, "d": {"a"}})
    assert rows == [["a"], ["b", "d"], ["c"]]


def test_a_circle_of_wings_is_refused() -> None:
    with pytest.raises(ValueError, match="circle"):
        wings_by_depth({"a": {"b"}, "b": {"a"}})


def test_every_transition_has_an_arrow() -> None:
    edges = sum(len(after) for table in (LIFE, OUTPUT) for after in table.values())
    assert states().svg().count("marker-end") == edges


def test_every_state_and_every_reason_is_there() -> None:
    assert hold_names().keys() == HOLDS.keys()
    known = "".join(words(states().svg()))
    for name in [
        *hold_names().values(),
        *(each.name for table in (LIFE, OUTPUT) for each in table),
    ]:
        assert all(part in known for part in name.split("_"))


def words(svg: str) -> set[str]:
    """Return the texts of a picture."""
    return {"".join(each.itertext()) for each in ET.fromstring(svg).findall(".//{*}text")}
