from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from examples.chatroom.hall.locks import LEAST_KEY, MOST_KEY, lock_matches, make_lock
from examples.chatroom.people.names import Refused

keys = st.text(st.characters(exclude_categories=["Z", "C"]), min_size=LEAST_KEY, max_size=20)


@given(keys, keys)
def test_a_lock_opens_to_its_key_alone(key: str, other: str) -> None:
    lock = make_lock(key)
    assert lock_matches(lock, key)
    assert key not in lock
    assert make_lock(key) != lock
    assert lock_matches(lock, other) == lock_matches(make_lock(other), key)


def test_case_and_every_character_count() -> None:
    lock = make_lock("Sesame")
    assert [lock_matches(lock, key) for key in ("Sesame", "sesame", "Sesam", "", "$")] == [
        *(True, False, False, False, False)
    ]


def test_one_key_typed_on_two_keyboards() -> None:
    assert lock_matches(make_lock("schlüssel"), "schlu\u0308ssel")


@pytest.mark.parametrize("key", ["abc", "x" * (MOST_KEY + 1), "two words", "with\u3000space", ""])
def test_keys_that_will_not_do(key: str) -> None:
    with pytest.raises(Refused, match="one word of 4 to 100"):
        make_lock(key)


@given(st.text(), st.text())
def test_what_is_no_lock_opens_to_nothing(lock: str, key: str) -> None:
    assert not lock_matches(lock, key)
