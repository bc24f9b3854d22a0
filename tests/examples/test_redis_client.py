"""The Redis client against a scripted server: commands, replies, pushes, bounds."""

from collections.abc import Iterator
from functools import partial
from typing import Any

import pytest

from examples.redis_client import Lost, QueueFull, error_code
from miniloop import EventLoop
from miniloop.testing import GENTLE, HARSH, Faults, SimulatedNetwork
from tests.examples.redis.engine import blob, push
from tests.examples.redis.scene import Scene


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


# -- commands and replies -------------------------------------------------------------------------


def test_commands_wait_for_the_connection_and_are_answered_in_order(scene: Scene) -> None:
    for number in range(5):
        scene.call("ECHO", number)
    assert not scene.client.connected
    scene.run_until_replies(5)
    assert scene.replies == [b"0", b"1", b"2", b"3", b"4"]
    assert scene.engine.seen[:2] == [[b"HELLO", b"3"], [b"PING"]]
    assert len(scene.client) == 0
    assert repr(scene.client) == "<RedisClient engine:6379 connected>"


def test_all_commands_of_a_pass_leave_together(scene: Scene) -> None:
    scene.connect()
    sizes: list[int] = []
    peer = scene.engine.peers[0]
    read = peer.on_received
    assert read is not None

    def watched() -> None:
        sizes.append(len(peer.received))
        read()

    peer.on_received = watched
    for number in range(100):
        scene.call("ECHO", number)
    scene.run_until_replies(100)
    assert scene.replies == [b"%d" % number for number in range(100)]
    assert sizes == [sum(len(b"*2\r\n$4\r\nECHO\r\n$1\r\n1\r\n") + (n > 9) for n in range(100))]


@pytest.mark.parametrize("seed", range(20))
def test_in_order_on_any_network(seed: int) -> None:
    net = SimulatedNetwork(seed, faults=Faults(split=1, partial_send=0.5, buffers=(16, 256)))
    with net.loop() as loop:
        scene = Scene(net, loop)
        for number in range(50):
            scene.call("ECHO", "x" * number, timeout=None)
        scene.run_until_replies(50)
        assert [len(reply) for reply in scene.replies] == [*range(50)]


@pytest.mark.parametrize("seed", range(20))
def test_each_command_has_one_outcome_on_a_network_that_breaks(seed: int) -> None:
    net = SimulatedNetwork(seed, faults=HARSH)
    with net.loop() as loop:
        scene = Scene(net, loop)
        outcomes: list[tuple[int, Any]] = []
        for number in range(40):
            note = partial(_note, outcomes, number)
            scene.client.call("ECHO", number, on_reply=note, timeout=30.0)
            scene.engine.run(net.random.uniform(0, 1))
        scene.engine.run_until(lambda: len(outcomes) == 40, seconds=600)
        assert {number for number, _ in outcomes} == {*range(40)}
        for number, reply in outcomes:
            assert isinstance(reply, Lost | TimeoutError) or reply == b"%d" % number
        scene.client.close()
        scene.engine.run(1)
        assert len(outcomes) == 40
    assert net.open_sockets == []


def _note(outcomes: list[tuple[int, Any]], number: int, reply: Any) -> None:
    outcomes.append((number, reply))


def test_an_error_is_the_outcome_of_its_command_alone(scene: Scene) -> None:
    scene.engine.answers[b"BAD"] = b"-ERR unknown command\r\n"
    scene.call("BAD")
    scene.call("ECHO", "x")
    scene.run_until_replies(2)
    assert error_code(scene.replies[0]) == "ERR"
    assert scene.replies[1] == b"x"
    assert scene.lost == []


def test_an_exception_of_a_callback_harms_no_other(
    scene: Scene, caplog: pytest.LogCaptureFixture
) -> None:
    def fail(reply: object) -> None:
        raise ValueError("mine")

    scene.client.call("ECHO", 1, on_reply=fail)
    scene.call("ECHO", 2)
    scene.run_until_replies(1)
    assert "ValueError: mine" in caplog.text
    assert (scene.replies, scene.lost) == ([b"2"], [])


def test_a_command_without_a_callback(scene: Scene) -> None:
    scene.client.call("SET", "a", b"b", 1, 2.5, memoryview(b"x"))
    scene.engine.run_until(lambda: scene.engine.names and not len(scene.client))
    assert scene.engine.seen[-1] == [b"SET", b"a", b"b", b"1", b"2.5", b"x"]


def test_a_cancelled_command_calls_nothing(scene: Scene) -> None:
    scene.client.call("ECHO", 1, on_reply=scene.replies.append).cancel()
    scene.call("ECHO", 2)
    scene.run_until_replies(1)
    assert scene.replies == [b"2"]


@pytest.mark.parametrize(
    "words",
    [(), ("",), ("MONITOR",), (b"hello", "2"), ("client", "REPLY", "OFF"), ("SUBSCRIBE",),
     ("quit",), ("GET", "\ud800")],
)  # fmt: skip
def test_commands_that_a_connection_cannot_carry(scene: Scene, words: tuple[Any, ...]) -> None:
    with pytest.raises(ValueError, match=r"."):
        scene.call(*words)
    assert len(scene.client) == 0


def test_a_word_of_another_type(scene: Scene) -> None:
    with pytest.raises(TypeError):
        scene.call("SET", "a", None)
    assert len(scene.client) == 0
    with pytest.raises(TypeError):
        scene.call("SET", "a", True)


# -- pushes ---------------------------------------------------------------------------------------


def test_subscribing(scene: Scene) -> None:
    scene.call("SUBSCRIBE", "a", "b")
    scene.call("ECHO", 1)
    scene.run_until_replies(2)
    assert scene.replies == [[b"subscribe", b"b", 2], b"1"]
    scene.engine.peers[0].send(push(b"message", b"a", b"hello"))
    scene.engine.run_until(lambda: scene.pushes)
    assert scene.pushes == [[b"message", b"a", b"hello"]]


def test_messages_between_confirmations_and_replies(scene: Scene) -> None:
    message = push(b"message", b"a", b"hello")
    scene.engine.answers[b"SUBSCRIBE"] = message + push(b"subscribe", b"a", 1) + message
    scene.engine.answers[b"ECHO"] = message + blob(b"1") + push(b"subscribe", b"z", 9)
    scene.call("SUBSCRIBE", "a")
    scene.call("ECHO", 1)
    scene.run_until_replies(2)
    scene.engine.run(1)
    assert scene.replies == [[b"subscribe", b"a", 1], b"1"]
    assert scene.pushes == [[b"message", b"a", b"hello"]] * 3 + [[b"subscribe", b"z", 9]]


def test_a_refused_subscription(scene: Scene) -> None:
    scene.engine.answers[b"SUBSCRIBE"] = b"-NOPERM no such channel\r\n"
    scene.call("SUBSCRIBE", "a")
    scene.call("ECHO", 1)
    scene.run_until_replies(2)
    assert (error_code(scene.replies[0]), scene.replies[1]) == ("NOPERM", b"1")


# -- bounds ---------------------------------------------------------------------------------------


def test_a_bounded_number_of_commands(net: SimulatedNetwork, loop: EventLoop) -> None:
    scene = Scene(net, loop, most_commands=3)
    for number in range(3):
        scene.call("ECHO", number)
    with pytest.raises(QueueFull, match="3 commands"):
        scene.call("ECHO", 3)
    scene.run_until_replies(3)
    scene.call("ECHO", 4)
    scene.run_until_replies(4)


def test_a_bounded_number_of_bytes(net: SimulatedNetwork, loop: EventLoop) -> None:
    scene = Scene(net, loop, most_bytes=1000)
    scene.call("ECHO", "x" * 500)
    for _ in range(3):
        with pytest.raises(QueueFull, match="bytes"):
            scene.call("ECHO", "x" * 500)
    assert len(scene.client) == 1
    scene.run_until_replies(1)
    scene.call("ECHO", "x" * 900)
    scene.run_until_replies(2)
    assert scene.client._bytes == 0


def test_commands_that_waited_too_long_leave_nothing(scene: Scene) -> None:
    scene.engine.stop()
    for _ in range(10):
        for _ in range(100):
            scene.call("ECHO", 1)
        scene.engine.run(6)
    assert len(scene.replies) == 1000
    assert (len(scene.client), len(scene.client._waiting), scene.client._bytes) == (0, 0, 0)


# -- the program's own end ------------------------------------------------------------------------


@pytest.mark.parametrize("connected", [False, True])
def test_close_calls_nothing(scene: Scene, connected: bool) -> None:
    if connected:
        scene.connect()
    scene.call(scene.silence())
    scene.call("ECHO", 1)
    scene.client.close()
    scene.client.close()
    scene.loop.run()  # nothing is left to wait for
    assert (scene.replies, scene.lost, len(scene.client)) == ([], [], 0)
    with pytest.raises(RuntimeError, match="closed"):
        scene.call("ECHO", 2)
    assert repr(scene.client) == "<RedisClient engine:6379 closed>"


def test_close_in_a_callback(scene: Scene) -> None:
    scene.client.call("ECHO", 1, on_reply=lambda reply: scene.client.close())
    scene.call("ECHO", 2)
    scene.engine.run(5)
    assert (scene.replies, scene.lost) == ([], [])


def test_the_loop_is_stopped_and_closed(net: SimulatedNetwork) -> None:
    with net.loop() as loop:
        scene = Scene(net, loop)
        scene.connect()
        scene.call(scene.silence())
        loop.stop()
        loop.run()
    assert net.open_sockets == []
