from __future__ import annotations

import os
import random
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from examples.chatroom.hall.history import AddMessage, SaveRoom, Write
from examples.chatroom.hall.messages import Kind, Message
from examples.chatroom.people.sanction import SaveSanction
from examples.chatroom.storage.history_file import HistoryFile, transaction
from examples.chatroom.storage.history_rows import LATEST, Writer, last_time
from examples.chatroom.storage.retention import (
    BATCH,
    LEAST_BYTES,
    NOTE_EVERY,
    Retention,
    Trimmed,
    sweep,
    used_bytes,
)

NOON = 1_700_000_000.0


@pytest.fixture
def file(tmp_path: Path) -> Iterator[HistoryFile]:
    file = HistoryFile(tmp_path / "history.db")
    file.connection.execute("PRAGMA synchronous = OFF")  # what a disk does is tested elsewhere
    yield file
    file.close()


def write(file: HistoryFile, *writes: Write, now: float = NOON) -> None:
    with transaction(file.connection):
        writer = Writer(file.connection, now)
        for each in writes:
            writer.do(each)


def trim(file: HistoryFile, retention: Retention, now: float = NOON) -> Trimmed:
    trimmed = Trimmed()
    for _ in sweep(file.connection, retention, now, trimmed):
        assert not file.connection.in_transaction  # others may write between the steps
    file.connection.execute("INSERT INTO words (words) VALUES ('integrity-check')")
    assert file.connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
    return trimmed


def chatter(first: int, count: int, room: str = "lobby") -> list[Write]:
    """Return messages a second apart, so that a message's id is its age."""
    words = [f"{random.getrandbits(20):x}" for _ in range(8 * count)]
    return [
        AddMessage(room, Message(Kind.SAID, " ".join(words[8 * i : 8 * i + 8]), "Ada",
                                 room=room, at=NOON + first + i, id=first + i))
        for i in range(count)
    ]  # fmt: skip


def ids(file: HistoryFile) -> list[int]:
    return [row[0] for row in file.connection.execute("SELECT id FROM messages ORDER BY id")]


def rooms(file: HistoryFile) -> list[str]:
    return [row[0] for row in file.connection.execute("SELECT key FROM rooms ORDER BY key")]


def test_everything_is_kept_unless_it_is_said_otherwise(file: HistoryFile) -> None:
    write(file, *chatter(1, 50), SaveRoom("attic", "Attic"))
    trimmed = trim(file, Retention(), NOON * 2)
    assert (trimmed.messages, trimmed.rooms, trimmed.sanctions) == (0, 0, 0)
    assert trimmed.bytes == used_bytes(file.connection)
    assert len(ids(file)) == 50


def test_the_old_go_in_small_steps(file: HistoryFile) -> None:
    write(file, *chatter(1, 3 * BATCH))
    trimmed = Trimmed()
    left = [len(ids(file))]
    for _ in sweep(file.connection, Retention(keep_age=1.0), NOON + 10_000, trimmed):
        left.append(len(ids(file)))
        assert left[-2] - left[-1] <= BATCH
    assert left[-1] == 0
    assert trimmed.messages == 3 * BATCH


def test_the_age_is_the_messages_own(file: HistoryFile) -> None:
    write(file, *chatter(1, 100))
    # Dated by a clock that was wrong; it must not protect the messages after it.
    early = Message(Kind.SAID, "x", "Ada", room="lobby", at=NOON + 9999, id=101)
    write(file, AddMessage("lobby", early), *chatter(102, 100))
    assert trim(file, Retention(keep_age=50.0), NOON + 200).messages == 148
    assert ids(file) == [101, *range(150, 202)]


def test_empty_rooms_go_when_they_are_old_with_a_key_or_without(file: HistoryFile) -> None:
    write(file, SaveRoom("old", "Old"), SaveRoom("locked", "Locked", lock="hash"))
    write(file, *chatter(1, 1, room="talk"))
    write(file, SaveRoom("new", "New"), now=NOON + 100)
    assert trim(file, Retention(keep_age=99.5), NOON + 100).rooms == 2
    assert rooms(file) == ["new", "talk"]
    assert trim(file, Retention(keep_age=99.5), NOON + 101).rooms == 1  # with its last message
    assert rooms(file) == ["new"]


def test_of_too_many_rooms_those_unused_for_longest_go(file: HistoryFile) -> None:
    for number in range(5):
        write(file, *chatter(1 + 10 * number, 10, room=str(number)), now=NOON + number)
    write(file, SaveRoom("0", "0", lock="hash"), now=NOON + 9)
    trimmed = trim(file, Retention(keep_rooms=2))
    assert rooms(file) == ["0", "4"]
    assert (trimmed.rooms, trimmed.messages) == (3, 30)


def test_ended_sanctions_go(file: HistoryFile) -> None:
    for kind, until in (("ban", None), ("mute", NOON), ("other", NOON + 1)):
        write(file, SaveSanction(kind, "name:bob", until, "Ada", ""))
    assert trim(file, Retention()).sanctions == 1
    kinds = file.connection.execute("SELECT kind FROM sanctions ORDER BY kind").fetchall()
    assert kinds == [("ban",), ("other",)]


def test_the_file_shrinks_to_what_it_may_take_and_not_to_nothing(
    file: HistoryFile, tmp_path: Path
) -> None:
    write(file, *chatter(1, 4000))
    assert used_bytes(file.connection) > 2 * LEAST_BYTES
    trimmed = trim(file, Retention(keep_bytes=LEAST_BYTES))
    left = ids(file)
    assert left == list(range(4001 - len(left), 4001))  # the newest
    assert trimmed.messages == 4000 - len(left)
    assert LEAST_BYTES / 2 < trimmed.bytes <= LEAST_BYTES
    assert os.path.getsize(tmp_path / "history.db") == trimmed.bytes
    assert trim(file, Retention(keep_bytes=LEAST_BYTES)).messages == 0


def test_what_cannot_shrink_is_left(file: HistoryFile) -> None:
    write(file, *(SaveRoom(f"{number} {'x' * 1000}", "x") for number in range(500)))
    assert trim(file, Retention(keep_bytes=LEAST_BYTES)).bytes > LEAST_BYTES


def test_the_index_does_not_fill_up_with_what_is_gone(file: HistoryFile) -> None:
    write(file, *chatter(1, 1000))
    before = trim(file, Retention()).bytes
    for first in range(1001, 8001, 200):
        write(file, *chatter(first, 200))
        trimmed = trim(file, Retention(keep_age=1000.0), NOON + first + 199)
        assert trimmed.bytes < 1.7 * before
    assert len(ids(file)) == 1001


@pytest.mark.parametrize(
    "make",
    [
        lambda: Retention(keep_age=0.0),
        lambda: Retention(keep_age=float("nan")),
        lambda: Retention(keep_bytes=LEAST_BYTES - 1),
        lambda: Retention(keep_rooms=0),
    ],
)
def test_what_would_keep_nothing_is_refused(make: Callable[[], Retention]) -> None:
    with pytest.raises(ValueError, match=r"^keep_\w+ must be "):
        make()


def wrong(number: int, at: float) -> AddMessage:
    """Return a message from a time with a wrong machine's clock."""
    return AddMessage("lobby", Message(Kind.SAID, "x", "Ada", room="lobby", at=at, id=number))


def test_what_a_wrong_clock_has_dated_is_as_old_as_its_storing(file: HistoryFile) -> None:
    year = 365 * 86_400.0
    write(file, wrong(1, 5.0), wrong(2, NOON + 9 * year), wrong(3, NOON))
    retention = Retention(keep_age=year)
    assert trim(file, retention, NOON + year - 1).messages == 0
    assert trim(file, retention, NOON + year + 1).messages == 3


def test_a_sweep_notes_the_time(file: HistoryFile) -> None:
    assert last_time(file.connection) == 0.0
    trim(file, Retention())
    trim(file, Retention(), NOON + NOTE_EVERY / 2)
    assert last_time(file.connection) == NOON
    trim(file, Retention(), NOON + NOTE_EVERY + 1)
    assert last_time(file.connection) == NOON + NOTE_EVERY + 1


@pytest.mark.parametrize(("noted", "read"), [(-5.0, 0.0), (1e300, LATEST), (7.0, 7.0)])
def test_a_noted_time_that_cannot_be_is_bounded(
    file: HistoryFile, noted: float, read: float
) -> None:
    file.connection.execute("UPDATE upkeep SET time = ?", (noted,))
    assert last_time(file.connection) == read


def test_one_who_fills_a_room_has_nobody_elses_history_forgotten(file: HistoryFile) -> None:
    write(
        file, *chatter(1, 100), *chatter(101, 3000, room="cave"), *chatter(3101, 3000, room="den")
    )
    trim(file, Retention(keep_bytes=LEAST_BYTES))
    left = dict(
        file.connection.execute(
            "SELECT r.key, count(*) FROM messages m JOIN rooms r ON r.id = m.room GROUP BY 1"
        ).fetchall()
    )
    assert left["lobby"] == 100
    assert left["cave"] == pytest.approx(left["den"], rel=0.1)
    assert ids(file)[100:][: left["cave"]] == list(range(3101 - left["cave"], 3101))  # the newest


def test_shrinking_lets_others_write_between_small_steps(file: HistoryFile) -> None:
    write(file, *chatter(1, 4000))
    left = [len(ids(file))]
    for _ in sweep(file.connection, Retention(keep_bytes=LEAST_BYTES), NOON, Trimmed()):
        left.append(len(ids(file)))
        assert left[-2] - left[-1] <= BATCH
    assert left[-1] < 4000
