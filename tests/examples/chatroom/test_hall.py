from __future__ import annotations

import logging
from dataclasses import dataclass

import pytest

from examples.chatroom.doorkeeper import Doorkeeper
from examples.chatroom.hall import Hall
from examples.chatroom.history import AddMessage, Remembered, SaveRoom
from examples.chatroom.limits import Limits
from examples.chatroom.locks import make_lock
from examples.chatroom.members import Member
from examples.chatroom.messages import Event, Kind, Message, Person, RoomView
from examples.chatroom.names import Refused, check_name
from examples.chatroom.room import here
from examples.chatroom.sanctions import MUTE
from tests.examples.chatroom.helpers import NOON, Screen, later, new_hall, person, stranger, visitor
from tests.examples.chatroom.slow_store import SlowStore


@dataclass
class Broken(Screen):
    """An outlet whose connection fails from a certain message on."""

    works: bool = True

    def deliver(self, event: Event) -> None:
        if not self.works:
            raise OSError("gone")
        super().deliver(event)


def arrive(hall: Hall, outlet: Screen, *, roaming: bool = False) -> Member:
    return hall.connect(outlet, hall.gate.enter("192.0.2.1"), NOON, roaming=roaming)


def guest(hall: Hall, name: str, screen: Screen | None = None) -> tuple[Member, Screen]:
    screen = screen or Screen()
    member = arrive(hall, screen)
    hall.log_in(member, name, NOON)
    screen.clear()
    return member, screen


def test_whoever_logs_in_is_announced_to_all_in_the_lobby() -> None:
    hall = new_hall()
    _, ann = guest(hall, "ann")
    guest(hall, "bob")
    assert ann.messages == [Message(Kind.JOINED, "", "bob", room="lobby", at=NOON.wall)]


def test_a_name_is_held_by_one_only_in_whatever_spelling() -> None:
    hall = new_hall()
    guest(hall, "Ann")
    other = arrive(hall, Screen())
    for spelling in ("ann", "ANN", "\uff21nn"):
        with pytest.raises(Refused, match="taken"):
            hall.log_in(other, spelling, NOON)


@pytest.mark.parametrize("way", ["disconnect", "dismiss", "close", "broken"])
def test_a_name_is_free_again_after_any_end(way: str) -> None:
    hall = new_hall()
    screen = Broken()
    ann, _ = guest(hall, "ann", screen)
    if way == "disconnect":
        hall.disconnect(ann, "gone", NOON)
    elif way == "dismiss":
        hall.dismiss(ann, "Bye.", "quit", NOON)
    elif way == "close":
        hall.close("Bye.")
    else:
        screen.works = False
        hall.speech.say(ann, "hello", NOON)
    guest(hall, "ann")


def test_a_place_is_free_again_when_the_connection_is_gone() -> None:
    hall = new_hall(max_members=1)
    ann, _ = guest(hall, "ann")
    hall.dismiss(ann, "Bye.", "quit", NOON)
    with pytest.raises(Refused, match="full"):
        arrive(hall, Screen())
    for _ in range(2):
        hall.disconnect(ann, "gone", NOON)
    guest(hall, "bob")
    with pytest.raises(Refused, match="full"):
        arrive(hall, Screen())


def test_leaving_twice_is_leaving_once() -> None:
    hall = new_hall()
    _, bob = guest(hall, "bob")
    ann, _ = guest(hall, "ann")
    bob.clear()
    for _ in range(2):
        hall.disconnect(ann, "gone", later(60))
        hall.dismiss(ann, "Bye.", "quit", NOON)
    assert bob.messages == [Message(Kind.LEFT, "gone", "ann", room="lobby", at=later(60).wall)]


def test_one_broken_outlet_costs_its_member_alone(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.CRITICAL, "chatroom")
    hall = new_hall()
    _, ann = guest(hall, "ann")
    broken = Broken()
    guest(hall, "bad", broken)
    bob, screen = guest(hall, "bob")
    ann.clear()
    broken.works = False
    hall.speech.say(bob, "hello", NOON)
    assert ann.kinds() == [Kind.SAID, Kind.LEFT]
    assert screen.kinds() == [Kind.SAID, Kind.LEFT]
    with pytest.raises(Refused):
        hall.names.find("bad")


def test_a_thousand_broken_outlets_at_once_do_not_nest(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.CRITICAL, "chatroom")
    hall = new_hall(max_members=2000, max_per_address=2000)
    ann, screen = guest(hall, "ann")
    outlets = [Broken() for _ in range(1000)]
    for number, outlet in enumerate(outlets):
        guest(hall, f"n{number}", outlet)
    screen.clear()
    for outlet in outlets:
        outlet.works = False
    hall.speech.say(ann, "hello", NOON)
    assert screen.kinds() == [Kind.SAID] + [Kind.LEFT] * 1000


def test_the_farewell_is_the_last_message() -> None:
    hall = new_hall()
    ann, screen = guest(hall, "ann")
    hall.dismiss(ann, "Bye.", "quit", NOON)
    hall.notify(ann, "too late")
    assert screen.kinds() == [Kind.FAREWELL]


def test_closing_says_goodbye_to_everybody_and_nothing_else() -> None:
    hall = new_hall()
    screens = [guest(hall, name)[1] for name in ("ann", "bob")]
    unnamed = Screen()
    arrive(hall, unnamed)
    for screen in screens:
        screen.clear()
    hall.close("Bye.")
    assert [screen.kinds() for screen in (*screens, unnamed)] == [[Kind.CLOSING]] * 3


def test_a_room_in_which_nothing_was_said_goes_with_its_people() -> None:
    hall = new_hall()
    ann, _ = guest(hall, "ann")
    hall.join(ann, "attic", NOON)
    hall.join(ann, "lobby", NOON)
    assert [room.name.shown for room in hall.rooms] == ["lobby"]


def test_a_room_in_which_something_was_said_stays_with_it() -> None:
    hall = new_hall()
    ann, _ = guest(hall, "ann")
    hall.join(ann, "attic", NOON)
    hall.speech.say(ann, "dusty", NOON)
    hall.join(ann, "lobby", NOON)
    bob, screen = guest(hall, "bob")
    hall.join(bob, "#Attic", NOON)
    (view,) = (event for event in screen.events if isinstance(event, RoomView))
    assert [message.text for message in view.recent] == ["dusty"]


def test_the_last_lines_are_shown_on_entering_with_their_own_times() -> None:
    hall = new_hall(history_shown=2)
    ann, _ = guest(hall, "ann")
    for number in range(3):
        hall.speech.say(ann, str(number), later(number))
    screen = Screen()
    hall.log_in(arrive(hall, screen), "bob", later(60))
    (view,) = (event for event in screen.events if isinstance(event, RoomView))
    assert view.more
    assert [(message.text, message.at) for message in view.recent] == [
        ("1", later(1).wall),
        ("2", later(2).wall),
    ]


def test_rooms_are_limited() -> None:
    hall = new_hall(max_rooms=2)
    ann, _ = guest(hall, "ann")
    bob, _ = guest(hall, "bob")
    hall.join(ann, "attic", NOON)
    with pytest.raises(Refused, match="limit"):
        hall.join(bob, "cellar", NOON)
    assert here(bob).name.shown == "lobby"
    hall.join(bob, "attic", NOON)


def test_a_renamed_person_is_still_ignored() -> None:
    hall = new_hall()
    ann, screen = guest(hall, "ann")
    bob, _ = guest(hall, "bob")
    ann.ignored.add("bob")
    hall.rename(bob, "bert", NOON)
    screen.clear()
    hall.speech.say(bob, "hello", NOON)
    hall.speech.whisper(bob, ann, "psst", NOON)
    assert screen.messages == []


def test_who_is_ignored_cannot_have_others_ignored_by_using_their_names() -> None:
    hall = new_hall()
    ann, screen = guest(hall, "ann")
    mallory, _ = guest(hall, "mallory")
    ann.ignored.add("mallory")
    for name in ("bob", "carol"):
        hall.rename(mallory, name, NOON)
    bob, _ = guest(hall, "bob")
    hall.disconnect(mallory, "gone", NOON)
    carol, _ = guest(hall, "carol")
    screen.clear()
    hall.speech.say(bob, "it is me", NOON)
    hall.speech.say(carol, "me, too", NOON)
    assert screen.texts(Kind.SAID) == ["it is me", "me, too"]
    assert (ann.ignored, ann.shunned) == ({"mallory"}, {})


def test_one_may_change_the_spelling_of_ones_own_name() -> None:
    hall = new_hall()
    ann, _ = guest(hall, "ann")
    hall.rename(ann, "Ann", NOON)
    assert hall.names.find("ANN") is ann
    assert ann.shown == "Ann"


def test_whispers_are_neither_remembered_nor_logged(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG, "chatroom")
    store = SlowStore()
    hall = Hall(Limits(), store, log_messages=True)
    ann, _ = guest(hall, "ann")
    hall.speech.whisper(ann, ann, "my password", NOON)
    hall.speech.say(ann, "hello", NOON)
    store.answer()
    assert store.texts() == [[], ["hello"]]
    assert "hello" in caplog.text
    assert "password" not in caplog.text


def test_what_people_say_is_not_logged_by_default(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG, "chatroom")
    hall = new_hall()
    ann, _ = guest(hall, "ann")
    hall.speech.say(ann, "hello", NOON)
    assert "ann" in caplog.text
    assert "hello" not in caplog.text


def test_using_a_member_before_its_log_in_says_what_to_do() -> None:
    hall = new_hall()
    nobody = stranger(Screen())
    with pytest.raises(RuntimeError, match="log it in first"):
        hall.speech.say(nobody, "hello", NOON)
    with pytest.raises(RuntimeError, match="log it in first"):
        hall.rename(nobody, "ann", NOON)


def told(screen: Screen) -> list[str]:
    """What was shown, in a few letters each."""
    return [
        event.text or event.kind.value if isinstance(event, Message) else type(event).__name__
        for event in screen.events
    ]


def slow_hall(**limits: int) -> tuple[Hall, SlowStore]:
    """A hall whose store has done its first work already, and answers nothing more by itself."""
    store = SlowStore()
    hall = Hall(Limits(**limits), store)
    ann, _ = guest(hall, "first")
    hall.speech.say(ann, "hello", NOON)
    store.answer()
    store.answer()
    return hall, store


def test_nothing_is_shown_before_it_is_stored() -> None:
    hall, store = slow_hall()
    ann, screen = guest(hall, "ann")
    hall.speech.say(ann, "one", NOON)
    hall.notify(ann, "two")
    assert told(screen) == []
    store.answer()
    assert told(screen) == ["one", "two"]


def test_who_comes_in_meanwhile_sees_it_once_and_in_its_place() -> None:
    hall, store = slow_hall()
    ann, _ = guest(hall, "ann")
    hall.speech.say(ann, "one", NOON)
    late = Screen()
    hall.log_in(arrive(hall, late), "late", NOON)
    hall.speech.say(ann, "two", NOON)
    store.answer()
    store.answer()
    view = next(event for event in late.events if isinstance(event, RoomView))
    assert [message.text for message in view.recent] == ["hello", "one"]
    assert told(late)[1:] == ["RoomView", "joined", "two"]


def test_last_words_come_after_what_was_said() -> None:
    hall, store = slow_hall()
    ann, screen = guest(hall, "ann")
    bob, other = guest(hall, "bob")
    screen.clear()
    hall.speech.say(ann, "goodbye", NOON)
    hall.dismiss(ann, "Bye.", "quit", NOON)
    hall.speech.say(bob, "a pity", NOON)
    hall.close("Closed.")
    assert told(screen) == told(other) == []
    store.answer()
    store.answer()
    assert told(screen) == ["goodbye", "Bye."]
    assert told(other) == ["goodbye", "quit", "a pity", "Closed."]


def test_on_a_full_disk_the_room_goes_on_and_says_so() -> None:
    hall, store = slow_hall()
    ann, screen = guest(hall, "ann")
    hall.speech.say(ann, "one", NOON)
    store.answer("the disk is full")
    hall.speech.say(ann, "two", NOON)
    assert [(each.text[:12], each.kept) for each in screen.messages] == [
        ("one", False),
        ("The history ", True),
        ("two", False),
    ]
    hall.tick(later(10))
    store.answer()
    assert store.texts()[-1] == ["one", "two"]
    assert screen.messages[-1].text.startswith("The history can be written again")


def test_a_message_sent_twice_is_shown_once() -> None:
    hall, store = slow_hall()
    ann, screen = guest(hall, "ann")
    hall.speech.say(ann, "again", NOON, nonce="n1")
    write = store.batches[-1][0]
    assert isinstance(write, AddMessage)
    assert write.nonce == "n1"
    store.answer(repeated=[write.message.id])
    assert screen.messages == []


def test_a_disk_that_hangs_does_not_take_all_memory() -> None:
    hall, _ = slow_hall(max_waiting=3)
    ann, _ = guest(hall, "ann")
    for _ in range(3):
        hall.speech.say(ann, "on and on", NOON)
    with pytest.raises(Refused, match="cannot keep up"):
        hall.speech.say(ann, "on and on", NOON)


class Restarted(SlowStore):
    def load(self, recent: int) -> Remembered:
        old = Message(Kind.SAID, "long ago", "zoe", room="attic", at=NOON.wall, id=41)
        if recent == 0:
            return Remembered(41, ((SaveRoom("attic", "Attic", "dust"), ()),))
        attic = SaveRoom("attic", "Attic", "dust", make_lock("sesame"), "zoe")
        broken = SaveRoom("no name", "no name")
        return Remembered(
            41, ((attic, (old,)), (SaveRoom("lobby", "lobby", "hi"), ()), (broken, ()))
        )


def test_what_was_known_before_a_restart_is_known_after_it() -> None:
    store = Restarted()
    hall = Hall(Limits(), store)
    ann, screen = guest(hall, "ann")
    with pytest.raises(Refused, match=r"closed; come in with /join ROOM KEY\.$"):
        hall.join(ann, "attic", NOON)
    hall.join(ann, "attic", NOON, "sesame")
    assert hall.rooms.lobby.topic == "hi"
    (view,) = (event for event in screen.events if isinstance(event, RoomView))
    assert (view.name, view.topic, view.closed) == ("Attic", "dust", True)
    assert [message.text for message in view.recent] == ["long ago"]
    hall.speech.say(ann, "now", NOON)
    (write,) = store.batches[-1]
    assert isinstance(write, AddMessage)
    assert write.message.id == 42


def test_a_key_cannot_be_guessed_by_trying() -> None:
    hall = new_hall(key_guesses=2)
    ann, bob = person(hall, "ann"), person(hall, "bob")
    ann.types("/join attic", "/lock sesame")
    bob.types("/join attic a", "/join attic b", "/join attic sesame")
    assert bob.notices()[-1].startswith("Too many keys")
    bob.types("/join attic sesame", at=later(11))
    assert bob.sees(RoomView)[-1].name == "attic"


def test_right_keys_are_no_guesses() -> None:
    hall = new_hall(key_guesses=1)
    ann, bob = person(hall, "ann"), person(hall, "bob")
    ann.types("/join attic", "/lock sesame")
    bob.types("/join attic sesame", "/join lobby", "/join attic sesame")
    assert bob.sees(RoomView)[-1].name == "attic"


def test_a_room_of_which_no_message_is_at_hand_is_not_deserted_at_a_restart() -> None:
    hall = Hall(Limits(max_rooms=2, history_kept=0), Restarted())
    eve = person(hall, "eve")
    eve.types("/join new", at=later(10**9))
    assert "which is the limit" in eve.notices()[-1]


def test_rooms_cannot_be_used_up_from_one_address() -> None:
    hall = new_hall(new_rooms=2, flood_burst=100)
    eve = person(hall, "eve")
    eve.types("/join r-one", "/topic x", "/join r-two", "/topic x", "/join r-three")
    assert eve.notices()[-1] == "Too many new rooms from your address; please wait a minute."
    eve.types("/join r-three", at=later(61))
    assert eve.sees(RoomView)[-1].name == "r-three"


def test_an_empty_room_nobody_used_for_long_makes_place_for_a_new_one() -> None:
    hall = new_hall(max_rooms=3, room_rest=1000)
    eve = person(hall, "eve")
    eve.types("/join one", "said", "/join two", "said", "/join lobby")
    eve.types("/join three")
    assert eve.notices()[-1] == "There are 3 rooms already, which is the limit."
    eve.types("/join three", at=later(2000))
    assert [room.name.shown for room in hall.rooms] == ["lobby", "two", "three"]


def test_a_room_that_looks_like_another_is_not_made() -> None:
    hall = new_hall()
    ann = person(hall, "ann")
    ann.types("/join scope", "/join ѕсоре")  # noqa: RUF001 - Cyrillic, that is the point
    assert ann.notices()[-1] == "That looks like the room scope; please choose another."


def test_a_forgotten_room_is_left_by_all_and_gone() -> None:
    hall = new_hall()
    ann, bob = person(hall, "ann"), person(hall, "bob", roaming=True)
    ann.types("/join attic", "said")
    bob.session.join("attic", "", NOON)
    hall.forget_room(here(hall.names.find("ann")), "It was forgotten.", NOON)
    assert [room.name.shown for room in hall.rooms] == ["lobby"]
    assert "-- It was forgotten." in ann.reads()
    assert ann.sees(RoomView)[-1].name == "lobby"
    ann.types("hello")
    assert bob.hears()[-1] == "hello"


def test_operators_are_seen_as_such() -> None:
    hall = new_hall()
    ann, screen = guest(hall, "ann")
    hall.promote(ann, NOON)
    assert screen.kinds() == [Kind.OPERATOR]
    assert here(ann).view().people == (Person("ann", operator=True),)


def test_who_may_not_join_leaves_no_empty_room_behind() -> None:
    hall = new_hall(max_rooms_joined=2)
    ann = person(hall, "ann", roaming=True)
    for room in ("tea", "attic"):
        ann.session.join(room, "", NOON)
    assert ann.notices() == ["You are in as many rooms as you may; leave one of them first."]
    assert [room.name.shown for room in hall.rooms] == ["lobby", "tea"]


def test_who_moves_from_room_to_room_is_never_in_too_many() -> None:
    ann = person(new_hall(max_rooms_joined=1), "ann")
    ann.types("/join tea", "/join attic", "/leave")
    assert [view.name for view in ann.sees(RoomView)] == ["tea", "attic", "lobby"]


def test_nobody_ignores_oneself_under_a_name_taken_over() -> None:
    hall = new_hall()
    ann, bob = person(hall, "ann"), person(hall, "bob")
    ann.types("/ignore bob")
    bob.types("/quit")
    ann.types("/nick bob", "hello")
    assert ann.hears() == ["hello"]


def test_who_is_muted_cannot_speak_by_leaving() -> None:
    hall = new_hall()
    ann, bob = person(hall, "ann"), person(hall, "bob")
    target = hall.names.find("ann").name
    assert target is not None
    hall.sanctions.impose(MUTE, target, None, "bob", "", NOON.wall)
    ann.types("hello", "/me waves", "/topic hello", "/msg bob hello", "/quit hello")
    assert [message.text for message in bob.screen.messages] == ["quit"]


def test_coming_and_going_is_limited() -> None:
    hall = new_hall(max_rooms_joined=2, flood_rate=1)
    ann = person(hall, "ann", roaming=True)
    for _ in range(3):
        ann.session.join("tea", "", NOON)
        ann.session.leave("tea", NOON)
    assert ann.notices() == ["You are asking too fast; please wait a moment."] * 2


class House:
    """One operator's account."""

    names = (check_name("root", 20),)

    def check(self, name: str, password: str) -> bool:
        return (name, password) == ("root", "sesame123")


def test_an_operators_name_is_kept_for_the_operator() -> None:
    hall = Hall(Limits(), doorkeeper=Doorkeeper(House()))
    ann, bob = person(hall, "ann"), visitor(hall)
    bob.types("root", "ROOT", "r00t", "bob")
    ann.types("/nick root", "/oper root sesame123", "/nick root")
    assert [text[:26] for text in bob.notices()[:3]] == ["That name is an operator's"] * 3
    assert ann.notices()[0].startswith("That name is an operator's")
    assert hall.names.find("root").operator


def test_a_new_name_does_not_evade_a_mute() -> None:
    hall = new_hall()
    ann = person(hall, "ann")
    hall.sanctions.impose(MUTE, check_name("ann", 20), None, "bob", "", NOON.wall)
    ann.types("/nick anna")
    assert ann.notices() == ["You are muted."]
