"""The history against SIGKILL and SIGTERM: what was told to be stored is, once and in order."""

from __future__ import annotations

import random
import signal
import sqlite3
import subprocess
import sys
import time
from pathlib import Path

import pytest

from examples.chatroom.storage.sqlite_store import SqliteStore
from miniloop import EventLoop

ROOT = Path(__file__).parents[2]
PATIENCE = 20.0  # seconds until a test gives up; nothing waits that long when all is well
ROUNDS = 8
KEEP = 300  # seconds, of which the child below gives one to each message

CHILD = """
import os, random, sys
from pathlib import Path
from examples.chatroom.hall.history import AddMessage, SaveRoom
from examples.chatroom.hall.messages import Kind, Message
from examples.chatroom.storage.sqlite_store import Retention, SqliteStore
from miniloop import EventLoop

path, keep, closing = sys.argv[1], float(sys.argv[2]), False
last = 0  # the time is the number of what was said last

def say(line):
    os.write(1, (line + "\\n").encode())

def write_on():
    global last
    count = random.choice([1, 1, 1, 5, 40])
    ids = range(last + 1, last + 1 + count)
    last += count
    room = random.choice(["lobby", "attic"])
    text = f"words of {count} from {ids[0]} " + "x" * random.randrange(400)
    store.write(
        [SaveRoom("attic", "Attic", topic=str(last))]
        + [AddMessage(room, Message(Kind.SAID, text, "Ada", room=room, at=float(number), id=number),
                      nonce=f"nonce {number}") for number in ids],
        lambda written: stored(ids, written))
    if keep:
        store.trim(float(last))

def stored(ids, written):
    assert written.problem == "" and not written.repeated, written
    say(" ".join(map(str, ids)))
    if not closing:
        write_on()

def goodbye():
    global closing
    closing = True
    write_on()                 # what somebody said just before the signal
    store.close()              # as the server does it, last of its goodbyes
    say("closed")

with EventLoop() as loop:
    store = SqliteStore(loop, Path(path), Retention(keep_age=keep or None), lambda: float(last))
    last = store.load(10).last_id
    loop.on_stop(goodbye)
    write_on()
    loop.run()
"""


class Writer:
    """A process that writes, and prints each id once it is told that the id is stored."""

    def __init__(self, path: Path, keep: float = 0.0) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-W", "error", "-c", CHILD, str(path), str(keep)],
            cwd=ROOT,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            bufsize=0,  # or communicate() would miss what readline() has taken in advance
        )

    def line(self) -> str:
        assert self.process.stdout is not None
        line = self.process.stdout.readline()
        assert line, self.process.communicate(timeout=PATIENCE)
        return line.decode()

    def end(self, number: signal.Signals) -> tuple[str, str]:
        """Send it a signal; return what else it printed, and its complaints."""
        self.process.send_signal(number)
        out, err = self.process.communicate(timeout=PATIENCE)
        return out.decode(), err.decode()


def numbers(printed: str) -> list[int]:
    whole = printed[: printed.rfind("\n") + 1]  # SIGKILL may have cut the last line
    return [int(word) for word in whole.split()]


def inspect(path: Path) -> dict[int, str]:
    """Reopen it as a server does; return the texts by their ids, after all checks of SQLite."""
    with EventLoop() as loop:
        store = SqliteStore(loop, path)
        last = store.load(10).last_id
        store.close()
    connection = sqlite3.connect(path)
    assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
    assert connection.execute("PRAGMA foreign_key_check").fetchall() == []
    connection.execute("INSERT INTO words (words) VALUES ('integrity-check')")
    rows = connection.execute("SELECT id, text FROM messages ORDER BY id").fetchall()
    connection.close()
    texts: dict[int, str] = dict(rows)
    assert len(texts) == len(rows)
    assert max(texts) == last
    return texts


def assert_whole(texts: dict[int, str]) -> None:
    """Of each batch there is everything, or nothing."""
    for number, text in texts.items():
        count, first = int(text.split()[2]), int(text.split()[4])
        assert all(other in texts for other in range(first, first + count)), (number, text)


@pytest.mark.parametrize("keep", [0, KEEP], ids=["keeping all", "while old ones are removed"])
def test_what_was_reported_as_stored_survives_sigkill(tmp_path: Path, keep: int) -> None:
    path = tmp_path / "history.db"
    dice = random.Random()
    printed: list[int] = []
    for _ in range(ROUNDS):
        writer = Writer(path, keep)
        lines = "".join(writer.line() for _ in range(dice.randint(1, 30)))
        time.sleep(dice.uniform(0.0, 0.004))  # a random moment, not one of the writer's choice
        more, complaints = writer.end(signal.SIGKILL)
        assert complaints == ""
        printed += numbers(lines + more)
        assert printed == sorted(set(printed))
        texts = inspect(path)
        oldest = max(texts) - keep if keep else 0
        assert [number for number in printed if number >= oldest and number not in texts] == []
        if not keep:
            assert_whole(texts)
            # Ids that nobody was told of may be there: the commit was done, and then came the kill.
            assert list(texts) == list(range(1, max(texts) + 1))
    assert len(printed) > ROUNDS
    if keep:
        assert len(texts) < len(printed)


def test_what_was_handed_over_before_sigterm_is_stored_and_told(tmp_path: Path) -> None:
    path = tmp_path / "history.db"
    printed = ""
    for _ in range(3):
        writer = Writer(path)
        printed += writer.line()
        out, complaints = writer.end(signal.SIGTERM)
        assert complaints == ""
        assert writer.process.returncode == 0
        assert out.endswith("closed\n")
        printed += out.removesuffix("closed\n")
        assert numbers(printed) == list(inspect(path))
        assert not path.with_name("history.db-wal").exists()
