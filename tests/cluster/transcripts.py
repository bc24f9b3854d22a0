"""Checks of everything that members have seen."""

from __future__ import annotations

from collections.abc import Iterable, Sequence


def check_order(order: Sequence[str]) -> None:
    """Check that each line is in the room's order, once."""
    doubled = {text for text in order if order.count(text) > 1} if _has_doubles(order) else set()
    assert not doubled, f"in the order twice: {sorted(doubled)[:5]}"


def _has_doubles(order: Sequence[str]) -> bool:
    return len(set(order)) < len(order)


def check_stay(name: str, seen: Sequence[str], order: Sequence[str]) -> None:
    """Check that what one member saw during a stay is a part of the room's order, without a gap."""
    if not seen:
        return
    place = {text: number for number, text in enumerate(order)}
    lost = [text for text in seen if text not in place]
    assert not lost, f"{name} saw what is in no history: {lost[:5]}"
    start = place[seen[0]]
    wanted = order[start : start + len(seen)]
    for number, (one, other) in enumerate(zip(seen, wanted, strict=False)):
        assert one == other, f"{name} saw {one} as number {number}, and {other} was to come"
    assert len(wanted) == len(seen), f"{name} saw more than there is"


def check_alike(histories: Iterable[tuple[str, Sequence[str]]], order: Sequence[str]) -> None:
    """Check that each node's own history is the room's order, from some line on, without a gap."""
    for name, history in histories:
        if history:
            start = order.index(history[0])
            assert list(history) == list(order[start : start + len(history)]), name
