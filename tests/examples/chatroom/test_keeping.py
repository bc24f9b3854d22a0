from __future__ import annotations

import dataclasses
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from examples.chatroom import keeping
from examples.chatroom.hall.hall import Hall
from examples.chatroom.hall.history import Write, Written
from examples.chatroom.keeping import CAUTION, DAY, IN_MEMORY, CannotKeep, Keeping, open_hall
from examples.chatroom.options import Options, parse_options
from examples.chatroom.people.doorkeeper import Doorkeeper
from examples.chatroom.people.sanction import SaveSanction
from miniloop import EventLoop
from tests.driving import run_until
from tests.examples.chatroom.helpers import person, visitor


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
    assert kept.problem == (
        "You have no home directory to keep the history in; give one with --history FILE."
    )
    assert kept.sentence == IN_MEMORY


def test_a_usual_file_that_cannot_be_opened_is_said(
    loop: EventLoop, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "history.sqlite3").mkdir()
    monkeypatch.setattr(keeping, "data_folder", lambda: tmp_path)
    hall, kept = opened(loop, parse_options([]))
    assert kept.store is None
    assert str(tmp_path) in kept.problem
    assert kept.sentence == IN_MEMORY
    ann = visitor(hall)
    ann.types("ann", "hello")
    assert CAUTION in ann.notices()
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


def test_a_file_that_was_named_and_cannot_be_opened_ends_the_start(
    loop: EventLoop, tmp_path: Path
) -> None:
    with pytest.raises(CannotKeep, match=rf"^The history in {tmp_path} cannot be used: .*\.$"):
        opened(loop, parse_options(["--history", str(tmp_path)]))


def test_a_named_file_that_cannot_be_read_ends_the_start(loop: EventLoop, tmp_path: Path) -> None:
    file = tmp_path / "history"
    _, kept = opened(loop, parse_options(["--history", str(file)]))
    assert kept.store is not None
    kept.store._connection.execute("DROP TABLE sanctions")
    kept.close()
    with pytest.raises(CannotKeep, match="cannot be read"):
        opened(loop, parse_options(["--history", str(file)]))
    with pytest.raises(CannotKeep):  # and has let it go again
        opened(loop, parse_options(["--history", str(file)]))


@pytest.mark.parametrize("ahead", [400 * DAY, 3 * 366 * DAY, -50 * 365 * DAY])
def test_a_start_with_a_wrong_clock_loses_nothing(
    loop: EventLoop, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, ahead: float
) -> None:
    options = parse_options(["--history", str(tmp_path / "history"), "--keep-days", "30"])
    right = time.time
    ban = SaveSanction("ban", "name:bob", right() + 3600, "Ada", "")
    hall, kept = opened(loop, options)
    person(hall, "ann").types("hello")
    hall.record(ban)
    sweep(loop, kept)
    kept.close()
    for shift in (ahead, 0.0):
        monkeypatch.setattr(time, "time", lambda shift=shift: right() + shift)
        with EventLoop() as again:
            hall, kept = opened(again, options)
            sweep(again, kept)
            assert kept.store is not None
            known = kept.store.load(9)
            assert [len(recent) for _, recent in known.rooms] == [1]
            assert known.sanctions == (ban,)
            kept.close()


def sweep(loop: EventLoop, kept: Keeping) -> None:
    kept.trim()
    assert kept.store is not None
    store = kept.store
    run_until(loop, lambda: not store.waiting)
