"""The contestants, one module each. Every one is the program that its framework's users write.

A module has one function, `serve(kind, listener)`, which never returns. `listener` is a bound,
listening, non-blocking socket. The kinds:

* echo: every byte goes back.
* lines: every line goes back; input is split at newlines, as for any protocol made of lines.
* fanout: every line goes to every connection, the sender's too.
* asked: as echo, through an object that asyncore has to ask what it wants.
* lines-poll: as lines, waiting with poll(2), where asyncore has the choice.
* pingpong: as lines, after two objects have sent each line to and fro.
"""

from __future__ import annotations

import importlib.util
import select
import sys

from .. import compiled_loops

READ_SIZE = 65536  # bytes asked for in one receive, the same for every server that has the choice

KINDS = ("echo", "lines", "fanout", "asked", "lines-poll", "pingpong")

MODULES = {
    "miniloop": "miniloop_chat",
    "handwritten": "handwritten",
    "asyncio": "asyncio_protocol",
    "uvloop": "uvloop_protocol",
    "twisted": "twisted_lines",
    "compat": "compat_program",
    "asyncore": "asyncore_program",
    "reflector": "reflector",
}
NEEDED = {"miniloop": "miniloop", "uvloop": "uvloop", "twisted": "twisted"}


def why_missing(name: str) -> str | None:
    """Return why a server cannot run here, or None if it can."""
    if name == "handwritten" and not hasattr(select, "epoll"):
        return "this system has no epoll"
    if name == "asyncore" and sys.version_info >= (3, 12):
        return "Python 3.12 removed it; run this under 3.11"
    if name == "reflector":
        return compiled_loops.why_missing()
    package = NEEDED.get(name)
    if package is not None and importlib.util.find_spec(package) is None:
        command = "python3 -m venv .venv/bench && .venv/bench/bin/pip install -e '.[bench]'"
        return f"{package} is not installed ({command})"
    return None
