"""Effects of a disk, a lock or too many queries on a store, and recovery."""

from __future__ import annotations

import sqlite3
import subprocess
import sys
import time
from pathlib import Path

import pytest

from examples.chatroom.hall.history import AddMessage, Answer, SaveRoom, Written
from examples.chatroom.people.sanction import SaveSanction
from examples.chatroom.storage.sqlite_store import (
    Retention,
    SqliteStore,
    StoreError,
    Trimmed,
)
from miniloop import EventLoop
from tests.driving import run_until
from tests.examples.chatroom.storage.diaries import (
    NOON,
    OK,
    ROOT,
    Diary,
    add,
    busy,
    ids,
    reopened,
    said,
)


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
from examples.chatroom.hall.history import AddMessage, Written
from examples.chatroom.hall.messages import Kind, Message
from examples.chatroom.storage import history_file
from examples.chatroom.storage.looks import MOST_OF_ONE, MOST_WAITING
from examples.chatroom.storage.sqlite_store import SqliteStore
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


def test_closing_ends_a_sweep_early(loop: EventLoop, tmp_path: Path) -> None:
    diary = Diary(loop, tmp_path / "history.db", Retention(keep_age=1.0))
    diary.write(*(add(number) for number in range(1, 2001)))
    swept: list[Trimmed] = []
    diary.store.trim(NOON + 1000, swept.append)
    diary.store.close()
    assert len(swept) == 1
    assert swept[0].messages < 2000


def test_closing_after_the_loop_still_stores(tmp_path: Path) -> None:
    with EventLoop(debug=True) as loop:
        diary = Diary(loop, tmp_path / "history.db")
        told: list[Written] = []
        with busy(diary.store._errands):
            diary.store.write([add(1)], told.append)
            loop.close()
            diary.store.write([add(2)], told.append)  # as a closed channel may do
        diary.store.close()
    assert told == [OK, OK]
    with EventLoop() as loop:
        again = Diary(loop, tmp_path / "history.db")
        assert ids(again.page().messages) == [1, 2]
        again.store.close()


def test_what_comes_after_the_end_is_answered(diary: Diary) -> None:
    diary.store.close()
    answers: list[object] = []
    diary.store.write([add(1)], answers.append)
    diary.store.page("lobby", 0, 9, answers.append)
    diary.store.search("lobby", "x", 9, answers.append)
    diary.store.trim(NOON, answers.append)
    why = "it is closed already"
    assert answers == [Written(problem=why), Answer(problem=why), Answer(problem=why)]


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
