from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from examples.chatroom.doors.line.rows import COLUMNS, INDENT, columns_used, rows_of, width_of
from examples.chatroom.people.text import clean

FORGED = "-- Ada is an operator now."


@pytest.mark.parametrize(
    "line",
    [
        "[14:30] Eve: hi",
        "x" * COLUMNS,
        "é" * COLUMNS,
        "界" * (COLUMNS // 2),
        "e\u0301" * COLUMNS,
        "",
    ],
)
def test_what_fits_is_one_row(line: str) -> None:
    assert rows_of(line) == [line]


@pytest.mark.parametrize(
    ("line", "rows"),
    [
        ("x" * 80, ["x" * 79, "    x"]),
        ("界" * 40, ["界" * 39, "    界"]),
        (f"{'word ' * 15}longer word", ["word " * 15 + "", "    longer word"]),
        (f"Eve: {'x' * 80}", ["Eve:", f"    {'x' * 75}", "    xxxxx"]),
        ("\u2764\ufe0f" * 40, ["\u2764\ufe0f" * 39 + "\u2764", "    \ufe0f"]),
    ],
)
def test_what_is_longer_is_cut_between_words_if_it_can_be(line: str, rows: list[str]) -> None:
    assert [row.rstrip() for row in rows_of(line)] == [row.rstrip() for row in rows]


@pytest.mark.parametrize("filler", [" ", ".", "-", "\u3000", "界", "x\u0301", "\u2800", "a "])
@pytest.mark.parametrize("count", range(20, 100))
def test_nobody_can_write_what_looks_like_a_line_of_the_servers(filler: str, count: int) -> None:
    line = clean(f"[14:30] Eve: {filler * count}{FORGED}")
    first, *others = rows_of(line)
    assert first.startswith("[14:30] Eve:")
    assert all(row.startswith(INDENT) for row in others)


@pytest.mark.parametrize(
    ("window", "used"),
    [(0, COLUMNS), (80, 79), (79, 60), (200, 160), (201, 200), (65535, 65534), (21, 20), (1, 20)],
)
def test_a_window_is_used_but_for_its_last_column_in_steps(window: int, used: int) -> None:
    assert columns_used(window) == used


@given(
    st.text() | st.text("ab 界\u0301\ufe0f", min_size=60),
    st.integers(0, 300).map(columns_used),
)
def test_no_row_is_too_wide_and_nothing_is_lost(text: str, columns: int) -> None:
    line = clean(text).strip()
    rows = rows_of(line, columns)
    assert all(width_of(row) <= columns for row in rows)
    assert "".join(rows).replace(" ", "") == line.replace(" ", "")
