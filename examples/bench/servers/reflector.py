"""The ceiling: a server in C that sends back what it gets, and finds no lines in it.

The load is what limits this one, so it shows what the load can do.
"""

from __future__ import annotations

import socket

from ..compiled_loops import library


def serve(kind: str, listener: socket.socket) -> None:
    """Serve for ever. The load sends whole lines, so every kind but fanout is an echo to it."""
    library().reflect(listener.fileno(), int(kind == "fanout"))
