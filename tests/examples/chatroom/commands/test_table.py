from __future__ import annotations

import pytest

from examples.chatroom.commands.moderation import MODERATION
from examples.chatroom.commands.table import COMMANDS
from examples.chatroom.hall.messages import Kind, RoomEntry, RoomList
from tests.examples.chatroom.helpers import Person, later, new_hall, person


@pytest.fixture
def pair() -> tuple[Person, Person]:
    hall = new_hall(flood_burst=1000)
    ann, bob = person(hall, "ann"), person(hall, "bob")
    ann.screen.clear()
    return ann, bob


def test_the_commands_are_those_promised() -> None:
    promised = "help who look me msg join leave rooms topic nick ignore history search quit"
    moderation = {command.name for command in MODERATION}
    assert set(COMMANDS) == set(promised.split()) | moderation


def test_help_is_made_from_the_table(pair: tuple[Person, Person]) -> None:
    ann, _ = pair
    for operator in (False, True):
        ann.session._member.operator = operator
        ann.screen.clear()
        ann.types("/help")
        for command in COMMANDS.values():
            shown = any(command.usage in line and command.help in line for line in ann.notices())
            assert shown == (operator or not command.restricted), command.name


def test_who_is_no_operator_is_not_shown_their_commands() -> None:
    restricted = {command.name for command in COMMANDS.values() if command.restricted}
    assert restricted == {"kick", "ban", "unban", "bans", "mute", "unmute", "forget"}


def test_help_says_how_to_leave_telnet_but_not_in_a_browser(pair: tuple[Person, Person]) -> None:
    ann, _ = pair
    ann.types("/help")
    telnet = len(ann.notices())
    assert "Ctrl-]" in "".join(ann.notices())
    ann.screen.clear()
    ann.session._member.roaming = True
    ann.types("/help")
    assert "Ctrl-]" not in "".join(ann.notices())
    assert len(ann.notices()) == telnet - 2


def test_an_unknown_command_is_told_so(pair: tuple[Person, Person]) -> None:
    ann, bob = pair
    ann.types("/dance wildly", "/", "/ help")
    assert ann.notices()[0] == "Unknown command /dance; /help lists them all."
    assert len(ann.notices()) == 3
    assert bob.screen.messages == []


def test_commands_know_no_case(pair: tuple[Person, Person]) -> None:
    ann, bob = pair
    ann.types("/ME waves")
    assert bob.screen.texts(Kind.ACTED) == ["waves"]


@pytest.mark.parametrize("name", ["me", "msg", "join", "nick"])
def test_a_missing_argument_gets_the_usage(name: str, pair: tuple[Person, Person]) -> None:
    ann, _ = pair
    ann.types(f"/{name}", f"/{name}   ")
    assert ann.notices() == [f"Usage: {COMMANDS[name].usage}"] * 2


def test_who_shows_all_rooms_and_who_is_idle(pair: tuple[Person, Person]) -> None:
    ann, bob = pair
    bob.types("/join attic")
    ann.screen.clear()
    ann.types("/who", at=later(185))
    assert ann.notices() == ["lobby: ann", "attic: bob (idle 3 min)"]


def test_look_shows_the_room(pair: tuple[Person, Person]) -> None:
    ann, _ = pair
    ann.types("/topic tea", "/look")
    assert ann.reads()[1:] == ["-- You are in lobby. Topic: tea. Here: ann, bob."]


def test_msg_is_for_one_person_alone(pair: tuple[Person, Person]) -> None:
    ann, bob = pair
    carol = person(new_hall(), "carol")
    ann.types("/msg BOB  come here ", "/msg bob", "/msg dora hello")
    (message,) = bob.screen.messages
    assert (message.kind, message.text) == (Kind.WHISPERED, "come here")
    assert (message.sender, message.recipient) == ("ann", "bob")
    assert ann.screen.messages[0] is message
    assert ann.notices() == ["Usage: /msg NAME TEXT", "There is nobody called dora here."]
    assert carol.screen.messages == []


def test_joining_and_leaving_a_room(pair: tuple[Person, Person]) -> None:
    ann, bob = pair
    ann.types("/join attic", "only here")
    assert bob.screen.texts(Kind.LEFT) == ["went to attic"]
    assert bob.hears() == []
    ann.types("/join attic", "/leave", "/leave")
    assert [message.sender for message in bob.screen.messages[1:]] == ["ann"]
    assert "You are in attic already." in ann.notices()
    assert "You are in the lobby already; /quit leaves the chat room." in ann.notices()


def test_rooms_are_listed(pair: tuple[Person, Person]) -> None:
    ann, _ = pair
    ann.types("/join attic", "/topic dust")
    ann.screen.clear()
    ann.types("/rooms")
    assert ann.sees(RoomList) == [RoomList((RoomEntry("lobby", 1), RoomEntry("attic", 1, "dust")))]


def test_the_topic_is_shown_and_set_and_cut() -> None:
    hall = new_hall(max_topic=5)
    ann, bob = person(hall, "ann"), person(hall, "bob")
    ann.types("/topic", "/topic a long one", "/topic")
    assert ann.notices() == ["Topic: (none)", "Topic: a lo…"]
    assert bob.screen.texts(Kind.TOPIC) == ["a lo…"]


def test_nick_is_announced(pair: tuple[Person, Person]) -> None:
    ann, bob = pair
    ann.types("/nick Anna", "/nick bob", "hello")
    (renamed, said) = bob.screen.messages
    assert (renamed.kind, renamed.sender, renamed.text) == (Kind.RENAMED, "ann", "Anna")
    assert said.sender == "Anna"
    assert ann.notices() == ["The name bob is taken; please choose another."]


def test_ignore_is_switched_on_and_off(pair: tuple[Person, Person]) -> None:
    ann, bob = pair
    ann.types("/ignore", "/ignore Bob", "/ignore")
    bob.types("one", "/me waves", "/msg ann psst")
    ann.types("/history", "/ignore bob")
    bob.types("two")
    assert ann.hears() == ["two"]
    assert ann.screen.texts(Kind.ACTED) == []
    assert ann.screen.texts(Kind.WHISPERED) == []
    assert ann.notices()[0] == "You ignore: nobody."
    assert ann.notices()[2] == "You ignore: bob."


def test_a_renamed_person_can_be_heard_again(pair: tuple[Person, Person]) -> None:
    ann, bob = pair
    ann.types("/ignore bob")
    bob.types("/nick bert", "one")
    ann.types("/ignore", "/history", "/ignore bert")
    bob.types("two")
    assert ann.notices()[1] == "You ignore: bert, bob."
    assert ann.hears() == ["two"]


def test_who_was_renamed_is_heard_again_by_the_old_name(pair: tuple[Person, Person]) -> None:
    ann, bob = pair
    ann.types("/ignore bob")
    bob.types("/nick bert")
    ann.types("/ignore bob")
    bob.types("hello")
    assert ann.notices()[-1] == "You hear bob again."
    assert ann.hears() == ["hello"]


def test_ignore_has_its_limits() -> None:
    hall = new_hall(max_ignored=1)
    ann, _, _ = (person(hall, name) for name in ("ann", "bob", "carol"))
    ann.types("/ignore ann", "/ignore nobody", "/ignore bob", "/ignore carol")
    answers = ann.notices()
    assert answers[0] == "You cannot ignore yourself."
    assert answers[1] == "There is nobody called nobody here."
    assert answers[3].startswith("You ignore as many as you may")


def test_history_shows_as_many_as_asked_for(pair: tuple[Person, Person]) -> None:
    ann, bob = pair
    bob.types("/history")
    assert bob.reads() == ["-- Nothing has been said here yet."]
    ann.types("one", "two", "three")
    bob.screen.clear()
    bob.types("/history 2")
    assert bob.reads() == ["ann: two", "ann: three"]
    bob.types("/history 0", "/history x", "/history -1", "/history 99999999999999999999")
    assert bob.notices() == ["Usage: /history [LINES]"] * 4


def test_search_finds_what_was_said_in_this_room(pair: tuple[Person, Person]) -> None:
    ann, bob = pair
    ann.types("green tea", "black tea", "/join attic", "tea in the attic")
    bob.screen.clear()
    bob.types("/search TEA bl", "/search", "/search milk")
    assert bob.reads() == [
        "-- 1 found for: TEA bl",
        "ann: black tea",
        "-- Usage: /search WORDS",
        "-- Nothing was found for: milk",
    ]


def test_who_and_rooms_do_not_tell_what_is_in_a_closed_room(pair: tuple[Person, Person]) -> None:
    ann, bob = pair
    ann.types("/join attic", "/topic treasure", "/lock sesame")
    bob.screen.clear()
    bob.types("/who", "/rooms")
    assert bob.reads() == ["-- lobby: bob", "-- lobby (1)", "-- attic (1, closed)"]
    ann.screen.clear()
    ann.types("/who", "/rooms")
    assert "-- attic: ann" in ann.reads()
    assert "-- attic (1, closed) - treasure" in ann.reads()


def test_quit_tells_the_others_why(pair: tuple[Person, Person]) -> None:
    ann, bob = pair
    ann.types("/quit tea is ready", "/look")
    assert bob.screen.texts(Kind.LEFT) == ["quit (tea is ready)"]
    assert ann.screen.kinds() == [Kind.FAREWELL]
    assert ann.session.ended
