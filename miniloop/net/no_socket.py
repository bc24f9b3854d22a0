"""What stands in ``dispatcher.socket`` when there is none.

Using it raises a sentence that says what to do, at the place of the mistake, and costs the hot path
nothing (no check for None before every ``recv``).
"""

import socket
from typing import NoReturn, cast


class _Missing:
    """Raises on any use but ``fileno()``, ``bool()`` and ``repr()``."""

    def __init__(self, why: str) -> None:
        self._why = why

    def __getattr__(self, name: str) -> NoReturn:
        if name.startswith("__"):
            raise AttributeError(name)
        raise RuntimeError(f"{name}: {self._why}")

    def __bool__(self) -> bool:
        return False

    def __repr__(self) -> str:
        return f"<no socket: {self._why}>"

    def fileno(self) -> int:
        return -1


NO_SOCKET = cast(
    socket.socket,
    _Missing("this dispatcher has no socket yet: call create_socket(), or pass one to it"),
)
CLOSED = cast(
    socket.socket,
    _Missing("this dispatcher is closed: check .closed, or forget it in handle_close()"),
)
