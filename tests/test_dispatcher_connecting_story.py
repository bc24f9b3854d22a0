"""connect() and connect_to() tell the same story for the same program.

Exactly one of handle_connect() and handle_connect_error() comes first, and handle_close() only
after handle_connect(). The network is simulated: each program runs once for each way to connect,
and what it saw is compared with what is right.
"""

import errno
import logging
from collections.abc import Callable, Iterator
from typing import TypeVar

import pytest

from miniloop import AsyncChat, EventLoop
from miniloop.testing import GENTLE, Peer, SimulatedNetwork
from miniloop.testing.loop import SimulatedLoop
from miniloop.trace import inspection
from tests.doubles import fail

ADDRESS = ("192.0.2.1", 80)
NAME = "server.example"


class Story(AsyncChat):
    """Notes its handlers, and does in them what the program says."""

    def __init__(self, loop: EventLoop, **program: Callable[["Story"], object]) -> None:
        super().__init__(loop)
        self.calls: list[str] = []
        self.program = program

    def note(self, name: str, detail: str = "") -> None:
        self.calls.append(f"{name} {detail}".rstrip())
        if name in self.program:
            self.program[name](self)

    def handle_connect(self) -> None:
        self.note("connect")

    def handle_connect_error(self, error: OSError) -> None:
        assert error is self.error or isinstance(error, ConnectionAbortedError)
        self.note("failed", type(error).__name__)

    def handle_close(self) -> None:
        self.note("close")

    def handle_error(self) -> None:
        self.note("error")
        super().handle_error()

    def handle_idle(self) -> None:
        self.note("idle")
        super().handle_idle()

    def handle_eof(self) -> None:
        self.note("eof")
        super().handle_eof()

    def handle_output_overflow(self) -> None:
        self.note("overflow")
        super().handle_output_overflow()

    def collect_incoming_data(self, data: bytes) -> None:
        self.calls.append(f"data {data.decode()}")


Kind = TypeVar("Kind", bound=AsyncChat)


class Scene:
    """A network with one server, and the way in which the program connects to it."""

    def __init__(self, loop: SimulatedLoop, net: SimulatedNetwork, way: str) -> None:
        self.loop = loop
        self.net = net
        self.way = way
        self.server = net.listen(ADDRESS)
        net.hosts[NAME] = [ADDRESS[0]]

    def begin(self, timeout: float | None = 30.0, **program: Callable[[Story], object]) -> Story:
        return self.connect(Story(self.loop, **program), timeout)

    def connect(self, story: Kind, timeout: float | None = 30.0) -> Kind:
        if self.way == "connect":
            story.create_socket()
            story.connect(ADDRESS, timeout=timeout)
        else:
            host = NAME if self.way == "by name" else ADDRESS[0]
            story.connect_to(host, ADDRESS[1], timeout=timeout)
        assert story.connecting
        return story

    def silence(self) -> None:
        """Let the server answer nothing at all."""
        self.net.refuse(ADDRESS, errno.ETIMEDOUT)

    def refuse(self) -> None:
        self.net.refuse(ADDRESS, errno.ECONNREFUSED)

    def peer(self) -> Peer:
        assert len(self.server.peers) == 1
        return self.server.peers[0]

    def run(self, seconds: float = 300.0) -> None:
        self.net.run(seconds)

    def check_the_end(self, story: Story) -> None:
        """Nothing is left of it, and nothing is waited for."""
        assert story.closed
        assert self.net.open_sockets == []
        assert inspection.registrations(self.loop) == []
        assert not any(work.busy() for work in self.loop.background)
        self.loop.run()


@pytest.fixture(params=["connect", "by number", "by name"])
def scene(request: pytest.FixtureRequest) -> Iterator[Scene]:
    net = SimulatedNetwork(1, faults=GENTLE)
    with net.loop() as loop:
        yield Scene(loop, net, request.param)


# -- it works ------------------------------------------------------------------------------------


def test_a_connect_that_works(scene: Scene) -> None:
    story = scene.begin()
    scene.run(1)
    assert story.calls == ["connect"]
    assert (story.connected, story.connecting, story.error) == (True, False, None)
    scene.peer().close()
    scene.run(1)
    assert story.calls == ["connect", "eof", "close"]
    scene.check_the_end(story)


def test_what_was_pushed_before_is_sent_after(scene: Scene) -> None:
    story = scene.begin(connect=lambda story: story.push(b" and after"))
    story.push(b"before")
    scene.run(1)
    assert scene.peer().received == b"before and after"


def test_close_when_done_before_the_connection_sends_and_closes(scene: Scene) -> None:
    story = scene.begin()
    story.push(b"a line")
    story.close_when_done()
    scene.run(1)
    assert scene.peer().received == b"a line"
    assert scene.peer().eof
    assert story.calls == ["connect", "close"]
    scene.check_the_end(story)


def test_close_when_done_with_nothing_to_send(scene: Scene) -> None:
    story = scene.begin()
    story.close_when_done()
    scene.run(1)
    assert story.calls == ["connect", "close"]
    assert scene.peer().eof
    scene.check_the_end(story)


def test_close_write_before_the_connection(scene: Scene) -> None:
    story = scene.begin()
    story.push(b"a question")
    story.close_write()
    scene.run(1)
    peer = scene.peer()
    assert (peer.received, peer.eof, story.closed) == (b"a question", True, False)
    peer.send(b"an answer")
    peer.close()
    scene.run(1)
    assert story.calls == ["connect", "data an answer", "eof", "close"]
    scene.check_the_end(story)


def test_a_pause_before_the_connection_holds_after_it(scene: Scene) -> None:
    story = scene.begin()
    story.pause_reading()
    scene.run(1)
    scene.peer().send(b"hello")
    scene.run(1)
    assert story.calls == ["connect"]
    story.resume_reading()
    scene.run(1)
    assert story.calls == ["connect", "data hello"]


@pytest.mark.parametrize("how", ["close", "end", "close_when_done"])
def test_an_end_in_handle_connect(scene: Scene, how: str) -> None:
    story = scene.begin(connect=lambda story: getattr(story, how)())
    scene.run(1)
    assert story.calls == ["connect"] + ([] if how == "close" else ["close"])
    scene.check_the_end(story)


def test_an_exception_in_handle_connect(scene: Scene, caplog: pytest.LogCaptureFixture) -> None:
    story = scene.begin(connect=lambda story: fail())
    scene.run(1)
    assert story.calls == ["connect", "error", "close"]
    assert caplog.text.count("ValueError: on purpose") == 1
    scene.check_the_end(story)


# -- it fails ------------------------------------------------------------------------------------


def test_a_refused_connect(scene: Scene) -> None:
    scene.refuse()
    story = scene.begin()
    scene.run(1)
    assert story.calls == ["failed ConnectionRefusedError"]
    assert isinstance(story.error, ConnectionRefusedError)
    scene.check_the_end(story)


@pytest.mark.parametrize("timeout", [5.0, None])
def test_a_connect_that_takes_too_long(scene: Scene, timeout: float | None) -> None:
    scene.silence()
    story = scene.begin(timeout)
    scene.run(4.9)
    assert story.calls == []
    scene.run(300)
    assert story.calls == ["failed TimeoutError"]
    assert isinstance(story.error, TimeoutError)
    scene.check_the_end(story)


def test_close_when_done_and_a_failure(scene: Scene) -> None:
    scene.refuse()
    story = scene.begin()
    story.push(b"a line")
    story.close_when_done()
    scene.run(1)
    assert story.calls == ["failed ConnectionRefusedError"]
    scene.check_the_end(story)


def test_close_when_done_without_an_answer_waits_for_the_limit(scene: Scene) -> None:
    scene.silence()
    story = scene.begin(5.0)
    story.close_when_done()
    scene.run(1)
    assert story.calls == []
    scene.run(5)
    assert story.calls == ["failed TimeoutError"]
    scene.check_the_end(story)


def test_an_idle_limit_while_connecting(scene: Scene) -> None:
    scene.silence()
    story = scene.begin()
    story.set_idle_timeout(3)
    scene.run(5)
    assert story.calls == ["idle", "failed TimeoutError"]
    scene.check_the_end(story)


def test_more_output_than_may_wait_for_the_connection(scene: Scene) -> None:
    scene.silence()
    story = scene.begin()
    story.max_output = 1000
    for _ in range(20):
        if not story.closed:
            story.push(b"x" * 100)
        scene.net.settle()
    assert story.calls == ["overflow", "failed OSError"]
    assert isinstance(story.error, OSError)
    assert story.error.errno == errno.ENOBUFS
    assert story.output_size == 0
    scene.check_the_end(story)


def test_a_large_piece_waits_for_the_connection_whole(scene: Scene) -> None:
    story = scene.begin()
    story.max_output = 1000
    story.push(b"x" * 600)
    story.push(b"x" * 600)
    scene.run(1)
    assert story.calls == ["connect"]
    assert scene.peer().received == b"x" * 1200


def test_abort_while_connecting(scene: Scene) -> None:
    scene.silence()
    story = scene.begin()
    story.abort("not needed any more")
    assert story.calls == ["failed ConnectionAbortedError"]
    assert str(story.error).endswith("not needed any more")
    scene.check_the_end(story)


def test_abort_with_an_error_of_another_kind_while_connecting(scene: Scene) -> None:
    """The handler is promised an OSError; ``error`` is what the program gave."""
    scene.silence()
    story = scene.begin()
    story.abort(ValueError("no sense"))
    assert story.calls == ["failed ConnectionAbortedError"]
    assert isinstance(story.error, ValueError)
    scene.check_the_end(story)


def test_an_overflow_that_is_left_open_goes_on_connecting(scene: Scene) -> None:
    class Tolerant(Story):
        def handle_output_overflow(self) -> None:
            self.note("overflow")
            self.discard_output()

    story = scene.connect(Tolerant(scene.loop))
    story.max_output = 1000
    story.push(b"x" * 1001)
    scene.loop.run_once(0)
    story.push(b"y")
    scene.run(1)
    assert story.calls == ["overflow", "connect"]
    assert scene.peer().received == b""


def test_an_end_by_the_program_while_connecting(scene: Scene) -> None:
    scene.silence()
    story = scene.begin()
    story.end()
    scene.run(300)
    assert story.calls == ["failed ConnectionAbortedError"]
    scene.check_the_end(story)


def test_close_while_connecting_calls_no_handler(scene: Scene) -> None:
    for passes in range(4):
        story = scene.begin(5.0)
        for _ in range(passes):
            scene.loop.run_once(0)
        story.close()
        scene.run(10)
        assert story.calls == []
        scene.check_the_end(story)


def test_an_exception_in_handle_connect_error(
    scene: Scene, caplog: pytest.LogCaptureFixture
) -> None:
    scene.refuse()
    story = scene.begin(failed=lambda story: fail())
    scene.run(1)
    assert story.calls == ["failed ConnectionRefusedError", "error"]
    assert caplog.text.count("ValueError: on purpose") == 1
    scene.check_the_end(story)


def test_an_exception_in_handle_idle_while_connecting(
    scene: Scene, caplog: pytest.LogCaptureFixture
) -> None:
    scene.silence()
    story = scene.begin(idle=lambda story: fail())
    story.set_idle_timeout(3)
    scene.run(5)
    assert story.calls == ["idle", "error", "failed ConnectionAbortedError"]
    scene.check_the_end(story)


def test_a_failure_that_no_override_handles_is_logged(
    scene: Scene, caplog: pytest.LogCaptureFixture
) -> None:
    scene.refuse()
    story = scene.connect(AsyncChat(scene.loop))
    scene.run(1)
    assert story.closed
    assert "cannot connect to " in caplog.text
    assert [record.levelno for record in caplog.records] == [logging.WARNING]


# -- the loop ends -------------------------------------------------------------------------------


@pytest.mark.parametrize("queued", [False, True])
def test_an_orderly_stop_while_connecting(scene: Scene, queued: bool) -> None:
    scene.silence()
    story = scene.begin()
    if queued:
        story.push(b"never sent")
    scene.net.settle()
    scene.loop.stop(grace=5)
    scene.loop.run()
    assert story.calls == []
    scene.check_the_end(story)


def test_a_loop_that_is_closed_while_connecting(scene: Scene) -> None:
    scene.silence()
    story = scene.begin()
    scene.net.settle()
    scene.loop.close()
    assert story.calls == []
    assert story.closed
    assert scene.net.open_sockets == []


# -- misuse --------------------------------------------------------------------------------------


def test_a_second_connect_is_refused(scene: Scene) -> None:
    story = scene.begin()
    with pytest.raises(RuntimeError, match=r"connect\(\): .* is in use; make a new dispatcher"):
        story.connect(ADDRESS)
    with pytest.raises(RuntimeError, match=r"connect_to\(\): .* is in use; make a new"):
        story.connect_to(*ADDRESS)
    scene.run(1)
    assert story.calls == ["connect"]
    assert story.connected
