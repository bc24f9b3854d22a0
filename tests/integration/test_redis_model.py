"""The model of Redis in the tests answers as Debian's redis-server does."""

from __future__ import annotations

import random
import re
from collections.abc import Iterator
from typing import Any

import pytest

from miniloop import EventLoop
from miniloop.testing import SimulatedNetwork
from tests.driving import run_until
from tests.integration.redis_server import RedisServer

pytest.importorskip("hiredis", reason="needs the extra [redis]")
pytest.importorskip("lupa", reason="needs lupa, which runs the engine's scripts")

import hiredis

from examples.chatroom.cluster import scripts
from examples.redis_client import Address, RedisClient
from tests.examples.chatroom.cluster.redis_model import RedisModel

pytestmark = pytest.mark.needs("localhost")

Command = tuple[Any, ...]


@pytest.fixture(scope="module")
def redis(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RedisServer]:
    server = RedisServer(tmp_path_factory.mktemp("redis"), appendfsync="everysec")
    server.wait()
    yield server
    server.kill()


def ask_real(server: RedisServer, commands: list[Command]) -> list[Any]:
    replies: list[Any] = []
    with EventLoop() as loop:
        client = RedisClient(loop, Address("127.0.0.1", server.port))
        for words in (("FLUSHALL",), *commands):
            client.call(*words, on_reply=replies.append, timeout=20.0)
        run_until(loop, lambda: len(replies) == len(commands) + 1)
        client.close()
    return replies[1:]


def ask_model(commands: list[Command]) -> list[Any]:
    net = SimulatedNetwork(1)
    replies: list[Any] = []
    model = RedisModel(net)
    with net.loop() as loop:
        client = RedisClient(loop, model.address)
        for words in commands:
            client.call(*words, on_reply=replies.append, timeout=20.0)
        net.run_until(lambda: len(replies) == len(commands))
        client.close()
    return replies


def plain(reply: Any) -> Any:
    """Replies without what cannot be alike: times, the order of fields, texts of errors."""
    if isinstance(reply, hiredis.ReplyError):
        return ("error", str(reply).split()[0])
    if isinstance(reply, dict):
        return {plain(key): plain(value) for key, value in reply.items()}
    if isinstance(reply, list):
        return [plain(each) for each in reply]
    if isinstance(reply, bytes):
        return re.sub(rb"\b1[78]\d{11}\b", b"TIME", reply)
    return reply


FIXED: list[Command] = [
    ("PING",), ("GET", "a"), ("SET", "a", "1", "NX", "PX", "60000"), ("SET", "a", "2", "NX"),
    ("GET", "a"), ("EXISTS", "a", "b", "a"), ("PEXPIRE", "a", "50000"), ("PEXPIRE", "b", "50"),
    ("HSET", "a", "f", "1"), ("DEL", "a", "b"), ("DEL", "a"), ("GET",), ("WHAT", "x"),
    ("HSET", "h", "f", "1", "g", "2"), ("HSET", "h", "f", "3"), ("HSET", "h", "f"),
    ("HGET", "h", "f"), ("HGET", "h", "x"), ("HMGET", "h", "f", "x", "g"), ("HGETALL", "h"),
    ("HGETALL", "none"), ("HKEYS", "none"), ("HDEL", "h", "f", "x"), ("HDEL", "h", "g"),
    ("EXISTS", "h"), ("XADD", "s", "5-0", "a", "1"), ("XADD", "s", "5-0", "a", "1"),
    ("XADD", "s", "4-9", "a", "1"), ("XADD", "s", "7", "a", "1", "b", "2"), ("XADD", "s", "8-0"),
    ("XADD", "s", "x", "a", "1"), ("XADD", "s", "MAXLEN", "2", "8-3", "c", "3"), ("XLEN", "s"),
    ("XRANGE", "s", "-", "+"), ("XRANGE", "s", "7", "8"), ("XRANGE", "s", "(7-0", "+"),
    ("XRANGE", "s", "-", "(8-3"), ("XRANGE", "s", "8", "7"),
    ("XRANGE", "s", "-", "+", "COUNT", "1"),
    ("XRANGE", "none", "-", "+"), ("XREVRANGE", "s", "+", "-", "COUNT", "1"),
    ("XREAD", "STREAMS", "s", "none", "7-0", "0"), ("XREAD", "COUNT", "1", "STREAMS", "s", "0"),
    ("XREAD", "STREAMS", "s", "9-0"), ("XREAD", "STREAMS", "s"), ("GET", "s"), ("XLEN", "none"),
    ("XREAD", "BLOCK", "10", "STREAMS", "s", "9-0"), ("CLIENT", "UNBLOCK", "77777"),
    ("CLUSTER", "SLOTS"), ("EVALSHA", "0" * 40, "0"), ("EVAL", "return {1, 'a', false, 2.9}", "0"),
    ("EVAL", "return {1, nil, 2}", "0"),
    ("EVAL", "return redis.call('HGETALL', KEYS[1])", "1", "h"),
    ("EVAL", "return redis.call('SET', KEYS[1], ARGV[1])", "1", "k", "v"),
    ("EVAL", "return redis.call('GET', KEYS[1])", "1", "none"), ("EVAL", "return true", "0"),
    ("EVAL", "return redis.pcall('HGET', KEYS[1], 'x').err ~= nil", "1", "k"),
    ("EVAL", "return redis.call('HSET', KEYS[1], 'n', 1780000000000)", "1", "h"),
    ("EVAL", "return #KEYS .. #ARGV", "1", "h", "x"), ("HGET", "h", "n"),
    ("EVAL", "return redis.call('HGET', KEYS[1], 'x')", "1", "s"),
    ("EVAL", "return nothing.x", "0"),
    ("SCRIPT", "LOAD", "return 7"),
]  # fmt: skip


def test_each_command(redis: RedisServer) -> None:
    real, model = ask_real(redis, FIXED), ask_model(FIXED)
    for words, theirs, ours in zip(FIXED, real, model, strict=True):
        assert (words, plain(ours)) == (words, plain(theirs))


@pytest.mark.parametrize("seed", range(5))
def test_the_scripts_in_any_order(redis: RedisServer, seed: int) -> None:
    commands = script_commands(random.Random(seed), 150)
    real, model = ask_real(redis, commands), ask_model(commands)
    for words, theirs, ours in zip(commands, real, model, strict=True):
        assert (words[3:], plain(ours)) == (words[3:], plain(theirs))


def script_commands(chance: random.Random, count: int) -> list[Command]:
    """Calls of the scripts, with all that they can meet but the passing of time."""
    commands: list[Command] = []
    for number in range(count):
        who = chance.choice("abc")
        node, process = f"n{who}", f"{who}-{chance.randrange(2)}"
        match chance.randrange(9):
            case 0 | 1:
                nonce = f"k{chance.randrange(20)}"
                field = chance.choice([f"member/{process}/{number % 3}", "x", f"room/r{number}"])
                value = chance.choice(["", f'{{"number":{chance.randrange(9)}}}'])
                commands.append(run(scripts.PUBLISH, ["s", "h", f"d:{nonce}", f"d:{number}x"],
                                    ["1000", "0", "60000", nonce, "{}", "1", field, value,
                                     "", '{"n":1}', "0"]))  # fmt: skip
            case 2:
                commands.append(run(scripts.SNAPSHOT, ["s", "h"], ["1000", "0"]))
            case 3:
                first = chance.choice(["", "first"])
                commands.append(run(scripts.BEAT, ["s", "h"],
                                    ["1000", "0", node, process, "15000", first]))  # fmt: skip
            case 4:
                now = chance.choice(["", "now"])
                commands.append(run(scripts.BURY, ["s", "h"], ["1000", "0", node, process, now]))
            case 5:
                commands.append(run(scripts.CLEAR, ["s", "h"], ["1000", "0", node, process]))
            case 6:
                key = f"r{chance.randrange(9)}"
                commands.append(run(scripts.MAKE_ROOM, ["s", "h"],
                                    ["1000", "0", key, f"look{chance.randrange(6)}", key.upper(),
                                     '{"do":"room"}', "8", "1"]))  # fmt: skip
            case 7:
                proofs = [chance.choice(["", "p", "q"]), chance.choice(["", "p"])]
                commands.append(
                    run(
                        scripts.CLAIM,
                        [f"name{chance.randrange(3)}"],
                        [process, proofs[0], node, "X", proofs[1], "60000"],
                    )
                )
            case _:
                commands.append(run(scripts.RELEASE, [f"name{chance.randrange(3)}"], [process]))
        commands.append(("XRANGE", "s", "-", "+"))
        commands.append(("HGETALL", "h"))
    return commands


def run(script: scripts.Script, keys: list[str], arguments: list[str]) -> Command:
    return ("EVAL", script.source, len(keys), *keys, *arguments)


def test_waiting_for_an_entry(redis: RedisServer) -> None:
    """A read that blocks is answered by a write, by CLIENT UNBLOCK, and after its time."""
    with EventLoop() as loop:
        address = Address("127.0.0.1", redis.port)
        real = wait_for_entries(loop, address, lambda done: run_until(loop, done))
    net = SimulatedNetwork(1)
    model = RedisModel(net)
    with net.loop() as simulated:
        ours = wait_for_entries(simulated, model.address, net.run_until)
    assert ours == real == [{b"w": [[b"1-0", [b"a", b"1"]]]}, None, 1, None]


def wait_for_entries(loop: EventLoop, address: Address, until: Any) -> list[Any]:
    reader, writer = RedisClient(loop, address), RedisClient(loop, address)
    got: list[Any] = []

    def ask(client: RedisClient, *words: Any) -> Any:
        replies: list[Any] = []
        client.call(*words, on_reply=replies.append)
        until(lambda: replies)
        return replies[0]

    ask(writer, "DEL", "w")
    number = ask(reader, "CLIENT", "ID")
    reader.call("XREAD", "BLOCK", 9000, "STREAMS", "w", "0", on_reply=got.append, timeout=20.0)
    ask(writer, "XADD", "w", "1-0", "a", "1")
    until(lambda: len(got) == 1)
    reader.call("XREAD", "BLOCK", 9000, "STREAMS", "w", "1-0", on_reply=got.append, timeout=20.0)
    while not (unblocked := ask(writer, "CLIENT", "UNBLOCK", number)):
        pass
    until(lambda: len(got) == 2)
    got.append(unblocked)
    reader.call("XREAD", "BLOCK", 20, "STREAMS", "w", "1-0", on_reply=got.append)
    until(lambda: len(got) == 4)
    reader.close()
    writer.close()
    return got
