"""Standard output and standard error, whose readers may be slow or gone.

Rule of this file: descriptors and streams, independent of what is written.
"""

from __future__ import annotations

import os
import select
import sys
from collections.abc import Callable
from typing import NoReturn, TextIO


def write_fully(fd: int, data: bytes) -> None:
    """Write all of `data` to `fd`; wait while the descriptor is not writable.

    The descriptor may be non-blocking: that flag is shared by all processes that have the same
    open file, for instance a process that reads standard input from the same socket.

    Raises:
        OSError: The reader has gone, or the descriptor cannot be written.
    """
    left = memoryview(data)
    while left:
        try:
            left = left[os.write(fd, left) :]
        except BlockingIOError:
            select.select([], [fd], [])


def run_program(main: Callable[[], int]) -> NoReturn:
    """Run `main` and exit the process with the code that it returns.

    Output whose reader has gone (``| head``) is not an error and causes no traceback.
    """
    try:
        code: int | str | None = main()
    except SystemExit as end:  # from argparse: --help, or invalid options
        code = end.code
    except BrokenPipeError:  # the reader has gone; the program's own work is already done
        code = 0
    for stream in (sys.stdout, sys.stderr):
        flush_or_discard(stream)
    sys.exit(code)


def flush_or_discard(stream: TextIO | None) -> None:
    """Flush `stream`; discard silently what cannot be written."""
    try:
        if stream is not None:
            stream.flush()
    except OSError:
        # The interpreter flushes again at exit and would report the error.
        null = os.open(os.devnull, os.O_WRONLY)
        os.dup2(null, stream.fileno() if stream is not None else null)
        os.close(null)
