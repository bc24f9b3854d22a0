from __future__ import annotations

from collections.abc import Callable
from functools import partial

from examples.chatroom.hall.history import AddMessage, ForgetRoom, Write, Written
from examples.chatroom.hall.ledger import HANGS, PATIENCE, RETRY, Fate, Ledger
from examples.chatroom.hall.messages import Kind, Message
from tests.examples.chatroom.slow_store import SlowStore


class Desk:
    """A ledger with its input and its answers."""

    def __init__(self, most: int = 100) -> None:
        self.store = SlowStore()
        self.deferred: list[Callable[[], None]] = []
        self.news: list[str] = []
        self.fates: list[tuple[str, Fate]] = []
        self.ledger = Ledger(self.store, self.deferred.append, self.news.append, most)

    def add(self, *names: str) -> None:
        for name in names:
            self.ledger.add(ForgetRoom(name), partial(self._settled, name))

    def _settled(self, name: str, fate: Fate) -> None:
        self.fates.append((name, fate))

    def end_of_pass(self) -> None:
        deferred, self.deferred[:] = self.deferred[:], []
        for callback in deferred:
            callback()

    def batches(self) -> list[list[str]]:
        return [[name(write) for write in batch] for batch in self.store.batches]

    def held_up(self, *names: str) -> None:
        """Simulate a full disk that could not take `names`."""
        self.add(*names)
        self.end_of_pass()
        self.store.answer("the disk is full")


def name(write: Write) -> str:
    assert isinstance(write, ForgetRoom)
    return write.key


def test_all_that_a_pass_brings_is_one_commit() -> None:
    desk = Desk()
    desk.add("a", "b", "c")
    assert desk.batches() == []
    desk.end_of_pass()
    assert desk.batches() == [["a", "b", "c"]]
    assert desk.fates == []
    desk.store.answer()
    assert desk.fates == [("a", Fate.STORED), ("b", Fate.STORED), ("c", Fate.STORED)]


def test_what_comes_during_a_commit_is_the_next_one() -> None:
    desk = Desk()
    desk.add("a")
    desk.end_of_pass()
    desk.add("b")
    desk.end_of_pass()
    desk.add("c")
    assert desk.batches() == [["a"]]
    desk.store.answer()
    assert desk.batches() == [["a"], ["b", "c"]]
    assert len(desk.ledger) == 2
    desk.store.answer()
    assert len(desk.ledger) == 0
    assert desk.deferred == []


def test_a_failure_is_told_once_and_settles_all_that_waits() -> None:
    desk = Desk()
    desk.add("a")
    desk.end_of_pass()
    desk.add("b")
    desk.store.answer("the disk is full")
    desk.add("c")
    assert desk.fates == [("a", Fate.HELD), ("b", Fate.HELD), ("c", Fate.HELD)]
    assert len(desk.news) == 1
    assert "the disk is full" in desk.news[0]
    assert desk.ledger.problem == "the disk is full"


def test_what_was_held_is_stored_in_order_when_the_disk_is_well_again() -> None:
    desk = Desk()
    desk.held_up("a", "b")
    desk.ledger.tick(100.0)
    desk.add("c")
    desk.ledger.tick(100.0 + 2 * RETRY)
    desk.store.answer()
    desk.store.answer()
    assert desk.batches()[1:] == [["a", "b"], ["c"]]
    assert desk.news[1] == "The history can be written again; nothing is lost."
    assert (desk.ledger.problem, len(desk.ledger)) == ("", 0)
    desk.add("d")
    desk.end_of_pass()
    assert desk.batches()[-1] == ["d"]


def test_a_sick_disk_is_asked_now_and_then_and_in_vain_without_a_word() -> None:
    desk = Desk()
    desk.held_up("a")
    desk.ledger.tick(100.0)
    desk.store.answer("still full")
    desk.ledger.tick(100.0 + RETRY / 2)
    assert len(desk.batches()) == 2
    desk.ledger.tick(100.0 + RETRY)
    desk.store.answer("locked")
    assert desk.batches() == [["a"]] * 3
    assert len(desk.news) == 1
    assert desk.ledger.problem == "locked"


def test_only_so_much_is_held_and_the_rest_is_owned_up_to() -> None:
    desk = Desk(most=2)
    desk.held_up("a", "b", "c", "d", "e")
    assert len(desk.ledger) == 4
    desk.ledger.tick(100.0)
    desk.store.answer()
    assert desk.batches()[-1] == ["a", "b", "c", "d"]
    assert desk.news[1] == "The history can be written again; nothing is lost, but for 1 messages."


def test_what_is_said_leaves_room_for_what_operators_do() -> None:
    desk = Desk(most=2)
    for number in range(5):
        message = Message(Kind.SAID, "hi", "Ada", room="lobby", at=1.0, id=number + 1)
        desk.ledger.add(AddMessage("lobby", message), lambda fate: None)
    desk.ledger.add(ForgetRoom("attic"), lambda fate: None)
    desk.end_of_pass()
    desk.store.answer("the disk is full")
    desk.ledger.tick(100.0)
    kinds = [type(write) for write in desk.store.batches[-1]]
    assert kinds == [AddMessage, AddMessage, ForgetRoom]


def test_a_long_backlog_is_stored_in_pieces() -> None:
    desk = Desk(most=2000)
    desk.held_up(*map(str, range(1200)))
    desk.ledger.tick(100.0)
    while desk.store.waiting:
        desk.store.answer()
    pieces = desk.batches()[1:]
    assert [len(piece) for piece in pieces] == [500, 500, 200]
    assert [name for piece in pieces for name in piece] == list(map(str, range(1200)))


def hung(*names: str) -> Desk:
    """Return a desk whose store has begun to write `names` and never finishes."""
    desk = Desk()
    desk.add(*names)
    desk.end_of_pass()
    desk.ledger.tick(100.0)
    desk.ledger.tick(100.0 + PATIENCE)
    return desk


def test_a_commit_that_does_not_end_holds_up_nobody() -> None:
    desk = hung("a", "b")
    assert desk.fates == [("a", Fate.HELD), ("b", Fate.HELD)]
    assert desk.ledger.problem == HANGS
    assert HANGS in desk.news[0]
    assert desk.news[0] == desk.ledger.caution
    desk.add("c")
    assert desk.fates[2:] == [("c", Fate.HELD)]
    assert len(desk.ledger) == 3


def test_a_commit_has_its_time_from_its_own_beginning() -> None:
    desk = Desk()
    for second in range(20):
        desk.add(str(second))
        desk.end_of_pass()
        desk.ledger.tick(100.0 + second)
        desk.store.answer()
    assert desk.news == []


def test_nothing_is_written_before_the_commit_in_doubt_has_ended() -> None:
    desk = hung("a")
    desk.add("b")
    desk.ledger.tick(1_000.0)
    desk.end_of_pass()
    assert desk.batches() == [["a"]]


def test_a_commit_that_ends_after_all_is_not_repeated_and_nothing_is_lost() -> None:
    desk = hung("a")
    desk.add("b", "c")
    desk.store.answer()
    assert desk.batches() == [["a"], ["b", "c"]]
    desk.store.answer()
    assert desk.news[1:] == ["The history can be written again; nothing is lost."]
    assert (desk.ledger.problem, desk.ledger.caution, len(desk.ledger)) == ("", "", 0)
    assert [fate for _, fate in desk.fates] == [Fate.HELD] * 3
    desk.add("d")
    desk.end_of_pass()
    assert desk.batches()[-1] == ["d"]


def test_a_commit_that_ends_after_all_when_nothing_else_was_said() -> None:
    desk = hung("a")
    desk.store.answer()
    assert desk.ledger.problem == ""
    assert len(desk.batches()) == 1


def test_a_commit_that_fails_after_all_is_tried_again_in_its_place() -> None:
    desk = hung("a")
    desk.add("b")
    desk.store.answer("the disk is full")
    assert desk.ledger.problem == "the disk is full"
    desk.ledger.tick(1_000.0)
    desk.store.answer()
    assert desk.batches() == [["a"], ["a", "b"]]
    assert desk.ledger.problem == ""


def test_what_comes_of_the_trouble_is_stored_after_what_was_held() -> None:
    desk = Desk()
    desk.ledger.add(ForgetRoom("a"), lambda fate: desk.add("left"))
    desk.add("b")
    desk.end_of_pass()
    desk.store.answer("the disk is full")
    desk.ledger.tick(100.0)
    assert desk.batches()[-1] == ["a", "b", "left"]


def test_what_the_store_has_to_say_is_announced() -> None:
    desk = Desk()
    desk.add("a")
    desk.end_of_pass()
    desk.store.waiting.pop()(Written(note="It was made anew."))
    assert desk.news == ["It was made anew."]
    assert desk.fates == [("a", Fate.STORED)]
    desk.held_up("b")
    desk.ledger.tick(100.0)
    desk.store.waiting.pop()(Written(note="And again."))
    assert "And again." in desk.news
    assert desk.ledger.problem == ""
