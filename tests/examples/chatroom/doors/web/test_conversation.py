from __future__ import annotations

import json

from examples.chatroom.doors.web.conversation import FULL, TOO_MANY_PROBLEMS, Conversation
from examples.chatroom.doors.web.limits import WebLimits
from examples.chatroom.doors.web.seat import GOODBYE
from examples.chatroom.hall.gate import Gate
from examples.chatroom.hall.limits import Limits

from .helpers import Line, Surroundings


def begin(around: Surroundings, address: str = "192.0.2.1") -> tuple[Conversation, Line]:
    line = Line()
    return Conversation(around.service, line, address), line


def say(conversation: Conversation, **request: object) -> None:
    conversation.hear(json.dumps(request))


def enter(around: Surroundings) -> tuple[Conversation, Line, str]:
    conversation, line = begin(around)
    say(conversation, do="enter", name="Ada")
    return conversation, line, str(line.shown[0]["token"])


def test_one_enters_once() -> None:
    around = Surroundings()
    conversation, line, token = enter(around)
    say(conversation, do="enter", name="Bob")
    say(conversation, do="resume", token=token, seen=0)
    assert line.kinds == ["welcome", "notice", "problem", "problem"]
    assert len(around.sessions) == 1


def test_a_refused_name_may_be_followed_by_another() -> None:
    around = Surroundings()
    conversation, line = begin(around)
    say(conversation, do="rooms", n=1)
    assert line.kinds == ["problem"], "asked before entering"
    around.refuse_name = "The name is taken."
    say(conversation, do="enter", name="Ada")
    assert line.shown[-1] == {"kind": "refused", "text": "The name is taken."}
    around.session.refusal = ""
    say(conversation, do="enter", name="Bob")
    assert line.kinds[-2:] == ["welcome", "notice"]
    assert len(around.sessions) == 1


def test_who_may_not_come_in_is_told() -> None:
    around = Surroundings(refusal="You are banned.")
    conversation, line = begin(around)
    say(conversation, do="enter", name="Ada")
    assert line.shown == [{"kind": "refused", "text": "You are banned."}]
    assert line.code == GOODBYE


def test_a_seat_is_found_again_by_its_token() -> None:
    around = Surroundings()
    conversation, _, token = enter(around)
    assert around.gate.taken == 1
    conversation.lost("gone")
    conversation.lost("gone")
    assert around.gate.taken == 1, "the seat has lost its place"
    again, line = begin(around, "192.0.2.7")
    say(again, do="resume", token=token, seen=1)
    new = line.shown[0]["token"]
    assert line.shown == [{"kind": "resumed", "name": "Ada", "token": new, "done": 0}]
    assert (around.gate.taken, around.session.place.address) == (1, "192.0.2.7")
    say(again, do="rooms", n=1)
    assert around.session.calls == [("rooms",), ("receipt", 1)]


def test_an_unknown_token_has_expired_and_one_may_enter() -> None:
    around = Surroundings()
    conversation, line = begin(around)
    say(conversation, do="resume", token="nobody's", seen=3)
    say(conversation, do="enter", name="Ada")
    assert line.kinds == ["expired", "welcome", "notice"]


def test_the_seat_of_an_unknown_token_may_be_at_another_server() -> None:
    around = Surroundings(shared=True)
    conversation, line = begin(around)
    say(conversation, do="resume", token="a neighbour's", seen=3)
    assert line.shown == [{"kind": "expired", "elsewhere": True}]


def test_a_full_room_takes_only_those_who_have_a_seat() -> None:
    around = Surroundings(gate=Gate(Limits(max_members=1)))
    conversation, _, token = enter(around)
    conversation.lost("gone")
    stranger, line = begin(around)
    say(stranger, do="enter", name="Ada")
    assert line.shown == [
        {"kind": "refused", "text": "The chat room is full; please try again later."}
    ]
    assert line.code == FULL
    again, line = begin(around)
    say(again, do="resume", token=token, seen=1)
    assert (line.kinds, line.code) == (["resumed"], 0)


def test_who_comes_back_where_too_many_are_waits_and_keeps_the_seat() -> None:
    around = Surroundings(gate=Gate(Limits(max_per_address=1)))
    conversation, _, token = enter(around)
    around.gate.enter("192.0.2.7")
    conversation.lost("gone")
    again, line = begin(around, "192.0.2.7")
    say(again, do="resume", token=token, seen=1)
    assert (line.kinds, line.code) == (["refused"], FULL)
    again.lost("gone")
    assert around.gate.taken == 2
    home, line = begin(around)
    say(home, do="resume", token=token, seen=1)
    assert line.kinds == ["resumed"]


def test_too_many_problems_end_it() -> None:
    around = Surroundings(WebLimits(max_problems=3))
    conversation, line = begin(around)
    for _ in range(3):
        conversation.hear("nonsense")
    assert (line.kinds, line.code) == (["problem"] * 3, 0)
    conversation.hear("nonsense")
    assert line.code == TOO_MANY_PROBLEMS


def test_who_gives_no_name_is_sent_away() -> None:
    conversation, line = begin(Surroundings())
    conversation.too_late()
    assert (line.kinds, line.code) == (["refused"], GOODBYE)
