"""A chat room full of people: `python3 -m examples.bench.crowd`.

Starts the real server with its history on disk, lets a thousand members in, half of them by the
line door and half by the web door, spread over rooms, and has each say one line a second. Every
line says when it was sent, so that each receiver knows how long it took: through the server, onto
its disk, and back. Whether one was lost, doubled or out of order is counted as well.
"""

from __future__ import annotations

import argparse
import json
import re
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path
from types import TracebackType

from miniloop import EventLoop

try:
    from .crowd_members import LineMember, Member, Tally, WebMember
except ImportError as error:
    if __name__ == "__main__":
        sys.exit(
            f"The package {error.name} is missing; in this clone: "
            "python3 -m venv .venv/bench && .venv/bench/bin/pip install -e '.[bench,chat]'"
        )
    raise
from .machine import choose_cores, cpu_time, descriptors_short_of, pinned
from .process import ROOT, Address

PATIENCE = 60.0  # seconds for all to come in, and for the last lines to arrive
AT_ONCE = 50  # members that come in at the same time
STRIDE = 7919  # a prime
TICK = 0.01  # seconds between two portions of a second's lines
OPEN = ("--log-level", "error", "--flood-rate", "100", "--flood-burst", "1000",
        "--address-rate", "1000000", "--address-burst", "1000000", "--max-members", "100000",
        "--max-per-address", "100000", "--max-rooms", "10000", "--new-rooms", "10000")  # fmt: skip


class Server:
    """The chat room in a process of its own, for the length of a `with` block."""

    def __init__(self, core: int | None) -> None:
        self._core = core
        self._folder = tempfile.TemporaryDirectory(prefix="crowd-")

    def __enter__(self) -> Server:
        history = str(Path(self._folder.name, "history.sqlite3"))
        command = [sys.executable, "-m", "examples.chatroom", "--port", "0", "--web-port", "0"]
        with pinned(self._core):  # which the child inherits
            self._process = subprocess.Popen(
                [*command, "--history", history, *OPEN], cwd=ROOT, stdout=subprocess.PIPE, text=True
            )
        self.pid = self._process.pid
        self.lines, self.web = self._addresses()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._process.terminate()
        self._process.communicate()
        self._folder.cleanup()

    def status(self) -> dict[str, object]:
        """What the server says of itself."""
        url = f"http://{self.web[0]}:{self.web[1]}/status.json"
        with urllib.request.urlopen(url, timeout=PATIENCE) as answer:
            status: dict[str, object] = json.load(answer)
            return status

    def memory(self, what: str = "VmRSS") -> float:
        """Its memory in MiB; `VmHWM` is the most it ever took (Linux)."""
        text = Path(f"/proc/{self.pid}/status").read_text()
        found = re.search(rf"^{what}:\s+(\d+) kB", text, re.MULTILINE)
        return int(found[1]) / 1024 if found else float("nan")

    def busy(self) -> float:
        """Seconds of CPU time that its loop's thread has had."""
        had = cpu_time(self.pid)
        return had.used if had else float("nan")

    def _addresses(self) -> tuple[Address, Address]:
        assert self._process.stdout is not None
        found: dict[str, Address] = {}
        for text in self._process.stdout:
            if match := re.search(r"(telnet |http://)([\d.]+)[ :](\d+)", text):
                found[match[1]] = (match[2], int(match[3]))
            if len(found) == 2:
                return found["telnet "], found["http://"]
        raise SystemExit("the chat room did not open both doors: is the extra [chat] installed?")


def main(argv: Sequence[str] | None = None) -> None:
    """Measure what the command line asks for, and print it."""
    options = parse_arguments(argv)
    short = descriptors_short_of(2 * options.members)
    if short:
        raise SystemExit(f"{options.members} members: {short}")
    server_core, load_core = choose_cores() or (None, None)
    with Server(server_core) as server, pinned(load_core), EventLoop() as loop:
        empty = server.memory()
        crowd = Crowd(loop, server, options)
        crowd.come_in()
        full = server.memory()
        print(
            f"{options.members} members in {options.rooms} rooms, {options.web} of them by web; "
            f"memory: {empty:.0f} MiB empty, {full:.0f} MiB with all in "
            f"({1024 * (full - empty) / options.members:.0f} KiB each)"
        )
        crowd.talk(options.seconds)
        crowd.report()


def parse_arguments(argv: Sequence[str] | None) -> argparse.Namespace:
    """Return the options."""
    parser = argparse.ArgumentParser(
        prog="python3 -m examples.bench.crowd", description=(__doc__ or "").partition("\n\n")[2]
    )
    parser.add_argument("--members", type=int, default=1000, help="how many (1000)")
    parser.add_argument("--rooms", type=int, default=100, help="over how many rooms (100)")
    parser.add_argument("--web", type=int, help="how many by the web door (half)")
    parser.add_argument("--seconds", type=float, default=30.0, help="how long they talk (30)")
    parser.add_argument("--every", type=float, default=1.0, help="seconds between one's lines (1)")
    options = parser.parse_args(argv)
    options.web = options.members // 2 if options.web is None else options.web
    return options


class Crowd:
    """All members, and what they do.

    Args:
        loop: The loop that they are on.
        server: Where they go.
        options: How many, and so on.
    """

    def __init__(self, loop: EventLoop, server: Server, options: argparse.Namespace) -> None:
        self._loop = loop
        self._server = server
        self._options = options
        self._members: list[Member] = []
        self._tally = Tally()
        self._expected = 0
        self._lateness = 0.0
        self._spoken = 0

    def come_in(self) -> None:
        """Let all in, some at a time."""
        for number in range(self._options.members):
            self._members.append(self._new(number))
            if number % AT_ONCE == AT_ONCE - 1:
                self._wait(self._all_seated, "all to come in")
        self._wait(self._all_seated, "all to come in")
        self._sizes = Counter(member.room for member in self._members)

    def _new(self, number: int) -> Member:
        members, web, rooms = self._options.members, self._options.web, self._options.rooms
        room = f"room{number // 2 % rooms:04}"
        # The doors alternate, so that each room has people from both.
        if number * web // members < (number + 1) * web // members:
            return WebMember(self._loop, self._server.web, number, room, self._tally)
        return LineMember(self._loop, self._server.lines, number, room, self._tally)

    def talk(self, seconds: float) -> None:
        """Let each say a line now and then, evenly spread over the time."""
        began, busy = time.monotonic(), self._server.busy()
        while (passed := time.monotonic() - began) < seconds:
            self._speak_until(passed)
            self._loop.run_once(TICK)
        self._wait(lambda: len(self._tally.delays) >= self._expected, "the last lines", fatal=False)
        self._took = time.monotonic() - began
        self._busy = self._server.busy() - busy

    def _speak_until(self, passed: float) -> None:
        """Say all that is due `passed` seconds after the beginning."""
        pause = self._options.every / len(self._members)
        self._lateness = max(self._lateness, passed - self._spoken * pause)
        while self._spoken * pause < passed:
            # In no order that a room or a door could have.
            speaker = self._members[self._spoken * STRIDE % len(self._members)]
            speaker.speak()
            self._expected += self._sizes[speaker.room]
            self._spoken += 1

    def report(self) -> None:
        """Print what came of it."""
        delays = sorted(self._tally.delays)
        lost = self._expected - len(delays)
        print(
            f"said {self._spoken} lines in {self._took:.1f} s, {self._expected} to be received: "
            f"{lost} lost, {self._tally.wrong} doubled or out of order\n"
            f"from sending to receiving, milliseconds: median {1000 * at(delays, 0.5):.1f}, "
            f"99% {1000 * at(delays, 0.99):.1f}, longest {1000 * delays[-1]:.1f} "
            f"(the load itself was at most {1000 * self._lateness:.1f} late)\n"
            f"the server's loop had {100 * self._busy / self._took:.0f}% of a core, "
            f"{1e6 * self._busy / max(1, len(delays)):.0f} us a line received; "
            f"at most {self._server.memory('VmHWM'):.0f} MiB"
        )

    def _all_seated(self) -> bool:
        return all(member.seated for member in self._members)

    def _wait(self, done: Callable[[], bool], what: str, *, fatal: bool = True) -> None:
        deadline = time.monotonic() + PATIENCE
        while not done():
            if time.monotonic() > deadline:
                if fatal:
                    raise SystemExit(f"waited {PATIENCE:.0f} seconds in vain for {what}")
                return
            self._loop.run_once(TICK)


def at(ordered: Sequence[float], share: float) -> float:
    """Return the value below which `share` of the `ordered` ones lie."""
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))]


if __name__ == "__main__":
    main()
