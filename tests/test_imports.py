"""The direction of imports inside the package, read from the sources.

The core lies directly in `miniloop/`, in one order: each file imports only files before it. Around
it lie the wings, one folder each. A wing may import all of the core, itself, and the wings that the
table names. The core imports a wing inside a function only, when a program first uses it, or for
the type checker, which runs nothing.
"""

import sys

import pytest

from tests.imports import Import, Package, circles

MINILOOP = Package("miniloop")

CORE = [
    "readiness", "timers", "framing", "outbox", "state", "registry", "loop", "channel",
    "dispatcher", "queued", "chat", "__init__",
]  # fmt: skip
"""Lowest first."""

WINGS: dict[str, set[str]] = {
    "awaitable": {"net"},
    "compat": {"selectors"},
    "hosts": {"system"},
    "net": {"system"},
    "selectors": set(),
    "system": set(),
    "testing": {"net", "selectors", "system", "trace"},
    "trace": set(),
}
"""Each wing, and the other wings that it may import."""

OF_THE_CORE = {"compat": {"readiness"}, "selectors": {"readiness"}}
"""Wings that may import a part of the core only."""

PURE = {"framing", "outbox", "state", "timers"}
"""No input or output, and no clock of their own."""

IMPURE = {"socket", "select", "selectors", "time"}


def test_every_import_follows_the_table() -> None:
    found = {
        module: problems
        for module, source in MINILOOP.sources().items()
        if (problems := problems_of(module, source))
    }
    assert not found


def test_no_imports_form_a_circle() -> None:
    """Those for the type checker count too.  Those in functions cannot, nor their shadows: where
    the core imports a wing in a function, its annotations name what that returns.
    """
    graph = {
        module: {
            name
            for each in MINILOOP.imports_of(module, source)
            if (name := MINILOOP.inner_name(each.module)) is not None
            and not (each.deferred or (each.typing and module in CORE and is_in_a_wing(name)))
        }
        for module, source in MINILOOP.sources().items()
    }
    assert circles(graph) == []


@pytest.mark.parametrize(
    ("module", "source", "complaint"),
    [
        ("loop", "from .dispatcher import Dispatcher", "loop may not import dispatcher"),
        ("loop", "from . import dispatcher", "loop may not import dispatcher"),
        ("loop", "import miniloop.chat", "loop may not import chat"),
        ("loop", "from miniloop.net.tls import x", "loop may not import net.tls at the top"),
        ("timers", "from .registry import Registry", "timers may not import registry"),
        ("chat", "from .testing import x", "chat may not import testing.__init__ at the top"),
        ("chat", "from . import Dispatcher", "chat may not import __init__"),
        ("compat.asynchat", "from ..testing import x", "compat may not import testing"),
        ("compat.asynchat", "from miniloop.chat import x", "compat may not import chat"),
        ("net.tls", "def f():\n    from miniloop.trace import x", "net may not import trace"),
        ("framing", "def f():\n    import time", "framing may not import time"),
        ("outbox", "from socket import socket", "outbox may not import socket"),
        ("loop", "import twisted.internet", "twisted is outside the standard library"),
        ("strange", "", "strange has no place in the table"),
        ("strange.too", "", "strange has no place in the table"),
    ],
)
def test_an_offender_is_named(module: str, source: str, complaint: str) -> None:
    assert problems_of(module, source) == [complaint]


@pytest.mark.parametrize(
    ("module", "source"),
    [
        ("loop", "import time\nfrom .registry import Registry\nfrom miniloop.timers import Timers"),
        ("selectors.poll", "import selectors\nfrom ..readiness import READ"),
        ("loop", "if TYPE_CHECKING:\n    from miniloop.hosts.stepper import Stepper"),
        ("loop", "def f():\n    from miniloop.system.signals import SignalHandlers"),
        ("compat.asynchat", "from . import asyncore\nfrom ..readiness import READ"),
        ("testing.loop", "from miniloop.loop import EventLoop\nfrom ..net import resolving"),
        ("__init__", "from .loop import EventLoop"),
    ],
)
def test_good_imports_pass(module: str, source: str) -> None:
    assert problems_of(module, source) == []


def test_circles_are_found() -> None:
    graph = {"a": {"b"}, "b": {"c"}, "c": {"b", "d"}, "d": set(), "e": {"e"}}
    assert circles(graph) == [["b", "c"], ["e"]]


# -- the checker ----------------------------------------------------------------------------------


def problems_of(module: str, source: str) -> list[str]:
    """Return one sentence for each import of `module` that is wrong."""
    place = module.split(".")[0]
    if place not in WINGS and module not in CORE:
        return [f"{place} has no place in the table"]
    complaints = (complaint_about(place, each) for each in MINILOOP.imports_of(module, source))
    return [complaint for complaint in complaints if complaint is not None]


def complaint_about(place: str, imported: Import) -> str | None:
    inner = MINILOOP.inner_name(imported.module)
    if inner is None:
        top = imported.module.split(".")[0]
        if top not in sys.stdlib_module_names:
            return f"{top} is outside the standard library"
        return f"{place} may not import {top}" if place in PURE and top in IMPURE else None
    target = inner.split(".")[0]
    if place in WINGS:
        core = OF_THE_CORE.get(place, CORE)
        allowed = target == place or target in WINGS[place] or target in core
        return None if allowed else f"{place} may not import {target}"
    if target in WINGS:
        late = imported.deferred or imported.typing
        return None if late else f"{place} may not import {inner} at the top"
    below = CORE.index(target) < CORE.index(place)
    return None if below else f"{place} may not import {target}"


def is_in_a_wing(name: str) -> bool:
    return name.split(".")[0] in WINGS
