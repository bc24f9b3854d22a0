"""The unit and the Containerfile, checked without systemd as PID 1 and without an engine."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from examples.chatroom.datafolder import FOLDER

ROOT = Path(__file__).parents[3]
DEPLOY = ROOT / "examples" / "chatroom" / "deploy"
UNIT = DEPLOY / "chatroom.service"
CONTAINER = DEPLOY / "Containerfile"
PAGE = ROOT / "docs" / "howto" / "deploy-the-chat-room.md"
PYTHON = "/srv/chatroom/.venv/chat/bin/python"
MOST_EXPOSED = 1.5  # of 10, as systemd-analyze counts

needs_systemd = pytest.mark.skipif(
    shutil.which("systemd-analyze") is None, reason="no systemd-analyze here"
)


def analyze(*arguments: str) -> str:
    done = subprocess.run(
        ["systemd-analyze", *arguments], capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout + done.stderr


@needs_systemd
def test_systemd_finds_nothing_wrong(tmp_path: Path) -> None:
    unit = tmp_path / UNIT.name
    text = UNIT.read_text()
    assert PYTHON in text
    unit.write_text(text.replace(PYTHON, sys.executable))
    assert analyze("verify", str(unit)) == ""


@needs_systemd
def test_the_service_is_hardened() -> None:
    said = analyze("security", "--offline=true", "--no-pager", str(UNIT))
    found = re.search(r"Overall exposure level for chatroom.service: ([\d.]+)", said)
    assert found is not None
    assert float(found[1]) <= MOST_EXPOSED


def test_what_is_kept_lies_in_the_folder_that_is_writable() -> None:
    unit, container = UNIT.read_text(), CONTAINER.read_text()
    assert f"StateDirectory={FOLDER}\n" in unit
    assert "Environment=XDG_DATA_HOME=/var/lib\n" in unit
    assert "ENV XDG_DATA_HOME=/data " in container
    assert f"VOLUME /data/{FOLDER}\n" in container


def test_the_page_shows_what_is_in_the_unit() -> None:
    found = re.search(r"```ini\n(.*?)```", PAGE.read_text(), re.DOTALL)
    assert found is not None
    lines = UNIT.read_text().splitlines()
    assert set(found[1].splitlines()) <= set(lines)


def test_the_image_has_all_that_the_room_needs(tmp_path: Path) -> None:
    """Its COPY lines, carried out in a folder, are enough for its ENTRYPOINT."""
    copies = re.findall(r"^COPY (.+) (\S+)$", CONTAINER.read_text(), re.MULTILINE)
    assert len(copies) >= 4
    for sources, target in copies:
        for source in sources.split():
            copy(source, tmp_path / target / (source if target.endswith("/") else ""))
    found = re.search(
        r'^ENTRYPOINT \["python3", "-m", (.+)\]$', CONTAINER.read_text(), re.MULTILINE
    )
    assert found is not None
    entry = found[1].replace('"', "").replace(",", "").split()
    done = subprocess.run(
        [sys.executable, "-S", "-m", *entry, "--help"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, "")
    for name in ("pyproject.toml", "README.md", "LICENSE", "hatch_build.py"):
        assert (tmp_path / name).exists()


def copy(source: str, target: Path) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    if (ROOT / source).is_dir():
        shutil.copytree(ROOT / source, target, ignore=shutil.ignore_patterns("__pycache__"))
    else:
        shutil.copy(ROOT / source, target)
