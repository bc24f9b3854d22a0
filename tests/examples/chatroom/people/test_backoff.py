from __future__ import annotations

from examples.chatroom.people.backoff import Backoff


def waits(backoff: Backoff, attempts: int, now: float = 0.0) -> list[float]:
    found = []
    for _ in range(attempts):
        backoff.count("key", now)
        found.append(backoff.wait("key", now))
    return found


def test_the_first_attempts_are_free_and_then_the_wait_doubles() -> None:
    assert waits(Backoff(free=3, first=1.0, longest=10.0), 8) == [0, 0, 1, 2, 4, 8, 10, 10]


def test_even_endless_attempts_have_an_end_to_their_wait() -> None:
    assert waits(Backoff(longest=60.0), 5000)[-1] == 60.0


def test_what_is_taken_back_does_not_count() -> None:
    backoff = Backoff(free=2, first=4.0)
    backoff.count("key", 100.0)
    for now in (101.0, 102.0):
        backoff.count("key", now)
        backoff.take_back("key", now)
        assert backoff.wait("key", now) == 0
    backoff.take_back("nobody", 100.0)
    backoff.count("key", 103.0)
    assert backoff.wait("key", 103.0) == 4


def test_the_wait_goes_by() -> None:
    backoff = Backoff(free=1, first=4.0)
    backoff.count("key", 100.0)
    assert [backoff.wait("key", now) for now in (100.0, 103.0, 104.0, 200.0)] == [4, 1, 0, 0]


def test_others_do_not_wait() -> None:
    backoff = Backoff(free=1)
    backoff.count("key", 0.0)
    assert backoff.wait("other", 0.0) == 0


def test_who_was_right_starts_afresh_and_so_does_who_stays_away() -> None:
    backoff = Backoff(free=2, first=1.0, longest=10.0)
    assert waits(backoff, 3) == [0, 1, 2]
    backoff.forgive("key")
    backoff.forgive("key")
    assert waits(backoff, 3) == [0, 1, 2]
    assert waits(backoff, 1, now=11.0) == [4]
    assert waits(backoff, 1, now=26.0) == [0]


def test_strangers_do_not_make_it_grow() -> None:
    backoff = Backoff(free=1, most=3)
    for key in "abcad":
        backoff.count(key, 0.0)
    assert len(backoff) == 3
    assert [backoff.wait(key, 0.0) > 0 for key in "abcd"] == [True, False, True, True]
