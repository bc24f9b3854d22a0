"""Writes text to a stream on a thread, so that the caller does not wait for the stream's reader.

Rule of this file: one bounded queue, independent of what the text means.
"""

from __future__ import annotations

import io
import threading
from typing import TextIO

from .doors.output import write_fully

MOST_WAITING = 1_000_000  # characters; some ten thousand lines of the log


class Printer:
    """Writes lines in order, as fast as the stream accepts them.

    A stopped reader (a paused pager, Ctrl-S, a blocked log collector) blocks this thread and
    nothing else.  Lines that do not fit into the queue are omitted, and their number is written in
    their place.  When the reader has gone, everything is discarded.

    Args:
        stream: The stream; None discards everything.
        name: The thread's name.
        most: Characters that may be queued.
    """

    def __init__(self, stream: TextIO | None, name: str, most: int = MOST_WAITING) -> None:
        self._stream = stream
        self._most = most
        self._changed = threading.Condition()
        self._waiting: list[str] = []
        self._size = 0
        self._missing = 0
        self._closing = False
        self._gone = stream is None
        # A daemon thread: blocked in a write, it must not prevent the process from exiting.
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)
        self._thread.start()

    def put(self, line: str) -> None:
        """Write `line` and a line end soon; never blocks."""
        with self._changed:
            if self._gone or self._closing:
                return
            if self._size + len(line) > self._most:
                self._missing += 1
                return
            self._waiting.append(line)
            self._size += len(line) + 1
            self._changed.notify()

    def close(self, seconds: float) -> bool:
        """Wait at most `seconds` until everything is written; return whether it is."""
        with self._changed:
            self._closing = True
            self._changed.notify()
        self._thread.join(seconds)
        return not self._thread.is_alive()

    def _run(self) -> None:
        while text := self._take():
            try:
                self._write(text)
            except (OSError, ValueError):  # the reader has gone, or the stream is closed
                with self._changed:
                    self._gone = True
                    self._waiting.clear()
                return

    def _take(self) -> str:
        """Return the queued text, waiting until there is some; empty at the end."""
        with self._changed:
            self._changed.wait_for(lambda: self._waiting or self._missing or self._closing)
            lines, self._waiting, self._size = self._waiting, [], 0
            if self._missing:
                lines.append(f"({self._missing} lines are missing here: nobody read them in time.)")
                self._missing = 0
        return "".join(f"{line}\n" for line in lines)

    def _write(self, text: str) -> None:
        stream = self._stream
        assert stream is not None
        try:
            fd = stream.fileno()
        except io.UnsupportedOperation:
            stream.write(text)
            stream.flush()
            return
        # Not through the stream: the interpreter waits for the stream's lock at exit.
        write_fully(fd, text.encode(stream.encoding or "utf-8", "backslashreplace"))
