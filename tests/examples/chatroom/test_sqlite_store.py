from __future__ import annotations

import contextlib
import sqlite3
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TypeVar

import pytest

from examples.chatroom import sqlite_store
from examples.chatroom.errands import Errands
from examples.chatroom.history import (
    AddMessage,
    Answer,
    ForgetRoom,
    ForgetSanction,
    Remembered,
    SaveRoom,
    SaveSanction,
    Store,
    Write,
    Written,
)
from examples.chatroom.messages import Kind, Message
from examples.chatroom.sqlite_store import (
    MOST_WAITING,
    Retention,
    SqliteStore,
    StoreError,
    Trimmed,
)
from miniloop import EventLoop
from tests.driving import run_until

ROOT = Path(__file__).parents[3]
NOON = 1_700_000_000.0
Result = TypeVar("Result")


class Diary:
    """A store in a file, asked as if it answered at once."""

    def __init__(self, loop: EventLoop, path: Path, retention: Retention | None = None) -> None:
        self.loop = loop
        self.path = path
        self.store = SqliteStore(loop, path, retention, wall=lambda: NOON)

    def only(self, told: list[Result]) -> Result:
        run_until(self.loop, lambda: told)
        assert len(told) == 1
        return told[0]

    def write(self, *writes: Write) -> Written:
        told: list[Written] = []
        self.store.write(writes, told.append)
        return self.only(told)

    def page(self, room: str = "lobby", before: int = 0, count: int = 99) -> Answer:
        told: list[Answer] = []
        self.store.page(room, before, count, told.append)
        return self.only(told)

    def search(self, query: str, room: str = "lobby", count: int = 99) -> Answer:
        told: list[Answer] = []
        self.store.search(room, query, count, told.append)
        return self.only(told)

    def trim(self, now: float = NOON) -> Trimmed:
        told: list[Trimmed] = []
        self.store.trim(now, told.append)
        return self.only(told)

    def remembered(self, recent: int = 99) -> Remembered:
        return self.store.load(recent)


@pytest.fixture
def diary(loop: EventLoop, tmp_path: Path) -> Iterator[Diary]:
    diary = Diary(loop, tmp_path / "history.db")
    yield diary
    diary.store.close()


@contextlib.contextmanager
def reopened(diary: Diary) -> Iterator[Diary]:
    diary.store.close()
    again = Diary(diary.loop, diary.path)
    yield again
    again.store.close()


def said(number: int, text: str = "", sender: str = "Ada", at: float = NOON) -> Message:
    return Message(Kind.SAID, text or f"text {number}", sender, room="Lobby", at=at, id=number)


def add(number: int, text: str = "", nonce: str = "", room: str = "lobby") -> AddMessage:
    return AddMessage(room, said(number, text), nonce)


def ids(messages: Sequence[Message]) -> list[int]:
    return [message.id for message in messages]


OK = Written()


def test_what_is_written_can_be_read_at_once_and_after_a_restart(diary: Diary) -> None:
    acted = Message(
        Kind.ACTED, "wavés \N{WAVING HAND SIGN}", "Bøb", room="Lobby", at=NOON + 1, id=2
    )
    assert diary.write(add(1), AddMessage("lobby", acted)) == OK
    assert diary.page() == Answer((said(1), acted))
    with reopened(diary) as again:
        assert again.page() == Answer((said(1), acted))


def test_a_store_is_a_store(diary: Diary) -> None:
    store: Store = diary.store
    assert store.load(0) == Remembered()


def test_what_was_shown_before_it_was_kept_is_kept_when_it_is_read(diary: Diary) -> None:
    shown = replace(said(1), kept=False)
    diary.write(AddMessage("lobby", shown))
    assert diary.page().messages == (replace(shown, kept=True),)


def test_pages_go_back_to_the_beginning(diary: Diary) -> None:
    diary.write(*(add(number) for number in range(1, 8)), add(9, room="attic"))
    assert (ids((newest := diary.page(count=3)).messages), newest.more) == ([5, 6, 7], True)
    assert (ids((older := diary.page(before=5, count=3)).messages), older.more) == ([2, 3, 4], True)
    assert (ids((oldest := diary.page(before=2, count=3)).messages), oldest.more) == ([1], False)
    assert diary.page(before=1) == Answer()
    assert diary.page("attic").messages[0].id == 9
    assert diary.page("nowhere") == Answer()


@pytest.mark.parametrize(("before", "found"), [(-5, []), (10**40, [1]), (1, []), (2, [1])])
def test_any_number_is_a_number_to_page_from(diary: Diary, before: int, found: list[int]) -> None:
    diary.write(add(1))
    assert ids(diary.page(before=before).messages) == found


def test_no_messages_may_be_asked_for(diary: Diary) -> None:
    diary.write(add(1))
    assert diary.page(count=0) == Answer((), True)
    assert diary.page(count=-1) == Answer((), True)
    assert diary.remembered(recent=0).rooms[0][1] == ()


def test_a_known_nonce_is_reported_and_not_stored(diary: Diary) -> None:
    assert diary.write(add(1, nonce="a"), add(2, nonce="a"), add(3), add(4)).repeated == {2}
    assert diary.write(add(5, nonce="b"), add(6, nonce="a")) == Written("", frozenset({6}))
    assert ids(diary.page().messages) == [1, 3, 4, 5]
    with reopened(diary) as again:
        assert again.write(add(7, nonce="b")).repeated == {7}


def test_a_nonce_may_be_anything(diary: Diary) -> None:
    strange = ["\ud800", "\0", "x" * 1_000_000, "'", "ä"]
    for number, nonce in enumerate(strange, 1):
        assert diary.write(add(number, nonce=nonce)) == OK
        assert diary.write(add(99, nonce=nonce)).repeated == {99}


def test_a_write_repeated_as_a_whole_is_no_mistake(diary: Diary) -> None:
    # As after a commit that the disk carried out and reported as failed.
    batch = (SaveRoom("lobby", "Lobby"), add(1, nonce="a"), add(2))
    assert diary.write(*batch) == OK
    assert diary.write(*batch) == OK
    assert ids(diary.page().messages) == [1, 2]


def test_an_id_that_another_program_has_used_is_a_clear_problem(diary: Diary) -> None:
    diary.write(add(1, "what another program wrote"))
    assert diary.write(add(1)).problem == "another program has written into it"
    assert diary.write(add(2)) == OK


def test_ids_are_never_given_again(diary: Diary) -> None:
    diary.write(add(1), add(7), ForgetRoom("lobby"))
    assert diary.remembered().last_id == 7
    with reopened(diary) as again:
        assert again.remembered() == Remembered(last_id=7)


def test_rooms_are_remembered_with_what_was_said_last(diary: Diary) -> None:
    attic = SaveRoom("attic", "Attic", "under the roof", "salt$hash", "ada")
    diary.write(SaveRoom("attic", "ATTIC"), attic, add(1), add(2), add(3, room="attic"))
    with reopened(diary) as again:
        assert again.remembered(recent=1).rooms == (
            (attic, (replace(said(3), room="Attic"),)),
            (SaveRoom("lobby", "Lobby"), (said(2),)),
        )


def test_a_forgotten_room_is_forgotten_with_all_its_words(diary: Diary) -> None:
    diary.write(SaveRoom("lobby", "Lobby"), add(1, "secret"), add(2, "secret", room="attic"))
    diary.write(ForgetRoom("lobby"), ForgetRoom("nowhere"))
    assert [room.key for room, _ in diary.remembered().rooms] == ["attic"]
    assert diary.search("secret") == Answer()
    assert ids(diary.search("secret", "attic").messages) == [2]
    diary.write(add(3, "new", room="lobby"))
    assert ids(diary.page().messages) == [3]


def test_sanctions_come_and_go(diary: Diary) -> None:
    ban = SaveSanction("ban", "address:192.0.2.1", None, "Ada", "spam")
    mute = SaveSanction("mute", "name:bob", NOON + 60, "Ada", "")
    over = SaveSanction("mute", "name:eve", NOON - 60, "Ada", "")
    diary.write(ban, replace(mute, reason="first"), mute, over, replace(ban, kind="mute"))
    diary.write(ForgetSanction("mute", ban.subject), ForgetSanction("ban", "nobody"))
    with reopened(diary) as again:
        assert again.remembered().sanctions == (ban, mute)


def test_all_of_a_write_or_nothing(diary: Diary) -> None:
    diary.write(add(1, "there already"))
    assert diary.write(add(2), SaveRoom("attic", "Attic"), add(1)).problem
    assert ids(diary.page().messages) == [1]
    assert [room.key for room, _ in diary.remembered().rooms] == ["lobby"]


def test_searching_finds_words_and_names(diary: Diary) -> None:
    diary.write(
        add(1, "Good morning, Bob"),
        AddMessage("lobby", said(2, "Crème brûlée?", "Grace")),
        add(3, "good night"),
        add(4, "good evening", room="attic"),
    )
    for query, found in {
        "good": [1, 3],
        "GOOD NIGHT": [3],
        "creme": [2],
        "grace": [2],
        "grace brul": [2],
        "ada good": [1, 3],
        "goo": [1, 3],
        "goo night": [],
        "nothing": [],
        "text:good": [],
        "good OR nothing": [],
        "": [],
        '"': [],
    }.items():
        assert (query, ids(diary.search(query).messages)) == (query, found)


def test_searching_gives_the_newest_and_says_if_there_are_more(diary: Diary) -> None:
    diary.write(*(add(number, "word") for number in range(1, 6)))
    answer = diary.search("word", count=2)
    assert (ids(answer.messages), answer.more) == ([4, 5], True)
    assert diary.search("word", count=5).more is False


def test_a_long_search_holds_up_no_message(diary: Diary) -> None:
    order: list[str] = []
    with busy(diary.store._looks):
        diary.store.search("lobby", "word", 1, lambda answer: order.append("search"))
        diary.store.write([add(1)], lambda written: order.append("write"))
        run_until(diary.loop, lambda: order)
    run_until(diary.loop, lambda: len(order) == 2)
    assert order == ["write", "search"]


def test_a_search_that_takes_too_long_is_given_up(
    diary: Diary, monkeypatch: pytest.MonkeyPatch
) -> None:
    diary.write(*(add(number, f"word {number}") for number in range(1, 2000)))
    monkeypatch.setattr(sqlite_store, "LONGEST_LOOK", -1.0)
    monkeypatch.setattr(sqlite_store, "LOOK_EVERY", 10)
    assert diary.search("word", count=2000).problem == "it took too long"
    monkeypatch.setattr(sqlite_store, "LONGEST_LOOK", 20.0)
    assert len(diary.search("word", count=5).messages) == 5


def test_questions_are_bounded_and_writes_are_not_refused(diary: Diary) -> None:
    answers: list[Answer] = []
    written: list[Written] = []
    with busy(diary.store._looks):
        for _ in range(MOST_WAITING + 1):
            diary.store.page("lobby", 0, 1, answers.append)
        assert [answer.problem for answer in answers] == [
            "too many look into it at once; try again"
        ]
        diary.store.write([add(1)], written.append)
    run_until(diary.loop, lambda: written and len(answers) == MOST_WAITING + 1)
    assert written == [OK]


@contextlib.contextmanager
def busy(errands: Errands) -> Iterator[None]:
    """Nothing is done on that thread meanwhile."""
    entered, left = threading.Event(), threading.Event()

    def hold() -> None:
        entered.set()
        left.wait(20)

    holder = threading.Thread(target=errands.alone, args=(hold, 20.0))
    holder.start()
    assert entered.wait(20)
    yield
    left.set()
    holder.join()


# What can go wrong


def test_a_full_disk_is_told_and_got_over(diary: Diary, caplog: pytest.LogCaptureFixture) -> None:
    pages = diary.store._connection.execute("PRAGMA page_count").fetchone()[0]
    diary.store._connection.execute(f"PRAGMA max_page_count = {pages}")
    batch = tuple(add(number, "many words " * 400) for number in range(1, 40))
    for _ in range(3):
        assert diary.write(*batch) == Written(problem="the disk is full")
    assert caplog.text.count("was not written") == 1
    assert diary.page() == Answer()
    assert diary.remembered().last_id == 0
    diary.store._connection.execute("PRAGMA max_page_count = 1000000")
    assert diary.write(*batch) == OK
    assert len(diary.page().messages) == 39


def test_a_lock_is_waited_for_by_the_thread_and_not_by_the_loop(diary: Diary) -> None:
    diary.write(add(1))
    diary.store._connection.execute("PRAGMA busy_timeout = 20000")
    shell = sqlite3.connect(diary.path, isolation_level=None)
    shell.execute("BEGIN IMMEDIATE")
    written: list[Written] = []
    diary.store.write([add(2)], written.append)
    turns: list[None] = []
    diary.loop.call_later(0.02, lambda: turns.append(None))
    run_until(diary.loop, lambda: turns)
    assert written == []
    shell.execute("COMMIT")
    run_until(diary.loop, lambda: written)
    assert written == [OK]
    shell.close()


def test_a_lock_that_stays_is_told_and_got_over(diary: Diary) -> None:
    diary.write(add(1))
    shell = sqlite3.connect(diary.path, isolation_level=None)
    shell.execute("BEGIN IMMEDIATE")
    began = time.monotonic()
    assert diary.write(add(2)).problem == "another program has it locked"
    assert 0.5 < time.monotonic() - began < 10
    assert ids(diary.page().messages) == [1]  # reading needs no lock
    diary.store._connection.execute("PRAGMA busy_timeout = 10")
    assert diary.trim().problem == "another program has it locked"
    shell.close()
    assert diary.write(add(2)) == OK


def test_a_file_that_may_not_be_written_is_told_and_got_over(diary: Diary) -> None:
    diary.store._connection.execute("PRAGMA query_only = ON")
    assert diary.write(add(1)) == Written(problem="it may be read only")
    diary.store._connection.execute("PRAGMA query_only = OFF")
    assert diary.write(add(1)) == OK


@pytest.mark.needs("resource limits")
def test_a_disk_that_fails_is_told_and_got_over(tmp_path: Path) -> None:
    program = f"""
import resource, signal
from pathlib import Path
from examples.chatroom.history import AddMessage, Written
from examples.chatroom.messages import Kind, Message
from examples.chatroom.sqlite_store import SqliteStore
from miniloop import EventLoop
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
with EventLoop() as loop:
    store = SqliteStore(loop, Path({str(tmp_path / "history.db")!r}))
    def write(first, answers):
        store.write([AddMessage("lobby", Message(Kind.SAID, "x" * 500, "Ada", room="Lobby",
            at=1.0, id=number)) for number in range(first, first + 200)], answers.append)
        loop.run()
        return answers[0]
    assert write(1, []) == Written()
    hard = resource.getrlimit(resource.RLIMIT_FSIZE)[1]
    resource.setrlimit(resource.RLIMIT_FSIZE, (4096, hard))
    for attempt in range(3):
        print(write(201, []).problem)
    resource.setrlimit(resource.RLIMIT_FSIZE, (hard, hard))
    assert write(201, []) == Written()
    answers = []
    store.page("lobby", 0, 1000, answers.append)
    loop.run()
    assert len(answers[0].messages) == 400
    store.close()
"""
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", program],
        cwd=ROOT, capture_output=True, text=True, timeout=20, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert done.stdout == "the disk reports an error\n" * 3


def test_a_damaged_file_is_told(diary: Diary) -> None:
    diary.write(SaveRoom("attic", "Attic"), *(add(n, "word " * 200) for n in range(1, 300)))
    diary.store.close()
    with diary.path.open("r+b") as file:
        size = file.seek(0, 2)
        for position in range(4096 * 3, size, 4096):  # all pages but the schema's
            file.seek(position)
            file.write(b"\xff" * 2048)
    damaged = SqliteStore(diary.loop, diary.path)
    with pytest.raises(StoreError, match=r"cannot be read: its file is damaged\.$"):
        damaged.load(99)
    answers: list[Answer | Written] = []
    damaged.page("lobby", 0, 99, answers.append)
    damaged.search("lobby", "word", 99, answers.append)
    damaged.write([add(900)], answers.append)
    damaged.close()
    assert [each.problem for each in answers] == ["its file is damaged"] * 3


# Forgetting


def test_trimming_forgets_in_the_background(loop: EventLoop, tmp_path: Path) -> None:
    diary = Diary(loop, tmp_path / "history.db", Retention(keep_age=50.0))
    diary.write(*(AddMessage("lobby", said(n, at=NOON + n)) for n in range(1, 1001)))
    diary.write(SaveSanction("mute", "name:bob", NOON + 1, "Ada", ""))
    trimmed = diary.trim(NOON + 1000)
    assert (trimmed.messages, trimmed.rooms, trimmed.sanctions) == (949, 0, 1)
    assert ids(diary.page().messages) == list(range(950, 1001))[-99:]
    diary.store.close()


def test_what_is_said_during_a_sweep_waits_for_one_step_only(
    loop: EventLoop, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO", logger="chatroom")
    diary = Diary(loop, tmp_path / "history.db", Retention(keep_age=1.0))
    diary.write(*(add(number) for number in range(1, 1001)))
    order: list[object] = []
    diary.store.trim(NOON + 1000, order.append)
    diary.store.trim(NOON + 1000, lambda trimmed: pytest.fail("one sweep at a time"))
    diary.store.write([AddMessage("lobby", said(2000, at=NOON + 1000))], order.append)
    run_until(loop, lambda: len(order) == 2)
    assert order[0] == OK
    assert isinstance(order[1], Trimmed)
    assert ids(diary.page().messages) == [2000]
    assert "Forgot 1000 messages, 0 rooms and 0 sanctions" in caplog.text
    diary.store.close()


def test_a_sweep_that_fails_is_told_and_the_next_one_goes_on(
    loop: EventLoop, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    diary = Diary(loop, tmp_path / "history.db", Retention(keep_age=1.0))
    diary.write(*(add(number) for number in range(1, 1001)))
    diary.store._connection.execute("PRAGMA query_only = ON")
    assert diary.trim(NOON + 1000).problem == "it may be read only"
    assert "not trimmed to the end: it may be read only" in caplog.text
    diary.store._connection.execute("PRAGMA query_only = OFF")
    assert diary.trim(NOON + 1000).messages == 1000
    diary.store.close()


# The end


def test_closing_stores_and_tells_what_was_queued_and_what_comes_of_it(diary: Diary) -> None:
    told: list[object] = []

    def written(answer: Written) -> None:
        told.append(answer)
        if len(told) == 1:
            diary.store.write([add(2)], written)

    diary.store.write([add(1)], written)
    diary.store.page("lobby", 0, 9, told.append)
    diary.store.close()
    assert told[0] == OK
    assert told.count(OK) == 2
    assert len(told) == 3
    diary.store.close()
    with reopened(diary) as again:
        assert ids(again.page().messages) == [1, 2]


def test_what_comes_after_the_end_is_answered(diary: Diary) -> None:
    diary.store.close()
    answers: list[object] = []
    diary.store.write([add(1)], answers.append)
    diary.store.page("lobby", 0, 9, answers.append)
    diary.store.search("lobby", "x", 9, answers.append)
    diary.store.trim(NOON, answers.append)
    why = "it is closed already"
    assert answers == [Written(problem=why), Answer(problem=why), Answer(problem=why)]


def test_closing_ends_a_sweep_early(loop: EventLoop, tmp_path: Path) -> None:
    diary = Diary(loop, tmp_path / "history.db", Retention(keep_age=1.0))
    diary.write(*(add(number) for number in range(1, 2001)))
    swept: list[Trimmed] = []
    diary.store.trim(NOON + 1000, swept.append)
    diary.store.close()
    assert len(swept) == 1
    assert swept[0].messages < 2000


def test_an_orderly_stop_stores_and_shows_what_was_said_last(
    loop: EventLoop, tmp_path: Path
) -> None:
    diary = Diary(loop, tmp_path / "history.db")
    told: list[Written] = []
    loop.on_stop(diary.store.close)  # as SqliteStore's docstring tells servers to do
    diary.store.write([add(1)], told.append)
    loop.stop()
    loop.run()
    assert told == [OK]


def test_closing_after_the_loop_still_stores(tmp_path: Path) -> None:
    with EventLoop(debug=True) as loop:
        diary = Diary(loop, tmp_path / "history.db")
        told: list[Written] = []
        with busy(diary.store._errands):
            diary.store.write([add(1)], told.append)
            loop.close()
            diary.store.write([add(2)], told.append)  # as a channel that is closed may do
        diary.store.close()
    assert told == [OK, OK]
    with EventLoop() as loop:
        again = Diary(loop, tmp_path / "history.db")
        assert ids(again.page().messages) == [1, 2]
        again.store.close()
