from __future__ import annotations

import platform
from pathlib import Path

import pytest

from examples.chatroom.datafolder import data_folder


@pytest.fixture(autouse=True)
def home(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Path, "home", lambda: Path("/home/ada"))
    for name in ("XDG_DATA_HOME", "LOCALAPPDATA"):
        monkeypatch.delenv(name, raising=False)


@pytest.mark.parametrize(
    ("system", "folder"),
    [
        ("Linux", "/home/ada/.local/share/miniloop-chatroom"),
        ("FreeBSD", "/home/ada/.local/share/miniloop-chatroom"),
        ("Darwin", "/home/ada/Library/Application Support/miniloop-chatroom"),
        ("Windows", "/home/ada/AppData/Local/miniloop-chatroom"),
    ],
)
def test_each_system_has_its_place(
    monkeypatch: pytest.MonkeyPatch, system: str, folder: str
) -> None:
    monkeypatch.setattr(platform, "system", lambda: system)
    assert data_folder() == Path(folder)


@pytest.mark.parametrize(
    ("system", "name"), [("Linux", "XDG_DATA_HOME"), ("Windows", "LOCALAPPDATA")]
)
def test_the_environment_may_name_another(
    monkeypatch: pytest.MonkeyPatch, system: str, name: str
) -> None:
    monkeypatch.setattr(platform, "system", lambda: system)
    monkeypatch.setenv(name, "/mnt/data")
    assert data_folder() == Path("/mnt/data/miniloop-chatroom")


@pytest.mark.parametrize("invalid", ["", "data", "./data"])
def test_a_relative_path_is_ignored_as_the_specification_says(
    monkeypatch: pytest.MonkeyPatch, invalid: str
) -> None:
    monkeypatch.setattr(platform, "system", lambda: "Linux")
    monkeypatch.setenv("XDG_DATA_HOME", invalid)
    assert data_folder() == Path("/home/ada/.local/share/miniloop-chatroom")
