"""Public attributes are plain ones: patched, deleted and shown by vars() as on the original."""

import copy
import re
from collections.abc import Callable
from typing import Any
from unittest import mock

import pytest

from tests.compat.conftest import Pair

Pairs = Callable[[], Pair]
Map = dict[int, Any]

PUBLIC = {
    "async_chat": [
        "ac_in_buffer", "ac_in_buffer_size", "ac_out_buffer_size", "accepting", "addr", "closing",
        "connected", "connecting", "debug", "encoding", "ignore_log_types", "incoming",
        "producer_fifo", "socket", "terminator", "use_encoding",
    ],
    "dispatcher_with_send": ["out_buffer", "accepting", "addr", "connected", "socket"],
}  # fmt: skip
CASES = [(kind, name) for kind, names in PUBLIC.items() for name in names]


def make(core: Any, chat: Any, kind: str, *arguments: Any) -> Any:
    return getattr(chat if kind == "async_chat" else core, kind)(*arguments)


def outcome(action: Callable[[], Any]) -> Any:
    """Return what an action returns, or the type and text of what it raises."""
    try:
        return action()
    except Exception as error:
        return type(error), re.sub(r" at 0x\w+|test\.support\.", "", str(error))


def deleted(obj: Any, name: str) -> Any:
    delattr(obj, name)
    return outcome(lambda: getattr(obj, name)), name in vars(obj)


def patched(obj: Any, name: str) -> Any:
    with mock.patch.object(obj, name, b"another"):
        during = getattr(obj, name), vars(obj)[name]
    return during, getattr(obj, name), name in vars(obj)


def replaced(obj: Any, name: str) -> Any:
    setattr(obj, name, b"new")
    return getattr(obj, name), vars(obj)[name]


def public(obj: Any) -> list[str]:
    return sorted(name for name in vars(obj) if not name.startswith("_"))


@pytest.mark.parametrize("connected", [False, True])
@pytest.mark.parametrize(("kind", "name"), CASES)
@pytest.mark.parametrize("action", [deleted, patched, replaced])
def test_every_public_attribute_behaves_as_on_the_original(
    both: list[tuple[Any, Any]],
    pair: Pairs,
    kind: str,
    name: str,
    action: Callable[[Any, str], Any],
    connected: bool,
) -> None:
    found = []
    sock = pair()[0] if connected else None  # one socket for both, so that they can be compared
    for core, chat in both:
        obj = make(core, chat, kind, sock, {})
        found.append((public(obj), outcome(lambda obj=obj: action(obj, name)), public(obj)))  # type: ignore[misc]  # the loop's
    assert found[0] == found[1]


def test_vars_inside_a_handler(chat: Any, core: Any, pair: Pairs, map: Map) -> None:
    seen = []

    class Looks(chat.async_chat):  # type: ignore[misc]  # Any: one of two implementations
        def collect_incoming_data(self, data: bytes) -> None:
            seen.append(vars(self)["ac_in_buffer"])

        def found_terminator(self) -> None:
            seen.append(vars(self)["ac_in_buffer"])

    ours, theirs = pair()
    looks = Looks(ours, map)
    looks.set_terminator(b"\n")
    theirs.send(b"1\n22\n3")
    core.loop(0, False, map, 1)
    assert seen == [b"1\n22\n3", b"22\n3", b"22\n3", b"3", b"3"]
    assert vars(looks)["ac_in_buffer"] == b""


def test_a_copy_has_the_same_input(chat: Any) -> None:
    one = chat.async_chat(None, {})
    one.ac_in_buffer = b"rest"
    other = copy.copy(one)
    third = chat.async_chat.__new__(chat.async_chat)
    third.__dict__.update(vars(one))
    one.ac_in_buffer = b""
    assert (other.ac_in_buffer, third.ac_in_buffer) == (b"rest", b"rest")


def test_input_goes_on_after_the_buffer_was_deleted(
    chat: Any, core: Any, pair: Pairs, map: Map
) -> None:
    """With an AttributeError, as on the original, until it is set again."""
    ours, theirs = pair()
    channel = chat.async_chat(ours, map)
    got: list[bytes] = []
    channel.collect_incoming_data, channel.terminator = got.append, None
    errors: list[str] = []
    channel.handle_error = lambda: errors.append(core.compact_traceback()[1].__name__)
    del channel.ac_in_buffer
    theirs.send(b"lost")
    core.loop(0, False, map, 1)
    channel.ac_in_buffer = b"a"
    theirs.send(b"b")
    core.loop(0, False, map, 1)
    assert (errors, got) == (["AttributeError"], [b"ab"])
