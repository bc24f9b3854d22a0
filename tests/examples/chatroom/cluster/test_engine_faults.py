"""Feeds during engine failures: nothing lost, nothing duplicated, nothing out of order."""

from collections.abc import Callable, Iterator
from functools import partial
from itertools import pairwise

import pytest

pytest.importorskip("hiredis", reason="needs the extra [redis]")
pytest.importorskip("lupa", reason="needs lupa, which runs the engine's scripts")

from miniloop.testing import GENTLE, Faults
from tests.examples.chatroom.cluster.redis_model import WALL, RedisModel
from tests.examples.chatroom.cluster.scene import Follow, Scene

ROOM = "room:tea.1"


@pytest.fixture
def scene() -> Iterator[Scene]:
    scene = Scene()
    yield scene
    scene.close()


def check(readers: list[Follow], count: int) -> None:
    """Check that all have the same entries, and each publisher's in its order."""
    first = readers[0].entries
    assert all(reader.entries == first for reader in readers)
    assert sorted(readers[0].said) == [*range(count)]
    for node in range(3):
        mine = [n for n in readers[0].said if n % 3 == node]
        assert mine == sorted(mine)
    assert all(a.seq + 1 == b.seq and a.at < b.at for a, b in pairwise(first))


def back_later(redis: RedisModel, **how: float) -> None:
    redis.kill()
    redis.net.call_later(1.0, partial(redis.start, **how))  # type: ignore[arg-type]


def refuse(error: str, redis: RedisModel) -> None:
    redis.refuse(error)
    redis.net.call_later(1.0, redis.refuse, "")


def hang(redis: RedisModel) -> None:
    redis.hang()
    redis.net.call_later(12.0, redis.go_on)


ROUGH = Faults(
    latency=(0.0, 0.1), split=0.5, partial_send=0.3, spurious=0.1, shuffle=1.0,
    buffers=(2048, 65536), reset=0.002,
)  # fmt: skip
"""With `HARSH` a command takes longer than its time limit."""

FAULTS: dict[str, Callable[[RedisModel], None]] = {
    "killed": back_later,
    "loading": partial(back_later, loading=2.0),
    "oom": partial(refuse, "OOM command not allowed when used memory > 'maxmemory'."),
    "readonly": partial(refuse, "READONLY You can't write against a read only replica."),
    "hung": hang,
    "cut at once": lambda redis: redis.cut(0),
    "cut in a reply": lambda redis: redis.cut(3),
    "no scripts": lambda redis: redis.scripts.forget(),
    "reset": lambda redis: redis.drop_connections(),
    "senseless": partial(refuse, "WHAT is this"),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_over_each_fault(scene: Scene, fault: str) -> None:
    nodes = scene.nodes_up("a", "b", "c")
    readers = [node.follow(ROOM) for node in nodes]
    for n in range(90):
        nodes[n % 3].say(ROOM, n)
        if n in (20, 50):
            FAULTS[fault](scene.redis)
        scene.run(0.05)
    scene.run_until(lambda: all(len(reader.entries) == 90 for reader in readers))
    check(readers, 90)
    assert all(len(reader.snapshots) == 1 for reader in readers)
    expected = ["up"] if fault == "no scripts" else ["up", "down", "up"]
    assert max((node.told for node in nodes), key=len)[: len(expected)] == expected


@pytest.mark.parametrize("seed", range(15))
@pytest.mark.parametrize("faults", [GENTLE, ROUGH], ids=["gentle", "rough"])
def test_over_faults_at_any_time(seed: int, faults: Faults) -> None:
    scene = Scene(seed, faults)
    random = scene.net.random
    nodes = [scene.node(name) for name in "abc"]
    readers = [node.follow(ROOM) for node in nodes]
    for n in range(60):
        nodes[n % 3].say(ROOM, n)
        scene.run(random.uniform(0, 0.4))
        if random.random() < 0.1 and scene.redis.running:
            FAULTS[random.choice([*FAULTS])](scene.redis)
    scene.run_until(lambda: all(len(set(reader.said)) == 60 for reader in readers), 600)
    scene.run(20)
    check(readers, 60)
    assert all(node.feeds.waiting() == 0 for node in nodes)
    scene.close()
    assert scene.net.open_sockets == []


@pytest.mark.parametrize("behind", [0, 1000])
def test_an_engine_that_lost_data_is_noticed_and_goes_on(scene: Scene, behind: int) -> None:
    """Possibly on another machine, whose clock is behind."""
    a, b = scene.nodes_up("a", "b")
    readers = [a.follow(ROOM), b.follow(ROOM)]
    a.say(ROOM, 0, state={"x": {"n": 0}})
    scene.run_until(lambda: all(reader.said for reader in readers))
    scene.redis.save()
    for n in range(1, 6):
        a.say(ROOM, n, state={"x": {"n": n}})
    scene.run_until(lambda: all(len(reader.said) == 6 for reader in readers))
    scene.redis.kill()
    scene.redis.data.clock = lambda: WALL - behind + scene.net.now
    scene.redis.start(lost=True)
    scene.run_until(lambda: all(len(reader.snapshots) == 2 for reader in readers))
    b.say(ROOM, 6)
    scene.run_until(lambda: all(len(reader.said) == 7 for reader in readers))
    for reader in readers:
        snapshot = reader.snapshots[1]
        assert (snapshot.whole, snapshot.seq, snapshot.past) == (False, 1, ())
        assert snapshot.state == {"x": {"n": 0}}
        assert reader.said == [*range(7)]
        assert all(one.at < two.at for one, two in pairwise(reader.entries))


def test_an_engine_that_lost_everything(scene: Scene) -> None:
    a, b = scene.nodes_up("a", "b")
    readers = [a.follow(ROOM), b.follow(ROOM)]
    a.say(ROOM, 0)
    scene.run_until(lambda: all(reader.said for reader in readers))
    scene.redis.kill()
    a.say(ROOM, 1)
    scene.redis.start(lost=True)
    scene.run_until(lambda: all(reader.said == [0, 1] for reader in readers))
    assert a.told == b.told == ["up", "down", "up", "buried"]
    assert not readers[0].snapshots[1].whole


def test_lost_state_does_not_stop_the_stream(scene: Scene) -> None:
    [a] = scene.nodes_up("a")
    reader = a.follow(ROOM)
    a.say(ROOM, 0)
    scene.run_until(lambda: reader.said)
    key = scene.options().keys.state(ROOM).encode()
    del scene.redis.data.values[key]
    a.say(ROOM, 1)
    scene.run_until(lambda: reader.said == [0, 1])
    assert [each.seq for each in reader.entries] == [1, 2]


def test_away_from_the_beginning(scene: Scene) -> None:
    scene.redis.kill()
    a = scene.node("a")
    a.say(ROOM, 1)
    reader = a.follow(ROOM)
    scene.run(30)
    assert (a.told, a.feeds.up, a.feeds.waiting()) == ([], False, 1)
    assert "refused" in a.feeds.reason.lower()
    assert a.feeds.figures().link == "away"
    scene.redis.start()
    scene.run_until(lambda: reader.said == [1], seconds=10)
    assert (a.feeds.figures().link, a.feeds.reason) == ("up", "")


def test_tries_become_rare_and_are_not_all_at_once(scene: Scene) -> None:
    [a] = scene.nodes_up("a")
    scene.redis.refuse("OOM command not allowed")
    before = scene.redis.seen["EVALSHA"]
    scene.run(120)
    assert 24 <= scene.redis.seen["EVALSHA"] - before <= 60
    assert a.told == ["up", "down"]


def test_a_feed_that_is_followed_while_away(scene: Scene) -> None:
    a, b = scene.nodes_up("a", "b")
    scene.redis.kill()
    scene.run_until(lambda: not (a.feeds.up or b.feeds.up))
    reader = b.follow(ROOM)
    a.say(ROOM, 1)
    scene.redis.start()
    scene.run_until(lambda: reader.said == [1])
