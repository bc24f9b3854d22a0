"""What tests need of the machine and its Python; a test without it is skipped aloud.

A test says so with ``@pytest.mark.needs("ipv6")``. A test that merely names what only some systems
have (``socket.AF_UNIX``, ``os.fork``, the module ``pty``) need not: where it is missing the test
is skipped when it asks for it. A missing name in the package or the examples remains an error.
"""

from __future__ import annotations

import os
import select
import socket
from collections.abc import Callable
from fnmatch import fnmatchcase
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from types import TracebackType

import pytest

from tests.stripped.sitecustomize import LACKING, MODULES

LARGE, MOST_SKIPPED = 1000, 0.1
"""Of so many tests or more at most this part may be skipped."""

IPV6 = [socket.AF_INET6, "::1"]
TESTS = Path(__file__).resolve().parent
ROOT = TESTS.parent


def has_ipv6() -> bool:
    """Return whether the loopback has IPv6."""
    try:
        with socket.create_server(("::1", 0), family=socket.AF_INET6):
            return True
    except OSError:
        return False


def has_localhost() -> bool:
    """Return whether the name of this machine's loopback is known, to /etc/hosts usually."""
    try:
        return bool(socket.getaddrinfo("localhost", 1))
    except OSError:
        return False


NEEDS: dict[str, tuple[Callable[[], bool], str]] = {
    "ipv6": (has_ipv6, "the loopback of this machine has no IPv6"),
    "localhost": (has_localhost, "this machine does not know the name localhost"),
    "epoll": (lambda: hasattr(select, "epoll"), "this system has no epoll"),
    "fork": (lambda: hasattr(os, "fork"), "this system has no fork()"),
    "files": (lambda: hasattr(select, "poll"), "select() here waits for sockets only"),
    "hang-ups": (
        lambda: hasattr(select, "POLLRDHUP"),
        "select() does not report the end of a peer that is not read",
    ),
    "sysconf": (lambda: hasattr(os, "sysconf"), "this system has no sysconf()"),
    "resource limits": (
        lambda: find_spec("resource") is not None,
        "this system has no limits on resources",
    ),
    "guests": (
        lambda: hasattr(select, "epoll") or hasattr(select, "kqueue"),
        "select() has no descriptor that another loop could watch",
    ),
    "unix sockets": (
        lambda: hasattr(socket, "AF_UNIX"),
        "there are no UNIX sockets here, whose buffers and ends take effect at once",
    ),
}


def needs_of(item: pytest.Item) -> list[str]:
    """Return what a test says that it needs, and IPv6 where a parameter names it."""
    found = [need for marker in item.iter_markers("needs") for need in marker.args]
    callspec = getattr(item, "callspec", None)
    values = callspec.params.values() if callspec is not None else ()
    return [*found, "ipv6"] if any(value in IPV6 for value in values) else found


@cache
def reason_to_skip(need: str) -> str:
    """Return why a need is not met, "" where it is."""
    met, reason = NEEDS[need]
    return "" if met() else reason


def too_many_skipped(passed: int, skipped: int) -> bool:
    """Return whether a whole run proves too little: a helper asks for a UNIX socket, perhaps."""
    total = passed + skipped
    return total >= LARGE and skipped > MOST_SKIPPED * total


def missing_name(error: Exception) -> str:
    """Return the name that this system lacks if a test asked for it, else ""."""
    if not _raised_by_a_test(error.__traceback__):
        return ""
    if isinstance(error, ImportError):
        return error.name if error.name in MODULES else ""
    module = getattr(getattr(error, "obj", None), "__name__", "")
    name = getattr(error, "name", None) or ""
    for key, patterns in LACKING.items():
        if key.removeprefix("_") == module:
            known = any(fnmatchcase(name, pattern) for pattern in patterns.split())
            return f"{module}.{name}" if known else ""
    return ""


def _raised_by_a_test(traceback: TracebackType | None) -> bool:
    """Return whether the innermost frame of the project is in a test, not in what it tests."""
    innermost = None
    while traceback is not None:
        path = Path(traceback.tb_frame.f_code.co_filename)
        if path.is_relative_to(ROOT) and ".venv" not in path.parts:
            innermost = path
        traceback = traceback.tb_next
    return innermost is not None and innermost.is_relative_to(TESTS)
