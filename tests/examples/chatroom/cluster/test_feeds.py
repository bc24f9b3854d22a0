"""Feeds of several nodes on a model of Redis: order, state, catching up."""

from collections.abc import Iterator
from itertools import pairwise

import pytest

pytest.importorskip("hiredis", reason="needs the extra [redis]")
pytest.importorskip("lupa", reason="needs lupa, which runs the engine's scripts")

from examples.chatroom.cluster.interface import Full
from miniloop.testing import Faults
from tests.examples.chatroom.cluster.scene import Scene

ROOM = "room:tea.1"


@pytest.fixture
def scene() -> Iterator[Scene]:
    scene = Scene()
    yield scene
    scene.close()


def test_all_nodes_read_one_order_and_each_entry_once(scene: Scene) -> None:
    nodes = scene.nodes_up("a", "b", "c")
    readers = [node.follow(ROOM) for node in nodes]
    for n in range(60):
        nodes[n % 3].say(ROOM, n, nonce=f"n{n}")
    scene.run_until(lambda: all(len(reader.entries) == 60 for reader in readers))
    first = readers[0].entries
    assert all(reader.entries == first for reader in readers)
    assert [each.seq for each in first] == [*range(1, 61)]
    assert all(a.at < b.at for a, b in pairwise(first))
    for mine in range(3):
        assert [n for n in readers[0].said if n % 3 == mine] == [*range(mine, 60, 3)]
    assert {each.nonce for each in first} == {f"n{n}" for n in range(60)}


def test_what_was_published_already_is_not_added_again(scene: Scene) -> None:
    [a] = scene.nodes_up("a")
    reader = a.follow(ROOM)
    done: list[int] = []
    for n in (1, 2):
        a.say(ROOM, n, nonce="same", state={"x": {"n": n}}, done=lambda: done.append(1))
    a.say(ROOM, 3)
    scene.run_until(lambda: reader.said == [1, 3] and len(done) == 2)
    late = a.follow(ROOM)
    scene.run_until(lambda: late.snapshots)
    assert late.snapshots[0].state == {"x": {"n": 1}}


def test_a_snapshot_has_state_and_past_of_one_moment(scene: Scene) -> None:
    a, b = scene.nodes_up("a", "b")
    for n in range(1200):
        a.say(ROOM, n, state={f"member/i/{n % 3}": {"n": n} if n < 1199 else None})
    scene.run_until(lambda: not a.feeds.waiting())
    reader = b.follow(ROOM)
    scene.run_until(lambda: reader.snapshots)
    [snapshot] = reader.snapshots
    assert (len(snapshot.past), snapshot.seq, snapshot.whole) == (1200, 1200, True)
    assert reader.said == [*range(1200)]
    assert snapshot.state == {"member/i/0": {"n": 1197}, "member/i/1": {"n": 1198}}
    again = b.follow(ROOM, snapshot.past[1000].at)
    scene.run_until(lambda: again.snapshots)
    assert again.said == [*range(1001, 1200)]
    assert again.snapshots[0].whole


def test_a_stream_that_was_trimmed_says_so(scene: Scene) -> None:
    a, b = scene.node("a", most_entries=100), scene.node("b")
    scene.run_until(lambda: a.feeds.up and b.feeds.up)
    old = b.follow(ROOM)
    a.say(ROOM, 0)
    scene.run_until(lambda: old.entries)
    b.feeds.unfollow(ROOM)
    for n in range(1, 300):
        a.say(ROOM, n)
    scene.run_until(lambda: not a.feeds.waiting())
    for since in (None, old.entries[0].at):
        late = b.follow(ROOM, since)
        scene.run_until(lambda late=late: late.snapshots)  # type: ignore[misc]
        assert not late.snapshots[0].whole
        assert late.said == [*range(300 - len(late.entries), 300)]


@pytest.mark.parametrize("seed", range(3))
def test_feeds_that_come_and_go_while_others_are_read(seed: int) -> None:
    """`CLIENT UNBLOCK` may arrive before the read that it is to end."""
    scene = Scene(seed, Faults(latency=(0.0, 0.1)))
    a, b = scene.nodes_up("a", "b")
    steady = b.follow("steady")
    for number in range(20):
        feed = f"room:{number}"
        reader = b.follow(feed)
        a.say(feed, number)
        scene.run_until(lambda reader=reader: reader.said, seconds=2.0)  # type: ignore[misc]
        b.feeds.unfollow(feed)
        a.say(feed, -1)
        a.say("steady", number)
    scene.run_until(lambda: steady.said == [*range(20)])
    assert b.feeds.figures().feeds == 1
    scene.close()


def test_one_batch_is_on_its_way_and_the_next_gathers(scene: Scene) -> None:
    [a] = scene.nodes_up("a")
    reader = a.follow(ROOM)
    scene.run_until(lambda: reader.snapshots)
    before = scene.redis.seen["EVALSHA"]
    scene.redis.hang()
    for n in range(50):
        a.say(ROOM, n)
        scene.run(0.01)
    scene.redis.go_on()
    scene.run_until(lambda: len(reader.said) == 50, seconds=1)
    assert scene.redis.seen["EVALSHA"] - before <= 3  # two batches, and perhaps a heartbeat


def test_entries_that_are_gone_when_the_node_comes_back(scene: Scene) -> None:
    a, b = scene.node("a", most_entries=100), scene.node("b", first=20.0, longest=20.0)
    scene.run_until(lambda: a.feeds.up and b.feeds.up)
    reader = b.follow(ROOM)
    a.say(ROOM, 0)
    scene.run_until(lambda: reader.said)
    scene.redis.drop_connections()
    scene.run_until(lambda: a.feeds.up and not b.feeds.up)
    for n in range(1, 400):
        a.say(ROOM, n)
    scene.run_until(lambda: reader.said[-1] == 399)
    assert [each.whole for each in reader.snapshots] == [True, False]
    assert reader.said == [0, *range(401 - len(reader.said), 400)]


def test_what_waits_is_bounded_and_can_be_seen(scene: Scene) -> None:
    a = scene.node("a", most_waiting=3, most_bytes=100)
    for n in range(3):
        a.say(ROOM, n, nonce=f"n{n}")
    with pytest.raises(Full):
        a.say(ROOM, 3)
    assert [(body["n"], nonce) for body, nonce, _ in a.feeds.pending(ROOM)] == [
        (0, "n0"), (1, "n1"), (2, "n2"),
    ]  # fmt: skip
    scene.run_until(lambda: not a.feeds.waiting())
    with pytest.raises(Full):
        a.feeds.publish(ROOM, {"text": "x" * 100})
    assert a.feeds.pending(ROOM) == []


@pytest.mark.parametrize(
    ("feed", "body", "options"),
    [
        ("", {}, {}),
        ("a{b}", {}, {}),
        (ROOM, {"text": "x" * 17000}, {}),
        (ROOM, {"x": float("nan")}, {}),
        (ROOM, {}, {"nonce": "x" * 300}),
        (ROOM, {}, {"nonce": "é"}),
        (ROOM, {}, {"state": {".seq": {}}}),
    ],
)
def test_what_cannot_be_published_is_refused(
    scene: Scene, feed: str, body: dict[str, object], options: dict[str, object]
) -> None:
    a = scene.node("a")
    with pytest.raises(ValueError, match=r"."):
        a.feeds.publish(feed, body, **options)  # type: ignore[arg-type]
    assert a.feeds.waiting() == 0


def test_a_reader_that_fails_harms_no_feed(scene: Scene, caplog: pytest.LogCaptureFixture) -> None:
    [a] = scene.nodes_up("a")
    reader = a.follow(ROOM)
    entry = reader.entry
    reader.entry = lambda each: entry(each) if each.body["n"] else 1 / 0  # type: ignore[assignment]
    scene.run_until(lambda: reader.snapshots)
    a.say(ROOM, 0)
    a.say(ROOM, 1)
    scene.run_until(lambda: reader.said == [1])
    assert "ZeroDivisionError" in caplog.text


def test_two_prefixes_do_not_meet(scene: Scene) -> None:
    a, b = scene.node("a"), scene.node("a", "other", prefix="second")
    scene.run_until(lambda: a.feeds.up and b.feeds.up)
    mine, theirs = a.follow(ROOM), b.follow(ROOM)
    a.say(ROOM, 1, nonce="n")
    b.say(ROOM, 2, nonce="n")
    scene.run_until(lambda: mine.said and theirs.said)
    scene.run(20)
    assert (mine.said, theirs.said) == ([1], [2])
    assert (a.told, b.told) == (["up"], ["up"])
    assert a.feeds.figures().nodes == ("a",)
