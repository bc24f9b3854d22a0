"""PLACEHOLDER for the one who writes this: the keys of closed rooms."""

from __future__ import annotations


def lock_matches(lock: str, key: str) -> bool:
    """Say whether `key` opens `lock`."""
    return False
