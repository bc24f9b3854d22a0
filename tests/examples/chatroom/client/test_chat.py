from __future__ import annotations

import pytest

from examples.chatroom.client import chat as module
from examples.chatroom.client.chat import Chat
from examples.chatroom.client.events import LONGEST_TEXT, BadEvent


def message(kind: str, text: str = "hi", sender: str = "bob", **more: object) -> dict[str, object]:
    return {"kind": kind, "room": "lobby", "sender": sender, "text": text, "at": 1.0, **more}


class Watched(Chat):
    """A chat in the lobby, as ann."""

    def __init__(self) -> None:
        self.rung = 0
        self.pages: list[tuple[str, int]] = []
        super().__init__(lambda *page: self.pages.append(page), self._count)
        self.me = "ann"
        self.tell("before")
        self.enter("lobby")

    def _count(self) -> None:
        self.rung += 1

    def enter(self, name: str, *ids: int, more: bool = False, **fields: object) -> None:
        recent = [message("said", f"line {each}", id=each, at=float(each)) for each in ids]
        people = [{"name": "ann"}, {"name": "bob", "operator": True}]
        self.handle(
            {
                "kind": "room",
                "room": name,
                "people": people,
                "recent": recent,
                "more": more,
                **fields,
            }
        )

    def texts(self, room: str = "") -> list[str]:
        return [row.text for row in (self.rooms[room] if room else self.active).rows]


@pytest.fixture
def chat() -> Watched:
    return Watched()


def test_the_first_room_takes_what_was_said_before(chat: Watched) -> None:
    assert chat.active.name == "lobby"
    assert chat.texts() == ["before"]
    assert chat.active.people == {"ann": False, "bob": True}


def test_people_come_go_and_are_renamed(chat: Watched) -> None:
    chat.handle(message("joined", "", "carl"))
    chat.handle(message("operator", "", "carl"))
    chat.handle(message("renamed", "karl", "carl"))
    chat.handle(message("left", "quit", "bob"))
    assert chat.active.people == {"ann": False, "karl": True}
    chat.handle(message("renamed", "anna", "ann"))
    assert chat.me == "anna"


def test_a_room_is_closed_opened_and_gets_a_topic(chat: Watched) -> None:
    chat.handle(message("locked"))
    assert chat.active.closed
    chat.handle(message("unlocked"))
    chat.handle(message("topic", "tea"))
    assert (chat.active.closed, chat.active.topic) == (False, "tea")


def test_what_is_quiet_changes_lists_and_is_not_shown(chat: Watched) -> None:
    chat.handle(message("joined", "", "carl", quiet=True))
    assert "carl" in chat.active.people
    assert chat.texts() == ["before"]


def test_a_mention_rings_once_and_ones_own_lines_do_not(chat: Watched) -> None:
    chat.handle(message("said", "hello ANN", id=7))
    chat.handle(message("said", "hello ANN", id=7))
    chat.handle(message("said", "I am ann", sender="ann", id=8))
    chat.handle(message("said", "annals", id=9))
    assert chat.rung == 1
    chat.handle({"kind": "whispered", "sender": "bob", "recipient": "ann", "text": "psst"})
    assert chat.rung == 2
    assert [row.mention for row in chat.active.rows] == [False, True, False, False, True]


def test_old_lines_ring_no_bell(chat: Watched) -> None:
    chat.handle(
        {"kind": "room", "room": "dev", "recent": [message("said", "ann?", id=1)], "more": False}
    )
    assert chat.rung == 0


def test_what_comes_elsewhere_is_counted_until_it_is_looked_at(chat: Watched) -> None:
    chat.enter("dev")
    chat.handle(message("said", "one", id=1))
    chat.handle(message("said", "ann!", id=2))
    chat.handle(message("joined", "", "carl"))
    lobby = chat.rooms["lobby"]
    assert (chat.active.name, lobby.unread, lobby.mentioned) == ("dev", 2, True)
    chat.step(1)
    assert (chat.active.name, lobby.unread, lobby.mentioned) == ("lobby", 0, False)
    chat.step(-1)
    assert chat.active.name == "dev"


def test_a_room_that_is_left_goes(chat: Watched) -> None:
    chat.enter("dev")
    chat.handle({"kind": "parted", "room": "dev", "text": "kicked"})
    assert list(chat.rooms) == ["lobby"]
    assert chat.texts()[-1] == "You left dev: kicked."


def test_coming_back_asks_for_the_gap_and_stays_where_one_looks(chat: Watched) -> None:
    chat.enter("dev", 1, 2, 3)
    chat.go("lobby")
    chat.enter("dev", 12, 13, more=True)
    assert chat.pages == [("dev", 12)]
    assert chat.active.name == "lobby"
    page = [message("said", f"line {each}", id=each, room="dev") for each in range(3, 12)]
    chat.handle({"kind": "page", "room": "dev", "before": 12, "messages": page, "more": True})
    assert chat.texts("dev") == [f"line {each}" for each in range(1, 14)]
    assert chat.pages == [("dev", 12)]


def test_scrolling_back_asks_once_for_a_page(chat: Watched) -> None:
    chat.enter("dev", 8, 9, more=True)
    chat.load_older()
    chat.load_older()
    assert chat.pages == [("dev", 8)]
    chat.unload()  # the connection is lost, and the answer with it
    chat.load_older()
    assert chat.pages == [("dev", 8)] * 2


def test_lists_are_shown_to_those_who_typed_for_them(chat: Watched) -> None:
    dev = {"name": "dev", "people": 2, "topic": "tea", "closed": True}
    rooms: dict[str, object] = {"kind": "rooms", "rooms": [dev, {"name": "lobby"}]}
    chat.handle(rooms)
    assert chat.directory == ["dev", "lobby"]
    assert chat.texts() == ["before"]
    for command in ("/rooms", "/look", "/history 2"):
        chat.note_command(command)
    chat.handle(rooms)
    chat.enter("lobby", topic="tea")
    past = [message("said", "old", id=3)]
    chat.handle({"kind": "page", "room": "lobby", "before": 0, "messages": past, "more": True})
    assert chat.texts() == [
        "before",
        "dev (closed with a key): 2 here. tea",
        "lobby: 0 here",
        "lobby: ann, bob",
        "Topic: tea",
        "old",
    ]
    assert chat.active.rows[-1].id == 0


def test_a_search_shows_ids_to_operators(chat: Watched) -> None:
    found: dict[str, object] = {"kind": "found", "room": "lobby", "query": "x"}
    found["messages"] = [message("said", id=3)]
    chat.handle(found)
    chat.active.people["ann"] = True
    chat.handle(found)
    assert [row.label for row in chat.active.rows if row.kind == "found said"] == ["", "[3] "]


def test_a_search_says_how_many_there_are(chat: Watched) -> None:
    found = {"kind": "found", "room": "lobby", "query": "x", "messages": [message("said", id=3)]}
    chat.handle({**found, "total": 241, "more": True})
    assert "241 lines found in lobby with: x; the newest 1" in chat.texts()


def test_what_is_forgotten_goes_and_what_is_unknown_is_passed_over(chat: Watched) -> None:
    chat.handle(message("said", "secret", id=5))
    chat.handle({"kind": "forgotten", "id": 5})
    chat.handle({"kind": "from a server to come", "x": 1})
    chat.handle(message("said", room="elsewhere"))
    chat.handle({"kind": "problem", "text": "no"})
    assert chat.texts() == ["before", "This client made a mistake: no"]


def test_a_server_cannot_open_rooms_without_end(
    chat: Watched, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "MOST_ROOMS", 3)
    for number in range(9):
        chat.enter(f"room{number}")
    assert len(chat.rooms) == 3


def test_lines_of_the_line_door_go_on_in_rows(chat: Watched) -> None:
    for line in ("[12:00] bob: hello ann", "    and so on", "-- ann came", "[12:01] ann: ann"):
        chat.show(line)
    assert chat.texts()[1:] == [
        "[12:00] bob: hello ann and so on",
        "-- ann came",
        "[12:01] ann: ann",
    ]
    assert [row.mention for row in chat.active.rows[1:]] == [True, False, False]


def test_a_page_of_no_end_is_no_page(chat: Watched) -> None:
    with pytest.raises(BadEvent, match="recent is no list, or too long"):
        chat.enter("lobby", *range(1, 1002))


def test_a_line_that_goes_on_without_end_is_cut(chat: Watched) -> None:
    for _ in range(30):
        chat.show("    " + "x" * 1000)
    assert max(map(len, chat.texts())) == LONGEST_TEXT
