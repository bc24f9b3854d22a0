from __future__ import annotations

import json

from examples.chatroom.doors.web.conversation import FULL, TOO_MANY_PROBLEMS, Conversation
from examples.chatroom.doors.web.limits import WebLimits
from examples.chatroom.doors.web.seat import GOODBYE
from examples.chatroom.hall.gate import Gate
from examples.chatroom.hall.limits import Limits

from .helpers import Line, Surroundings


def begin(
    around: Surroundings, gate: Gate | None = None, *, full: bool = False
) -> tuple[Conversation, Line]:
    line = Line()
    place = None if full else (gate or Gate(Limits())).enter("192.0.2.1")
    return Conversation(around.service, line, "192.0.2.1", place), line


def say(conversation: Conversation, **request: object) -> None:
    conversation.hear(json.dumps(request))


def enter(around: Surroundings, gate: Gate | None = None) -> tuple[Conversation, Line, str]:
    conversation, line = begin(around, gate)
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


def test_who_may_not_come_in_is_told_and_gives_back_the_place() -> None:
    around, gate = Surroundings(refusal="You are banned."), Gate(Limits())
    conversation, line = begin(around, gate)
    say(conversation, do="enter", name="Ada")
    assert line.shown == [{"kind": "refused", "text": "You are banned."}]
    assert line.code == GOODBYE
    assert gate.taken == 1
    conversation.lost("gone")
    conversation.lost("gone")
    assert gate.taken == 0


def test_a_seat_is_found_again_by_its_token() -> None:
    around, gate = Surroundings(), Gate(Limits())
    conversation, _, token = enter(around, gate)
    conversation.lost("gone")
    assert gate.taken == 1, "the seat has lost its place"
    again, line = begin(around, gate)
    say(again, do="resume", token=token, seen=1)
    assert line.shown == [{"kind": "resumed", "name": "Ada", "done": 0}]
    assert gate.taken == 1
    say(again, do="rooms", n=1)
    assert around.session.calls == [("rooms",), ("receipt", 1)]


def test_an_unknown_token_has_expired_and_one_may_enter() -> None:
    around = Surroundings()
    conversation, line = begin(around)
    say(conversation, do="resume", token="nobody's", seen=3)
    say(conversation, do="enter", name="Ada")
    assert line.kinds == ["expired", "welcome", "notice"]


def test_a_full_room_takes_only_those_who_have_a_seat() -> None:
    around = Surroundings()
    stranger, line = begin(around, full=True)
    say(stranger, do="enter", name="Ada")
    assert line.kinds == ["refused"]
    assert line.code == FULL
    conversation, _, token = enter(around)
    conversation.lost("gone")
    again, line = begin(around, full=True)
    say(again, do="resume", token=token, seen=1)
    assert (line.kinds, line.code) == (["resumed"], 0)


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
