"""What a trace costs: an echo server's processor time for a line, with and without one.

    python3 -m examples.trace_cost

Fifty connections each send a line of 64 bytes, two passes answer them, and so on; only the passes
are measured.  Rounds of all kinds alternate, and each ratio is taken within its round.
"""

import socket
import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from miniloop import AsyncChat, EventLoop, Trace
from miniloop.trace import install
from miniloop.trace.chrome_trace import ChromeTrace

ROUNDS = 11
BATCHES = 200
CONNECTIONS = 50
LINE = b"x" * 63 + b"\n"


class Echo(AsyncChat):
    """Answers each line with itself."""

    def __init__(self, loop: EventLoop, sock: socket.socket) -> None:
        """Wait for lines."""
        super().__init__(loop, sock)
        self.line = b""
        self.set_terminator(b"\n")

    def collect_incoming_data(self, data: bytes) -> None:
        """Keep it."""
        self.line += data

    def found_terminator(self) -> None:
        """Answer it."""
        self.push(self.line + b"\n")
        self.line = b""


def measure(trace: Trace | None) -> float:
    """Return microseconds of processor time for a line."""
    spent = 0.0
    with EventLoop() as loop:
        if trace is not None:
            install(loop, trace)
        pairs = [socket.socketpair() for _ in range(CONNECTIONS)]
        for ours, _ in pairs:
            Echo(loop, ours)
        loop.run_once(0)
        for _ in range(BATCHES):
            for _, theirs in pairs:
                theirs.send(LINE)
            begun = time.process_time()
            loop.run_once(0)
            loop.run_once(0)
            spent += time.process_time() - begun
            for _, theirs in pairs:
                theirs.recv(len(LINE))
        for _, theirs in pairs:
            theirs.close()
    return spent / (BATCHES * CONNECTIONS) * 1e6


def main() -> None:
    """Print the medians."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "trace.json")
        kinds: dict[str, Callable[[], Trace | None]] = {
            "no trace": lambda: None,
            "Trace(), whose hooks do nothing": Trace,
            "ChromeTrace": lambda: ChromeTrace(path),
        }
        rounds = [{name: measure(make()) for name, make in kinds.items()} for _ in range(ROUNDS)]
        size = path.stat().st_size / (BATCHES * CONNECTIONS)
    for name in kinds:
        cost = statistics.median(each[name] for each in rounds)
        ratio = statistics.median(each[name] / each["no trace"] for each in rounds)
        print(f"{name:32} {cost:6.1f} us a line {ratio:6.2f} times")
    print(f"the file of ChromeTrace: {size:.0f} bytes a line")


if __name__ == "__main__":
    main()
