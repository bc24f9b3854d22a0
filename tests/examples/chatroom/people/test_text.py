from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from examples.chatroom.people.text import JOINERS, clean, decode, shorten

# Written down a second time, not imported: a test with the module's own mistake would pass.
HARMFUL = (
    {chr(code) for code in (*range(0x20), *range(0x7F, 0xA0))}
    | set("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\u200e\u200f\u061c")
    | set("\u2028\u2029\u200b\u2060\ufeff\u00ad\u3164\u115f")
)
anything = st.text(st.one_of(st.characters(), st.sampled_from(sorted(HARMFUL)))) | st.text(
    st.sampled_from(sorted(HARMFUL))
)


@given(anything)
def test_nothing_harmful_ever_passes(text: str) -> None:
    safe = clean(text)
    assert HARMFUL.isdisjoint(safe)
    assert all(char.isprintable() or char in JOINERS for char in safe)
    safe.encode()  # no surrogates
    assert clean(safe) == safe
    assert "  " not in safe


@given(st.binary())
def test_any_bytes_become_safe_text(data: bytes) -> None:
    assert HARMFUL.isdisjoint(decode(data))


@pytest.mark.parametrize("char", sorted(HARMFUL), ids=lambda char: f"U+{ord(char):04X}")
def test_each_harmful_character_is_taken_out_of_a_word(char: str) -> None:
    assert clean(f"a{char}b") in ("ab", "a b")


@pytest.mark.parametrize(
    ("raw", "safe"),
    [
        ("plain text", "plain text"),
        ("grüß dich, 你好, שלום", "grüß dich, 你好, שלום"),
        ("\x1b[31mred\x1b[0m", "[31mred[0m"),
        ("\x1b]0;title\x07", "]0;title"),
        ("a\tb", "a b"),
        ("a\u00a0b", "a b"),
        ("a    b", "a b"),
        ("a \u3000\u2003\t\u2800 b", "a b"),
        ("a \u200b b", "a b"),
        ("  a  ", " a "),
        ("\ud800", "\ufffd"),
        ("\u0645\u06cc\u200c\u062e", "\u0645\u06cc\u200c\u062e"),
        ("👩\u200d👩\u200d👧", "👩\u200d👩\u200d👧"),
        ("\x03\x04", ""),
    ],
)
def test_examples(raw: str, safe: str) -> None:
    assert clean(raw) == safe


def test_bytes_that_are_no_utf8_are_replaced() -> None:
    assert decode(b"a\xffb\xc3") == "a\ufffdb\ufffd"
    assert decode(b"\xc2\x9b31m") == "31m"  # C1's CSI, properly encoded


def test_c1_controls_are_controls() -> None:
    assert unicodedata.category("\x9b") == "Cc"


@given(st.text(), st.integers(1, 30))
def test_shortened_text_fits(text: str, limit: int) -> None:
    assert len(shorten(text, limit)) <= limit
    assert shorten(text, limit) == text or shorten(text, limit)[-1] == "…"
