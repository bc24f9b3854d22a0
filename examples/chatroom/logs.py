"""The log and the printed output: never blocks, and is bounded in volume.

Rule of this file: which records are written, and how omitted records are reported.
"""

from __future__ import annotations

import ipaddress
import logging
import sys
import time
from collections.abc import Callable
from types import TracebackType

from .hall.throttle import Throttle
from .people.addresses import source_of
from .printer import Printer

FORMAT = "%(asctime)s %(levelname)s %(name)s: %(message)s"
FLUSH_WITHIN = 1.0  # seconds at exit; a stopped reader must not delay the exit for longer
REPORT_EVERY = 10.0  # seconds between two reports of omitted lines

KIND_RATE, KIND_BURST = 30.0, 300  # lines a second and at once of one kind
SOURCE_RATE, SOURCE_BURST = 1.0, 30  # lines a second and at once of one kind from one address
MOST_KINDS = 100  # that are listed separately in a report
MOST_KEYS = 1000  # kinds, and kinds with an address, that are counted at a time
_OTHERS = "(others)"


class LimitedHandler(logging.Handler):
    """Passes on records, within a rate limit for each kind and each address.

    A kind is a logger and a template (``"Connection from %s."``); the address is the first of the
    record's arguments that is one, an IPv6 address by its network.

    Args:
        printer: Where the lines go.
        clock: Returns the time, in seconds.
    """

    def __init__(self, printer: Printer, clock: Callable[[], float] = time.monotonic) -> None:
        super().__init__()
        self.setFormatter(logging.Formatter(FORMAT))
        self._printer = printer
        self._clock = clock
        self._kinds = Throttle(KIND_RATE, KIND_BURST, MOST_KEYS)
        self._sources = Throttle(SOURCE_RATE, SOURCE_BURST, MOST_KEYS)
        self._left_out: dict[str, int] = {}

    def emit(self, record: logging.LogRecord) -> None:
        """Write `record`, or count it as omitted."""
        kind = (record.name, str(record.msg))
        if not self._admits(kind, source_in(record)):
            self._count(kind[1])
            return
        try:
            self._printer.put(self.format(record))
        except Exception:  # arguments that do not fit the template, or cannot be shown
            self._printer.put(f"A line of the log could not be made: {kind[1]!r}.")

    def report(self) -> None:
        """Report how many lines were omitted since the last report."""
        left_out, self._left_out = self._left_out, {}
        for template, number in left_out.items():
            text = 'Left out of the log, too many of one kind: %d lines like "%s".'
            line = (text, (number, template), None)
            record = logging.LogRecord("chatroom", logging.WARNING, __file__, 0, *line)
            self._printer.put(self.format(record))

    def _admits(self, kind: tuple[str, str], source: str) -> bool:
        now = self._clock()
        if source and not self._sources.take((kind, source), now):
            return False
        return self._kinds.take(kind, now)

    def _count(self, template: str) -> None:
        known = template in self._left_out or len(self._left_out) < MOST_KINDS
        key = template if known else _OTHERS
        self._left_out[key] = self._left_out.get(key, 0) + 1


def source_in(record: logging.LogRecord) -> str:
    """Return the source of the first address among the arguments; empty if there is none."""
    for each in record.args if isinstance(record.args, tuple) else ():
        if isinstance(each, tuple) and each:  # a socket's address: host, port and so on
            each = each[0]
        if isinstance(each, str) and _is_address(each):
            return source_of(each)
    return ""


def _is_address(text: str) -> bool:
    try:
        ipaddress.ip_address(text.partition("%")[0])
    except ValueError:
        return False
    return True


class Logs:
    """The program's output on standard output and standard error, including the log.

    As a context manager it is the root logger's handler; on exit it waits briefly until everything
    is written.

    Args:
        level: The lowest level that is logged, as a name that `logging` knows.
    """

    def __init__(self, level: str) -> None:
        self._out = Printer(sys.stdout, "chatroom-stdout")
        self._err = Printer(sys.stderr, "chatroom-stderr")
        self._handler = LimitedHandler(self._err)
        self._level = level

    def say(self, text: str) -> None:
        """Print `text` on standard output."""
        self._out.put(text)

    def complain(self, text: str) -> None:
        """Print `text` on standard error."""
        self._err.put(text)

    def report(self) -> None:
        """Report how many lines were omitted from the log since the last report."""
        self._handler.report()

    def __enter__(self) -> Logs:
        root = logging.getLogger()
        root.addHandler(self._handler)
        self._before = root.level
        root.setLevel(self._level)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        root = logging.getLogger()
        root.setLevel(self._before)
        root.removeHandler(self._handler)
        self.report()
        for printer in (self._out, self._err):
            printer.close(FLUSH_WITHIN)
