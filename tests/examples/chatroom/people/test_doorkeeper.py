from __future__ import annotations

from collections.abc import Sequence

import pytest

from examples.chatroom.people.doorkeeper import Answered, Doorkeeper, Work
from examples.chatroom.people.names import Name, Refused, check_name

PLACE, ELSEWHERE = "192.0.2.1", "198.51.100.1"


class Accounts:
    """One operator, and nothing slow."""

    names: Sequence[Name] = (check_name("Ada", 20),)

    def __init__(self) -> None:
        self.asked = 0

    def check(self, name: str, password: str) -> bool:
        self.asked += 1
        return (name.casefold(), password) == ("ada", "right")


def ask(
    keeper: Doorkeeper, password: str, source: str = PLACE, now: float = 0.0, name: str = "Ada"
) -> list[bool]:
    answers: list[bool] = []
    keeper.check(name, password, source, now, answers.append)
    return answers


def test_the_right_password_and_the_wrong_one() -> None:
    keeper = Doorkeeper(Accounts())
    assert ask(keeper, "right") == [True]
    assert ask(keeper, "wrong") == [False]
    assert ask(keeper, "right", name="ADA") == [True]
    assert [name.shown for name in keeper.names] == ["Ada"]


class NoAccounts(Accounts):
    """An empty file."""

    names: Sequence[Name] = ()


@pytest.mark.parametrize("accounts", [None, NoAccounts()])
def test_without_operators_nobody_need_try(accounts: NoAccounts | None) -> None:
    keeper = Doorkeeper(accounts)
    assert len(keeper.names) == 0
    with pytest.raises(Refused, match="no operators"):
        ask(keeper, "right")


def test_an_address_that_guesses_waits_whatever_the_name() -> None:
    accounts = Accounts()
    keeper = Doorkeeper(accounts)
    for name in ("Ada", "Bob", "Carol"):
        assert ask(keeper, "wrong", name=name) == [False]
    with pytest.raises(Refused, match="try again in 1 seconds"):
        ask(keeper, "right")
    assert accounts.asked == 3
    assert ask(keeper, "right", now=1.0) == [True]
    assert ask(keeper, "wrong", now=1.0) == [False]


def test_an_account_that_is_guessed_at_waits_whatever_the_address() -> None:
    keeper = Doorkeeper(Accounts())
    for number in range(10):
        assert ask(keeper, "wrong", source=f"address {number}") == [False]
    with pytest.raises(Refused, match="too many attempts"):
        ask(keeper, "right")
    assert ask(keeper, "wrong", name="Bob") == [False]


def test_nobody_is_kept_out_of_their_own_house() -> None:
    keeper = Doorkeeper(Accounts())
    assert ask(keeper, "right") == [True]
    for number in range(10):
        ask(keeper, "wrong", source=f"address {number}")
    assert ask(keeper, "right") == [True]
    for number in range(10):
        ask(keeper, "wrong", source=f"address {number}")
    with pytest.raises(Refused):
        ask(keeper, "right", source=ELSEWHERE)


def test_attempts_under_way_count() -> None:
    waiting: list[tuple[Work, Answered]] = []
    keeper = Doorkeeper(Accounts(), lambda work, answered: waiting.append((work, answered)))
    for _ in range(3):
        assert ask(keeper, "wrong") == []
    with pytest.raises(Refused):
        ask(keeper, "wrong")
    assert len(waiting) == 3


def test_the_password_is_in_no_repr_of_what_is_handed_on() -> None:
    waiting: list[tuple[Work, Answered]] = []
    keeper = Doorkeeper(Accounts(), lambda work, answered: waiting.append((work, answered)))
    ask(keeper, "sesame-open-up")
    assert "sesame" not in repr(waiting)
    assert "sesame" not in repr(vars(keeper))


def test_a_long_name_is_not_remembered_whole() -> None:
    keeper = Doorkeeper(Accounts())
    ask(keeper, "wrong", name="x" * 100_000)
    assert len(repr(vars(keeper._by_account))) < 1000


def test_the_trusted_are_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("examples.chatroom.people.doorkeeper._MOST_TRUSTED", 2)
    keeper = Doorkeeper(Accounts())
    for source in "abcb":
        assert ask(keeper, "right", source=source) == [True]
    assert list(keeper._trusted) == [("ada", "c"), ("ada", "b")]
