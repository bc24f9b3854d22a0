"""Whose asyncore and asynchat a program gets, and why: ``python3 -m miniloop.compat --which``."""

import importlib.util
import os
import sys
from collections.abc import Iterator
from importlib.machinery import ModuleSpec, PathFinder
from importlib.metadata import Distribution, distributions
from typing import NamedTuple

NAMES = ("asyncore", "asynchat")
FINDER = "miniloop_asyncore"
"""The package that the distribution miniloop-asyncore installs."""


class Copy(NamedTuple):
    """One file that could be imported under an old name.

    Attributes:
        file: the file.
        owner: what it belongs to.
        reason: why that comes first, if it does.
    """

    file: str
    owner: str
    reason: str


def explain() -> str:
    """Return some lines about each module, for a program that Python runs as it is."""
    lines = [line for name in NAMES for line in explain_one(name)]
    return "\n".join([*lines, "Under python3 -m miniloop.compat PROGRAM both are miniloop's."])


def explain_one(name: str) -> Iterator[str]:
    """Describe where a module comes from, and what else is there under its name."""
    module = sys.modules.get(name)
    spec = importlib.util.find_spec(name) if module is None else module.__spec__
    first = None
    if spec is None:
        yield f"{name}: not found. {why_not_found()}"
    elif spec.name != name:
        yield f"{name}: miniloop's, because something installed or imported it when Python started."
    else:
        first = describe(spec)
        yield f"{name}: {first.owner}, because {first.reason}."
        yield f"    {first.file}"
    for other in copies(name):
        if first is None or other.file != first.file:
            yield f"    hidden: {other.owner}, {other.file}"


def why_not_found() -> str:
    """Return why an import would fail."""
    if importlib.util.find_spec(FINDER) is None:
        return "Python 3.12 removed it, and nothing that is installed brings it back."
    return f"miniloop-asyncore is there, but {why_no_finder()}."


def why_no_finder() -> str:
    """Return why the finder is not at work, although it can be imported."""
    if sys.flags.no_site:
        return "Python ran with -S, which reads no .pth files"
    return (
        "not in a site directory, where Python would read its .pth file: import miniloop_asyncore"
    )


def describe(spec: ModuleSpec) -> Copy:
    """Describe what an import finds."""
    file = spec.origin or "(no file)"
    if is_ours(file):
        name = owner_of(file) or "miniloop-asyncore"  # which was not installed, but put on the path
        return Copy(file, "miniloop's", f"{name} comes before all that is installed")
    if os.path.dirname(file) == library():
        return Copy(file, "the standard library's", "this Python still has it")
    owner = owner_of(file)
    if owner is None:
        return Copy(file, "the program's own", "its folder is on sys.path before the others")
    return Copy(file, owner, why_not_ours())


def why_not_ours() -> str:
    """Return why another distribution's module is found and not miniloop's."""
    if FINDER in sys.modules:
        return "its folder is on sys.path before the standard library"
    if importlib.util.find_spec(FINDER) is not None:
        return f"miniloop-asyncore is there, but {why_no_finder()}"
    return "it is installed, and miniloop-asyncore is not"


def copies(name: str) -> Iterator[Copy]:
    """Describe every file on ``sys.path`` that could be imported under the name."""
    for entry in sys.path:
        spec = PathFinder.find_spec(name, [entry])
        if spec is not None and spec.origin is not None:
            yield describe(spec)


def is_ours(file: str) -> bool:
    """Return whether a file is one that miniloop-asyncore brings."""
    return f"{os.sep}{FINDER}{os.sep}" in file


def library() -> str:
    """Return the folder of the standard library."""
    return os.path.dirname(os.__file__)


def owner_of(file: str) -> str | None:
    """Return the names and versions of the installed distributions that brought a file."""
    found = {f"{each.name} {each.version}" for each in distributions() if brought(each, file)}
    return " and ".join(sorted(found)) or None


def brought(distribution: Distribution, file: str) -> bool:
    """Return whether a distribution lists a file among its own."""
    listed = distribution.files or []
    name = os.path.basename(os.path.dirname(file))  # asyncore/__init__.py, names/asyncore.py
    return any(name in each.parts and str(each.locate()) == file for each in listed)
