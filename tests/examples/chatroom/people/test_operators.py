from __future__ import annotations

import logging
import os
import stat
from pathlib import Path

import pytest

from examples.chatroom.people.names import check_name
from examples.chatroom.people.operators import (
    Account,
    BadOperators,
    Operators,
    parse,
    read,
    with_account,
    write,
)
from examples.chatroom.people.passwords import PasswordHash

pytestmark = pytest.mark.usefixtures("cheap")
HASH = f"scrypt$15$8$3${'00' * 16}${'11' * 32}"
PASSWORD = "correct horse"


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "folder" / "operators"


def add(file: Path, name: str) -> None:
    account = Account(check_name(name, 20), PasswordHash.make(PASSWORD))
    write(file, with_account(read(file), account))


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


def test_checking(file: Path, cheap: list[str]) -> None:
    add(file, "Ada")
    known = Operators(file)
    tries = [("Ada", PASSWORD), ("ADA", PASSWORD), ("Ada", "wrong"), ("Bob", PASSWORD), ("", "")]
    assert [known.check(*each) for each in tries] == [True, True, False, False, False]
    # An unknown name costs as much as an operator's name.
    assert cheap == [password for _, password in tries]


def test_reading_again(file: Path) -> None:
    add(file, "Ada")
    known = Operators(file)
    add(file, "Bob")
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
    file: Path, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.WARNING, "chatroom"):
        add(file, "Ada")
        Operators(file)
        assert caplog.text == ""
        file.chmod(0o640)
        Operators(file)
    assert "chmod 600" in caplog.text


@pytest.mark.skipif(os.name != "posix", reason="modes are POSIX's")
def test_the_file_is_its_owners_alone_and_written_at_once(
    monkeypatch: pytest.MonkeyPatch, file: Path
) -> None:
    previous = os.umask(0)
    try:
        add(file, "Ada")
    finally:
        os.umask(previous)
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert stat.S_IMODE(file.parent.stat().st_mode) == 0o700
    before = file.read_bytes()

    def fail(*_: object) -> None:
        raise OSError("disk full")

    monkeypatch.setattr(os, "fsync", fail)
    with pytest.raises(OSError, match="disk full"):
        add(file, "Bob")
    assert file.read_bytes() == before
    assert list(file.parent.iterdir()) == [file]


@pytest.mark.skipif(os.name != "posix", reason="symbolic links need rights on Windows")
def test_a_link_stays_a_link(file: Path, tmp_path: Path) -> None:
    add(file, "Ada")
    link = tmp_path / "link"
    link.symlink_to(file)
    add(link, "Bob")
    assert link.is_symlink()
    assert len(Operators(file).names) == 2
