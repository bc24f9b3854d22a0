"""Feeds on Debian's redis-server: killed, restarted, loading, users, TLS, and a Redis Cluster."""

from __future__ import annotations

import hashlib
import logging
import signal
from collections.abc import Callable, Iterator
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from miniloop import EventLoop
from tests.certificates import certificates
from tests.driving import run_until
from tests.integration.redis_server import RedisServer

pytest.importorskip("hiredis", reason="needs the extra [redis]")
pytest.importorskip("lupa", reason="the helpers need lupa")

from examples.chatroom.cluster.engine_options import EngineOptions
from examples.chatroom.cluster.interface import Granted, NameClaim, Taken
from examples.redis.slots import slot_of
from examples.redis_client import Address, parse_url
from tests.examples.chatroom.cluster.scene import Follow, TestNode
from tests.integration.redis_cluster import RedisServers

ROOT = Path(__file__).resolve().parents[2]
ROOM = "room:tea.1"
USERS = ROOT / "examples" / "chatroom" / "deploy" / "redis-users.acl"
NOBODY = "#" + "0" * 64
HASH = "#" + hashlib.sha256(b"se-cret").hexdigest()
pytestmark = pytest.mark.needs("localhost")


@pytest.fixture
def redis(tmp_path: Path) -> Iterator[RedisServer]:
    server = RedisServer(tmp_path)
    server.wait()
    yield server
    server.kill()


def options_for(address: Address, **more: Any) -> EngineOptions:
    return EngineOptions(address, **{"longest": 0.3, "beat": 0.5, "span": 3.0, **more})


def at(server: RedisServer) -> Address:
    return Address("127.0.0.1", server.port)


class Nodes:
    """Three nodes, closed at the end."""

    def __init__(self, loop: EventLoop, options: EngineOptions) -> None:
        self.loop = loop
        self.all = [TestNode(loop, options, name) for name in "abc"]
        self.readers = [node.follow(ROOM) for node in self.all]

    def talk(self, numbers: range, disturb: Callable[[int], object] = lambda n: None) -> None:
        for n in numbers:
            self.all[n % 3].say(ROOM, n, nonce=f"n{n}", state={f"x/{n % 5}": {"n": n}})
            disturb(n)
            self.loop.run_once(0.002)

    def check(self, count: int) -> None:
        run_until(self.loop, lambda: all(len(each.entries) == count for each in self.readers))
        first = self.readers[0].entries
        assert all(each.entries == first for each in self.readers)
        assert sorted(self.readers[0].said) == [*range(count)]
        for mine in range(3):
            said = [n for n in self.readers[0].said if n % 3 == mine]
            assert said == sorted(said)
        bad = [(a, b) for a, b in pairwise(first) if not (a.seq + 1 == b.seq and a.at < b.at)]
        assert not bad

    def everything(self) -> None:
        """Use all scripts and commands."""
        a, b, _ = self.all
        answers: list[Any] = []
        ada = NameClaim("ada", 1, "Ada", now="p")
        a.feeds.claim(ada, answers.append)
        run_until(self.loop, lambda: answers)
        b.feeds.claim(NameClaim("ada", 2, "Ada"), answers.append)
        run_until(self.loop, lambda: len(answers) == 2)
        assert answers == [Granted(), Taken("a", "a-1", 1, "Ada")]
        a.feeds.release(ada)
        body = {"do": "room", "key": "tea", "shown": "Tea"}
        a.feeds.make_room("tea", "tea", body, 9, answers.append)
        run_until(self.loop, lambda: len(answers) == 3)
        assert answers[2] == 1
        b.say(ROOM, 99, state={"member/b-1/1": {"n": 1}, "x": {"n": 1}})
        b.say(ROOM, 99, state={"x": None})
        hall = a.follow("hall")
        run_until(self.loop, lambda: not b.feeds.waiting())
        b.feeds.end()
        self.until_gone([hall, self.readers[0]])
        done: list[int] = []
        a.feeds.close(lambda: done.append(1))
        run_until(self.loop, lambda: done)

    def until_gone(self, readers: list[Follow]) -> None:
        run_until(self.loop, lambda: all(each.gone == ["b-1"] for each in readers))

    def end(self) -> None:
        for node in self.all:
            node.feeds.end()


@pytest.fixture
def nodes(loop: EventLoop, redis: RedisServer) -> Iterator[Nodes]:
    nodes = Nodes(loop, options_for(at(redis)))
    yield nodes
    nodes.end()


def test_everything_that_a_node_does(nodes: Nodes) -> None:
    nodes.talk(range(90))
    nodes.check(90)
    nodes.everything()


def test_killed_twice_and_back_while_all_talk(nodes: Nodes, redis: RedisServer) -> None:
    def disturb(n: int) -> None:
        if n in (100, 300):
            redis.kill()
        elif n in (180, 380):
            redis.start()

    nodes.talk(range(600), disturb)
    nodes.check(600)
    assert all(len(each.snapshots) == 1 for each in nodes.readers)


def test_stopped_and_continued(nodes: Nodes, redis: RedisServer) -> None:
    nodes.talk(range(30))
    redis.signal(signal.SIGSTOP)
    nodes.talk(range(30, 60))
    redis.signal(signal.SIGCONT)
    nodes.check(60)


def test_scripts_and_connections_are_gone(nodes: Nodes, redis: RedisServer) -> None:
    def disturb(n: int) -> None:
        if n == 50:
            RedisServers.ask(redis, "SCRIPT", "FLUSH")
        elif n == 100:
            RedisServers.ask(redis, "CLIENT", "KILL", "TYPE", "normal")

    nodes.talk(range(150), disturb)
    nodes.check(150)


def test_out_of_memory_for_a_while(nodes: Nodes, redis: RedisServer) -> None:
    nodes.talk(range(30))
    nodes.check(30)
    RedisServers.ask(redis, "CONFIG", "SET", "maxmemory", "1")
    nodes.talk(range(30, 60))
    run_until(nodes.loop, lambda: not any(node.feeds.up for node in nodes.all))
    assert any("OOM" in reason for node in nodes.all for reason in node.reasons)
    RedisServers.ask(redis, "CONFIG", "SET", "maxmemory", "0")
    nodes.check(60)


def test_still_loading(nodes: Nodes, redis: RedisServer) -> None:
    nodes.talk(range(300))
    nodes.check(300)
    redis.kill()
    redis.start(**{"key-load-delay": "3000", "loading-process-events-interval-bytes": "1024"})
    nodes.talk(range(300, 360))
    nodes.check(360)


def test_a_user_who_may_do_what_is_needed_and_no_more(
    loop: EventLoop, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    users, password = tmp_path / "users", tmp_path / "password"
    users.write_text(USERS.read_text().replace(NOBODY, HASH))
    password.write_text("se-cret\n")
    redis = RedisServer(tmp_path, aclfile=str(users))
    redis.wait()
    address = replace(at(redis), user="chatroom", password_file=password, name="node")
    try:
        nodes = Nodes(loop, options_for(address))
        nodes.talk(range(90))
        nodes.check(90)
        nodes.everything()
        assert "se-cret" not in caplog.text + repr(nodes.all[0].feeds._link.cluster) + repr(address)
        wrong = TestNode(loop, options_for(address, prefix="another"), "a")
        run_until(loop, lambda: "NOPERM" in wrong.feeds.reason)
        stranger = TestNode(loop, options_for(at(redis)), "a")
        run_until(loop, lambda: "NOAUTH" in stranger.feeds.reason)
        for node in (*nodes.all, wrong, stranger):
            node.feeds.end()
        assert not [each for each in caplog.records if each.levelno >= logging.ERROR]
    finally:
        redis.kill()


def test_the_file_of_users_lets_nobody_in_as_it_is() -> None:
    assert USERS.read_text().count(NOBODY) == 1
    assert USERS.read_text().startswith("user default off\n")


def test_tls(loop: EventLoop, tmp_path: Path) -> None:
    authority, localhost, _ = certificates().write(tmp_path)
    redis = RedisServer(
        tmp_path,
        **{"port": "0", "tls-port": "{port}", "tls-cert-file": localhost,
           "tls-key-file": localhost, "tls-ca-cert-file": authority, "tls-auth-clients": "no"},
    )  # fmt: skip
    redis.wait()
    url = f"rediss://localhost:{redis.port}"
    try:
        nodes = Nodes(loop, options_for(parse_url(url, ca=Path(authority))))
        nodes.talk(range(60))
        nodes.check(60)
        strict = TestNode(loop, options_for(parse_url(url)), "d")
        run_until(loop, lambda: "certificate verify failed" in strict.feeds.reason)
        strict.feeds.end()
        nodes.end()
    finally:
        redis.kill()


def test_two_prefixes_on_one_engine(loop: EventLoop, redis: RedisServer) -> None:
    first = Nodes(loop, options_for(at(redis)))
    second = Nodes(loop, options_for(at(redis), prefix="second"))
    first.talk(range(30))
    second.talk(range(20))
    first.check(30)
    second.check(20)
    first.end()
    second.end()


# -- a Redis Cluster ------------------------------------------------------------------------------


def test_three_masters(loop: EventLoop, tmp_path: Path) -> None:
    """All actions of a node; then a slot moves to another master, and a master is restarted."""
    cluster = RedisServers(tmp_path)
    try:
        options = options_for(at(cluster.servers[0]), timeout=3.0)
        nodes = Nodes(loop, options)
        rooms = [f"room:{number}" for number in range(20)]
        readers = [nodes.all[1].follow(room) for room in rooms]
        for n, room in enumerate(rooms):
            nodes.all[0].say(room, n)
        run_until(loop, lambda: [each.said for each in readers] == [[n] for n in range(20)])
        keys = [key for server in cluster.servers for key in
                RedisServers.ask(server, "KEYS", "*").split()]  # fmt: skip
        assert all(RedisServers.ask(server, "DBSIZE") != "0" for server in cluster.servers)
        assert len({slot_of(key) for key in keys}) <= 33

        nodes.talk(range(60))
        move(cluster, slot_of(options.keys.stream(ROOM)))
        nodes.talk(range(60, 120))
        nodes.check(120)
        cluster.servers[2].kill()
        nodes.talk(range(120, 150))
        cluster.servers[2].start()
        nodes.check(150)
        nodes.everything()
        nodes.end()
    finally:
        cluster.kill()


def move(cluster: RedisServers, slot: int) -> None:
    """Move a slot with its content to the next master."""
    names = {RedisServers.ask(each, "CLUSTER", "MYID"): each for each in cluster.servers}
    [(source, old)] = [
        (name, each) for name, each in names.items()
        if RedisServers.ask(each, "CLUSTER", "COUNTKEYSINSLOT", str(slot)) != "0"
    ]  # fmt: skip
    target, new = next((name, each) for name, each in names.items() if each is not old)
    RedisServers.ask(new, "CLUSTER", "SETSLOT", str(slot), "IMPORTING", source)
    RedisServers.ask(old, "CLUSTER", "SETSLOT", str(slot), "MIGRATING", target)
    keys = RedisServers.ask(old, "CLUSTER", "GETKEYSINSLOT", str(slot), "10000").split()
    RedisServers.ask(old, "MIGRATE", "127.0.0.1", str(new.port), "", "0", "5000", "KEYS", *keys)
    for each in (new, old, *cluster.servers):
        RedisServers.ask(each, "CLUSTER", "SETSLOT", str(slot), "NODE", target)
