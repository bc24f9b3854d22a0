"""PLACEHOLDER for the one who writes this: the commands of operators and founders."""

from __future__ import annotations

from .request import Command

MODERATION: tuple[Command, ...] = ()
