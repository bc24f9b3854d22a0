"""The Redis client's connection: the greeting, ends of every kind, and the next beginning."""

import logging
from collections.abc import Iterator
from pathlib import Path

import pytest

from examples.redis_client import Address, Lost, is_not_up
from miniloop import EventLoop
from miniloop.testing import GENTLE, SimulatedNetwork
from tests.examples.redis.engine import HELLO, HOST, blob
from tests.examples.redis.scene import Scene

LOADING = b"-LOADING Redis is loading the dataset in memory\r\n"


@pytest.fixture
def net() -> SimulatedNetwork:
    return SimulatedNetwork(1, faults=GENTLE)


@pytest.fixture
def loop(net: SimulatedNetwork) -> Iterator[EventLoop]:
    with net.loop() as loop:
        yield loop


@pytest.fixture
def scene(net: SimulatedNetwork, loop: EventLoop) -> Scene:
    return Scene(net, loop)


# -- the greeting ---------------------------------------------------------------------------------


def test_the_program_comes_first_on_every_connection(
    net: SimulatedNetwork, loop: EventLoop
) -> None:
    scene = Scene(net, loop)
    scene.client._on_ready = lambda: scene.client.call("SUBSCRIBE", "news")
    scene.call("ECHO", 1)
    scene.run_until_replies(1)
    scene.engine.stop()
    scene.engine.run(0.01)
    scene.call("ECHO", 2)
    scene.engine.start()
    scene.run_until_replies(2)
    assert scene.engine.names == [b"SUBSCRIBE", b"ECHO", b"SUBSCRIBE", b"ECHO"]


def test_user_password_name_and_database(
    net: SimulatedNetwork, loop: EventLoop, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    file = tmp_path / "password"
    file.write_text("secret\n")
    address = Address(HOST, user="ada", password_file=file, name="node1", database=2)
    scene = Scene(net, loop, address=address)
    scene.connect()
    assert scene.engine.seen == [
        [b"HELLO", b"3", b"AUTH", b"ada", b"secret", b"SETNAME", b"node1"],
        [b"SELECT", b"2"],
        [b"PING"],
    ]
    scene.engine.stop()
    scene.engine.run(1)
    assert "secret" not in caplog.text + repr(scene.client) + repr(scene.lost)


@pytest.mark.parametrize("command", [b"HELLO", b"PING", b"SELECT"])
def test_a_greeting_that_is_refused_is_repeated_later(
    net: SimulatedNetwork, loop: EventLoop, command: bytes, caplog: pytest.LogCaptureFixture
) -> None:
    scene = Scene(net, loop, address=Address(HOST, database=1))
    before = scene.engine.answers.get(command, b"+OK\r\n")
    scene.engine.answers[command] = b"-WRONGPASS invalid \x1b[2J\r\n"
    scene.call("ECHO", 1, timeout=60.0)
    scene.engine.run_until(lambda: len(scene.lost) == 3)
    assert "the server refused the greeting: WRONGPASS invalid ?[2J" in str(scene.lost[0])
    assert "WRONGPASS" in caplog.text
    assert "\x1b" not in caplog.text
    assert (scene.ready, scene.replies) == (0, [])
    scene.engine.answers[command] = before
    scene.run_until_replies(1)
    assert scene.replies == [b"1"]


def test_a_server_that_loads_its_data_is_not_up(scene: Scene) -> None:
    scene.engine.answers[b"PING"] = LOADING
    scene.call("ECHO", 1, timeout=60.0)
    scene.engine.run(20)
    assert (scene.ready, scene.engine.names) == (0, [])
    connects = sum(words[0] == b"HELLO" for words in scene.engine.seen)
    assert 4 <= connects <= 40  # with pauses
    scene.engine.answers[b"PING"] = b"+PONG\r\n"
    scene.run_until_replies(1)
    assert scene.replies == [b"1"]


def test_not_up_later_is_an_error_reply(scene: Scene) -> None:
    scene.engine.answers[b"SET"] = b"-READONLY You can't write against a read only replica.\r\n"
    scene.call("SET", "a", "b")
    scene.run_until_replies(1)
    assert is_not_up(scene.replies[0])


def test_a_password_that_cannot_be_read(
    net: SimulatedNetwork, loop: EventLoop, tmp_path: Path
) -> None:
    scene = Scene(net, loop, address=Address(HOST, password_file=tmp_path / "missing"))
    scene.engine.run_until(lambda: len(scene.lost) == 2)
    assert isinstance(scene.lost[0], FileNotFoundError)
    assert scene.engine.seen == []


def test_an_exception_of_on_ready_does_not_hold_up_what_waits(
    scene: Scene, caplog: pytest.LogCaptureFixture
) -> None:
    def fail() -> None:
        raise ValueError("mine")

    scene.client._on_ready = fail
    scene.call("ECHO", 1)
    scene.run_until_replies(1)
    assert "ValueError: mine" in caplog.text


@pytest.mark.parametrize("ends", [False, True])
def test_what_happens_in_on_ready_to_what_waits(scene: Scene, ends: bool) -> None:
    def on_ready() -> None:
        link = scene.client._link
        assert link is not None
        scene.client._on_ready = int
        gone.cancel()
        gone.finish(None)
        if ends:
            link.fail(ConnectionResetError("cut"))

    scene.client._on_ready = on_ready
    gone = scene.client.call("ECHO", 0)
    scene.call("ECHO", 1)
    scene.run_until_replies(1)
    assert scene.replies == [b"1"]
    assert scene.engine.names == [b"ECHO"]


# -- ends and beginnings --------------------------------------------------------------------------


@pytest.mark.parametrize("way", ["reset", "close"])
def test_what_was_sent_is_lost_and_what_comes_later_is_sent_later(scene: Scene, way: str) -> None:
    scene.connect()
    scene.call(scene.silence())
    scene.call("SLOW", "too")
    scene.engine.run_until(lambda: len(scene.engine.names) == 2)
    getattr(scene.engine.peers[0], way)()
    scene.run_until_replies(2)
    assert [type(reply) for reply in scene.replies] == [Lost, Lost]
    assert "it may have been done" in str(scene.replies[0])
    assert len(scene.lost) == 1
    scene.call("ECHO", 1)
    scene.run_until_replies(3)
    assert scene.replies[2] == b"1"
    assert scene.engine.names == [b"SLOW", b"SLOW", b"ECHO"]
    assert scene.ready == 2


def test_a_command_at_the_moment_of_the_end_waits_for_the_next_connection(scene: Scene) -> None:
    scene.connect()
    link = scene.client._link
    assert link is not None
    link.fail(ConnectionResetError("cut"))
    scene.call("ECHO", 1)
    scene.run_until_replies(1)
    assert scene.replies == [b"1"]


def test_away_for_long(scene: Scene) -> None:
    """Commands are bounded by their time limits, and the pauses by ``longest``."""
    scene.connect()
    scene.engine.stop()
    scene.engine.run_until(lambda: scene.lost)
    scene.call("ECHO", 1)
    scene.call("ECHO", 2, timeout=100.0)
    scene.engine.run(50)
    assert [type(reply) for reply in scene.replies] == [TimeoutError]
    assert "no connection to engine:6379: " in str(scene.replies[0])
    assert len(scene.client) == 1
    scene.engine.start()
    scene.engine.run(6)
    assert scene.replies[1:] == [b"2"]


def test_a_server_that_hangs_is_left(scene: Scene) -> None:
    scene.connect()
    scene.call(scene.silence(), timeout=2.0)
    scene.call("SLOW", "too")
    scene.engine.run(3)
    assert [type(reply) for reply in scene.replies] == [TimeoutError, Lost]
    assert isinstance(scene.lost[0], TimeoutError)
    scene.call("ECHO", 1)
    scene.run_until_replies(3)
    assert scene.replies[2] == b"1"


def test_a_late_answer_is_not_taken_for_another_commands(scene: Scene) -> None:
    scene.connect()
    scene.engine.answers[b"SLOW"] = lambda words: (
        scene.net.call_later(5, scene.engine.peers[0].send, blob(b"late")) or b""  # type: ignore[func-returns-value]
    )
    scene.call("SLOW", timeout=4.999)
    scene.engine.run(4.9)
    scene.call("ECHO", 1)
    scene.engine.answers[b"ECHO"] = b""
    scene.run_until_replies(2)
    assert [type(reply) for reply in scene.replies] == [TimeoutError, Lost]


def test_a_blocking_command_has_a_limit_of_its_own(scene: Scene) -> None:
    scene.connect()
    scene.call(scene.silence(b"XREAD"), "BLOCK", 60_000, timeout=70.0)
    scene.engine.run(60)
    assert (scene.replies, scene.lost) == ([], [])
    scene.engine.peers[0].send(b"_\r\n")
    scene.run_until_replies(1)
    assert scene.replies == [None]


def test_no_limit(scene: Scene) -> None:
    scene.connect()
    scene.call(scene.silence(), timeout=None)
    scene.engine.run(10_000)
    assert (scene.replies, scene.lost) == ([], [])


def test_a_quiet_connection_is_tried(scene: Scene) -> None:
    scene.connect()
    scene.engine.run(100)
    assert [words[0] for words in scene.engine.seen].count(b"PING") == 4
    assert scene.lost == []
    scene.silence(b"PING")
    scene.engine.run(40)
    assert isinstance(scene.lost[0], TimeoutError)


def test_a_server_that_accepts_and_says_nothing(scene: Scene) -> None:
    scene.silence(b"HELLO")
    scene.silence(b"PING")
    scene.engine.run(6)
    assert isinstance(scene.lost[0], TimeoutError)
    scene.engine.answers |= {b"HELLO": HELLO, b"PING": b"+PONG\r\n"}
    scene.connect()


@pytest.mark.parametrize(
    "rubbish",
    [b"HTTP/1.1 400 Bad Request\r\n\r\n", b"*999999999\r\n", b"+unasked\r\n", b"$99999999\r\n"],
)
def test_a_server_that_is_none_is_left(scene: Scene, rubbish: bytes) -> None:
    scene.connect()
    scene.engine.peers[0].send(rubbish)
    scene.engine.run_until(lambda: scene.lost)
    scene.call("ECHO", 1)
    scene.run_until_replies(1)
    assert scene.replies == [b"1"]


def test_a_reply_in_the_place_of_a_confirmation(scene: Scene) -> None:
    scene.connect()
    scene.engine.answers[b"SUBSCRIBE"] = b"+QUEUED\r\n"  # as between MULTI and EXEC
    scene.call("SUBSCRIBE", "a")
    scene.run_until_replies(1)
    assert isinstance(scene.replies[0], Lost)
    assert "SUBSCRIBE was answered with a reply" in str(scene.lost[0])
