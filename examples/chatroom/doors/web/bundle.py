"""The page's modules as one script, so that a browser asks once and not thirty times.

Rule of this file: ES modules in, one module out; pure functions on text, no parser of JavaScript.

Each module becomes a function that is called once, in the order of the imports, and returns what it
exports.  That is the same as what a browser does, under conditions that our modules keep and that
are checked here: imports and exports begin a line, exports are declarations that are not assigned
again (no ``let``), and no modules import each other in a circle.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

_IMPORT = re.compile(
    r'^import (?:\* as (?P<all>\w+)|\{(?P<names>[\w\s,]*)\}) from "\./(?P<file>[\w.-]+)";$', re.M
)
_EXPORT = re.compile(r"^export (?=(?:const|class|(?:async )?function\*?) (?P<name>\w+))", re.M)
_LEFT = re.compile(r"^(?:import|export)\b.*", re.M)


def bundle(main: str, sources: Mapping[str, str]) -> str:
    """Return one module that does what the module `main` does.

    Args:
        main: A name in `sources`.
        sources: Modules by their file names.

    Raises:
        ValueError: A module is missing, imports itself by way of others, or has an import or an
            export that is not understood here.
    """
    order: list[str] = []
    _put(main, sources, (), order)
    return "".join(_wrapped(name, sources[name]) for name in order)


def _put(name: str, sources: Mapping[str, str], path: tuple[str, ...], order: list[str]) -> None:
    """Append `name` to `order`, behind all that it imports."""
    if name in path:
        raise ValueError(f"Modules import each other: {' -> '.join((*path, name))}.")
    if name not in sources:
        raise ValueError(f"{path[-1] if path else 'The page'} imports {name}, which is not there.")
    if name in order:
        return
    for each in _IMPORT.finditer(sources[name]):
        _put(each["file"], sources, (*path, name), order)
    order.append(name)


def _wrapped(name: str, source: str) -> str:
    exports = ", ".join(each["name"] for each in _EXPORT.finditer(source))
    body = _EXPORT.sub("", _IMPORT.sub(_taken, source))
    if left := _LEFT.search(body):
        raise ValueError(f"{name}: this line cannot be put into one file: {left[0]}")
    return f"const {_variable(name)} = (() => {{\n{body}\nreturn {{ {exports} }};\n}})();\n"


def _taken(found: re.Match[str]) -> str:
    names = found["all"] or f"{{{found['names']}}}"
    return f"const {names} = {_variable(found['file'])};"


def _variable(name: str) -> str:
    # Two names could become one only if they differ in nothing but signs; the browser says so.
    return "$" + re.sub(r"\W", "_", name)
