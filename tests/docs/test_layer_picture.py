"""The picture of the layers is what the tables of tests/test_imports.py say."""

import xml.etree.ElementTree as ET

import pytest

from tests.book.layer_picture import layers, wings_by_depth
from tests.book.pages import DOCS
from tests.book.pictures import LAYERS
from tests.test_imports import CORE, WINGS


def test_the_committed_picture_is_current() -> None:
    assert LAYERS.read_text() == layers().svg(), "run python3 -m tests.book fill"


def test_the_design_shows_the_layers_and_the_states() -> None:
    design = (DOCS / "explanation" / "design.md").read_text()
    assert f"(img/{LAYERS.name})" in design
    assert "(../inside/img/04-states.svg)" in design


def test_every_module_of_the_core_and_every_wing_is_there() -> None:
    texts = {
        "".join(each.itertext()) for each in ET.fromstring(layers().svg()).findall(".//{*}text")
    }
    assert {*CORE, *WINGS} <= texts


def test_a_wing_is_above_what_it_imports() -> None:
    rows = wings_by_depth({"c": {"b"}, "a": set(), "b": {"a"}, "d": {"a"}})
    assert rows == [["a"], ["b", "d"], ["c"]]


def test_a_circle_of_wings_is_refused() -> None:
    with pytest.raises(ValueError, match=r"a.*b"):
        wings_by_depth({"a": {"b"}, "b": {"a"}, "c": set()})
