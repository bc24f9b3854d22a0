"""The command that reads the history outside the server."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from datetime import datetime
from pathlib import Path

import pytest

from examples.chatroom import keeping
from examples.chatroom.hall.history import AddMessage
from examples.chatroom.hall.messages import Kind, Message
from examples.chatroom.history import main
from miniloop import EventLoop
from tests.examples.chatroom.storage.diaries import Diary

ROOT = Path(__file__).parents[3]


def noon(day: int) -> float:
    return datetime(2026, 1, day, 12).astimezone().timestamp()


@pytest.fixture
def file(loop: EventLoop, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return a history in the usual place, with messages on three days."""
    monkeypatch.setattr(keeping, "data_folder", lambda: tmp_path)
    diary = Diary(loop, tmp_path / keeping.FILE)
    for day, text in ((1, "one"), (2, "twö\x1b[2J"), (3, "three")):
        kind = Kind.ACTED if day == 3 else Kind.SAID
        message = Message(kind, text, "Ada", room="Attic", at=noon(day), id=day)
        diary.write(AddMessage("attic", message))
    diary.store.close()
    return diary.path


def exported(capsys: pytest.CaptureFixture[str], *options: str) -> list[str]:
    assert main(["export", "#ATTIC", *options]) == 0
    return capsys.readouterr().out.splitlines()


def test_a_room_as_text(file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert exported(capsys) == [
        "[2026-01-01 12:00] Ada: one",
        "[2026-01-02 12:00] Ada: twö[2J",
        "[2026-01-03 12:00] * Ada three",
    ]


def test_a_room_as_json_lines(file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    lines = exported(capsys, "--format", "jsonl")
    assert all(line.isascii() for line in lines)
    first, second, third = map(json.loads, lines)
    assert datetime.fromisoformat(first.pop("at")).timestamp() == noon(1)
    assert first == {"id": 1, "room": "Attic", "kind": "said", "sender": "Ada", "text": "one"}
    assert second["text"] == "twö\x1b[2J"
    assert third["kind"] == "acted"


@pytest.mark.parametrize(
    ("options", "days"),
    [
        (["--since", "2026-01-02"], [2, 3]),
        (["--until", "2026-01-02"], [1, 2]),
        (["--since", "2026-01-02", "--until", "2026-01-02"], [2]),
        (["--since", "2027-01-01"], []),
    ],
)
def test_days_with_both_ends(
    options: list[str], days: list[int], file: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    lines = exported(capsys, "--format", "jsonl", *options)
    assert [json.loads(line)["id"] for line in lines] == days


@pytest.mark.parametrize("day", ["tomorrow", "2026-13-01", "0001-01-01x"])
def test_what_is_no_date_is_refused(day: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["export", "attic", "--since", day])
    assert "this is a date like 2026-01-31" in capsys.readouterr().err


def test_the_last_day_of_all_has_no_end(file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit, match="2"):
        main(["export", "attic", "--until", "9999-12-31"])
    assert "this is a date like 2026-01-31" in capsys.readouterr().err


def test_an_unknown_room_is_told_with_those_there_are(
    file: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["export", "cellar"]) == 1
    said = capsys.readouterr()
    assert (said.out, said.err) == ("", "There is no room called cellar; there are: Attic.\n")


def test_a_backup(file: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    copy = tmp_path / "copy"
    assert main(["backup", str(copy)]) == 0
    assert capsys.readouterr().out == f"The history is copied to {copy}.\n"
    assert main(["export", "attic", "--history", str(copy)]) == 0
    assert "Ada: one" in capsys.readouterr().out
    assert main(["backup", str(copy)]) == 1
    assert "File exists" in capsys.readouterr().err


def test_no_history_is_a_sentence(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["export", "attic", "--history", str(tmp_path / "none")]) == 1
    assert capsys.readouterr().err == f"There is no history in {tmp_path / 'none'}.\n"


def test_a_reader_that_goes_early_is_no_error(file: Path) -> None:
    command = [sys.executable, "-W", "error", "-m", "examples.chatroom.history"]
    reader, writer = os.pipe()
    os.close(reader)
    done = subprocess.run(
        [*command, "export", "attic", "--history", str(file)],
        cwd=ROOT, stdout=writer, stderr=subprocess.PIPE, timeout=20, check=False,
    )  # fmt: skip
    os.close(writer)
    assert (done.returncode, done.stderr) == (1, b"")
