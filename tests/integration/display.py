"""A display in memory for programs that have windows."""

from __future__ import annotations

import contextlib
import os
import shutil
import subprocess
from collections.abc import Iterator

import pytest


@contextlib.contextmanager
def display(width: int, height: int) -> Iterator[str]:
    """Run Xvfb and return its DISPLAY, or that of the user; skip the test where neither is.

    Args:
        width: The screen's width in pixels.
        height: Its height.
    """
    if shutil.which("Xvfb") is None:
        if not os.environ.get("DISPLAY"):
            pytest.skip("neither a display nor Xvfb (Debian's package xvfb)")
        yield os.environ["DISPLAY"]
        return
    reader, writer = os.pipe()  # Xvfb chooses a free number, and tells it when it is ready
    screen = ["-screen", "0", f"{width}x{height}x24", "-nolisten", "tcp"]
    command = ["Xvfb", "-displayfd", str(writer), *screen]
    with subprocess.Popen(command, pass_fds=[writer], stderr=subprocess.DEVNULL) as server:
        os.close(writer)
        try:
            with open(reader) as number:
                yield f":{number.readline().strip()}"
        finally:
            server.terminate()
