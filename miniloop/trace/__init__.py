"""What a loop does, step by step: hooks, and what is built on them."""

from miniloop.trace.hooks import Counts, Trace, callback_name
from miniloop.trace.installing import install, installed, remove

__all__ = ["Counts", "Trace", "callback_name", "install", "installed", "remove"]
