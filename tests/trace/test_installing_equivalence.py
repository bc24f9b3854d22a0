"""A traced loop does what an untraced one does, and reports it."""

import socket
from functools import partial

import pytest

from miniloop import AsyncChat, Dispatcher, EventLoop, Job, Listener, ThreadPool
from miniloop.readiness import HANGUP, READ, URGENT, WRITE
from miniloop.trace import install, remove
from tests.doubles import FakeChannel, fail
from tests.driving import Lines, Recording, pair, run_until, settle
from tests.trace.diary import Bytes, Diary, begin, plain


@pytest.mark.parametrize("ready", [READ, WRITE, READ | WRITE, READ | WRITE | URGENT | HANGUP])
@pytest.mark.parametrize("polled", [False, True])
@pytest.mark.parametrize(
    ("where", "what"),
    [("", None), ("read", "fail"), ("read", "close"), ("write", "fail"), ("read", "unwant"),
     ("interest", "fail"), ("flush", "fail"), ("flush", "close")],
)  # fmt: skip
def test_a_traced_loop_does_what_a_plain_one_does(
    ready: int, polled: bool, where: str, what: str | None
) -> None:
    seen = []
    audited = where != "interest"  # debug mode asks every channel, and would be the first to fail
    for trace, debug in ((None, False), (Diary(), False), (None, audited)):
        loop, selector = begin(trace, debug=debug, slow=1.0)
        with loop:
            channel = FakeChannel(fd=7, wants=READ | WRITE | URGENT)
            other = FakeChannel(fd=8)
            channel.join(loop, polled=polled)
            other.join(loop)
            loop.run_once(0)
            if what == "fail":
                channel.on[where] = fail
            elif what == "close":
                channel.on[where] = channel.close
            elif what == "unwant":
                channel.on[where] = partial(channel.want, 0)
            loop.flush_soon(channel)
            selector.script((7, ready), (8, READ))
            loop.call_soon(fail)
            loop.run_once(0)
            loop.run_once(0)
        seen.append((channel.calls, other.calls, selector.calls, selector.timeouts))
    assert seen[0] == seen[1] == seen[2]


def test_a_failing_wait_is_over_too() -> None:
    diary = Diary()
    loop, _ = begin(diary)
    with loop:
        with pytest.raises(RuntimeError, match="without end"):
            loop.run_once()
        assert diary.told[-2:] == ["waited 0", "passed"]


def test_output_is_kept_when_an_interrupt_passes_a_traced_flush() -> None:
    loop, _ = begin(Diary())
    channels = [FakeChannel(fd=fd) for fd in (7, 8, 9)]
    with loop:
        for channel in channels:
            channel.join(loop)
            loop.flush_soon(channel)
        channels[1].on["flush"] = interrupt
        with pytest.raises(KeyboardInterrupt):
            loop.run_once(0)
        assert [channel.calls for channel in channels] == [["flush"], ["flush"], []]
        channels[1].on.clear()
        loop.run_once(0)
        assert [channel.calls for channel in channels] == [["flush"], ["flush"] * 2, ["flush"]]


def interrupt() -> None:
    """Be Ctrl-C in the middle of a handler."""
    raise KeyboardInterrupt


def test_a_channel_that_has_left_is_flushed_without_a_row() -> None:
    loop, _ = begin(diary := Diary())
    with loop:
        channel = FakeChannel(fd=7)
        channel.join(loop)
        loop.flush_soon(channel)
        channel._leave_()
        channel.fd = -1
        loop.run_once(0)
    assert channel.calls == ["flush"]
    assert not any("flush" in told for told in diary.told)


def test_a_cancelled_callback_is_not_reported() -> None:
    loop, _ = begin(diary := Diary())
    with loop:
        loop.call_later(0, plain).cancel()
        loop.call_soon(plain).cancel()
        loop.run_once(0)
    assert "call plain" not in diary.told
    assert "called" not in diary.told


def test_all_handlers_have_their_names(loop: EventLoop) -> None:
    install(loop, diary := Diary())
    listener = Listener(loop, ("127.0.0.1", 0), Recording)
    with socket.create_server(("127.0.0.1", 0)) as server:
        client = Dispatcher(loop)
        client.create_socket()
        client.connect(server.getsockname())
        run_until(loop, lambda: client.connected)
    with socket.create_connection(listener.address):
        run_until(loop, lambda: any("handle_accept" in told for told in diary.told))
    assert any("handle_connect" in told for told in diary.told)


def test_bytes_are_told(loop: EventLoop) -> None:
    install(loop, told := Bytes())
    with pair() as (ours, theirs):
        lines = Lines(loop, ours)
        theirs.send(b"hello\n")
        settle(loop)
        lines.push(b"world!")
        lines.push_with_producer(Once(b"more"))
        settle(loop)
        assert theirs.recv(100) == b"world!more"
    mine = [(what, size) for what, channel, size in told.told if channel is lines]
    assert mine == [("received", 6), ("pushed", 6), ("pushed", 0), ("sent", 10)]


class Once:
    def __init__(self, data: bytes) -> None:
        self.data = data

    def more(self) -> bytes:
        data, self.data = self.data, b""
        return data


def test_jobs_are_told(loop: EventLoop) -> None:
    install(loop, diary := Diary())
    pool = ThreadPool(loop, threads=1)
    done: list[Job[int]] = []
    job = pool.submit(int, on_done=done.append)
    assert diary.told[-1].startswith("soon <Job ")
    run_until(loop, lambda: done)
    assert done == [job]
    remove(loop, diary)
    pool.submit(int)
    loop.scheduled(job)  # reported to no hooks
    assert diary.told[-1] != f"soon {job}"


def test_datagrams_are_told(loop: EventLoop) -> None:
    install(loop, told := Bytes())
    one, other = Datagrams(loop), Datagrams(loop)
    for each in (one, other):
        each.create_socket(socket.AF_INET, socket.SOCK_DGRAM)
        each.bind(("127.0.0.1", 0))
    one.sendto(b"hello", other.socket.getsockname())
    run_until(loop, lambda: other.got)
    one.close()
    other.close()
    assert told.told == [("sent", one, 5), ("received", other, 5)]


class Datagrams(Dispatcher):
    got = b""

    def handle_read(self) -> None:
        self.got, _ = self.recvfrom()


def test_channels_get_their_own_back(loop: EventLoop) -> None:
    with pair() as (ours, _):
        chat = AsyncChat(loop, ours)
        install(loop, hooks := Bytes())
        assert type(ours) is not socket.socket
        assert isinstance(ours, socket.socket)
        assert "push" in vars(chat)
        remove(loop, hooks)
        assert type(ours) is socket.socket
        assert "push" not in vars(chat)
        install(loop, Bytes())
        chat.close()
        assert "push" not in vars(chat)


def test_a_trace_without_bytes_leaves_channels_alone(loop: EventLoop) -> None:
    install(loop, Diary())
    with pair() as (ours, _):
        chat = AsyncChat(loop, ours)
        assert type(ours) is socket.socket
        assert "push" not in vars(chat)
        chat.close()


def test_a_peek_is_no_receiving(loop: EventLoop) -> None:
    install(loop, told := Bytes())
    with pair() as (ours, theirs):
        lines = Lines(loop, ours)
        theirs.send(b"hello\n")
        assert lines.socket.recv(1, socket.MSG_PEEK) == b"h"
        assert told.told == []
        lines.close()
