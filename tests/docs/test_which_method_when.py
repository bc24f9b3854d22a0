"""The tables of docs/reference/which-method-when.md name what the classes have, and all of it.

What the methods do is tried in tests/integration/test_which_method_when.py.
"""

import inspect
import re

import pytest

from miniloop import AsyncChat, Dispatcher, Guest, Listener
from miniloop.readiness import Channel
from tests.docs.tables import section

MORE = {
    Dispatcher: {"readable", "writable"},
    AsyncChat: {"collect_incoming_data", "found_terminator", "input_done"},
}


def handlers(kind: type) -> set[str]:
    """What a program may override: the handlers, without what the loop itself calls."""
    return {
        name for name in dir(kind) if name.startswith("handle_") and not name.endswith("_event")
    }


def new_in(kind: type, base: type) -> set[str]:
    """What ``kind`` adds to ``base``, or does otherwise."""
    return {name for name in handlers(kind) if getattr(kind, name) is not getattr(base, name, None)}


@pytest.mark.parametrize(
    ("kind", "names"),
    [
        (Dispatcher, handlers(Dispatcher) | MORE[Dispatcher]),
        (AsyncChat, new_in(AsyncChat, Dispatcher) | MORE[AsyncChat]),
        (Listener, new_in(Listener, Dispatcher)),
        (Guest, {"watch", "unwatch", "call_later", "cancel"}),
    ],
)
def test_each_method_has_a_row_and_each_row_a_method(kind: type, names: set[str]) -> None:
    assert set(section(f"`{kind.__name__}`")) == names


def test_the_loop_calls_what_a_channel_has() -> None:
    methods = {name for name, _ in inspect.getmembers(Channel, inspect.isfunction)}
    assert set(section("What the loop itself calls")) == {m for m in methods if m[0] != "_"}


@pytest.mark.parametrize("kind", [Dispatcher, AsyncChat, Listener, Guest])
def test_arguments_are_those_of_the_method(kind: type) -> None:
    for name, row in section(f"`{kind.__name__}`").items():
        written = re.findall(r"\w+", row.method.partition("(")[2])
        assert written == [*inspect.signature(getattr(kind, name)).parameters][1:], name


def test_methods_that_are_mentioned_exist() -> None:
    for title in ("`Dispatcher`", "`AsyncChat`", "What the loop itself calls"):
        for row in section(title).values():
            for name in re.findall(r"`(handle_\w+)\(", row.default + row.usually):
                assert hasattr(AsyncChat, name), name


def test_those_that_raise_do(tmp_path: object) -> None:
    for name, row in section("`Guest`").items():
        assert row.default == "raises"
        with pytest.raises(NotImplementedError, match=name):
            getattr(Guest, name)(object.__new__(Guest), None)
