"""One client for a server or a cluster, against scripted servers: maps, redirects, failures."""

from collections.abc import Iterator
from typing import Any

import pytest

pytest.importorskip("hiredis", reason="needs the extra [redis]")

from examples.redis.address import Address
from examples.redis.slots import slot_of
from examples.redis_client import error_code
from examples.redis_cluster import RedisCluster
from miniloop import EventLoop
from miniloop.testing import GENTLE, SimulatedNetwork
from tests.examples.chatroom.cluster.redis_connection import Connection
from tests.examples.chatroom.cluster.redis_model import RedisModel
from tests.examples.chatroom.cluster.resp import RedisError

LOW, HIGH = "a", "foo"  # keys of the lower and of the upper half
assert slot_of(HIGH) >= 8192


class Half(RedisModel):
    """A master of one half of the slots."""

    def __init__(self, net: SimulatedNetwork, number: int) -> None:
        self.halves: list[Half] = []
        self.first = number * 8192
        self.hole = 0
        self.asking: set[int] = set()
        self.errors: list[str] = []
        super().__init__(net, name=f"engine{number}", ip=f"192.0.2.{number + 1}", port=7000)

    def answer(self, connection: Connection, words: list[bytes]) -> Any:
        name = words[0].decode()
        if name == "CLUSTER":
            self.seen["CLUSTER"] = self.seen.get("CLUSTER", 0) + 1
            ranges = [(each.first + each.hole, each.first + 8191, each) for each in self.halves]
            return [[a, b, [each.address.host.encode(), 7000, b""]] for a, b, each in ranges]
        if name == "ASKING":
            self.asking.add(connection.number)
            return "OK"
        if name == "GET":
            return self._get(connection, words)
        return super().answer(connection, words)

    def _get(self, connection: Connection, words: list[bytes]) -> Any:
        asking = connection.number in self.asking
        self.asking.discard(connection.number)
        if self.errors:
            return RedisError(self.errors.pop(0))
        if not asking and not self.first <= slot_of(words[1]) < self.first + 8192:
            return RedisError(f"MOVED {slot_of(words[1])} {self.other.address}")
        return self.address.host.encode()

    @property
    def other(self) -> "Half":
        return next(each for each in self.halves if each is not self)


class Scene:
    def __init__(self, net: SimulatedNetwork, loop: EventLoop) -> None:
        self.net = net
        self.halves = [Half(net, 0), Half(net, 1)]
        for half in self.halves:
            half.halves = self.halves
        self.told: list[str] = []
        self.cluster = RedisCluster(
            loop, self.halves[0].address, on_ready=lambda: self.told.append("ready"),
            on_lost=lambda reason: self.told.append(str(reason)), uniform=net.random.uniform,
        )  # fmt: skip

    def connect(self) -> None:
        self.net.run_until(lambda: self.cluster.connected)

    def ask(self, key: str, **options: Any) -> Any:
        replies: list[Any] = []
        self.cluster.call("GET", key, key=key, on_reply=replies.append, **options)
        self.net.run_until(lambda: replies)
        return replies[0]


@pytest.fixture
def scene() -> Iterator[Scene]:
    net = SimulatedNetwork(1, faults=GENTLE)
    with net.loop() as loop:
        scene = Scene(net, loop)
        yield scene
        scene.cluster.close()


def test_each_key_goes_to_its_master(scene: Scene) -> None:
    scene.connect()
    assert (scene.ask(LOW), scene.ask(HIGH)) == (
        (b"engine0", b"engine1") if slot_of(LOW) < 8192 else (b"engine1", b"engine1")
    )
    assert scene.cluster.sharded
    assert len(scene.cluster.masters) == 2
    assert repr(scene.cluster) == "<RedisCluster engine0:7000 2 masters connected>"


def test_before_the_masters_are_known_redirects_lead_there(scene: Scene) -> None:
    assert scene.ask(HIGH) == b"engine1"
    scene.connect()
    scene.net.run(1)
    assert scene.told == ["ready"]


def test_ask_goes_elsewhere_for_one_command(scene: Scene) -> None:
    scene.connect()
    one, two = scene.halves
    two.errors = [f"ASK {slot_of(HIGH)} {one.address}"]
    before = two.seen.get("CLUSTER", 0) + one.seen["CLUSTER"]
    assert scene.ask(HIGH) == b"engine0"
    assert scene.ask(HIGH) == b"engine1"
    assert two.seen.get("CLUSTER", 0) + one.seen["CLUSTER"] == before


def test_moved_brings_a_new_map_and_not_many(scene: Scene) -> None:
    scene.connect()
    one, two = scene.halves
    one.first, two.first = two.first, one.first
    assert [scene.ask(HIGH) for _ in range(20)] == [b"engine0"] * 20
    scene.net.run(3)
    assert one.seen["CLUSTER"] + two.seen.get("CLUSTER", 0) <= 5
    one.errors = two.errors = ["ERR nobody is to be asked twice"]
    assert error_code(scene.ask(HIGH)) == "ERR"


def test_redirects_in_a_circle_end(scene: Scene) -> None:
    scene.connect()
    for half in scene.halves:
        half.errors = [f"MOVED {slot_of(HIGH)} {half.other.address}"] * 10
    assert error_code(scene.ask(HIGH)) == "MOVED"
    assert sum(len(half.errors) for half in scene.halves) == 14


@pytest.mark.parametrize("text", ["MOVED 1 nowhere", "ASK", "MOVED 1 a b:1"])
def test_a_senseless_redirect_is_the_outcome(scene: Scene, text: str) -> None:
    scene.connect()
    scene.halves[1].errors = [text]
    assert isinstance(scene.ask(HIGH), Exception)
    assert scene.ask(HIGH) == b"engine1"


@pytest.mark.parametrize("error", ["CLUSTERDOWN x", "TRYAGAIN y", "LOADING z"])
def test_not_up_is_the_programs_business(scene: Scene, error: str) -> None:
    scene.connect()
    scene.halves[1].errors = [error]
    assert error_code(scene.ask(HIGH)) == error.split()[0]


def test_a_master_that_goes_and_comes_back(scene: Scene) -> None:
    scene.connect()
    scene.halves[1].kill()
    scene.net.run_until(lambda: not scene.cluster.connected)
    scene.net.run(10)
    scene.halves[1].start()
    scene.connect()
    scene.net.run(1)
    assert scene.told[0] == scene.told[-1] == "ready"
    assert scene.told.count("ready") == 2
    assert scene.ask(HIGH) == b"engine1"


def test_a_cluster_with_a_hole_is_not_ready(scene: Scene) -> None:
    scene.halves[1].hole = 5
    scene.net.run(5)
    assert not scene.cluster.connected
    assert any("no master" in each for each in scene.told)
    scene.halves[1].hole = 0
    scene.connect()


def test_one_server_looks_the_same() -> None:
    net = SimulatedNetwork(1)
    model = RedisModel(net)
    with net.loop() as loop:
        cluster = RedisCluster(loop, model.address)
        replies: list[Any] = []
        cluster.call("SET", "a", "1", key="a", on_reply=replies.append)
        cluster.call("GET", "a", key="a", on_reply=replies.append)
        net.run_until(lambda: len(replies) == 2 and cluster.connected)
        assert replies == [b"OK", b"1"]
        assert (cluster.sharded, cluster.masters) == (False, (Address("engine", 6379),))
        cluster.close()
        with pytest.raises(RuntimeError):
            cluster.call("GET", "a", key="a")
    assert net.open_sockets == []
