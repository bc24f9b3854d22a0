"""miniloop.compat: the programs of `asyncore_program`, with miniloop's modules in their place."""

from __future__ import annotations

import socket

from miniloop import compat


def serve(kind: str, listener: socket.socket) -> None:
    """Serve for ever."""
    compat.install()  # before the program's imports
    from . import asyncore_program

    asyncore_program.serve(kind, listener)
