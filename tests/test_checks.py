"""``python3 -m tests`` says how long it will take, and shows that it is at work."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from tests import __main__ as checks


def test_it_says_how_long_it_takes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(checks, "STAMP", Path(__file__))
    assert checks.how_long(["lint"]) == "lint: less than a minute; Ctrl-C ends it"
    total = sum(checks.MINUTES.values())
    assert f": about {total} minutes on two cores; " in checks.how_long(list(checks.STAGES))
    monkeypatch.setattr(checks, "STAMP", tmp_path / "none")
    assert "minute or two for the virtual environment" in checks.how_long(["lint"])


def test_only_stages_have_a_time() -> None:
    assert set(checks.MINUTES) <= set(checks.STAGES)


def test_a_silent_stage_shows_that_it_is_at_work(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    """The command ends when it sees that the line was written."""
    seen = tmp_path / "seen"
    monkeypatch.setattr(checks, "SIGN_OF_LIFE", 0.01)
    monkeypatch.setattr(checks, "say", lambda line: (print(line), seen.write_text(line)))
    waits = f"import os\nwhile not os.path.exists({str(seen)!r}): pass\nraise SystemExit(3)"
    assert checks.at_work("mypy", [sys.executable, "-c", waits]) == 3
    assert capsys.readouterr().out.startswith("mypy: at work, 0 s\n")


def test_one_that_shows_it_by_itself_is_left_alone(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(checks, "SIGN_OF_LIFE", 0.0)
    assert checks.at_work("pytest", [sys.executable, "-c", ""], shows=True) == 0
    assert capsys.readouterr().out == ""
