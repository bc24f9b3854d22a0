"""The page's modules as one script, so that a browser sends one request and not thirty.

Rule of this file: ES modules in, one module out; pure functions on text, no parser of JavaScript.

Each module becomes a function that is called once, in the order of the imports, and returns its
exports.  That is equivalent to what a browser does under conditions that our modules keep and that
are checked here: imports and exports begin a line, exports are declarations of one name each that
are not assigned again (no ``let``), there are no circular imports, and no module awaits anything at
its top level.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

_IMPORT = re.compile(
    r'^import (?:\* as (?P<all>\w+)|\{(?P<names>[\w\s,]*)\}) from "\./(?P<file>[\w.-]+)";$', re.M
)
_EXPORT = re.compile(r"^export (?=(?:const|class|(?:async )?function\*?) (?P<name>\w+))", re.M)
_LEFT = re.compile(
    r"^(?:import\b(?!\s*[.(])|export\b).*"
    r"|^[ \t]+(?:import\b[^(.\n]*[\"']|export (?:const|let|class|function|async|default|[{*])).*",
    re.M,
)
# A top-level await is in an unindented line here, unless a function in that line contains it.
_AWAIT = re.compile(r"^(?![\s/*])(?:(?!async\b|=>).)*?\bawait\b.*", re.M)


class BadPage(ValueError):
    """The page cannot be assembled; the sentence gives the reason."""


def bundle(main: str, sources: Mapping[str, str]) -> str:
    """Return one module that is equivalent to the module `main`.

    Args:
        main: A name in `sources`.
        sources: Modules by their file names.

    Raises:
        BadPage: A module is missing, the imports are circular, or an import or an export has an
            unsupported form.
    """
    order: list[str] = []
    _put(main, sources, (), order)
    return "".join(_wrapped(name, sources[name]) for name in order)


def _put(name: str, sources: Mapping[str, str], path: tuple[str, ...], order: list[str]) -> None:
    """Append `name` to `order`, after all modules that it imports."""
    if name in path:
        raise BadPage(f"Modules import each other: {' -> '.join((*path, name))}.")
    if name not in sources:
        raise BadPage(f"{path[-1] if path else 'The page'} imports {name}, which is not there.")
    if name in order:
        return
    for each in _IMPORT.finditer(sources[name]):
        _put(each["file"], sources, (*path, name), order)
        _check_names(name, each, sources[each["file"]])
    order.append(name)


def _check_names(name: str, found: re.Match[str], source: str) -> None:
    """Check that the other module exports the imported names."""
    exported = {each["name"] for each in _EXPORT.finditer(source)}
    for taken in (found["names"] or "").split(","):
        if taken.strip() and taken.strip() not in exported:
            raise BadPage(f"{name}: {found['file']} does not export {taken.strip()}.")


def _wrapped(name: str, source: str) -> str:
    exports = ", ".join(each["name"] for each in _EXPORT.finditer(source))
    body = _EXPORT.sub("", _IMPORT.sub(_taken, source))
    if left := _LEFT.search(body) or _AWAIT.search(body):
        raise BadPage(f"{name}: this line cannot be put into one file: {left[0].strip()}")
    return f"const {_variable(name)} = (() => {{\n{body}\nreturn {{ {exports} }};\n}})();\n"


def _taken(found: re.Match[str]) -> str:
    names = found["all"] or f"{{{found['names']}}}"
    return f"const {names} = {_variable(found['file'])};"


def _variable(name: str) -> str:
    # Two names could become one only if they differ in punctuation alone; the browser reports it.
    return "$" + re.sub(r"\W", "_", name)
