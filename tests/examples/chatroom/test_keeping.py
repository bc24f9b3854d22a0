from __future__ import annotations

import dataclasses
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from examples.chatroom import keeping
from examples.chatroom.hall.hall import Hall
from examples.chatroom.hall.history import Write, Written
from examples.chatroom.keeping import IN_MEMORY, Keeping, open_hall
from examples.chatroom.options import Options, parse_options
from examples.chatroom.people.doorkeeper import Doorkeeper
from miniloop import EventLoop
from tests.examples.chatroom.helpers import person


def opened(loop: EventLoop, options: Options) -> tuple[Hall, Keeping]:
    return open_hall(loop, options, Doorkeeper())


def test_nothing_is_kept_if_nobody_wants_it(loop: EventLoop) -> None:
    _, kept = opened(loop, parse_options(["--no-history"]))
    assert (kept.store, kept.problem, kept.sentence, kept.size()) == (None, "", IN_MEMORY, 0)
    kept.trim()
    kept.close()


def test_it_is_kept_where_one_says(loop: EventLoop, tmp_path: Path) -> None:
    file = tmp_path / "history"
    hall, kept = opened(loop, parse_options(["--history", str(file)]))
    assert kept.sentence == f"What is said is kept in {file}, for 365 days, up to 1024 MB."
    person(hall, "ann").types("hello")
    loop.run_once(0)
    kept.trim()
    kept.close()
    assert kept.size() >= file.stat().st_size > 0
    with EventLoop() as second:
        hall, kept = opened(second, parse_options(["--history", str(file)]))
        assert [message.text for message in hall.rooms.lobby.tail] == ["hello"]
        kept.close()


def test_what_a_pass_brings_is_one_commit(
    loop: EventLoop, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    hall, kept = opened(loop, parse_options(["--history", str(tmp_path / "history")]))
    assert kept.store is not None
    batches: list[int] = []
    write = kept.store.write

    def counted(writes: Sequence[Write], done: Callable[[Written], None]) -> None:
        batches.append(len(writes))
        write(writes, done)

    monkeypatch.setattr(kept.store, "write", counted)
    person(hall, "ann").types("one", "two", "three")
    loop.run_once(0)
    kept.close()
    assert len(batches) == 1
    assert batches[0] >= 3


def test_the_usual_place_is_the_data_folder(
    loop: EventLoop, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(keeping, "data_folder", lambda: tmp_path / "folder")
    _, kept = opened(loop, parse_options(["--keep-days", "0", "--keep-size", "0"]))
    assert kept.path == tmp_path / "folder" / "history.sqlite3"
    assert kept.sentence.endswith(", for ever.")
    kept.close()


def test_without_a_home_it_is_kept_in_memory_and_said_so(
    loop: EventLoop, monkeypatch: pytest.MonkeyPatch
) -> None:
    def homeless() -> Path:
        raise RuntimeError("Could not determine home directory.")

    monkeypatch.setattr(keeping, "data_folder", homeless)
    _, kept = opened(loop, parse_options([]))
    assert kept == Keeping(
        problem="You have no home directory to keep the history in; give one with --history FILE."
    )
    assert kept.sentence == IN_MEMORY


def test_a_file_that_cannot_be_opened_is_said(loop: EventLoop, tmp_path: Path) -> None:
    hall, kept = opened(loop, parse_options(["--history", str(tmp_path)]))
    assert kept.store is None
    assert str(tmp_path) in kept.problem
    assert kept.sentence == IN_MEMORY
    person(hall, "ann").types("hello")
    loop.run_once(0)
    assert [message.text for message in hall.rooms.lobby.tail] == ["hello"]


def test_what_is_too_small_is_refused_by_the_command_line(
    capsys: pytest.CaptureFixture[str],
) -> None:
    for wrong in (["--keep-size", "-1"], ["--keep-size", "0.5"], ["--keep-days", "-1"]):
        with pytest.raises(SystemExit):
            parse_options(wrong)
    assert "megabytes" in capsys.readouterr().err
    assert dataclasses.replace(parse_options([]), keep_size=1).keep_size == 1
