from __future__ import annotations

from examples.chatroom.hall.messages import Person
from examples.chatroom.people.names import check_name
from tests.examples.chatroom.helpers import Screen, stranger


def test_members_are_told_apart_by_identity_not_by_value() -> None:
    assert len({stranger(Screen()), stranger(Screen())}) == 2


def test_what_a_member_is_called() -> None:
    someone = stranger(Screen())
    assert someone.shown == "(not logged in)"
    someone.name = check_name("Ann", 20)
    someone.operator = True
    assert someone.shown == "Ann"
    assert someone.person == Person("Ann", operator=True)


def test_whom_a_member_ignores() -> None:
    someone, renamed = stranger(Screen()), stranger(Screen())
    renamed.name = check_name("Bert", 20)
    someone.ignored.add("bob")
    someone.shunned[renamed] = "bob"
    assert someone.ignores("bob")
    assert someone.ignores("bert")
    assert not someone.ignores("ann")
    assert someone.unheard == {"bob", "bert"}
