"""The example in a real Tk, on a display that nobody looks at; skipped aloud without either."""

import asyncio
import importlib.util
import os
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.integration.display import display

ROOT = Path(__file__).resolve().parent.parent.parent

pytestmark = pytest.mark.skipif(
    importlib.util.find_spec("_tkinter") is None, reason="this Python has no tkinter"
)


@pytest.fixture(scope="module")
def screen() -> Iterator[str]:
    with display(640, 480) as screen:
        yield screen


PROGRAM = """
import sys
from examples import tk_clock
from miniloop import Trace
from miniloop.trace import install

class Steps(Trace):
    count = 0
    def before_pass(self, counts):
        self.count += 1

def watched(self, *arguments):
    init(self, *arguments)
    self.tick = None
    loop, steps = self.loop, Steps()
    install(loop, steps)
    def shown(*names):
        print("shows", self.message.get(), flush=True)
        if self.message.get() == "end":
            loop.call_later(0.1, rest)
    def rest():                                         # everything is said: count while idle
        steps.count = 0
        loop.call_later(0.3, finish)
    def finish():
        print("few steps:", steps.count < 10)            # a tick of the clock may fall into it
        loop.stop()
    self.message.trace_add("write", shown)

init, tk_clock.Clock.__init__ = tk_clock.Clock.__init__, watched
sys.argv[1:] = ["--port", "0"]
tk_clock.main()
print("ended")
"""


def test_lines_reach_the_window(screen: str) -> None:
    async def talk() -> tuple[list[str], list[bytes]]:
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-W", "error", "-c", PROGRAM, cwd=ROOT,
            env={**os.environ, "DISPLAY": screen}, stdout=asyncio.subprocess.PIPE,
        )  # fmt: skip
        assert process.stdout is not None
        port = int((await process.stdout.readline()).split()[-1])
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        answers = []
        for line in (b"tea is ready\n", b"\x1b[2J\xff\n", b"end\n"):
            writer.write(line)
            answers.append(await reader.readline())
        writer.close()
        await writer.wait_closed()
        said = (await process.stdout.read()).decode().splitlines()
        assert await process.wait() == 0
        return said, answers

    said, answers = asyncio.run(asyncio.wait_for(talk(), 60))
    assert said == [
        "shows tea is ready",
        "shows ?[2J\ufffd",
        "shows end",
        "few steps: True",
        "ended",
    ]
    assert answers == [b"shown\n"] * 3
