"""Connections that coroutines can await."""

from miniloop.awaitable.chat import AwaitableChat

__all__ = ["AwaitableChat"]
