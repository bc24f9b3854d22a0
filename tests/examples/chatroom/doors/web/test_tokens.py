from __future__ import annotations

from examples.chatroom.doors.web.tokens import Tokens


def test_a_token_stands_for_its_holder_until_it_is_taken_back() -> None:
    tokens: Tokens[str] = Tokens()
    ada, bob = tokens.give("Ada"), tokens.give("Bob")
    assert ada != bob
    assert len(ada) >= 32, "short enough to be guessed"
    assert (tokens.find(ada), tokens.find(bob), tokens.find("")) == ("Ada", "Bob", None)
    assert sorted(tokens.holders()) == ["Ada", "Bob"]
    tokens.take_back("Ada")
    tokens.take_back("Ada")
    assert (tokens.find(ada), tokens.find(bob), len(tokens)) == (None, "Bob", 1)


def test_the_token_before_counts_until_the_new_one_has_arrived() -> None:
    tokens: Tokens[str] = Tokens()
    first = tokens.give("Ada")
    lost = tokens.give("Ada", first)  # the answer that contains it never arrives
    third = tokens.give("Ada", first)
    assert [tokens.find(each) for each in (first, lost, third)] == ["Ada", None, "Ada"]
    assert tokens.holders() == ["Ada"]
    tokens.settle("Ada")
    tokens.settle("Bob")
    assert [tokens.find(each) for each in (first, third)] == [None, "Ada"]
    tokens.take_back("Ada")
    assert tokens.find(third) is None


def test_no_token_lies_about_in_memory() -> None:
    tokens: Tokens[str] = Tokens()
    token = tokens.give("Ada")
    assert token not in repr(vars(tokens))


def test_any_text_may_be_asked_for() -> None:
    assert Tokens[str]().find("\ud800\u0000") is None
