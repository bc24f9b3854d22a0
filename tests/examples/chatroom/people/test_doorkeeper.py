from __future__ import annotations

from collections.abc import Sequence

import pytest

from examples.chatroom.people.addresses import sources_of
from examples.chatroom.people.doorkeeper import Answered, Doorkeeper, Work, at_once
from examples.chatroom.people.names import Name, Refused, check_name

PLACE, ELSEWHERE = "192.0.2.1", "198.51.100.1"


class Accounts:
    """One operator's account, without slow hashing."""

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
    keeper.check(name, password, sources_of(source), now, answers.append)
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


def test_no_guess_of_others_keeps_a_trusted_pair_waiting() -> None:
    keeper = Doorkeeper(Accounts())
    assert ask(keeper, "right") == [True]
    for name in ("Eve", "Mallory", "Trudy"):  # from the operator's own address
        ask(keeper, "wrong", name=name)
    with pytest.raises(Refused):
        ask(keeper, "wrong", name="Eve")
    assert ask(keeper, "right") == [True]


def test_a_trusted_pair_that_guesses_waits_too() -> None:
    keeper = Doorkeeper(Accounts())
    assert ask(keeper, "right") == [True]
    for _ in range(3):
        assert ask(keeper, "wrong") == [False]
    with pytest.raises(Refused, match="try again in 1 seconds"):
        ask(keeper, "right")
    assert ask(keeper, "right", now=1.0) == [True]


def full(work: Work, answered: Answered) -> None:
    raise Refused("Too many are asking.")


def test_a_trusted_pair_has_a_queue_of_its_own() -> None:
    runs = [at_once]
    keeper = Doorkeeper(Accounts(), lambda work, answered: runs[0](work, answered), at_once)
    assert ask(keeper, "right") == [True]
    runs[0] = full
    assert ask(keeper, "right") == [True]
    with pytest.raises(Refused, match="Too many"):
        ask(keeper, "right", source=ELSEWHERE)


def test_an_attempt_that_is_not_judged_is_not_charged() -> None:
    runs = [full]
    keeper = Doorkeeper(Accounts(), lambda work, answered: runs[0](work, answered))
    for _ in range(20):
        with pytest.raises(Refused, match="Too many are asking"):
            ask(keeper, "right")
    runs[0] = at_once
    assert [ask(keeper, "wrong") for _ in range(3)] == [[False]] * 3
    with pytest.raises(Refused, match="too many attempts"):
        ask(keeper, "right")


def test_a_site_of_ipv6_is_one_guesser_at_last() -> None:
    keeper = Doorkeeper(Accounts())
    for number in range(30):
        assert ask(keeper, "wrong", f"2001:db8:1:{number:x}::1", name=f"x{number}") == [False]
    with pytest.raises(Refused, match="too many attempts"):
        ask(keeper, "wrong", "2001:db8:1:ffff::1", name="other")
    assert ask(keeper, "wrong", "2001:db8:2::1", name="other") == [False]


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
