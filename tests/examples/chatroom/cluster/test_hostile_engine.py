"""An engine with invalid replies: the link ends with a reason, and everything recovers after it."""

import random
from collections.abc import Iterator
from typing import Any

import pytest

pytest.importorskip("hiredis", reason="needs the extra [redis]")
pytest.importorskip("lupa", reason="needs lupa, which runs the engine's scripts")

from examples.chatroom.cluster.interface import NameClaim
from tests.examples.chatroom.cluster.resp import RedisError
from tests.examples.chatroom.cluster.scene import Scene

ROOM = "room:tea.1"

WORDS = [b"", b"1-0", b"s", b"here", b"alike", b"\xff" * 9, b"9" * 30, b"{}", b"1780000000000-0"]


@pytest.fixture
def scene() -> Iterator[Scene]:
    scene = Scene()
    yield scene
    scene.close()


def nonsense(chance: random.Random, depth: int = 3) -> Any:
    match chance.randrange(9 if depth else 6):
        case 0:
            return None
        case 1:
            return chance.randrange(-5, 1 << 62)
        case 2:
            return RedisError(chance.choice(["ERR x", "MOVED 1 nowhere", "ASK", "WRONGTYPE y"]))
        case 3 | 4:
            return chance.choice(WORDS)
        case 5:
            return "OK"
        case 6:
            words = [(chance.choice(WORDS), nonsense(chance, depth - 1)) for _ in range(3)]
            return dict(words)
    return [nonsense(chance, depth - 1) for _ in range(chance.randrange(7))]


def bend(chance: random.Random, reply: Any) -> Any:
    """Change one part of a reply."""
    if isinstance(reply, list) and reply and chance.random() < 0.8:
        at = chance.randrange(len(reply))
        return [*reply[:at], bend(chance, reply[at]), *reply[at + 1 :]]
    if isinstance(reply, dict) and reply and chance.random() < 0.8:
        key = chance.choice([*reply])
        return reply | {key: bend(chance, reply[key])}
    return nonsense(chance)


@pytest.mark.parametrize("seed", range(25))
def test_over_nonsense(seed: int, caplog: pytest.LogCaptureFixture) -> None:
    scene = Scene(seed)
    chance = scene.net.random
    names: list[Any] = []

    def twist(name: str, reply: Any) -> Any:
        return bend(chance, reply) if chance.random() < 0.2 else reply

    nodes = scene.nodes_up("a", "b")
    scene.redis.twist = twist
    readers = [node.follow(ROOM) for node in nodes]
    for n in range(30):
        nodes[n % 2].say(ROOM, n, state={"x": {"n": n}})
        nodes[n % 2].feeds.claim(NameClaim(f"n{n}", n, "x"), names.append)
        nodes[n % 2].feeds.make_room(f"r{n}", f"r{n}", {"do": "room"}, 90, names.append)
        scene.run(chance.uniform(0, 0.5))
    scene.redis.twist = None
    for node in nodes:
        node.say(ROOM, 99)
    scene.run_until(lambda: all(reader.said.count(99) == 2 for reader in readers), 60)
    assert all(node.feeds.up and node.feeds.waiting() == 0 for node in nodes)
    assert len(names) == 60
    assert "Traceback" not in caplog.text
    assert len(caplog.text) < 100_000
    scene.close()


def test_a_senseless_entry_is_left_out_and_the_rest_goes_on(
    scene: Scene, caplog: pytest.LogCaptureFixture
) -> None:
    a, b = scene.nodes_up("a", "b")
    readers = [a.follow(ROOM), b.follow(ROOM)]
    scene.run_until(lambda: all(reader.snapshots for reader in readers))
    stream = scene.options().keys.stream(ROOM).encode()
    for n in range(30):
        scene.redis.data.execute([b"XADD", stream, b"1-%d" % (n + 1), b"evil", b"\x1b[2J"])
    scene.redis.look_again()
    a.say(ROOM, 1)
    scene.run_until(lambda: all(reader.said == [1] for reader in readers))
    assert a.feeds.figures().senseless == 30
    assert caplog.text.count("is left out") == 40
    assert "\x1b" not in caplog.text
    late = a.follow(ROOM)
    scene.run_until(lambda: late.said == [1])
    assert a.told == ["up"]


def test_an_engine_that_sends_what_nobody_asked_for(scene: Scene) -> None:
    a, b = scene.nodes_up("a", "b")
    reader = a.follow(ROOM)
    stream = scene.options().keys.stream("other").encode()
    scene.redis.twist = lambda name, reply: {stream: [[b"1-0", []]]} if name == "XREAD" else reply
    scene.run(5)
    scene.redis.twist = None
    b.say(ROOM, 1)
    scene.run_until(lambda: reader.said == [1])


def test_a_large_reply_that_is_refused(scene: Scene) -> None:
    [a] = scene.nodes_up("a")
    a.say(ROOM, 1)
    scene.redis.twist = lambda name, reply: [b"x"] * 10_000 if name == "XREAD" else reply
    reader = a.follow(ROOM)
    scene.run(10)
    assert a.told[:2] == ["up", "down"]
    scene.redis.twist = None
    scene.run_until(lambda: reader.said == [1])
