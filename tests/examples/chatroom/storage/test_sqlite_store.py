"""Stored data is found again: pages, nonces, rooms, sanctions, words."""

from __future__ import annotations

from dataclasses import replace

import pytest

from examples.chatroom.hall.history import (
    AddMessage,
    Answer,
    Asker,
    ForgetMessage,
    ForgetRoom,
    Remembered,
    SaveRoom,
    Store,
    Written,
)
from examples.chatroom.hall.messages import Kind, Message
from examples.chatroom.people.sanction import ForgetSanction, SaveSanction
from examples.chatroom.storage import history_rows
from tests.driving import run_until
from tests.examples.chatroom.storage.diaries import NOON, OK, Diary, add, ids, reopened, said


def test_what_is_written_can_be_read_at_once_and_after_a_restart(diary: Diary) -> None:
    acted = Message(
        Kind.ACTED, "wavés \N{WAVING HAND SIGN}", "Bøb", room="Lobby", at=NOON + 1, id=2
    )
    assert diary.write(add(1), AddMessage("lobby", acted)) == OK
    assert diary.page() == Answer((said(1), acted))
    with reopened(diary) as again:
        assert again.page() == Answer((said(1), acted))


def test_a_store_is_a_store(diary: Diary) -> None:
    store: Store = diary.store
    assert store.load(0) == Remembered()


def test_what_was_shown_before_it_was_kept_is_kept_when_it_is_read(diary: Diary) -> None:
    shown = replace(said(1), kept=False)
    diary.write(AddMessage("lobby", shown))
    assert diary.page().messages == (replace(shown, kept=True),)


def test_pages_go_back_to_the_beginning(diary: Diary) -> None:
    diary.write(*(add(number) for number in range(1, 8)), add(9, room="attic"))
    assert (ids((newest := diary.page(count=3)).messages), newest.more) == ([5, 6, 7], True)
    assert (ids((older := diary.page(before=5, count=3)).messages), older.more) == ([2, 3, 4], True)
    assert (ids((oldest := diary.page(before=2, count=3)).messages), oldest.more) == ([1], False)
    assert diary.page(before=1) == Answer()
    assert diary.page("attic").messages[0].id == 9
    assert diary.page("nowhere") == Answer()


@pytest.mark.parametrize(("before", "found"), [(-5, []), (10**40, [1]), (1, []), (2, [1])])
def test_any_number_is_a_number_to_page_from(diary: Diary, before: int, found: list[int]) -> None:
    diary.write(add(1))
    assert ids(diary.page(before=before).messages) == found


def test_no_messages_may_be_asked_for(diary: Diary) -> None:
    diary.write(add(1))
    assert diary.page(count=0) == Answer((), True)
    assert diary.page(count=-1) == Answer((), True)
    assert diary.remembered(recent=0).rooms[0][1] == ()


def test_a_known_nonce_is_reported_and_not_stored(diary: Diary) -> None:
    assert diary.write(add(1, nonce="a"), add(2, nonce="a"), add(3), add(4)).repeated == {2}
    assert diary.write(add(5, nonce="b"), add(6, nonce="a")) == Written("", frozenset({6}))
    assert ids(diary.page().messages) == [1, 3, 4, 5]
    with reopened(diary) as again:
        assert again.write(add(7, nonce="b")).repeated == {7}


def test_a_nonce_may_be_anything(diary: Diary) -> None:
    strange = ["\ud800", "\0", "x" * 1_000_000, "'", "ä"]
    for number, nonce in enumerate(strange, 1):
        assert diary.write(add(number, nonce=nonce)) == OK
        assert diary.write(add(99, nonce=nonce)).repeated == {99}


def test_a_write_repeated_as_a_whole_is_no_mistake(diary: Diary) -> None:
    # As after a commit that the disk carried out and reported as failed.
    batch = (SaveRoom("lobby", "Lobby"), add(1, nonce="a"), add(2))
    assert diary.write(*batch) == OK
    assert diary.write(*batch) == OK
    assert ids(diary.page().messages) == [1, 2]


def test_an_id_that_another_program_has_used_is_a_clear_problem(diary: Diary) -> None:
    diary.write(add(1, "what another program wrote"))
    assert diary.write(add(1)).problem == "another program has written into it"
    assert diary.write(add(2)) == OK


def test_ids_are_never_given_again(diary: Diary) -> None:
    diary.write(add(1), add(7), ForgetRoom("lobby"))
    assert diary.remembered().last_id == 7
    with reopened(diary) as again:
        assert again.remembered() == Remembered(last_id=7)


def test_rooms_are_remembered_with_what_was_said_last(diary: Diary) -> None:
    attic = SaveRoom("attic", "Attic", "under the roof", "salt$hash", "ada")
    diary.write(SaveRoom("attic", "ATTIC"), attic, add(1), add(2), add(3, room="attic"))
    with reopened(diary) as again:
        assert again.remembered(recent=1).rooms == (
            (attic, (replace(said(3), room="Attic"),)),
            (SaveRoom("lobby", "Lobby"), (said(2),)),
        )


def test_a_forgotten_room_is_forgotten_with_all_its_words(diary: Diary) -> None:
    diary.write(SaveRoom("lobby", "Lobby"), add(1, "secret"), add(2, "secret", room="attic"))
    diary.write(ForgetRoom("lobby"), ForgetRoom("nowhere"))
    assert [room.key for room, _ in diary.remembered().rooms] == ["attic"]
    assert diary.search("secret") == Answer()
    assert ids(diary.search("secret", "attic").messages) == [2]
    diary.write(add(3, "new", room="lobby"))
    assert ids(diary.page().messages) == [3]


def test_sanctions_come_and_go(diary: Diary) -> None:
    ban = SaveSanction("ban", "address:192.0.2.1", None, "Ada", "spam")
    mute = SaveSanction("mute", "name:bob", NOON + 60, "Ada", "")
    over = SaveSanction("mute", "name:eve", NOON - 60, "Ada", "")
    diary.write(ban, replace(mute, reason="first"), mute, over, replace(ban, kind="mute"))
    diary.write(ForgetSanction("mute", ban.subject), ForgetSanction("ban", "nobody"))
    with reopened(diary) as again:
        assert again.remembered().sanctions == (ban, mute)


def test_all_of_a_write_or_nothing(diary: Diary) -> None:
    diary.write(add(1, "there already"))
    assert diary.write(add(2), SaveRoom("attic", "Attic"), add(1)).problem
    assert ids(diary.page().messages) == [1]
    assert [room.key for room, _ in diary.remembered().rooms] == ["lobby"]


def test_searching_finds_words_and_names(diary: Diary) -> None:
    diary.write(
        add(1, "Good morning, Bob"),
        AddMessage("lobby", said(2, "Crème brûlée?", "Grace")),
        add(3, "good night"),
        add(4, "good evening", room="attic"),
    )
    for query, found in {
        "good": [1, 3],
        "GOOD NIGHT": [3],
        "creme": [2],
        "grace": [2],
        "grace brul": [2],
        "ada good": [1, 3],
        "goo": [1, 3],
        "goo night": [],
        "nothing": [],
        "text:good": [],
        "good OR nothing": [],
        "": [],
        '"': [],
    }.items():
        assert (query, ids(diary.search(query).messages)) == (query, found)


def test_searching_gives_the_newest_and_says_if_there_are_more(diary: Diary) -> None:
    diary.write(*(add(number, "word") for number in range(1, 6)))
    answer = diary.search("word", count=2)
    assert (ids(answer.messages), answer.more) == ([4, 5], True)
    assert (answer.total, answer.counted) == (5, True)
    assert diary.search("word", count=5).more is False


def test_a_search_goes_on_before_a_message_and_passes_by_those_who_are_ignored(
    diary: Diary,
) -> None:
    loud = [AddMessage("lobby", replace(said(number, "word"), sender="Eve")) for number in (4, 5)]
    diary.write(*(add(number, "word") for number in (1, 2, 3)), *loud, add(6, "word", room="attic"))
    answers: list[Answer] = []
    for unheard in (frozenset(), frozenset({"eve"})):
        asker = Asker(unheard=unheard)
        diary.store.search("lobby", "word", 2, answers.append, asker, 5)
    run_until(diary.loop, lambda: len(answers) == 2)
    assert [(ids(each.messages), each.more, each.total) for each in answers] == [
        ([3, 4], True, 5),
        ([2, 3], True, 3),
    ]


def test_counting_stops_at_a_bound(diary: Diary, monkeypatch: pytest.MonkeyPatch) -> None:
    diary.write(*(add(number, "word") for number in range(1, 6)), add(6, "word", room="attic"))
    bounded = history_rows._COUNT.replace(f"LIMIT {history_rows.MOST_COUNTED}", "LIMIT 4")
    monkeypatch.setattr(history_rows, "_COUNT", bounded)
    monkeypatch.setattr(history_rows, "MOST_COUNTED", 4)
    answer = diary.search("word", count=2)
    assert (answer.total, answer.counted, ids(answer.messages)) == (3, False, [4, 5])


def test_a_forgotten_message_is_found_no_more(diary: Diary) -> None:
    diary.write(add(1, "secret words"), add(2, "secret too"))
    assert diary.write(ForgetMessage(1), ForgetMessage(1), ForgetMessage(10**30)) == OK
    assert ids(diary.page().messages) == [2]
    assert ids(diary.search("secret").messages) == [2]
    with reopened(diary) as again:
        assert ids(again.page().messages) == [2]
        assert again.remembered().last_id == 2
