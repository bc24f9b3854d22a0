from __future__ import annotations

import sys

from hypothesis import given
from hypothesis import strategies as st

from examples.chatroom.doors.web.backlog import Backlog
from examples.chatroom.doors.web.frames import Frame


@given(
    st.lists(st.integers(0, 300), max_size=60),
    st.integers(0, 20),
    st.integers(0, 1500),
    st.integers(0, 70),
)
def test_what_is_kept_is_the_end_of_what_came(
    sizes: list[int], most_events: int, most_bytes: int, seen: int
) -> None:
    backlog, frames = Backlog(most_events, most_bytes), [Frame(b"x" * size) for size in sizes]
    for frame in frames:
        backlog.add(frame)
    assert backlog.total == len(frames)
    missing = backlog.after(seen)
    if missing is not None:
        assert missing == frames[seen:]
        assert len(missing) <= most_events
        assert sum(map(len, missing)) <= most_bytes
    else:
        reaches = seen <= len(frames) and len(frames) - seen <= most_events
        assert not (reaches and sum(map(len, frames[seen:])) <= most_bytes)


def test_what_has_arrived_is_forgotten() -> None:
    backlog, frames = Backlog(10, 10_000), [Frame(bytes([number])) for number in range(5)]
    for frame in frames:
        backlog.add(frame)
    assert backlog.after(3) == frames[3:]
    assert backlog.after(2) is None, "given back what was forgotten"
    assert backlog.after(5) == []
    assert backlog.after(6) is None, "nobody can have seen more than there was"


def test_what_is_forgotten_stays_counted() -> None:
    backlog = Backlog(10, 10_000)
    old = Frame(b"old")
    held = sys.getrefcount(old)
    backlog.add(old)
    backlog.forget()
    assert sys.getrefcount(old) == held, "kept for nothing"
    assert (backlog.total, backlog.after(0), backlog.after(1)) == (1, None, [])
    new = Frame(b"new")
    backlog.add(new)
    assert backlog.after(1) == [new]
