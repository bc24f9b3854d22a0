"""The hall with a store that is slow, full, or restarted."""

from __future__ import annotations

import pytest

from examples.chatroom.hall.hall import Hall
from examples.chatroom.hall.history import AddMessage, Remembered, SaveRoom
from examples.chatroom.hall.limits import Limits
from examples.chatroom.hall.locks import make_lock
from examples.chatroom.hall.messages import Kind, Message, RoomView
from examples.chatroom.people.names import Refused
from tests.examples.chatroom.hall.halls import arrive, guest
from tests.examples.chatroom.helpers import NOON, Screen, later, new_hall, person
from tests.examples.chatroom.slow_store import SlowStore


def told(screen: Screen) -> list[str]:
    """Return the events, abbreviated to a few letters each."""
    return [
        event.text or event.kind.value if isinstance(event, Message) else type(event).__name__
        for event in screen.events
    ]


def slow_hall(**limits: int) -> tuple[Hall, SlowStore]:
    """Return a hall whose store has finished its first work, and then answers only on request."""
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
    hall.notifier.notify(ann, "two")
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
        hall.membership.join(ann, "attic", NOON)
    hall.membership.join(ann, "attic", NOON, "sesame")
    assert hall.rooms.lobby.topic == "hi"
    (view,) = (event for event in screen.events if isinstance(event, RoomView))
    assert (view.name, view.topic, view.closed) == ("Attic", "dust", True)
    assert [message.text for message in view.recent] == ["long ago"]
    hall.speech.say(ann, "now", NOON)
    (room,) = store.batches[-1]
    assert isinstance(room, SaveRoom)
    store.answer()
    (write,) = store.batches[-1]
    assert room.lock == hall.rooms.find("attic").lock != ""
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


def test_a_key_cannot_be_guessed_from_all_the_networks_of_a_site() -> None:
    hall = new_hall(key_guesses=1)
    ann = person(hall, "ann")
    ann.types("/join attic", "/lock sesame")
    for number in range(10):
        eve = person(hall, f"eve{number}", address=f"2001:db8:1:{number:x}::1")
        eve.types("/join attic guess")
        assert "is closed" in eve.notices()[-1]
    last = person(hall, "last", address="2001:db8:1:ffff::1")
    last.types("/join attic sesame")
    assert last.notices()[-1].startswith("Too many keys")
    other = person(hall, "other", address="2001:db8:2::1")
    other.types("/join attic sesame")
    assert other.sees(RoomView)[-1].name == "attic"


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
    eve.types("/join new", at=later(2 * 10**9))  # its age counts from the first look on
    assert eve.sees(RoomView)[-1].name == "new"


def test_who_comes_in_while_the_disk_is_sick_is_told_so() -> None:
    hall, store = slow_hall()
    ann, _ = guest(hall, "ann")
    hall.speech.say(ann, "one", NOON)
    store.answer("the disk is full")
    late = Screen()
    hall.log_in(arrive(hall, late), "late", NOON)
    assert any("cannot be written: the disk is full" in text for text in told(late))
    hall.tick(later(10))
    store.answer()
    well = Screen()
    hall.log_in(arrive(hall, well), "well", NOON)
    assert not any("cannot be written" in text for text in told(well))


def test_who_comes_in_is_told_what_is_wrong_all_the_time() -> None:
    hall = new_hall()
    hall.caution = "It is kept nowhere."
    screen = Screen()
    hall.log_in(arrive(hall, screen), "ann", NOON)
    assert told(screen)[1] == "It is kept nowhere."


def test_a_disk_that_hangs_holds_up_nobody() -> None:
    hall, store = slow_hall()
    ann, screen = guest(hall, "ann")
    hall.speech.say(ann, "one", NOON)
    for second in range(8):
        hall.tick(later(second))
    hall.speech.say(ann, "two", NOON)
    assert [(each.text[:12], each.kept) for each in screen.messages] == [
        ("one", False),
        ("The history ", True),
        ("two", False),
    ]
    store.answer()
    store.answer()
    assert store.texts()[-2:] == [["one"], ["two"]]
    assert screen.messages[-1].text.startswith("The history can be written again")


def test_what_the_store_may_have_forgotten_is_stored_again_with_the_next_words() -> None:
    store = SlowStore()
    hall = Hall(Limits(), store)
    ann, _ = guest(hall, "ann")
    hall.membership.join(ann, "attic", NOON)
    for seconds in (0, 10, 100, 110):
        hall.speech.say(ann, f"at {seconds}", later(seconds))
        while store.waiting:
            store.answer()
    rooms = [[each for each in batch if isinstance(each, SaveRoom)] for batch in store.batches]
    assert [len(each) for each in rooms if each] == [1, 1]
