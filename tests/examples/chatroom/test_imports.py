"""The direction of imports between the folders of the chat room, read from the sources.

Each folder imports itself and what the table names, in functions and for the type checker too.
The program is on top, in the files of `examples/chatroom/` itself: it assembles the parts.
"""

import pytest

from tests.imports import Package, circles

CHAT_ROOM = Package("examples.chatroom")

PROGRAM = "the program"

FOLDERS: dict[str, set[str]] = {
    "people": set(),
    "hall": {"people"},
    "commands": {"hall", "people"},
    "cluster": {"hall", "people"},
    "storage": {"hall", "people"},
    "doors": {"commands", "hall", "people"},
    "doors/line": {"doors", "hall", "people"},
    "doors/web": {"doors", "hall", "people"},
    "client": {"doors", "doors/line", "people"},
    PROGRAM: {"cluster", "doors", "doors/line", "doors/web", "hall", "people", "storage"},
}
"""Each folder, and the other folders that it may import."""

PLAIN = {"commands", "hall", "people"}
"""No sockets, no threads, no clock: the time is passed in."""

NOT_PLAIN = {"miniloop", "select", "selectors", "socket", "ssl", "threading", "time"}

KEPT_TO = {
    "precis_i18n": {"people"},
    "prompt_toolkit": {"client"},
    "sqlite3": {"storage"},
    "websockets": {"client", "doors/web"},
}
"""Optional packages, and the folders that import them: the other folders work without."""

PLAIN_CLIENT = {"__main__", "codes", "conversation", "link", "reasons", "screen"}
"""The client's modules for pipes, which need nothing but Python."""


def test_every_import_follows_the_table() -> None:
    found = {
        module: problems
        for module, source in CHAT_ROOM.sources().items()
        if (problems := problems_of(module, source))
    }
    assert not found


def test_the_table_says_no_more_than_there_is() -> None:
    """There is neither an unused folder nor an unused permission."""
    used: dict[str, set[str]] = {}
    for module, source in CHAT_ROOM.sources().items():
        place = place_of(module)
        imported = {target_of(each.module) for each in CHAT_ROOM.imports_of(module, source)}
        used.setdefault(place, set()).update((imported & set(FOLDERS)) - {place})
    assert used == FOLDERS


def test_no_imports_form_a_circle() -> None:
    """At run time; a member and its rooms import each other for the type checker alone."""
    graph = {
        module: {
            name
            for each in CHAT_ROOM.imports_of(module, source)
            if (name := CHAT_ROOM.inner_name(each.module)) is not None
            and not (each.deferred or each.typing)
        }
        for module, source in CHAT_ROOM.sources().items()
    }
    assert circles(graph) == []


def test_the_plain_client_needs_no_package() -> None:
    sources = CHAT_ROOM.sources()
    plain = {f"client.{name}" for name in PLAIN_CLIENT}
    imported = {
        each.module.split(".")[0] if (inner := CHAT_ROOM.inner_name(each.module)) is None else inner
        for module in plain
        for each in CHAT_ROOM.imports_of(module, sources[module])
        if not (each.deferred or each.typing)
    }
    assert not imported & set(KEPT_TO)
    assert {name for name in imported if name.startswith("client.")} <= plain


@pytest.mark.parametrize(
    ("module", "source", "complaint"),
    [
        ("people.names", "from ..hall.room import Room", "people may not import hall"),
        ("hall.hall", "from ..storage import errands", "hall may not import storage"),
        ("hall.hall", "def f():\n    from .. import server", "hall may not import the program"),
        ("doors.session", "from .line.telnet import Line", "doors may not import doors/line"),
        ("doors.line.door", "from ..web.door import x", "doors/line may not import doors/web"),
        (
            "doors.line.door",
            "from ...commands.table import x",
            "doors/line may not import commands",
        ),
        ("client.__main__", "from ..options import x", "client may not import the program"),
        ("server", "from examples.chatroom.client import x", "the program may not import client"),
        (
            "hall.hall",
            "if TYPE_CHECKING:\n    import miniloop",
            "hall may not import miniloop",
        ),
        ("people.backoff", "from time import monotonic", "people may not import time"),
        ("doors.session", "import prompt_toolkit", "doors may not import prompt_toolkit"),
        ("keeping", "import sqlite3", "the program may not import sqlite3"),
        ("strange.new", "", "strange has no place in the table"),
    ],
)
def test_an_offender_is_named(module: str, source: str, complaint: str) -> None:
    assert problems_of(module, source) == [complaint]


@pytest.mark.parametrize(
    ("module", "source"),
    [
        ("hall.hall", "import logging\nfrom ..people.names import Name\nfrom .room import Room"),
        ("doors.web.door", "from websockets.http11 import Request\nfrom ..session import Session"),
        ("server", "import time\nfrom .doors.line import door\nfrom .keeping import Keeping"),
        ("storage.errands", "import threading\nfrom miniloop import ThreadPool"),
    ],
)
def test_good_imports_pass(module: str, source: str) -> None:
    assert problems_of(module, source) == []


# -- the checker ----------------------------------------------------------------------------------


def problems_of(module: str, source: str) -> list[str]:
    """Return one sentence for each wrong import of `module`."""
    place = place_of(module)
    if place not in FOLDERS:
        return [f"{place} has no place in the table"]
    imported = {each.module for each in CHAT_ROOM.imports_of(module, source)}
    targets = sorted({target_of(name) for name in imported} - {place})
    return [f"{place} may not import {target}" for target in targets if not may(place, target)]


def place_of(module: str) -> str:
    return "/".join(module.split(".")[:-1]) or PROGRAM


def target_of(name: str) -> str:
    """Return the folder of a module, or its top-level package if it is none of ours."""
    inner = CHAT_ROOM.inner_name(name)
    return place_of(inner) if inner is not None else name.split(".")[0]


def may(place: str, target: str) -> bool:
    if target in FOLDERS:
        return target in FOLDERS[place]
    if target in KEPT_TO:
        return place in KEPT_TO[target]
    return not (place in PLAIN and target in NOT_PLAIN)
