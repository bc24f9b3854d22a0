"""Cases that the store's own tests do not reach: a file that another program has written to."""

from __future__ import annotations

import math
from collections.abc import Iterator
from pathlib import Path

import pytest

from examples.chatroom.doors.line.rendering import LineRenderer
from examples.chatroom.hall.history import (
    AddMessage,
    AddWaiting,
    Answer,
    ForgetRoom,
    ForgetWaiting,
    SaveRoom,
    Write,
)
from examples.chatroom.hall.messages import Kind, Message
from examples.chatroom.storage import history_rows
from examples.chatroom.storage.history_file import HistoryFile, transaction
from examples.chatroom.storage.history_rows import (
    LONGEST,
    Writer,
    read_all,
    read_matches,
    read_page,
)

NOON = 1_700_000_000.0


@pytest.fixture
def file(tmp_path: Path) -> Iterator[HistoryFile]:
    file = HistoryFile(tmp_path / "history.db")
    yield file
    file.close()


def write(file: HistoryFile, *writes: Write, now: float = NOON) -> None:
    with transaction(file.connection):
        writer = Writer(file.connection, now)
        for each in writes:
            writer.do(each)


def add(number: int, text: str, at: float | None = NOON) -> AddMessage:
    return AddMessage("lobby", Message(Kind.SAID, text, "Ada", room="Lobby", at=at, id=number))


def test_what_waits_for_others_is_there_in_its_order_until_it_is_sent(file: HistoryFile) -> None:
    write(file, *(AddWaiting(nonce, f"text {nonce}") for nonce in "zay"), AddWaiting("a", "again"))
    assert [each.nonce for each in read_all(file.connection, 1, 9, NOON).waiting] == ["z", "a", "y"]
    write(file, ForgetWaiting("z"), ForgetWaiting("nothing"))
    assert read_all(file.connection, 1, 9, NOON).waiting == (
        AddWaiting("a", "text a"),
        AddWaiting("y", "text y"),
    )


def test_a_message_without_a_time_gets_the_stores(file: HistoryFile) -> None:
    write(file, add(1, "x", at=None))
    assert read_page(file.connection, "lobby", 0, 9).messages[0].at == NOON


def test_long_texts_and_unknown_kinds_of_others_are_bounded(file: HistoryFile) -> None:
    write(file, add(1, "x"))
    for number, kind, text in ((2, "said", "y" * 1_000_000), (3, "exploded", "z")):
        file.connection.execute(
            "INSERT INTO messages VALUES (?, 1, ?, 'Eve', ?, '', 0, NULL, NULL)",
            (number, kind, text),
        )
    found = read_page(file.connection, "lobby", 0, 9).messages
    assert [(message.id, len(message.text)) for message in found] == [(1, 1), (2, LONGEST)]


def test_nobody_can_put_words_into_the_servers_mouth_or_stop_its_clock(file: HistoryFile) -> None:
    write(file, add(1, "x"))
    rows = [(2, "notice", 0), (3, "farewell", 0), (4, "said", 9e999), (5, "acted", -9e999)]
    file.connection.executemany(
        "INSERT INTO messages VALUES (?, 1, ?, 'E', 'y', '', ?, NULL, NULL)", rows
    )
    found = read_page(file.connection, "lobby", 0, 9).messages
    assert [message.id for message in found] == [1, 4, 5]
    for message in found:
        assert LineRenderer().encode(message)
        assert message.at is not None
        assert math.isfinite(message.at)


def test_bytes_of_others_that_are_no_text_are_replaced(file: HistoryFile) -> None:
    write(file, add(1, "x"))
    file.connection.execute("UPDATE messages SET text = CAST(x'ff41' AS TEXT)")
    assert read_page(file.connection, "lobby", 0, 9).messages[0].text == "\ufffdA"
    assert len(read_matches(file.connection, "lobby", "x", 9).messages) == 0


def test_what_cannot_be_encoded_is_replaced_and_fails_nobody(file: HistoryFile) -> None:
    write(file, add(1, "a\ud800"), SaveRoom("k\ud800", "s", "t\udfff"))
    write(file, add(1, "a\ud800"))  # the same again
    assert read_page(file.connection, "lobby", 0, 9).messages[0].text == "a?"
    assert read_page(file.connection, "k\ud800", 0, 9).messages == ()


def test_nul_cuts_no_text_short(file: HistoryFile) -> None:
    write(file, add(1, "before\0after"))
    assert read_page(file.connection, "lobby", 0, 9).messages[0].text == "before after"
    assert len(read_matches(file.connection, "lobby", "after", 9).messages) == 1
    file.connection.execute("DELETE FROM messages")
    file.connection.execute("INSERT INTO words (words) VALUES ('integrity-check')")


def test_only_so_many_rooms_are_read_those_used_last(file: HistoryFile) -> None:
    for number in range(5):
        write(file, SaveRoom(str(number), str(number)), now=NOON + number)
    write(file, SaveRoom("0", "0"), now=NOON + 9)
    rooms = read_all(file.connection, 1, 3, NOON).rooms
    assert [room.key for room, _ in rooms] == ["0", "3", "4"]


def test_a_room_may_be_forgotten_and_made_again_in_one_write(file: HistoryFile) -> None:
    write(file, add(1, "old"), ForgetRoom("lobby"), add(2, "new"))
    assert [each.text for each in read_page(file.connection, "lobby", 0, 9).messages] == ["new"]


def test_speaking_in_a_room_is_using_it(file: HistoryFile) -> None:
    write(file, SaveRoom("lobby", "Lobby"))
    write(file, SaveRoom("attic", "Attic"), now=NOON + 1)
    write(file, add(1, "x"), now=NOON + 2)
    assert [room.key for room, _ in read_all(file.connection, 1, 1, NOON).rooms] == ["lobby"]


def chat(*senders: str) -> list[AddMessage]:
    return [
        AddMessage("lobby", Message(Kind.SAID, "x", sender, room="Lobby", at=NOON, id=number))
        for number, sender in enumerate(senders, 1)
    ]


def numbers(file: HistoryFile, before: int, count: int, *unheard: str) -> tuple[list[int], bool]:
    answer = read_page(file.connection, "lobby", before, count, frozenset(unheard))
    assert answer.next == 0
    return [message.id for message in answer.messages], answer.more


def test_a_page_leaves_out_whom_one_does_not_hear(file: HistoryFile) -> None:
    write(file, *chat("Ada", "BOB", "Ada", "bob", "Ada", "Bob"))
    assert numbers(file, 0, 2, "bob") == ([3, 5], True)
    assert numbers(file, 3, 2, "bob") == ([1], False)
    assert numbers(file, 0, 9, "bob", "ada") == ([], False)


def test_a_page_that_is_all_of_them_says_where_to_go_on(
    file: HistoryFile, monkeypatch: pytest.MonkeyPatch
) -> None:
    short = history_rows._PAGE.replace(str(history_rows.MOST_ROWS), "4")
    monkeypatch.setattr(history_rows, "MOST_ROWS", 4)
    monkeypatch.setattr(history_rows, "_PAGE", short)
    write(file, *chat("Ada", "Ada", *["Bob"] * 7))
    unheard = frozenset({"bob"})
    answer = read_page(file.connection, "lobby", 0, 9, unheard)
    assert answer == Answer((), more=True, next=6)
    answer = read_page(file.connection, "lobby", answer.next, 9, unheard)
    assert ([each.id for each in answer.messages], answer.more, answer.next) == ([2], True, 0)


def test_when_rooms_were_used_is_known_by_the_clock_for_ages(file: HistoryFile) -> None:
    write(file, add(1, "x", at=5.0), now=NOON + 7)
    assert read_all(file.connection, 9, 9, NOON).used == {"lobby": NOON + 7}
