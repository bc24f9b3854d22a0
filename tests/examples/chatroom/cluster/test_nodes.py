"""Nodes: heartbeats, nodes that have stopped, rooms, and the end."""

from collections.abc import Iterator
from typing import Any

import pytest

pytest.importorskip("hiredis", reason="needs the extra [redis]")
pytest.importorskip("lupa", reason="needs lupa, which runs the engine's scripts")

from examples.chatroom.cluster.interface import Alike, Away, Granted, NameClaim, TooMany
from tests.examples.chatroom.cluster.scene import Scene, TestNode

ROOM = "room:tea.1"
HALL = "hall"


@pytest.fixture
def scene() -> Iterator[Scene]:
    scene = Scene()
    yield scene
    scene.close()


def put(node: TestNode, *feeds: str) -> None:
    """Put a member of the node into the hall, and into the given rooms."""
    for feed in feeds:
        node.say(feed, 0, state={f"member/{node.incarnation}/1": {"name": "x"}})


def test_a_node_that_stops_is_buried_once_everywhere(scene: Scene) -> None:
    a, b, c = scene.nodes_up("a", "b", "c")
    halls = [b.follow(HALL), c.follow(HALL)]
    rooms = [b.follow(ROOM), c.follow(ROOM)]
    put(a, HALL, ROOM)
    put(b, HALL, ROOM)
    scene.run_until(lambda: all(len(each.entries) == 2 for each in halls + rooms))
    a.feeds.end()
    scene.run(30)
    assert [each.gone for each in halls + rooms] == [["a-1"]] * 4
    late = b.follow(ROOM)
    scene.run_until(lambda: late.snapshots)
    assert [*late.snapshots[0].state] == ["member/b-1/1"]
    assert b.feeds.figures().nodes == ("b", "c")
    assert "buried" not in b.told + c.told


def test_members_of_the_dead_are_cleared_from_rooms_that_nobody_followed(scene: Scene) -> None:
    a, b = scene.nodes_up("a", "b")
    put(a, ROOM)
    scene.run_until(lambda: not a.feeds.waiting())
    a.feeds.end()
    scene.run(40)
    room = b.follow(ROOM)
    scene.run_until(lambda: room.gone)
    assert room.gone == ["a-1"]


def test_a_new_process_of_a_node_buries_the_old_one(scene: Scene) -> None:
    a, b = scene.nodes_up("a", "b")
    hall = b.follow(HALL)
    put(a, HALL)
    scene.run_until(lambda: hall.said)
    a.feeds.end()
    again = scene.node("a", "a-2")
    scene.run_until(lambda: again.feeds.up, seconds=5)
    scene.run_until(lambda: hall.gone, seconds=5)
    assert hall.gone == ["a-1"]
    assert again.told == ["up"]


def test_two_processes_of_one_name_do_not_take_turns(scene: Scene) -> None:
    [old] = scene.nodes_up("a")
    new = scene.node("a", "a-2")
    scene.run(60)
    assert (old.feeds.up, new.feeds.up) == (False, True)
    assert "another process runs as the node a" in old.feeds.reason
    new.feeds.end()
    scene.run(30)
    assert old.feeds.up
    assert old.told[-1] == "buried"


def test_a_node_that_was_cut_off_for_long_comes_back(scene: Scene) -> None:
    a, b = scene.nodes_up("a", "b")
    hall, room, mine = b.follow(HALL), b.follow(ROOM), a.follow(ROOM)
    put(a, HALL, ROOM)
    scene.run_until(lambda: room.said and hall.said and mine.said)
    scene.net.hosts["engine"] = []  # for new connections; b keeps its own
    b_connections = [*scene.redis._connections.values()]
    assert b_connections
    scene.redis.net.call_later(40, scene.net.hosts.update, {"engine": ["192.0.2.9"]})
    cut_off(scene, a)
    scene.run_until(lambda: not a.feeds.up)
    b.say(ROOM, 5)
    scene.run(60)
    assert hall.gone == ["a-1"]
    assert a.told == ["up", "down", "up", "buried"]
    assert mine.said == [0, 5]


def cut_off(scene: Scene, node: TestNode) -> None:
    """Reset the node's own connections."""
    for client in [*node.feeds._link.cluster._clients.values()]:
        link: Any = client._link
        link.fail(ConnectionResetError("cut off"))


def make(scene: Scene, node: TestNode, key: str, skeleton: str = "", most: int = 9) -> Any:
    answers: list[Any] = []
    body = {"do": "room", "key": key, "shown": key.title()}
    node.feeds.make_room(key, skeleton or key, body, most, answers.append)
    scene.run_until(lambda: answers)
    return answers[0]


def test_rooms_have_numbers_of_their_own(scene: Scene) -> None:
    a, b = scene.nodes_up("a", "b")
    hall = b.follow(HALL)
    assert [make(scene, a, "tea"), make(scene, b, "tea"), make(scene, b, "cake")] == [1, 1, 2]
    assert make(scene, b, "téa", "tea") == Alike("Tea")
    assert make(scene, b, "pie", most=2) == TooMany()
    scene.run_until(lambda: len(hall.entries) == 2)
    assert hall.entries[1].body == {"do": "room", "key": "cake", "shown": "Cake", "number": 2}
    late = a.follow(HALL)
    scene.run_until(lambda: late.snapshots)
    assert late.snapshots[0].state["room/tea"]["number"] == 1
    a.say(HALL, 0, state={"room/tea": None})
    scene.run_until(lambda: not a.feeds.waiting())
    assert make(scene, b, "téa", "tea") == 1
    assert make(scene, b, "tea") == Alike("Téa")


def test_a_text_in_a_room_is_no_number(scene: Scene) -> None:
    [a] = scene.nodes_up("a")
    body = {"do": "room", "key": "tea", "topic": '"number":77', "shown": "Tea"}
    answers: list[Any] = []
    a.feeds.make_room("tea", "tea", body, 9, answers.append)
    a.feeds.make_room("tea", "tea", body, 9, answers.append)
    scene.run_until(lambda: len(answers) == 2)
    assert answers == [1, 1]


def test_no_room_without_the_engine(scene: Scene) -> None:
    scene.redis.kill()
    assert make(scene, scene.node("a"), "tea") == Away()


def test_an_orderly_end_leaves_nothing_behind(scene: Scene) -> None:
    a, b = scene.nodes_up("a", "b")
    hall, room = b.follow(HALL), b.follow(ROOM)
    a.follow(ROOM)
    put(a, HALL, ROOM)
    names: list[Any] = []
    a.feeds.claim(NameClaim("ada", 1, "Ada"), names.append)
    scene.run_until(lambda: names and hall.said and room.said)
    for n in range(1, 500):
        a.say(ROOM, n)
    done: list[int] = []
    a.feeds.close(lambda: done.append(1))
    scene.run_until(lambda: done, seconds=3.1)
    scene.run_until(lambda: room.gone and hall.gone, seconds=1)
    assert room.said == [*range(500)]
    assert (hall.gone, room.gone) == (["a-1"], ["a-1"])
    b.feeds.claim(NameClaim("ada", 1, "Ada"), names.append)
    scene.run_until(lambda: len(names) == 2)
    assert names == [Granted(), Granted()]


def test_an_end_without_the_engine_does_not_take_long(scene: Scene) -> None:
    a, b = scene.nodes_up("a", "b")
    scene.redis.hang()
    a.say(ROOM, 1)
    done: list[int] = []
    a.feeds.close(lambda: done.append(1))
    scene.run_until(lambda: done, seconds=3.1)
    scene.redis.kill()
    scene.run_until(lambda: not b.feeds.up)
    b.feeds.close(lambda: done.append(2))
    scene.run_until(lambda: len(done) == 2, seconds=0.1)


def test_an_orderly_stop_of_the_loop_waits_until_the_others_know(scene: Scene) -> None:
    [b] = scene.nodes_up("b")
    hall = b.follow(HALL)
    loop = scene.net.loop()
    a = TestNode(loop, scene.options(), "a")
    names: list[Any] = []
    scene.run_until(lambda: a.feeds.up)
    a.feeds.claim(NameClaim("ada", 1, "Ada"), names.append)
    scene.run_until(lambda: names)
    loop.on_stop(a.feeds.close)
    loop.stop()
    loop.run()
    b.feeds.claim(NameClaim("ada", 1, "Ada"), names.append)
    scene.run_until(lambda: len(names) == 2)
    assert (hall.gone, names) == (["a-1"], [Granted(), Granted()])
    loop.close()


def test_members_of_the_dead_are_cleared_though_the_engine_was_away_then(scene: Scene) -> None:
    a, b = scene.nodes_up("a", "b")
    put(a, ROOM)
    hall, room = b.follow(HALL), b.follow(ROOM)
    scene.run_until(lambda: room.entries)
    a.feeds.end()
    scene.run_until(lambda: hall.gone)
    scene.redis.drop_connections()  # before the request could be handled
    scene.run(20)
    assert room.gone == ["a-1"]
