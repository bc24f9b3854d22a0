"""The functions and classes of docs/howto/talk-to-terminals.md do what the page says."""

import os
import re
import sys
import termios
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from miniloop import EventLoop
from tests.driving import run_until

pytestmark = pytest.mark.needs("files")

PAGE = Path(__file__).resolve().parents[2] / "docs" / "howto" / "talk-to-terminals.md"
BLOCK = re.compile(r"^```python\n(.*?)^```", re.MULTILINE | re.DOTALL)


def block_with(name: str) -> dict[str, Any]:
    """Execute the page's block that defines ``name``; return what it defines."""
    (source,) = (block for block in BLOCK.findall(PAGE.read_text()) if name in block)
    names: dict[str, Any] = {"__name__": "page"}
    exec(source, names)
    return names


@pytest.fixture
def terminal() -> Iterator[tuple[int, int]]:
    ends = os.openpty()
    yield ends
    for fd in ends:
        os.close(fd)


def test_a_port_keeps_what_did_not_fit(
    loop: EventLoop, terminal: tuple[int, int], capsys: pytest.CaptureFixture[str]
) -> None:
    far, near = terminal
    termios.tcflow(near, termios.TCOOFF)
    port = block_with("class Port")["Port"](loop, near)
    port.write(b"hello ")
    port.write(b"world")
    with pytest.raises(OverflowError):
        port.write(bytes(port.most))
    port.left = b"hello world"
    termios.tcflow(near, termios.TCOON)
    run_until(loop, lambda: not port.left)
    assert os.read(far, 100) == b"hello world"
    os.write(far, b"answer\n")
    run_until(loop, lambda: "answer" in capsys.readouterr().out)


def test_a_serial_line_is_raw_locked_and_non_blocking(terminal: tuple[int, int]) -> None:
    far, near = terminal
    open_serial = block_with("def open_serial")["open_serial"]
    path = os.ttyname(near)
    fd = open_serial(path, termios.B9600)
    assert not os.get_blocking(fd)
    assert termios.tcgetattr(fd)[4:6] == [termios.B9600, termios.B9600]
    os.write(fd, b"a\nb")
    assert os.read(far, 10) == b"a\nb"
    before = {*os.listdir("/dev/fd")}
    with pytest.raises(BlockingIOError):
        open_serial(path)
    assert {*os.listdir("/dev/fd")} <= before
    os.close(fd)


def test_a_key_comes_at_once_and_the_mode_is_put_back(
    terminal: tuple[int, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    far, near = terminal
    before = termios.tcgetattr(near)
    with os.fdopen(near, "rb", buffering=0, closefd=False) as stdin:
        monkeypatch.setattr(sys, "stdin", stdin)
        os.write(far, b"q")  # no line end
        block_with("def watch_keys")["watch_keys"]()
    assert termios.tcgetattr(near) == before
