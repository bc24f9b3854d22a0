"""Outages of the engine and of nodes, and recovery."""

from __future__ import annotations

from examples.chatroom.cluster.claims import PATIENCE
from examples.chatroom.hall.history import MemoryStore
from examples.chatroom.hall.limits import Limits
from examples.chatroom.hall.messages import Kind, Receipt
from examples.chatroom.hall.order import Proof

from ..helpers import Person, visitor
from .nodes import Cluster, about, cluster, said


def unplug(town: Cluster, *names: str) -> None:
    for name in names:
        town.servers[name].engine.reachable = False
    town.settle()


def plug(town: Cluster, *names: str) -> None:
    for name in names:
        town.servers[name].engine.reachable = True
    town.settle()


def test_what_is_said_while_the_engine_is_away_appears_once_afterwards() -> None:
    town = cluster("a", "b")
    ann, bob = town.enter("a", "ann"), town.enter("b", "bob")
    unplug(town, "a", "b")
    assert ["is down" in text for text in ann.notices()] == [True]
    town.types(ann, "one", "two")
    town.types(bob, "three")
    ann.session.receipt(7)
    assert (said(ann), said(bob), ann.sees(Receipt)) == ([], [], [])
    plug(town, "a", "b")
    assert len(said(ann)) == 3
    assert said(ann) == said(bob)
    assert [text for name, text in said(ann) if name == "ann"] == ["one", "two"]
    assert ann.sees(Receipt) == [Receipt(7)]
    assert "is back" in ann.notices()[-1]


def test_a_node_that_is_cut_off_reads_what_it_missed() -> None:
    town = cluster("a", "b")
    ann, bob = town.enter("a", "ann"), town.enter("b", "bob")
    unplug(town, "b")
    town.types(ann, "one", "two")
    plug(town, "b")
    assert said(bob) == said(ann) == [("ann", "one"), ("ann", "two")]


def test_past_the_bound_one_is_told_so() -> None:
    town = cluster("a", limits=Limits(max_waiting=2))
    ann = town.enter("a", "ann")
    unplug(town, "a")
    town.types(ann, "one", "two", "three")
    assert "too much waits already" in ann.notices()[-1]
    plug(town, "a")
    assert [text for _, text in said(ann)] == ["one", "two"]
    town.types(ann, "four")
    assert said(ann)[-1] == ("ann", "four")


def test_what_waits_survives_the_node() -> None:
    town = cluster("a", "b")
    ann, bob = town.enter("a", "ann"), town.enter("b", "bob")
    unplug(town, "a")
    town.types(ann, "one", "two")
    first = town.servers["a"]
    first.hall.close("Closing.")
    assert first.engine.closed
    town.start("a", first.store)
    assert said(bob) == [("ann", "one"), ("ann", "two")]
    assert first.store.load(10).waiting == ()


def test_a_dead_nodes_members_leave() -> None:
    town = cluster("a", "b")
    ann, bob = town.enter("a", "ann"), town.enter("b", "bob")
    town.types(bob, "/join garden")
    town.types(ann, "/join garden")
    dead = town.servers.pop("b")
    dead.engine.stopped = True
    town.world.bury(dead.engine)
    town.settle()
    assert about(ann, Kind.LEFT)[-1] == "bob"
    ann.screen.clear()
    town.types(ann, "/who")
    assert ann.notices() == ["garden: ann"]
    assert town.enter("a", "bob").session.logged_in


def test_a_node_that_was_stopped_and_buried_comes_back() -> None:
    town = cluster("a", "b")
    ann, bob = town.enter("a", "ann"), town.enter("b", "bob")
    engine = town.servers["b"].engine
    engine.stopped = True
    town.world.bury(engine)
    town.settle()
    assert about(ann, Kind.LEFT) == ["bob"]
    town.types(ann, "are you there?")
    engine.stopped, engine.up = False, False  # its connection was reset meanwhile
    town.settle()
    assert about(ann, Kind.JOINED) == ["bob", "bob"]
    assert said(bob) == [("ann", "are you there?")]
    assert about(bob, Kind.JOINED) == []
    town.types(bob, "here I am")
    assert said(ann)[-1] == ("bob", "here I am")


def test_who_loses_its_name_gets_another_and_is_told() -> None:
    town = cluster("a", "b")
    ann = town.enter("a", "ann")
    engine = town.servers["a"].engine
    engine.stopped = True
    town.world.bury(engine)
    town.settle()
    other = town.enter("b", "ann")
    assert other.session.logged_in
    engine.stopped, engine.up = False, False
    town.settle()
    assert ann.session.name == "ann-2"
    assert ann.notices()[-1] == "Another member has the name ann: you are called ann-2 now."
    other.screen.clear()
    town.types(ann, "still me")
    town.types(other, "/who", "/msg ann-2 hello")
    assert said(other) == [("ann-2", "still me")]
    assert ann.screen.texts(Kind.WHISPERED) == ["hello"]


def test_a_name_is_granted_with_the_engine_away_and_settled_afterwards() -> None:
    town = cluster("a", "b")
    town.enter("a", "ann")
    unplug(town, "a", "b")
    one, other = (visitor(town.servers[name].hall) for name in "ab")
    for each in (one, other):
        town.types(each, "bob")
        assert each.session.logged_in
    third = visitor(town.servers["b"].hall)
    town.types(third, "ann")
    assert not third.session.logged_in
    plug(town, "a", "b")
    town.later(PATIENCE)
    assert sorted(each.session.name for each in (one, other)) == ["bob", "bob-2"]


def test_a_name_is_kept_whose_other_holder_left_during_the_outage() -> None:
    town = cluster("a", "b")
    before = town.enter("a", "bob")
    unplug(town, "a", "b")
    before.session.lost("connection lost", town.now)
    town.servers["b"].hall.names.release(town.servers["b"].hall.names.find("bob"))
    after = visitor(town.servers["b"].hall)
    town.types(after, "bob")
    plug(town, "b")
    plug(town, "a")
    town.later(PATIENCE)
    assert after.session.name == "bob"


def test_a_browser_whose_node_is_gone_has_its_name_at_another_one_at_once() -> None:
    town = cluster("a", "b", "c")
    cid = town.enter("c", "cid")
    browser = visitor(town.servers["a"].hall, roaming=True)
    browser.session.log_in("ann", town.now, None, Proof("", "digest"))
    town.settle()
    town.servers["a"].engine.stopped = True
    thief = visitor(town.servers["b"].hall)
    thief.session.log_in("ann", town.now, None, Proof("guess", "other"))
    town.settle()
    assert not thief.session.logged_in
    again = visitor(town.servers["b"].hall, roaming=True)
    again.session.log_in("ann", town.now, None, Proof("digest", "another"))
    town.settle()
    assert again.session.logged_in
    cid.screen.clear()
    town.world.bury(town.servers["a"].engine)
    town.settle()
    assert about(cid, Kind.LEFT) == []
    town.types(cid, "/who", "/msg ann welcome")
    assert cid.notices() == ["lobby: cid, ann"]
    assert again.screen.texts(Kind.WHISPERED) == ["welcome"]


def take_over(town: Cluster, node: str, token: str) -> Person:
    """Log a browser in as ann at `node`, with the proof of its old token."""
    browser = visitor(town.servers[node].hall, roaming=True)
    browser.session.log_in("ann", town.now, None, Proof(token, "fresh"))
    town.settle()
    return browser


def test_a_renewed_token_proves_the_name_and_an_old_one_does_not() -> None:
    town = cluster("a", "b", "c")
    browser = visitor(town.servers["a"].hall, roaming=True)
    browser.session.log_in("ann", town.now, None, Proof("", "first"))
    town.settle()
    browser.session.prove("second first")  # neither side knows yet which of them has arrived
    town.settle()
    browser.session.prove("second")
    town.settle()
    town.servers["a"].engine.stopped = True
    assert not take_over(town, "b", "first").session.logged_in
    assert take_over(town, "b", "second").session.logged_in
    assert not take_over(town, "c", "second").session.logged_in
    assert take_over(town, "c", "fresh").session.logged_in


def test_a_token_renewed_with_the_engine_away_proves_the_name_afterwards() -> None:
    town = cluster("a", "b")
    browser = visitor(town.servers["a"].hall, roaming=True)
    browser.session.log_in("ann", town.now, None, Proof("", "first"))
    town.settle()
    unplug(town, "a")
    browser.session.prove("second")
    town.settle()
    plug(town, "a")
    town.servers["a"].engine.stopped = True
    assert not take_over(town, "b", "first").session.logged_in
    assert take_over(town, "b", "second").session.logged_in


def test_a_token_renewed_while_another_name_is_asked_for_proves_that_name() -> None:
    town = cluster("a", "b")
    browser = visitor(town.servers["a"].hall, roaming=True)
    browser.session.log_in("bob", town.now, None, Proof("", "first"))
    town.settle()
    browser.session.receive("/nick ann", town.now)
    browser.session.prove("second")
    town.settle()
    town.servers["a"].engine.stopped = True
    assert not take_over(town, "b", "first").session.logged_in
    assert take_over(town, "b", "second").session.logged_in


def test_a_gap_is_said_in_the_room() -> None:
    town = cluster("a")
    ann = town.enter("a", "ann")
    town.types(ann, "/join garden", "old", "new")
    feed = next(feed for name, feed in town.world.feeds.items() if "garden" in name)
    feed.trimmed = feed.entries[-1].at - 1
    town.start("b", MemoryStore(10))
    bob = town.enter("b", "bob")
    town.types(bob, "/join garden")
    assert "it is whole from" in bob.notices()[-1]
    assert any("new" in line for line in bob.reads())
    assert not any("old" in line for line in bob.reads())


def test_an_orderly_end_frees_names_and_rooms_at_once() -> None:
    town = cluster("a", "b")
    ann, bob = town.enter("a", "ann"), town.enter("b", "bob")
    town.types(bob, "my last words")
    town.servers["b"].hall.close("Closing.")
    town.settle()
    assert said(ann) == [("bob", "my last words")]
    assert about(ann, Kind.LEFT) == ["bob"]
    assert ann.screen.texts(Kind.LEFT) == ["its server was shut down"]
    assert town.enter("a", "bob").session.logged_in


def test_an_engine_that_has_lost_everything_is_told_all_again() -> None:
    town = cluster("a", "b", "c")
    ann, bob, cid = town.enter("a", "ann"), town.enter("b", "bob"), town.enter("c", "cid")
    town.types(ann, "/join garden", "/topic Roses", "/lock roses")
    town.types(bob, "/join garden roses", "hello")
    hall = town.servers["a"].hall
    hall.promote(hall.names.find("ann"), town.now)
    town.types(ann, "/ban 198.51.100.7")
    town.world.lose_everything()
    town.start("d")
    dan = town.enter("d", "dan")
    town.types(dan, "/who", "/rooms", "/join garden roses", "here")
    assert dan.notices() == ["lobby: cid, dan"]
    assert said(ann)[-1] == said(bob)[-1] == ("dan", "here")
    assert "Roses" in " ".join(dan.reads())
    town.types(dan, "/msg cid psst")
    assert cid.screen.texts(Kind.WHISPERED) == ["psst"]
    other = visitor(town.servers["d"].hall, "198.51.100.8")
    town.types(other, "bob")
    assert not other.session.logged_in


def test_a_browser_that_changes_the_node_leaves_no_double_behind() -> None:
    town = cluster("a", "b")
    first = visitor(town.servers["a"].hall, roaming=True)
    first.session.log_in("ann", town.now, None, Proof("", "digest"))
    town.settle()
    again = visitor(town.servers["b"].hall, roaming=True)
    again.session.log_in("ann", town.now, None, Proof("digest", "another"))
    town.settle()
    assert (first.session.ended, again.session.logged_in) == (True, True)
    assert "another server" in first.screen.texts(Kind.FAREWELL)[0]
    bob = town.enter("a", "bob")
    town.types(bob, "/who", "/msg ann hi")
    assert bob.notices() == ["lobby: ann, bob"]
    assert again.screen.texts(Kind.WHISPERED) == ["hi"]


def test_a_line_sent_again_at_another_node_is_said_once_and_confirmed() -> None:
    town = cluster("a", "b")
    ann, bob = town.enter("a", "ann"), town.enter("b", "bob")
    ann.session.receive("hello", town.now, "", "nonce-1")
    town.settle()
    bob.session.receive("hello", town.now, "", "nonce-1")  # the same page, under another name here
    bob.session.receipt(1)
    town.settle()
    assert said(ann) == said(bob) == [("ann", "hello")]
    assert bob.sees(Receipt) == [Receipt(1)]


def test_an_acknowledged_line_that_does_not_come_back_holds_up_no_receipt_for_long() -> None:
    town = cluster("a")
    ann = town.enter("a", "ann")
    town.servers["a"].engine.deaf.add("room:lobby")
    town.types(ann, "hello")
    ann.session.receipt(1)
    town.later(1)
    assert ann.sees(Receipt) == []
    town.later(5)
    assert ann.sees(Receipt) == [Receipt(1)]


def test_a_node_that_is_buried_late_has_its_members_back() -> None:
    town = cluster("a", "b")
    ann, bob = town.enter("a", "ann"), town.enter("b", "bob")
    town.world.bury(town.servers["b"].engine)  # which still runs, and does not know
    town.settle()
    assert about(ann, Kind.JOINED) == ["bob", "bob"]
    town.types(ann, "/who", "/msg bob psst")
    assert ann.notices() == ["lobby: ann, bob"]
    assert bob.screen.texts(Kind.WHISPERED) == ["psst"]
