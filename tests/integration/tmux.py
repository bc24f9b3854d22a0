"""Terminals as people have them: a tmux server of its own, with one window for each program."""

from __future__ import annotations

import os
import shlex
import subprocess
import sys
import time
from pathlib import Path

from tests.integration.chatroom_process import ENVIRONMENT, PATIENCE, ROOT

PYTHON = f"exec {shlex.quote(sys.executable)} -W error"
CLIENT = f"{PYTHON} -m examples.chatroom.client"


class Tmux:
    """A private tmux server.

    Args:
        directory: Where its socket may be.
    """

    def __init__(self, directory: Path) -> None:
        self._base = ["tmux", "-S", str(directory / "tmux"), "-f", os.devnull]

    def run(self, *arguments: str) -> str:
        done = subprocess.run(
            [*self._base, *arguments],
            cwd=ROOT,
            capture_output=True,
            text=True,
            env=ENVIRONMENT,
            check=True,
        )
        return done.stdout

    def open(self, window: str, command: str, columns: int = 100, rows: int = 40) -> None:
        size = ("-x", str(columns), "-y", str(rows))
        self.run("new-session", "-d", "-s", window, *size, command)
        self.run("set-option", "-t", window, "remain-on-exit", "on")

    def watch(self, window: str, command: str) -> None:
        """Open `command`; when it has ended, its exit code is shown: ``code 0``."""
        self.open(window, f"{command.removeprefix('exec ')}; echo code $?; cat")

    def type(self, window: str, *keys: str) -> None:
        self.run("send-keys", "-t", window, *keys)

    def write(self, window: str, text: str) -> None:
        """Type `text` as it is: no word of it is the name of a key."""
        self.run("send-keys", "-t", window, "-l", text)

    def paste(self, window: str, text: str) -> None:
        self.run("set-buffer", text)
        self.run("paste-buffer", "-p", "-t", window)

    def resize(self, window: str, columns: int, rows: int) -> None:
        self.run("resize-window", "-t", window, "-x", str(columns), "-y", str(rows))

    def screen(self, window: str) -> list[str]:
        """Return the rows of the window as they are seen, without blanks at their ends."""
        return self.run("capture-pane", "-p", "-t", window).split("\n")

    def expect(self, window: str, *texts: str) -> str:
        """Wait until all of `texts` are seen; return the screen, its long lines joined."""
        deadline = time.monotonic() + PATIENCE
        while True:
            screen = self.run("capture-pane", "-p", "-J", "-t", window)
            if all(text in screen for text in texts):
                return screen
            assert time.monotonic() < deadline, f"{texts!r} never came in {window}:\n{screen}"
