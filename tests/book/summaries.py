"""A class or a function in short: its public members, and the first sentence of each docstring.

<!-- members: NAME ... -->       dotted names; "miniloop.EventLoop"

The site shows the whole docstrings below it; on a forge this is the page.
"""

import inspect
import pkgutil
import textwrap
from collections.abc import Iterator
from typing import Any

PACKAGE = "miniloop"

WIDTH = 96
"""Columns of the longest line."""


def summary(names: tuple[str, ...]) -> str:
    """Return what a page shows of the objects with these dotted names."""
    return "\n".join("\n".join(_lines(name)) + "\n" for name in names)


def _lines(name: str) -> Iterator[str]:
    thing = pkgutil.resolve_name(name)
    yield from _entry(name.removeprefix(f"{PACKAGE}."), thing, "")
    if inspect.isclass(thing) and not issubclass(thing, BaseException):
        for member, value in _members(thing):
            yield from _entry(member, value, "  ")


def _entry(name: str, thing: Any, indent: str) -> Iterator[str]:
    lines = textwrap.wrap(
        f"{name}{_signature(thing)}",
        WIDTH,
        initial_indent=indent,
        subsequent_indent=indent + "        ",
    )
    yield from lines
    yield from textwrap.wrap(
        _first_sentence(thing),
        WIDTH,
        initial_indent=indent + "    ",
        subsequent_indent=indent + "    ",
    )


def _members(cls: type) -> Iterator[tuple[str, Any]]:
    """Go through the public methods and properties, the class's own first, as in the source."""
    seen = {"__init__"}
    for base in cls.__mro__:
        if base.__module__.partition(".")[0] != PACKAGE:
            continue
        for name, value in vars(base).items():
            if name in seen or name.startswith("_") or not _is_described(value):
                continue
            seen.add(name)
            yield name, value


def _is_described(value: Any) -> bool:
    is_member = inspect.isfunction(value) or isinstance(value, property | classmethod)
    return is_member and bool(inspect.getdoc(value))


def _signature(thing: Any) -> str:
    if isinstance(thing, property) or not callable(thing):
        return ""
    if inspect.isclass(thing) and issubclass(thing, BaseException):
        return ""
    signature = inspect.signature(thing)
    plain = [
        each.replace(annotation=inspect.Parameter.empty)
        for each in signature.parameters.values()
        if each.name != "self"
    ]
    empty = inspect.Signature.empty
    return _without_addresses(str(signature.replace(parameters=plain, return_annotation=empty)))


def _without_addresses(text: str) -> str:
    """Return `text` with names as defaults, not "<function ignore at 0x...>" or "<E.A: 2>"."""
    words = text.split("<")
    return words[0] + "".join(map(_name_of_default, words[1:]))


def _name_of_default(text: str) -> str:
    shown, _, rest = text.partition(">")
    return shown.split(": ")[0].split(" at 0x")[0].split()[-1].split(".")[-1] + rest


def _first_sentence(thing: Any) -> str:
    paragraph = (inspect.getdoc(thing) or "").partition("\n\n")[0]
    sentence, stop, _ = " ".join(paragraph.split()).partition(". ")
    return sentence + stop.strip()
