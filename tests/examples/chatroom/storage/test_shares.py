from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from examples.chatroom.hall.history import AddMessage
from examples.chatroom.hall.messages import Kind, Message
from examples.chatroom.storage import shares
from examples.chatroom.storage.history_file import HistoryFile, transaction
from examples.chatroom.storage.history_rows import Writer
from examples.chatroom.storage.shares import excess, oldest, weigh

WEIGHTS = st.dictionaries(st.integers(0, 9), st.integers(1, 10**9))


@pytest.fixture
def file(tmp_path: Path) -> Iterator[HistoryFile]:
    file = HistoryFile(tmp_path / "history.db")
    with transaction(file.connection):
        writer = Writer(file.connection, 0.0)
        for number in range(1, 21):
            room = "cave" if number % 2 else "lobby"
            text = "x" * (100 if number % 2 else 1)
            message = Message(Kind.SAID, text, "Ada", room=room, at=0.0, id=number)
            writer.do(AddMessage(room, message))
    yield file
    file.close()


def weighed(file: HistoryFile) -> Counter[int]:
    steps = weigh(file.connection)
    while True:
        try:
            next(steps)
        except StopIteration as stop:
            found: Counter[int] = stop.value
            return found


def test_the_largest_are_cut_to_one_size() -> None:
    assert excess({1: 100, 2: 50, 3: 10}, 30) == {1: 30}
    assert excess({1: 100, 2: 50, 3: 10}, 70) == {1: 60, 2: 10}
    assert excess({1: 100, 2: 50, 3: 10}, 160) == {1: 100, 2: 50, 3: 10}
    assert excess({}, 10) == {}


@given(WEIGHTS, st.floats(0.01, 1.0))
def test_as_much_goes_as_is_too_much(weights: dict[int, int], part: float) -> None:
    surplus = part * sum(weights.values())
    gone = excess(weights, surplus)
    assert sum(gone.values()) == pytest.approx(surplus, abs=1.0)
    left = {room: weight - gone.get(room, 0) for room, weight in weights.items()}
    assert all(left[room] == pytest.approx(max(left.values()), abs=1.0) for room in gone)


def test_rooms_are_weighed_piece_by_piece(
    file: HistoryFile, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = weighed(file)
    assert whole == {1: 10 * 350, 2: 10 * 152}
    small = shares._WEIGH.replace(str(shares.PIECE), "3")
    monkeypatch.setattr(shares, "_WEIGH", small)
    assert weighed(file) == whole
    assert len(list(weigh(file.connection))) == 7


def test_the_oldest_are_found_by_their_weight(file: HistoryFile) -> None:
    assert oldest(file.connection, 1, 700, 99) == ([1, 3], 700)
    assert oldest(file.connection, 1, 701, 99) == ([1, 3, 5], 1050)
    assert oldest(file.connection, 1, 10**9, 2) == ([1, 3], 700)
    assert oldest(file.connection, 2, 0.5, 99) == ([2], 152)
    assert oldest(file.connection, 9, 1.0, 99) == ([], 0)
