"""The same Protocol classes as for asyncio, on uvloop's loop (libuv, in C)."""

from __future__ import annotations

import asyncio
import socket

import uvloop

from .asyncio_protocol import serve_on_this_loop


def serve(kind: str, listener: socket.socket) -> None:
    """Serve for ever on uvloop."""
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(serve_on_this_loop(kind, listener))
