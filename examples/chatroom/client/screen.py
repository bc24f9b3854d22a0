"""What the client shows: lines on standard output, its own sentences on standard error.

Rule of this file: the two descriptors.  They may be non-blocking, and the same open file as
standard input (socat EXEC:, inetd), so nothing goes through Python's buffers.
"""

from __future__ import annotations

import contextlib
import io
import os
import sys
from typing import TextIO

from ..doors.output import write_fully

ANY_LENGTH = 65535  # columns: the most that telnet can report


def show(line: str) -> None:
    """Print one line on standard output; blocks until it is taken.

    Raises:
        OSError: The reader has closed standard output.
    """
    _write(sys.stdout, line, "replace")  # characters that this terminal cannot encode are replaced


def size() -> tuple[int, int]:
    """Return the columns and rows of the terminal; without one, lines of any length."""
    try:
        columns, rows = os.get_terminal_size(sys.stdout.fileno())
    except (AttributeError, OSError):  # no output at all, a test's, a file, or a pipe
        return ANY_LENGTH, 0
    return columns, rows


def complain(sentence: str) -> None:
    """Print one sentence on standard error, if there is one."""
    with contextlib.suppress(OSError):
        _write(sys.stderr, sentence, "backslashreplace")


def _write(stream: TextIO | None, line: str, errors: str) -> None:
    if stream is None:
        return
    try:
        fd = stream.fileno()
    except io.UnsupportedOperation:  # a replacement made by a test
        print(line, file=stream, flush=True)
    else:
        write_fully(fd, f"{line}\n".encode(stream.encoding, errors))
