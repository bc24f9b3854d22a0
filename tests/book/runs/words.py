"""Values of a run in words: short, the same on every Python, and without addresses in memory."""

from collections.abc import Callable
from types import FrameType, FunctionType, MethodType
from typing import Any

_BITS = {1: "READ", 2: "WRITE", 4: "URGENT", 8: "HANGUP"}
LONGEST = 24
"""Bytes that are shown of a piece of data."""


def data(value: Any) -> str:
    """Return bytes as Python writes them, the long ones shortened."""
    raw = bytes(value[: LONGEST + 1])
    if len(value) <= LONGEST:
        return repr(raw)
    if raw.count(raw[0]) == len(raw):
        return f"{len(value):,} bytes"
    return f"{bytes(value[:LONGEST])!r}... ({len(value):,} bytes)"


def bits(interest: int) -> str:
    """Return readiness bits by name."""
    return "|".join(name for bit, name in _BITS.items() if interest & bit) or "nothing"


def seconds(value: float | None) -> str:
    """Return a time-out."""
    if value is None:
        return "no limit"
    return "0 s" if value == 0 else f"{value:.3f}".rstrip("0").rstrip(".") + " s"


def value(thing: Any, label: Callable[[Any], str | None]) -> str:
    """Return an argument; ``label`` knows channels and sockets."""
    if isinstance(thing, bytes | bytearray | memoryview):
        return data(thing)
    if isinstance(thing, float):
        return f"{thing:g}"
    if isinstance(thing, BaseException):
        return f"{type(thing).__name__}({str(thing)!r})"
    if isinstance(thing, FunctionType | MethodType):
        return callback(thing, label)
    if thing is None or isinstance(thing, int | str | tuple):
        return repr(thing)
    if hasattr(thing, "call_soon"):
        return "loop"
    return label(thing) or f"a {type(thing).__name__}"


def callback(function: Any, label: Callable[[Any], str | None]) -> str:
    """Return what a callback is called: a method with its object."""
    owner = getattr(function, "__self__", None)
    name = str(getattr(function, "__name__", type(function).__name__))
    if owner is None:
        return name
    return f"{label(owner) or type(owner).__name__}.{name}"


def arguments(frame: FrameType, label: Callable[[Any], str | None]) -> str:
    """Return the arguments of a call, without ``self`` and the loop."""
    code, known = frame.f_code, frame.f_locals
    names = code.co_varnames[: code.co_argcount + code.co_kwonlyargcount]
    given = [known[name] for name in names if name not in ("self", "loop") and name in known]
    if code.co_flags & 4:  # *args
        rest = code.co_varnames[code.co_argcount + code.co_kwonlyargcount]
        given += known.get(rest, ())
    while given and given[-1] is None:
        given.pop()
    return ", ".join(value(each, label) for each in given)
