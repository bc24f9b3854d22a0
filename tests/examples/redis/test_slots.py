"""Slots of a Redis Cluster: keys, maps and redirects."""

from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

pytest.importorskip("hiredis", reason="needs the extra [redis]")

import hiredis

from examples.redis.address import Address
from examples.redis.replies import ProtocolError
from examples.redis.slots import Redirect, SlotMap, parse_redirect, parse_slots, slot_of

ASKED = Address("engine", 7000, user="ada", name="node")


@pytest.mark.parametrize(
    ("key", "slot"),
    [
        ("123456789", 12739),  # the example of the specification: CRC16 is 31C3
        ("foo", 12182),
        (b"foo", 12182),
        ("{foo}.bar", 12182),
        ("x{foo}{bar}", 12182),
        ("{}foo", 9500),
        ("{foo", 13308),
        ("", 0),
    ],
)
def test_slots_of_keys(key: str | bytes, slot: int) -> None:
    assert slot_of(key) == slot


def reply(*ranges: tuple[int, int, Any, int]) -> list[Any]:
    return [[a, b, [host, port, b"id", []], [b"replica", 1, b"id"]] for a, b, host, port in ranges]


def test_a_map() -> None:
    found = parse_slots(reply((8000, 16383, b"192.0.2.2", 7001), (0, 7999, None, 7000)), ASKED)
    assert found.whole
    assert [(each.host, each.port, each.user) for each in found.masters] == [
        ("192.0.2.2", 7001, "ada"), ("engine", 7000, "ada"),
    ]  # fmt: skip
    assert found.master("foo") == found.masters[0]
    assert found.master("") == found.masters[1]


def test_a_map_with_a_hole() -> None:
    found = parse_slots(reply((0, 7999, b"a", 1), (8001, 16383, b"b", 1)), ASKED)
    assert not found.whole
    assert not SlotMap(()).whole
    hole = next(str(n) for n in range(100_000) if slot_of(str(n)) == 8000)
    assert found.master(hole) is None


@pytest.mark.parametrize(
    "bad",
    [
        None, [[]], [[0, 1]], [[0, 1, []]], [[0, 16384, [b"a", 1, b""]]], [[5, 4, [b"a", 1, b""]]],
        [[0, 1, [b"a", 0, b""]]], [[0, 1, [b"a", 65536, b""]]], [[0, 1, [b"a b", 1, b""]]],
        [[0, 1, [b"\x1b", 1, b""]]], [[0, 1, [b"a" * 256, 1, b""]]], [[0, 1, [7, 1, b""]]],
        [[0, 1, [b"\xc3\xa9", 1, b""]]], [[0, 1, [b"a", 1, b""]]] * 4097,
        [[n, n, [b"a", n + 1, b""]] for n in range(101)],
    ],
)  # fmt: skip
def test_maps_that_make_no_sense(bad: Any) -> None:
    with pytest.raises(ProtocolError):
        parse_slots(bad, ASKED)


def test_redirects() -> None:
    moved = parse_redirect(hiredis.ReplyError("MOVED 3999 192.0.2.2:6381"), ASKED)
    assert moved == Redirect(Address("192.0.2.2", 6381, user="ada", name="node"), once=False)
    ask = parse_redirect(hiredis.ReplyError("ASK 3999 2001:db8::2:6381"), ASKED)
    assert ask == Redirect(Address("2001:db8::2", 6381, user="ada", name="node"), once=True)
    here = parse_redirect(hiredis.ReplyError("MOVED 3999 :6381"), ASKED)
    assert here is not None
    assert here.address.host == "engine"
    assert parse_redirect(hiredis.ReplyError("ERR no"), ASKED) is None


@pytest.mark.parametrize(
    "text",
    ["MOVED", "MOVED 1", "ASK 1 a", "MOVED 1 a:x", "MOVED 1 a:0", "MOVED 1 a:99999", "ASK a b c"],
)
def test_redirects_that_lead_nowhere(text: str) -> None:
    with pytest.raises(ProtocolError):
        parse_redirect(hiredis.ReplyError(text), ASKED)


@given(st.text(max_size=30))
def test_no_error_text_is_too_strange(text: str) -> None:
    with suppress(ProtocolError):
        parse_redirect(hiredis.ReplyError(f"MOVED {text}"), ASKED)
