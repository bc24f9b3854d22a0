"""The direction of imports: who may know whom inside the package, read from the sources.

Each module stands in a layer and may import the layers below it only. A module that is not in the
table fails the test: whoever adds one says where it belongs.
"""

import ast
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

PACKAGE = Path(__file__).resolve().parent.parent / "miniloop"

# Lowest first. Modules of one layer know nothing of each other.
LAYERS: list[set[str]] = [
    {"readiness", "timers", "framing", "outbox", "missing", "activity"},
    {"waker", "trace", "selector", "signals"},
    {"registry", "scheduler", "slowness", "trace_file", "equipment"},
    {"passes"},
    {"traced", "chrome_trace"},
    {"loop"},
    {"channel", "accepting", "connecting", "guest", "threadpool", "inspection"},
    {"sockets", "children", "resolving", "reconnecting"},
    {"happy_eyeballs"},
    {"connecting_by_name"},
    {"outgoing"},
    {"records"},
    {"tls"},
    {"dispatcher"},
    {"listener", "file", "queued"},
    {"chat"},
    {"awaitable", "compat"},
]
ANYTHING = {"__init__", "testing"}  # may import every module
PURE = {"framing", "outbox", "timers"}  # no input or output, and no clock of their own
IMPURE = {"socket", "select", "selectors", "time"}


def test_the_package_keeps_its_layers() -> None:
    found = {
        path: problems
        for path in sorted(PACKAGE.rglob("*.py"))
        if (problems := problems_of(module_name(path), path.read_text()))
    }
    assert not found


@pytest.mark.parametrize(
    ("module", "source", "complaint"),
    [
        ("loop", "from .dispatcher import Dispatcher", "loop may not import miniloop.dispatcher"),
        ("loop", "from . import dispatcher", "loop may not import miniloop.dispatcher"),
        ("loop", "import miniloop.chat", "loop may not import miniloop.chat"),
        ("timers", "from .waker import Waker", "timers may not import miniloop.waker"),
        ("chat", "from .testing import FakeClock", "chat may not import miniloop.testing"),
        ("chat", "from . import Dispatcher", "chat may not import miniloop"),
        ("compat.asynchat", "from ..testing import x", "compat may not import miniloop.testing"),
        ("framing", "def f():\n    import time", "framing may not import time"),
        ("outbox", "from socket import socket", "outbox may not import socket"),
        ("loop", "import twisted.internet", "twisted is outside the standard library"),
        ("strange", "", "strange has no place among the layers"),
    ],
)
def test_the_checker_catches_an_offender(module: str, source: str, complaint: str) -> None:
    assert problems_of(module, source) == [complaint]


@pytest.mark.parametrize(
    ("module", "source"),
    [
        ("loop", "import time\nfrom .selector import Selector\nfrom miniloop.timers import Timers"),
        ("selector", "import selectors\nfrom .readiness import READ"),
        ("compat.asynchat", "from . import asyncore\nfrom ..chat import AsyncChat"),
        ("testing", "from .chat import AsyncChat\nfrom . import EventLoop"),
        ("__init__", "from .compat import install\nfrom .loop import EventLoop"),
    ],
)
def test_the_checker_lets_good_imports_pass(module: str, source: str) -> None:
    assert problems_of(module, source) == []


# -- the checker ----------------------------------------------------------------------------------


def problems_of(module: str, source: str) -> list[str]:
    """Return one sentence for each import of `module` (relative to the package) that is wrong."""
    room = module.split(".")[0]
    if room not in ANYTHING and layer_of(room) is None:
        return [f"{room} has no place among the layers"]
    return [
        complaint
        for imported in imports_of(module, ast.parse(source))
        if (complaint := complaint_about(room, imported))
    ]


def complaint_about(room: str, imported: str) -> str | None:
    top, _, inner = imported.partition(".")
    if top != "miniloop":
        if top not in sys.stdlib_module_names:
            return f"{top} is outside the standard library"
        impure = room in PURE and top in IMPURE
        return f"{room} may not import {top}" if impure else None
    target = inner.split(".")[0]
    if room in ANYTHING or room == target or is_below(target, room):
        return None
    return f"{room} may not import {imported}"


def is_below(target: str, room: str) -> bool:
    lower, upper = layer_of(target), layer_of(room)
    return lower is not None and upper is not None and lower < upper


def layer_of(room: str) -> int | None:
    return next((height for height, rooms in enumerate(LAYERS) if room in rooms), None)


def imports_of(module: str, tree: ast.Module) -> Iterator[str]:
    """Yield the full name of every module imported anywhere in the tree, in functions too."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield from origins(module, node)


def origins(module: str, node: ast.ImportFrom) -> Iterator[str]:
    base = node.module or ""
    if node.level:
        # One dot is the module's own package; a package's __init__ counts as a module in it.
        parents = ["miniloop", *module.split(".")[:-1]]
        kept = parents[: len(parents) - node.level + 1]
        base = ".".join([*kept, *([base] if base else [])])
    if base != "miniloop":
        yield base
        return
    for alias in node.names:  # `from . import loop`: a module; `from . import EventLoop`: a class
        inside = layer_of(alias.name) is not None or alias.name in ANYTHING
        yield f"miniloop.{alias.name}" if inside else "miniloop"


def module_name(path: Path) -> str:
    return ".".join(path.relative_to(PACKAGE).with_suffix("").parts)
