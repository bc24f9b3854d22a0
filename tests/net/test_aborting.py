"""Tests of miniloop.net.aborting: one line in the log, the error, the end."""

import errno
import logging
import threading
import weakref

import pytest

from miniloop import AsyncChat, EventLoop
from miniloop.testing import Peer, SimulatedNetwork
from miniloop.testing.loop import SimulatedLoop
from tests.doubles import scripted
from tests.test_channel import Plain

DOOR = ("server", 1)


class Chat(AsyncChat):
    """Takes nothing for good input."""

    ends = 0

    def collect_incoming_data(self, data: bytes) -> None:
        self.push(b"never sent")
        self.abort(data.decode())

    def handle_close(self) -> None:
        self.ends += 1
        assert self.error is not None


def connected(net: SimulatedNetwork, loop: SimulatedLoop) -> tuple[Chat, Peer]:
    server = net.listen(DOOR)
    chat = Chat(loop)
    chat.create_socket()
    chat.connect(DOOR)
    net.settle()
    return chat, server.peers[0]


@pytest.fixture(autouse=True)
def _info(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, "miniloop")


def test_a_text(caplog: pytest.LogCaptureFixture) -> None:
    with scripted() as (loop, _, _):
        channel = Plain(loop)
        channel.abort("no such command")
        assert channel.closed
        assert channel.calls == ["close"]
        assert isinstance(channel.error, ConnectionAbortedError)
        assert (channel.error.errno, channel.error.strerror) == (
            errno.ECONNABORTED, "no such command"
        )  # fmt: skip
        (record,) = caplog.records
        assert record.levelno == logging.INFO
        assert record.getMessage() == f"closing {channel!r}: no such command"
        assert record.exc_info is None


@pytest.mark.parametrize(
    ("error", "shown"),
    [
        (ValueError("not a number"), "not a number"),
        (OSError(errno.ENOBUFS, "too much"), "too much"),
        (OSError("no number"), "no number"),
        (KeyError(), "KeyError()"),
        (OSError(7, 11), "11"),  # whatever its text is
    ],
)
def test_an_exception(error: Exception, shown: str, caplog: pytest.LogCaptureFixture) -> None:
    with scripted() as (loop, _, _):
        channel = Plain(loop)
        channel.abort(error)
        assert channel.error is error
        assert caplog.messages == [f"closing {channel!r}: {shown}"]


def test_what_a_peer_has_sent_stays_in_one_line(caplog: pytest.LogCaptureFixture) -> None:
    with scripted() as (loop, _, _):
        channel = Plain(loop)
        channel.abort("bad: é\r\n\x1b[2J" + "x" * 10_000)
        (line,) = caplog.messages
        assert "bad: é\\r\\n\\x1b[2Jxxx" in line
        assert line.isprintable()
        assert len(line) < 1000
        assert str(channel.error).endswith("x" * 10_000)


def test_it_happens_once(caplog: pytest.LogCaptureFixture) -> None:
    with scripted() as (loop, _, _):
        channel = Plain(loop)
        channel.on["close"] = lambda: channel.abort("in handle_close()")
        channel.abort("first")
        channel.abort("second")
        assert channel.calls == ["close"]
        assert "first" in str(channel.error)
        assert len(caplog.records) == 1
        closed = Plain(loop)
        closed.close()
        closed.abort("too late")
        assert (closed.error, closed.calls, len(caplog.records)) == (None, [], 1)


def test_the_error_holds_no_frames_and_so_no_channel(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.WARNING, "miniloop")  # a record that is kept holds the channel
    with scripted() as (loop, _, _):
        channel = Plain(loop)
        try:
            try:
                raise KeyError("context")
            except KeyError:
                raise ValueError("caught")  # noqa: B904  # its context is the test
        except ValueError as error:
            channel.abort(error)
        kept, watched = channel.error, weakref.ref(channel)
        assert kept is not None
        assert (kept.__traceback__, kept.__context__) == (None, None)
        del channel
        loop.run_once(0)  # its registration was dirty
        assert watched() is None


def fail_for_a_cause(channel: Plain) -> None:
    try:
        try:
            raise KeyError("cause")
        except KeyError as cause:
            raise ValueError("caught") from cause
    except ValueError as error:
        channel.abort(error)


def test_nor_do_its_causes(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.WARNING, "miniloop")
    with scripted() as (loop, _, _):
        channel = Plain(loop)
        fail_for_a_cause(channel)
        kept, watched = channel.error, weakref.ref(channel)
        assert kept is not None
        assert isinstance(kept.__cause__, KeyError)
        del channel
        loop.run_once(0)
        assert watched() is None


def test_another_thread_is_refused() -> None:
    with scripted() as (loop, _, _):
        channel = Plain(loop)
        raised: list[RuntimeError] = []

        def other() -> None:
            try:
                channel.abort("from elsewhere")
            except RuntimeError as error:
                raised.append(error)

        def start() -> None:
            thread = threading.Thread(target=other)
            thread.start()
            thread.join()

        loop.call_soon(start)
        loop.run_once(0)
        assert len(raised) == 1
        assert (channel.closed, channel.error) == (False, None)


def test_bad_input_ends_quietly_and_nothing_queued_is_sent(
    caplog: pytest.LogCaptureFixture,
) -> None:
    net = SimulatedNetwork(1)
    with net.loop(debug=True) as loop:
        chat, peer = connected(net, loop)
        peer.send(b"nonsense")
        net.settle()
        assert chat.ends == 1
        assert peer.received == b""
        assert peer.eof
        assert caplog.messages == [f"closing {chat!r}: nonsense"]


def test_a_listener_can_be_aborted() -> None:
    with EventLoop() as loop:
        channel = AsyncChat(loop)
        channel.create_socket()
        channel.bind(("127.0.0.1", 0))
        channel.listen()
        channel.abort("no more of this")
        assert channel.closed
        assert isinstance(channel.error, ConnectionAbortedError)
