from __future__ import annotations

import io
import logging
import os
import stat
from pathlib import Path

import pytest

from examples.chatroom import operators
from examples.chatroom.names import check_name
from examples.chatroom.operators import BadOperators, Operators, main, parse
from examples.chatroom.passwords import PasswordHash

HASH = f"scrypt$15$8$3${'00' * 16}${'11' * 32}"
PASSWORD = "correct horse"


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "folder" / "operators"


@pytest.fixture(autouse=True)
def cheap(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Passwords that cost nothing; what they cost is seen in test_passwords.py."""
    checked: list[str] = []

    def make(password: str) -> PasswordHash:
        return PasswordHash(b"\0" * 16, password.encode().ljust(32, b"\0"))

    def matches(self: PasswordHash, password: str) -> bool:
        checked.append(password)
        return self.digest == password.encode().ljust(32, b"\0")

    monkeypatch.setattr(PasswordHash, "make", make)
    monkeypatch.setattr(PasswordHash, "matches", matches)
    return checked


def type_in(monkeypatch: pytest.MonkeyPatch, text: str) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO(text))


def add(monkeypatch: pytest.MonkeyPatch, file: Path, name: str, password: str = PASSWORD) -> int:
    type_in(monkeypatch, password + "\n")
    return main(["add", name, "--file", str(file)])


# The file


def test_accounts_are_read() -> None:
    text = f"# ours\n\nAda {HASH}\r\n  Олег {HASH}\n"
    assert [account.name.shown for account in parse(text).values()] == ["Ada", "Олег"]


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        (f"Ada {HASH}\nBob\n", "Line 2: the password's hash is damaged."),
        (f"\n\nAda  {HASH}", "Line 3: the password's hash is damaged."),
        (f"A:a {HASH}", "Line 1: Names are made of"),
        (f"Ada {HASH}\nADA {HASH}", "Line 2: ADA is there twice."),
        (f"Ada {HASH.replace('$15', '$40')}", "Line 1: the cost of"),
    ],
)
def test_a_wrong_line_is_named_by_its_number(text: str, sentence: str) -> None:
    with pytest.raises(BadOperators, match=f"^{sentence.replace('.', '[.]')}") as caught:
        parse(text)
    assert "scrypt" not in str(caught.value)


def test_there_may_be_no_file_and_no_operators(tmp_path: Path) -> None:
    for nobody in (Operators(), Operators(tmp_path / "absent")):
        assert nobody.names == ()
        assert not nobody.check("Ada", PASSWORD)


def test_a_file_that_is_no_text_is_refused(tmp_path: Path) -> None:
    (tmp_path / "operators").write_bytes(b"Ada \xff")
    with pytest.raises(BadOperators, match="UTF-8"):
        Operators(tmp_path / "operators")


def test_checking(monkeypatch: pytest.MonkeyPatch, file: Path, cheap: list[str]) -> None:
    add(monkeypatch, file, "Ada")
    known = Operators(file)
    tries = [("Ada", PASSWORD), ("ADA", PASSWORD), ("Ada", "wrong"), ("Bob", PASSWORD), ("", "")]
    assert [known.check(*each) for each in tries] == [True, True, False, False, False]
    # A name that is nobody's costs as much as one that is somebody's.
    assert cheap == [password for _, password in tries]


def test_reading_again(monkeypatch: pytest.MonkeyPatch, file: Path) -> None:
    add(monkeypatch, file, "Ada")
    known = Operators(file)
    add(monkeypatch, file, "Bob")
    assert [name.shown for name in known.names] == ["Ada"]
    known.reload()
    assert [name.shown for name in known.names] == ["Ada", "Bob"]
    file.write_text("nonsense", encoding="utf-8")
    with pytest.raises(BadOperators):
        known.reload()
    assert known.names == (check_name("Ada", 20), check_name("Bob", 20))
    file.unlink()
    known.reload()
    assert len(known.names) == 0


@pytest.mark.skipif(os.name != "posix", reason="modes are POSIX's")
def test_a_file_that_others_may_read_is_warned_of(
    monkeypatch: pytest.MonkeyPatch, file: Path, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.WARNING, "chatroom"):
        add(monkeypatch, file, "Ada")
        Operators(file)
        assert caplog.text == ""
        file.chmod(0o640)
        Operators(file)
    assert "chmod 600" in caplog.text


# The program


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


@pytest.mark.skipif(os.name != "posix", reason="modes are POSIX's")
def test_the_file_is_its_owners_alone_and_written_at_once(
    monkeypatch: pytest.MonkeyPatch, file: Path
) -> None:
    previous = os.umask(0)
    try:
        add(monkeypatch, file, "Ada")
    finally:
        os.umask(previous)
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert stat.S_IMODE(file.parent.stat().st_mode) == 0o700
    before = file.read_bytes()

    def fail(*_: object) -> None:
        raise OSError("disk full")

    monkeypatch.setattr(os, "fsync", fail)
    assert add(monkeypatch, file, "Bob") == 1
    assert file.read_bytes() == before
    assert list(file.parent.iterdir()) == [file]


@pytest.mark.skipif(os.name != "posix", reason="symbolic links need rights on Windows")
def test_a_link_stays_a_link(monkeypatch: pytest.MonkeyPatch, file: Path, tmp_path: Path) -> None:
    add(monkeypatch, file, "Ada")
    link = tmp_path / "link"
    link.symlink_to(file)
    assert add(monkeypatch, link, "Bob") == 0
    assert link.is_symlink()
    assert len(Operators(file).names) == 2


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
