"""``--trace FILE`` on the chat room, parsed; and the sample in the docs."""

from __future__ import annotations

import gzip
from pathlib import Path

import pytest

from tests.integration.chatroom_process import ROOT
from tests.integration.conftest import Connect, Start
from tests.trace_format import Picture

SAMPLE = ROOT / "docs" / "howto" / "chatroom-trace.json.gz"


def test_a_line_is_followed_to_everybody(start: Start, connect: Connect, tmp_path: Path) -> None:
    path = tmp_path / "trace.json"
    server = start("--no-history", "--trace", str(path))
    ada, bob = connect(server, "Ada"), connect(server, "Bob")
    ada.type("good morning")
    bob.expect("good morning")
    server.stop()
    picture = Picture(path)
    doors = [row for row, name in picture.rows.items() if "LineDoor" in name]
    assert len(doors) == 2
    ends = {arrow[-1].row for arrow in picture.arrows if arrow[0].row == doors[0]}
    assert ends == {*doors}
    assert "good morning" not in path.read_text()
    assert "Ada" not in path.read_text()
    assert "LoopLatency" not in path.read_text()


def test_a_file_that_cannot_be_written_is_one_sentence(launch: Start, tmp_path: Path) -> None:
    path = tmp_path / "no" / "trace.json"
    with pytest.raises(AssertionError) as ended:
        launch("--trace", str(path))
    assert str(ended.value) == f"Cannot write {path}: No such file or directory.\n"


def test_the_sample_in_the_docs(tmp_path: Path) -> None:
    assert SAMPLE.stat().st_size <= 200 * 1024
    path = tmp_path / "trace.json"
    path.write_bytes(gzip.decompress(SAMPLE.read_bytes()))
    picture = Picture(path)
    through = {tuple(each.name for each in arrow) for arrow in picture.arrows}
    assert ("handle_read", "Ledger.flush", "flush") in through
    assert picture.entries[0]["args"]["name"] == "miniloop: python3 -m examples.chatroom"
    callbacks = [entry["name"] for entry in picture.entries if entry.get("cat") == "callback"]
    assert callbacks
    assert not any("LoopLatency" in name for name in callbacks)  # most of it, when it was measured
