"""Standard output and standard error, whose readers may be slow, or gone.

Rule of this file: descriptors and streams; it does not know what is written.
"""

from __future__ import annotations

import os
import select
import sys
from collections.abc import Callable
from typing import NoReturn, TextIO


def write_fully(fd: int, data: bytes) -> None:
    """Write `data` to `fd`, and wait where it takes no more for the moment.

    The descriptor may be non-blocking: it shares that with every process that has the same open
    file, for instance the one that reads standard input from the same socket.

    Raises:
        OSError: There is no reader any more, or the descriptor cannot be written.
    """
    left = memoryview(data)
    while left:
        try:
            left = left[os.write(fd, left) :]
        except BlockingIOError:
            select.select([], [fd], [])


def run_program(main: Callable[[], int]) -> NoReturn:
    """Run `main`, and end the process with the code that it returns.

    Output that nobody reads any more (``| head``) is no failure, and leaves no traceback.
    """
    try:
        code: int | str | None = main()
    except SystemExit as end:  # from argparse: --help, or options that make no sense
        code = end.code
    except BrokenPipeError:  # the reader has had enough; what had to be done was done before
        code = 0
    for stream in (sys.stdout, sys.stderr):
        flush_or_discard(stream)
    sys.exit(code)


def flush_or_discard(stream: TextIO | None) -> None:
    """Write what `stream` holds back; what cannot be written is lost without a word."""
    try:
        if stream is not None:
            stream.flush()
    except OSError:
        # The interpreter flushes once more at its end, and would complain.
        null = os.open(os.devnull, os.O_WRONLY)
        os.dup2(null, stream.fileno() if stream is not None else null)
        os.close(null)
