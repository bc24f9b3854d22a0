from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from examples.chatroom.doors.web import requests
from examples.chatroom.doors.web.limits import WebLimits
from examples.chatroom.doors.web.seat import CLOSING, GOODBYE, REPLACED, Seat
from examples.chatroom.doors.web.tokens import proof_of
from examples.chatroom.hall.messages import Kind, Message, Page
from examples.chatroom.people.names import Refused

from .helpers import Line, Surroundings, said

HOME = "192.0.2.1"


def sit(around: Surroundings, name: str = "Ada") -> tuple[Seat, Line]:
    line = Line()
    seat = Seat(around.service, HOME, line)
    seat.enter(name)
    return seat, line


def back(seat: Seat, seen: int | None, token: str = "", address: str = HOME) -> Line:
    """Resume `seat` on another connection."""
    line = Line()
    seat.attach(line, seen, address, token)
    return line


def token_of(line: Line) -> str:
    token = line.shown[0]["token"]
    assert isinstance(token, str)
    return token


def test_the_welcome_comes_before_all_else() -> None:
    around = Surroundings()
    seat, line = sit(around)
    assert line.kinds == ["welcome", "notice"]
    assert line.shown[0]["name"] == "Ada"
    assert line.shown[0]["grace"] == around.limits.resume_grace
    assert around.service.tokens.find(token_of(line)) is seat
    assert not line.hurried


def test_a_refused_name_leaves_it_without_one() -> None:
    around, line = Surroundings(), Line()
    seat = Seat(around.service, HOME, line)
    around.session.refusal = "The name is taken."
    with pytest.raises(Refused, match="taken"):
        seat.enter("Ada")
    assert not seat.welcomed
    assert line.frames == []
    around.session.refusal = ""
    seat.enter("Bob")
    assert line.kinds == ["welcome", "notice"]


def test_an_answer_may_come_later() -> None:
    around = Surroundings()
    around.slow = True
    seat, line = sit(around)
    assert (seat.welcomed, line.kinds) == (False, [])
    around.session.refused(Refused("The name is taken."))
    assert line.shown == [{"kind": "refused", "text": "The name is taken."}]
    seat.enter("Bob")
    around.session.grant("Bob")
    assert line.kinds == ["refused", "welcome", "notice"]


def test_a_token_shows_elsewhere_whose_the_name_was() -> None:
    around, other = Surroundings(), Surroundings()
    _, line = sit(around)
    seat = Seat(other.service, "192.0.2.1", Line())
    seat.enter("Ada", token_of(line))
    assert other.session.proof.before == around.session.proof.now != ""
    assert around.session.proof.before == ""
    assert token_of(line) not in (around.session.proof.now, other.session.proof.before)


def test_the_token_that_counts_is_the_proof_of_the_name() -> None:
    around = Surroundings()
    seat, line = sit(around)
    first = proof_of(token_of(line))
    assert around.session.proof.now == first
    seat.lost(line, "gone")
    second = proof_of(back(seat, 1, token_of(line)).shown[0]["token"])
    assert around.session.proof.now.split() == [second, first], "the answer may be lost"
    seat.obey(requests.ListRooms(1))
    assert around.session.proof.now == second


def test_without_a_name_one_hears_only_the_last_words() -> None:
    around, line = Surroundings(), Line()
    seat = Seat(around.service, HOME, line)
    seat.deliver(Message(Kind.NOTICE, "To all."))
    around.session.dismiss()
    assert line.shown == [{"kind": "refused", "text": "Goodbye."}]
    assert line.code == GOODBYE


@pytest.mark.parametrize(
    ("request_", "call"),
    [
        (requests.Say(1, "tea", "hi", "x"), ("receive", "hi", "tea", "x")),
        (requests.Join(1, "tea", "key"), ("join", "tea", "key")),
        (requests.Leave(1, "tea"), ("leave", "tea")),
        (requests.Whisper(1, "Bob", "hi"), ("whisper", "Bob", "hi")),
        (requests.GetPage(1, "tea", 9), ("page", "tea", 9)),
        (requests.Search(1, "tea", "hi"), ("search", "tea", "hi")),
        (requests.ListRooms(1), ("rooms",)),
    ],
)
def test_requests_reach_the_session_and_are_receipted(
    request_: requests.Request, call: tuple[object, ...]
) -> None:
    around = Surroundings()
    seat, _ = sit(around)
    seat.obey(request_)
    assert around.session.calls == [call, ("receipt", 1)]


def test_a_request_is_done_once() -> None:
    around = Surroundings()
    seat, line = sit(around)
    seat.obey(requests.ListRooms(1))
    seat.lost(line, "gone")
    again = back(seat, 1)
    new = again.shown[0]["token"]
    assert again.shown[0] == {"kind": "resumed", "name": "Ada", "token": new, "done": 1}
    seat.obey(requests.ListRooms(1))
    seat.obey(requests.ListRooms(2))
    asked = [call for call in around.session.calls if call[0] != "receipt"]
    assert asked == [("rooms",), ("rooms",)]


def test_a_bad_request_with_a_number_is_done_with() -> None:
    around = Surroundings()
    seat, line = sit(around)
    seat.complain(requests.BadRequest("Hm.", 3))
    seat.complain(requests.BadRequest("Hm?"))
    assert line.kinds[-2:] == ["problem", "problem"]
    assert around.session.calls == [("receipt", 3)]
    seat.obey(requests.ListRooms(3))
    assert around.session.calls == [("receipt", 3)], "done again"


def test_nothing_is_asked_of_a_session_that_has_ended() -> None:
    around = Surroundings()
    seat, _ = sit(around)
    around.session.ended = True
    seat.obey(requests.ListRooms(1))
    assert around.session.calls == []


@pytest.mark.parametrize(("kind", "code"), [(Kind.FAREWELL, GOODBYE), (Kind.CLOSING, CLOSING)])
def test_the_last_word_ends_the_connection_and_the_token(kind: Kind, code: int) -> None:
    around = Surroundings()
    seat, line = sit(around)
    around.session.dismiss(kind)
    seat.deliver(said(1))
    assert line.kinds[-1] == kind.value
    assert line.code == code
    assert around.service.tokens.find(token_of(line)) is None
    seat.lost(line, "gone")
    assert around.session.calls == [("lost", "gone")]
    assert around.timers == []


def test_who_was_shown_out_while_away_learns_it_on_coming_back() -> None:
    for seen in (None, 1):
        around = Surroundings()
        seat, line = sit(around)
        seat.lost(line, "gone")
        around.session.dismiss()
        again = back(seat, seen)
        assert again.kinds == ["resumed", "farewell"]
        assert again.code == GOODBYE
        seat.lost(again, "gone")
        assert around.session.calls == [("lost", "gone")]


def test_a_seat_waits_and_then_leaves() -> None:
    around = Surroundings(WebLimits(resume_grace=7))
    gate = around.gate
    seat, line = sit(around)
    seat.lost(line, "gone")
    assert seat.waiting
    assert around.session.held == 7
    assert [timer.seconds for timer in around.timers] == [7]
    assert (around.session.calls, gate.taken) == ([], 1)
    around.pass_time()
    assert (around.session.calls, gate.taken) == ([("lost", "gone")], 0)
    assert around.service.tokens.find(token_of(line)) is None


def test_who_comes_back_stays() -> None:
    around = Surroundings()
    seat, line = sit(around)
    seat.lost(line, "gone")
    token = token_of(back(seat, 1, token_of(line)))
    assert around.session.held == 0
    around.pass_time()
    assert around.session.calls == []
    assert around.service.tokens.find(token) is seat


def test_a_token_is_worthless_once_the_next_one_has_arrived() -> None:
    around = Surroundings()
    seat, line = sit(around)
    first = token_of(line)
    second = token_of(back(seat, 1, first))  # it may be lost on its way
    third = token_of(back(seat, 1, first))
    find = around.service.tokens.find
    assert [find(each) for each in (first, second, third)] == [seat, None, seat]
    seat.obey(requests.ListRooms(1))
    assert [find(each) for each in (first, third)] == [None, seat]
    assert len({first, second, third}) == 3


def test_without_grace_it_leaves_at_once() -> None:
    around = Surroundings(WebLimits(resume_grace=0))
    seat, line = sit(around)
    seat.lost(line, "gone")
    assert around.session.calls == [("lost", "gone")]


def test_without_a_name_it_leaves_at_once() -> None:
    around, line = Surroundings(), Line()
    Seat(around.service, HOME, line).lost(line, "gone")
    assert around.session.calls == [("lost", "gone")]


def test_another_connection_replaces_the_first_and_takes_its_place_along() -> None:
    around = Surroundings()
    seat, line = sit(around)
    again = back(seat, 1, address="192.0.2.7")
    assert (line.code, again.code) == (REPLACED, 0)
    assert (around.session.place.address, around.gate.taken) == ("192.0.2.7", 1)
    seat.lost(line, "gone")
    assert not seat.waiting, "lost by the connection that was replaced"
    seat.deliver(said(1))
    assert again.kinds == ["resumed", "said"]


def test_a_page_that_forgot_all_begins_anew() -> None:
    around = Surroundings()
    seat, line = sit(around)
    seat.deliver(said(1))
    seat.lost(line, "gone")
    around.session.on_views = lambda: seat.deliver(Page("lobby", 0, (), False))
    reloaded = back(seat, None)
    assert reloaded.kinds == ["resumed", "page"]
    assert "fresh" not in reloaded.shown[0]
    seen = reloaded.shown[0]["seen"]
    assert seen == len(line.shown) - 1
    again = back(seat, seen + 1)
    assert again.kinds == ["resumed"], "the page's count goes on from where it was told"


@pytest.mark.parametrize("seen", [0, 99])
def test_a_seat_that_cannot_tell_all_begins_anew_and_says_so(seen: int) -> None:
    around = Surroundings(WebLimits(backlog_events=3))
    seat, line = sit(around)
    for number in range(10):
        seat.deliver(said(number))
    again = back(seat, seen)
    told = {"kind": "resumed", "name": "Ada", "done": 0, "seen": len(line.shown) - 1, "fresh": True}
    assert again.shown == [{**told, "token": again.shown[0]["token"]}]
    assert around.session.calls == [("views",)]


class Browser:
    """A browser that receives what a line sent, as far as it arrives."""

    def __init__(self, line: Line) -> None:
        self.line = line
        self.read = 0
        self.seen: int | None = 0
        self.texts: list[int] = []

    def receive(self, count: int | None = None) -> None:
        shown: list[dict[str, Any]] = self.line.shown
        stop = len(shown) if count is None else min(len(shown), self.read + count)
        for event in shown[self.read : stop]:
            if event["kind"] == "resumed":
                if "seen" in event:
                    self.seen, self.texts = int(event["seen"]), []
            elif event["kind"] != "welcome":
                self.seen = (self.seen or 0) + 1
                if event["kind"] == "said":
                    self.texts.append(int(event["text"]))
        self.read = stop

    def reload(self) -> None:
        self.seen, self.texts = None, []


steps = st.lists(
    st.tuples(st.just("deliver"), st.integers(1, 6))
    | st.tuples(st.just("receive"), st.integers(0, 5))
    | st.tuples(st.sampled_from(["lose", "resume", "reload"]), st.integers(0, 5)),
    max_size=40,
)


@given(steps, st.sampled_from([3, 10, 1000]))
@settings(max_examples=200)
def test_each_event_arrives_once_and_in_order_whatever_is_lost(
    script: list[tuple[str, int]], backlog: int
) -> None:
    around = Surroundings(WebLimits(backlog_events=backlog))
    seat, line = sit(around)
    browser, number = Browser(line), 0
    for what, count in script:
        if what == "deliver":
            for _ in range(count):
                number += 1
                seat.deliver(said(number))
        elif what == "receive":
            browser.receive(count)
        else:
            browser.receive(count)
            if what == "lose":
                seat.lost(browser.line, "gone")
            if what == "reload":
                browser.reload()
            browser.line, browser.read = back(seat, browser.seen), 0
        browser_texts = browser.texts
        assert browser_texts == list(range(min(browser_texts, default=0), len(browser_texts)
                                           + min(browser_texts, default=0)))  # fmt: skip
    before = list(browser.texts)
    browser.receive()
    started_anew = browser.texts[: len(before)] != before
    assert started_anew or browser.texts[-1:] == ([number] if browser.texts else [])
    if backlog == 1000 and not any(what == "reload" for what, _ in script):
        assert browser.texts == list(range(1, number + 1)), "lost, though all was kept"
