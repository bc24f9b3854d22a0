"""asyncore-style overrides of the predicates do not undo what the channel's state demands."""

import signal
import socket
from threading import Thread

import pytest

from miniloop import AsyncChat, Dispatcher, EventLoop, Listener
from miniloop.trace import inspection
from tests.driving import Lines, pair, run_until

LOCAL = ("127.0.0.1", 0)


class Classic(Dispatcher):
    """A client as asyncore's manual writes it."""

    def __init__(self, loop: EventLoop) -> None:
        super().__init__(loop)
        self.buffer = b""
        self.seen: list[str] = []
        self.create_socket()

    def readable(self) -> bool:
        return True

    def writable(self) -> bool:
        return bool(self.buffer)

    def handle_connect(self) -> None:
        self.seen.append("connect")

    def handle_connect_error(self, error: OSError) -> None:
        self.seen.append(type(error).__name__)

    def handle_close(self) -> None:
        self.seen.append("close")


class Silent(Dispatcher):
    def handle_read(self) -> None:
        self.recv()


def test_a_connect_is_watched_though_writable_says_no(loop: EventLoop) -> None:
    listener = Listener(loop, LOCAL, Silent)
    client = Classic(loop)
    client.connect(listener.address)
    run_until(loop, lambda: client.seen)
    assert client.seen == ["connect"]


def test_a_refused_connect_has_one_handler_though_readable_says_yes(loop: EventLoop) -> None:
    with socket.create_server(LOCAL) as finder:
        address = finder.getsockname()
    client = Classic(loop)
    client.connect(address)
    run_until(loop, lambda: client.closed)
    assert client.seen == ["ConnectionRefusedError"]


class Eager(AsyncChat):
    """Always wants to read, and counts how often it is asked to."""

    reads = 0

    def readable(self) -> bool:
        return True

    def handle_read(self) -> None:
        self.reads += 1
        super().handle_read()

    def collect_incoming_data(self, data: bytes) -> None:
        pass


def test_a_pause_holds_though_readable_says_yes(loop: EventLoop) -> None:
    ours, theirs = socket.socketpair()
    with theirs:
        channel = Eager(loop, ours)
        channel.pause_reading()
        theirs.send(b"x")
        for _ in range(5):
            loop.run_once(0)
        assert channel.reads == 0
        channel.resume_reading()
        run_until(loop, lambda: channel.reads == 1)


def test_an_overridden_handle_read_event_gets_the_event(loop: EventLoop) -> None:
    class Own(Silent):
        events = 0

        def handle_read_event(self) -> None:
            self.events += 1
            super().handle_read_event()

    with pair() as (ours, theirs):
        channel = Own(loop, ours)
        theirs.send(b"x")
        loop.run_once(0)
        assert channel.events == 1


def test_a_predicate_may_close_its_channel(
    loop: EventLoop, caplog: pytest.LogCaptureFixture
) -> None:
    class Suicidal(Silent):
        def readable(self) -> bool:
            self.close()
            return True

    ours, theirs = socket.socketpair()
    with theirs:
        channel = Suicidal(loop, ours)
        loop.run_once(0)
        assert channel.closed
        assert caplog.text == ""


def test_close_from_another_thread_changes_nothing(loop: EventLoop) -> None:
    ours, theirs = socket.socketpair()
    errors: list[str] = []
    channel = Eager(loop, ours)
    channel.push(b"still there")

    def intrude() -> None:
        try:
            channel.close()
        except RuntimeError as error:
            errors.append(str(error))

    def start_and_wait() -> None:
        thread = Thread(target=intrude)
        thread.start()
        thread.join()

    loop.call_soon(start_and_wait)
    loop.run_once(0)
    assert "call_soon_threadsafe" in errors[0]
    assert not channel.closed
    loop.run_once(0)
    with theirs:
        assert theirs.recv(100) == b"still there"


class Changing(AsyncChat):
    """Changes its terminator in the middle of a message."""

    def __init__(self, loop: EventLoop, sock: socket.socket) -> None:
        super().__init__(loop, sock)
        self.seen: list[bytes | None] = []
        self.set_terminator(b"\n")

    def collect_incoming_data(self, data: bytes) -> None:
        self.seen.append(data)
        if data == b"abc":
            self.set_terminator(b";")

    def found_terminator(self) -> None:
        self.seen.append(None)


@pytest.mark.parametrize("cut", [[b"abc\nx;y"], [b"abc", b"\nx;y"]])
def test_a_terminator_changed_in_mid_message_holds_at_once(
    loop: EventLoop, cut: list[bytes]
) -> None:
    ours, theirs = socket.socketpair()
    with theirs:
        channel = Changing(loop, ours)
        for piece in cut:
            theirs.send(piece)
            for _ in range(3):
                loop.run_once(0)
        assert channel.seen == [b"abc", b"\nx", None, b"y"]


class Visitor(AsyncChat):
    """Has methods of its own, with names that a chat room may choose."""

    def __init__(self, loop: EventLoop, sock: socket.socket) -> None:
        super().__init__(loop, sock)
        self.set_terminator(b"\n")

    def leave(self, room: str) -> None:
        self.push(f"you leave {room}\n".encode())

    def goodbye(self, text: str) -> None:
        self.leave("lobby")
        self.push(text.encode())
        self.close_when_done()

    def collect_incoming_data(self, data: bytes) -> None:
        pass

    def found_terminator(self) -> None:
        self.goodbye("bye\n")

    def close(self) -> None:
        super().close()
        raise ValueError("on purpose")


def test_methods_of_a_program_are_not_taken_for_the_librarys(
    loop: EventLoop, caplog: pytest.LogCaptureFixture
) -> None:
    ours, theirs = socket.socketpair()
    with theirs:
        channel = Visitor(loop, ours)
        theirs.send(b"/quit\n")
        run_until(loop, lambda: channel.closed)
        assert theirs.recv(100) == b"you leave lobby\nbye\n"
    assert "TypeError" not in caplog.text
    assert not inspection.registrations(loop)


def test_an_overridden_recv_is_what_a_chat_reads_with(loop: EventLoop) -> None:
    class Shouting(Lines):
        def recv(self, size: int = 65536) -> bytes:
            return super().recv(size).upper()

    with pair() as (ours, theirs):
        channel = Shouting(loop, ours)
        theirs.send(b"hello\n")
        loop.run_once(0)
        assert channel.lines == [b"HELLO"]


def test_max_input_may_be_set_on_the_instance(loop: EventLoop) -> None:
    ours, theirs = socket.socketpair()
    with theirs:
        channel = Changing(loop, ours)
        channel.max_input = 10
        theirs.send(b"z" * 100 + b"\n")
        run_until(loop, lambda: channel.closed)
        assert channel.seen == [b"z" * 10]


def test_the_loop_cannot_be_closed_while_it_says_goodbye(
    loop: EventLoop, caplog: pytest.LogCaptureFixture
) -> None:
    loop.on_stop(loop.close)
    loop.call_soon(loop.stop)
    loop.run()
    assert "the loop is running: call stop()" in caplog.text


def test_a_signal_handler_set_while_running_stays(loop: EventLoop) -> None:
    before = signal.getsignal(signal.SIGTERM)
    try:
        loop.call_soon(signal.signal, signal.SIGTERM, signal.SIG_IGN)
        loop.run()
        assert signal.getsignal(signal.SIGTERM) is signal.SIG_IGN
    finally:
        signal.signal(signal.SIGTERM, before)
