from __future__ import annotations

import io
from pathlib import Path

import pytest

from examples.chatroom import operators
from examples.chatroom.operators import main
from examples.chatroom.people.operators import Operators

pytestmark = pytest.mark.usefixtures("cheap")
PASSWORD = "correct horse"


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "folder" / "operators"


def type_in(monkeypatch: pytest.MonkeyPatch, text: str) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO(text))


def add(monkeypatch: pytest.MonkeyPatch, file: Path, name: str, password: str = PASSWORD) -> int:
    type_in(monkeypatch, password + "\n")
    return main(["add", name, "--file", str(file)])


def test_adding_changing_and_removing(
    monkeypatch: pytest.MonkeyPatch, file: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert add(monkeypatch, file, "Ada") == 0
    assert add(monkeypatch, file, "Bob") == 0
    file.write_text("# ours\n" + file.read_text(encoding="utf-8").rstrip("\n"), encoding="utf-8")
    assert add(monkeypatch, file, "ada", "another one") == 0
    assert main(["list", "--file", str(file)]) == 0
    said = capsys.readouterr().out
    assert "Ada is added." in said
    assert "ada has a new password." in said
    assert said.endswith("Bob\nada\n")
    assert PASSWORD not in said
    assert Operators(file).check("Ada", "another one")
    assert main(["remove", "BOB", "--file", str(file)]) == 0
    assert [name.shown for name in Operators(file).names] == ["ada"]
    assert file.read_text(encoding="utf-8").startswith("# ours\n")


@pytest.mark.parametrize(
    ("arguments", "typed", "sentence"),
    [
        (["add", "Ada"], "short\n", "too short"),
        (["add", "Ada"], "", "too short"),
        (["add", "A:a"], PASSWORD, "Names are made of"),
        (["remove", "Ada"], "", "There is no account called Ada"),
    ],
)
def test_what_cannot_be_done_is_said(
    arguments: list[str],
    typed: str,
    sentence: str,
    monkeypatch: pytest.MonkeyPatch,
    file: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    type_in(monkeypatch, typed)
    assert main([*arguments, "--file", str(file)]) == 1
    assert sentence in capsys.readouterr().err
    assert not file.exists()


def test_a_broken_file_is_not_overwritten(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "operators"
    file.write_text("nonsense", encoding="utf-8")
    assert add(monkeypatch, file, "Ada") == 1
    assert "Line 1" in capsys.readouterr().err
    assert file.read_text(encoding="utf-8") == "nonsense"


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.mark.parametrize(("again", "code"), [(PASSWORD, 0), ("correct h0rse", 1)])
def test_at_a_terminal_the_password_is_asked_for_twice(
    again: str, code: int, monkeypatch: pytest.MonkeyPatch, file: Path
) -> None:
    answers = [PASSWORD, again]
    monkeypatch.setattr("sys.stdin", Terminal())
    monkeypatch.setattr("getpass.getpass", lambda prompt: answers.pop(0))
    assert main(["add", "Ada", "--file", str(file)]) == code
    assert answers == []
    assert file.exists() is (code == 0)


def test_the_file_is_in_the_data_folder_if_nothing_is_said(
    monkeypatch: pytest.MonkeyPatch, file: Path
) -> None:
    monkeypatch.setattr(operators, "data_folder", lambda: file.parent)
    type_in(monkeypatch, PASSWORD)
    assert main(["add", "Ada"]) == 0
    assert Operators(file).check("Ada", PASSWORD)
