"""The programs of docs/howto/connect-by-name.md do what the page says."""

import re
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from miniloop import EventLoop, Listener, Reconnecting
from tests.driving import Lines, run_until

PAGE = Path(__file__).resolve().parents[2] / "docs" / "howto" / "connect-by-name.md"
BLOCK = re.compile(r"^```python\n(.*?)^```", re.MULTILINE | re.DOTALL)


class Echo(Lines):
    def handle_line(self, line: bytes) -> None:
        self.push(line + b"\n")


@pytest.fixture
def listener(loop: EventLoop) -> Iterator[Listener]:
    listener = Listener(loop, ("127.0.0.1", 0), Echo)
    yield listener
    listener.close()


def program(listener: Listener) -> dict[str, Any]:
    """Execute the page's blocks one after the other, with our port for 1234."""
    names: dict[str, Any] = {"__name__": "page"}
    for block in BLOCK.findall(PAGE.read_text()):
        assert "1234" in block or "Reconnecting" in block
        exec(block.replace("1234", str(listener.address[1])), names)
    return names


@pytest.mark.needs("localhost")
def test_the_client_gets_its_answer(
    loop: EventLoop, listener: Listener, capsys: pytest.CaptureFixture[str]
) -> None:
    client = program(listener)["Client"](loop)
    run_until(loop, lambda: client.closed)
    assert capsys.readouterr().out == (
        f"connected to ('127.0.0.1', {listener.address[1]})\nanswer: hello\n"
    )


@pytest.mark.needs("localhost")
def test_the_client_says_why_not(
    loop: EventLoop, listener: Listener, capsys: pytest.CaptureFixture[str]
) -> None:
    names = program(listener)
    listener.close()
    with socket.socket() as taken:
        taken.bind(listener.address)
        names["Client"](loop)
        loop.run()
    said = capsys.readouterr().out
    assert said.startswith("no connection: ")
    assert "Connection refused" in said  # beside what another address says


def test_it_connects_again(
    loop: EventLoop, listener: Listener, monkeypatch: pytest.MonkeyPatch
) -> None:
    names = program(listener)
    monkeypatch.setattr(Reconnecting.__init__, "__kwdefaults__", {"uniform": lambda low, high: low})
    again = names["keep_connected"](loop)
    seen: set[int] = set()

    def three_of_them() -> bool:
        if again.channel is not None:
            seen.add(id(again.channel))
            kept.append(again.channel)  # alive, or its id() could come again
        return len(seen) == 3

    kept: list[object] = []
    run_until(loop, three_of_them)
    again.close()
