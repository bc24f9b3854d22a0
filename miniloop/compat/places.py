"""Where an exception passed, as the old modules' log lines name it."""

from types import FrameType, TracebackType
from typing import TypeAlias

Place: TypeAlias = tuple[str, str, str]
"""File, function and line."""


def places_of(traceback: TracebackType | None) -> list[Place]:
    """Return the places from the handler's caller to where the exception was raised.

    Without those of functions that the old modules did not have: what reads a log counts frames.
    """
    places = []
    while traceback is not None:
        code = traceback.tb_frame.f_code
        if not _is_private(traceback.tb_frame):
            places.append((code.co_filename, code.co_name, str(traceback.tb_lineno)))
        traceback = traceback.tb_next
    return places


def _is_private(frame: FrameType) -> bool:
    """Return whether a function of ours runs that has two underscores in front only."""
    name = frame.f_code.co_name
    inserted = name.startswith("__") and not name.endswith("__")
    return inserted and frame.f_globals.get("__name__") == "miniloop.compat.asynchat"
