"""Errors and exceptions: which mean that the peer is gone, and what is said of the others."""

import os
import sys
from errno import (
    EBADF,
    ECONNABORTED,
    ECONNRESET,
    ENOTCONN,
    EPIPE,
    ESHUTDOWN,
    errorcode,
)
from types import TracebackType
from typing import TypeAlias

Place: TypeAlias = tuple[str, str, str]
"""File, function and line."""


DISCONNECTED = frozenset({ECONNRESET, ENOTCONN, ESHUTDOWN, ECONNABORTED, EPIPE, EBADF})
"""Error numbers that mean: the peer is gone."""


class ExitNow(Exception):
    """Raised by a handler to leave ``loop()``."""

    __module__ = "asyncore"  # what tracebacks showed


def compact_traceback() -> tuple[Place, type[BaseException] | None, BaseException | None, str]:
    """Describe the exception being handled.

    Returns:
        Where it was raised, its type, itself, and the whole way there as
        ``[file|function|line] [file|function|line]``.

    Raises:
        AssertionError: no exception is being handled.
    """
    kind, error, traceback = sys.exc_info()
    if traceback is None:
        raise AssertionError("traceback does not exist")
    places = _places(traceback)
    return places[-1], kind, error, " ".join("[{}|{}|{}]".format(*place) for place in places)


def _places(traceback: TracebackType | None) -> list[Place]:
    """Return the places from the handler's caller to where it was raised."""
    places = []
    while traceback is not None:
        code = traceback.tb_frame.f_code
        places.append((code.co_filename, code.co_name, str(traceback.tb_lineno)))
        traceback = traceback.tb_next
    return places


def strerror(number: int) -> str:
    """Return the text for an error number, and some text for any other number."""
    try:
        return os.strerror(number)
    except (ValueError, OverflowError, NameError):
        return errorcode.get(number, f"Unknown error {number}")
