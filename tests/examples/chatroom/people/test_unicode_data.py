from __future__ import annotations

import unicodedata

from examples.chatroom.people.unicode_data import prototypes, scripts


def test_a_prototype_is_its_own() -> None:
    table = prototypes()
    assert len(table) > 6000
    assert (table["а"], table["m"], table["1"]) == ("a", "rn", "l")  # noqa: RUF001
    assert not [text for text in table.values() if len(text) == 1 and text in table]


def test_scripts_are_ranges_in_order_that_do_not_overlap() -> None:
    firsts, lasts, names = scripts()
    assert len(firsts) == len(lasts) == len(names)
    assert all(first <= last for first, last in zip(firsts, lasts, strict=True))
    assert all(last < first for last, first in zip(lasts, firsts[1:], strict=False))
    assert {"LATIN", "CYRILLIC", "GREEK", "HAN", "COMMON", "INHERITED"} <= {*names}


def test_every_letter_that_this_python_knows_has_a_script() -> None:
    firsts, lasts, _ = scripts()
    pairs = zip(firsts, lasts, strict=True)
    known = {code for first, last in pairs for code in range(first, last + 1)}
    letters = (code for code in range(0x110000) if unicodedata.category(chr(code))[0] in "LMN")
    assert not [hex(code) for code in letters if code not in known]
