"""The file of a Chrome trace: entries, one a line, as JSON.

It grows by whole lines, written together once a second or when there are 64 KiB of them.  The
format allows an array without its end, so the file is well-formed whenever the program dies.
"""

import json
import logging
import os
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

logger = logging.getLogger("miniloop")

_BATCH = 1 << 16
_FLUSH_EVERY = 1_000_000_000  # nanoseconds
_ROOM = 2048
"""Bytes kept back for the last entry, and least of a limit."""


class TraceFile:
    """Writes entries; times are nanoseconds since the file was made.

    A failure to write (the disk is full) is logged once and ends the file, not the program.
    """

    def __init__(self, path: Path, limit: int, clock: Callable[[], int]) -> None:
        """Make the file; raises as ``ChromeTrace``."""
        if limit < 2 * _ROOM:
            raise ValueError(f"a trace needs a limit of at least {2 * _ROOM} bytes, not {limit!r}")
        self._path = path
        self._limit = limit
        self._clock = clock
        self._start = clock()
        self._flushed = 0
        self._size = 0
        self._lines: list[str] = []
        self._waiting = 0
        self._pid = os.getpid()
        self._words: dict[str, str] = {}
        self._file = path.open("wb", buffering=0)
        self._closed = False
        self._add("[", "")
        self._metadata("process_name", 0, {"name": f"miniloop: {_program()}"})

    def now(self) -> int:
        """Return the time."""
        return self._clock() - self._start

    # -- the entries -------------------------------------------------------------------------------

    def slice(
        self, row: int, name: str, kind: str, begun: int, ended: int,
        notes: Mapping[str, object] | None = None,
    ) -> None:  # fmt: skip
        """Something that took its time."""
        args = f',"args":{json.dumps(notes)}' if notes else ""
        self._entry(
            f'"ph":"X","name":{self._word(name)},"cat":"{kind}","tid":{row},"ts":{_us(begun)},'
            f'"dur":{_us(ended - begun)}{args}'
        )

    def instant(self, row: int, name: str, when: int) -> None:
        """Something that happened in a moment, on one row."""
        self._entry(f'"ph":"i","s":"t","name":{self._word(name)},"tid":{row},"ts":{_us(when)}')

    def counter(self, name: str, value: int, when: int) -> None:
        """A number that changed."""
        self._entry(
            f'"ph":"C","name":{self._word(name)},"tid":0,"ts":{_us(when)},"args":{{"n":{value}}}'
        )

    def arrow(self, number: int, points: Sequence[tuple[int, int]]) -> None:
        """Through slices, each given by its row and a time; written whole or not at all."""
        kinds = ['"s"', *['"t"'] * (len(points) - 2), '"f","bp":"e"']
        self._add(
            ",\n".join(
                f'{{"pid":{self._pid},"ph":{kind},"name":"push","cat":"push","id":{number},'
                f'"tid":{row},"ts":{_us(when)}}}'
                for kind, (row, when) in zip(kinds, points, strict=True)
            ),
            ",",
        )

    def name_row(self, row: int, name: str, *, first: bool = False) -> None:
        """Name a row; rows stand in the order of their numbers."""
        self._metadata("thread_name", row, {"name": name})
        self._metadata("thread_sort_index", row, {"sort_index": -1 if first else row})

    def _metadata(self, what: str, row: int, args: Mapping[str, object]) -> None:
        self._entry(f'"ph":"M","name":"{what}","tid":{row},"args":{json.dumps(args)}')

    def _word(self, name: str) -> str:
        """Return a name as JSON, from memory if it is one of a few."""
        word = self._words.get(name)
        if word is None:
            if len(self._words) >= 1024:
                self._words.clear()
            word = self._words[name] = json.dumps(name)
        return word

    # -- the file ----------------------------------------------------------------------------------

    def _entry(self, body: str) -> None:
        self._add(f'{{"pid":{self._pid},{body}}}', ",")

    def _add(self, line: str, comma: str) -> None:
        if self._closed:
            return
        size = len(line) + 2
        if self._size + size > self._limit - _ROOM:
            self._end_at_limit()
            return
        self._lines.append(f"{line}{comma}\n")
        self._size += size
        self._waiting += size
        if self._waiting >= _BATCH:
            self._write()

    def flush_if_due(self) -> None:
        """Write what waits, if that was not done in the last second."""
        if self._lines and self.now() - self._flushed >= _FLUSH_EVERY:
            self._write()

    def _write(self) -> None:
        """Write whole lines, all of them."""
        data = memoryview("".join(self._lines).encode("ascii"))  # json.dumps() escapes the rest
        self._lines.clear()
        self._waiting = 0
        self._flushed = self.now()
        try:
            while data:
                data = data[self._file.write(data) :]
        except OSError as error:
            logger.error("the trace ends early: cannot write %s: %s", self._path, error)
            self._closed = True
            self._file.close()

    def _end_at_limit(self) -> None:
        text = f"the trace ends here: its limit of {self._limit:,} bytes is reached"
        logger.warning("%s: %s; the program goes on", self._path, text)
        self._close(text)

    def close(self) -> None:
        """Write the end; again is harmless."""
        self._close("the trace is complete")

    def _close(self, last_word: str) -> None:
        if self._closed:
            return
        self._lines.append(
            f'{{"pid":{self._pid},"ph":"i","s":"g","name":{json.dumps(last_word)},"tid":1,'
            f'"ts":{_us(self.now())}}}\n]\n'
        )
        self._write()
        if not self._closed:
            self._closed = True
            self._file.close()


def _us(nanoseconds: int) -> str:
    """Return microseconds, exactly: rounding would make slices overlap."""
    return f"{nanoseconds // 1000}.{nanoseconds % 1000:03d}"


def _program() -> str:
    """Return the program's name; not its arguments and folder, which may be secret."""
    module = getattr(sys.modules.get("__main__"), "__spec__", None)
    if module is not None:
        return f"python3 -m {module.name.removesuffix('.__main__')}"
    return Path(sys.argv[0]).name or "python"
