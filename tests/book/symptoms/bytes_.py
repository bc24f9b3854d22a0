"""Chapters 8 and 9: splitting a stream, and writing."""

import socket

from miniloop import AsyncChat, EventLoop
from miniloop.framing import END, NEED_DATA, OVERFLOW, Framer
from miniloop.outbox import Outbox
from tests.book.symptoms.shown import pair, passes, received, shows


class Lines(AsyncChat):
    """Notes each message."""

    def __init__(self, loop: EventLoop, sock: socket.socket) -> None:
        super().__init__(loop, sock)
        self.lines: list[bytes] = []
        self.parts: list[bytes] = []
        self.set_terminator(b"\n")

    def collect_incoming_data(self, data: bytes) -> None:
        self.parts.append(data)

    def found_terminator(self) -> None:
        self.lines.append(b"".join(self.parts))
        self.parts.clear()


@shows("hold-nothing-back")
def _() -> str:
    framer = Framer(limit=100)
    framer.set_terminator(b"\r\n")
    found: list[object] = []
    for piece in (b"GET a\r", b"\n"):
        framer.feed(piece)
        while (event := framer.next_event()) is not NEED_DATA:
            found.append("its end" if event is END else event)
    return f"handed out: {', '.join(map(str, found))}"


@shows("give-nothing-back")
def _() -> str:
    framer = Framer(limit=100)
    framer.set_terminator(b"\n")
    framer.feed(b"5\nhello3\nbye")
    _, cut = framer.take_messages(10)
    framer.give_back([cut])
    framer.set_terminator(5)
    found = framer.next_event()
    return f"the body of five bytes is {found!r}"


@shows("forget-the-first-half")
def _() -> str:
    framer = Framer(limit=5)
    framer.set_terminator(b"\n")
    events: list[object] = []
    for piece in (b"1234", b"5678", b"9\n"):
        framer.feed(piece)
        while (event := framer.next_event()) is not NEED_DATA:
            events.append(event)
    size = sum(len(event) for event in events if isinstance(event, bytes))
    return f"of nine bytes {size} are handed out, " + (
        "then OVERFLOW" if OVERFLOW in events else "and the limit was five"
    )


@shows("whole-anywhere")
def _() -> str:
    class Tolerant(Lines):
        def handle_input_overflow(self) -> None:
            self.parts.clear()

    with EventLoop() as loop:
        ours, theirs = pair()
        channel = Tolerant(loop, ours)
        channel.max_input = 5
        for piece in (b"much too long", b" tail\n", b"ok\n"):
            theirs.send(piece)
            passes(loop, 2)
    return f"the messages: {', '.join(map(repr, channel.lines))}"


@shows("ask-for-no-room")
def _() -> str:
    with EventLoop() as loop:
        ours, theirs = pair()
        channel = Lines(loop, ours)
        passes(loop, 1)
        channel.push(bytes(1_000_000))
        got = 0
        for _ in range(200):
            passes(loop, 1)
            got += len(received(theirs))
    return (
        "all bytes arrive" if got == 1_000_000 else "the rest never leaves, though the peer reads"
    )


@shows("plain-to-the-end")
def _() -> str:
    class Working(Lines):
        working = True

        def input_done(self) -> bool:
            return not self.working

    with EventLoop() as loop:
        ours, theirs = pair()
        channel = Working(loop, ours)
        theirs.shutdown(socket.SHUT_WR)
        passes(loop)
        channel.working = False
        channel.push(b"answer")
        passes(loop, 100)
        closed = channel.closed
    return "the answer is sent, and " + (
        "the channel closes" if closed else "it stays open for ever"
    )


@shows("close-over-unread")
def _() -> str:
    with EventLoop() as loop, socket.create_server(("127.0.0.1", 0)) as server:
        theirs = socket.create_connection(server.getsockname())
        channel = Lines(loop, server.accept()[0])
        theirs.send(b"unread" * 1000)
        channel.push(b"last words")
        channel.close_when_done()
        while not channel.closed:
            loop.run_once(0)
        try:
            end = f"{theirs.recv(100)!r}" + (", and more" if theirs.recv(100) else ", and the end")
        except OSError as error:
            end = f"{type(error).__name__}: {error.strerror}"
        theirs.close()
    return f"the peer receives {end}"


@shows("count-again")
def _() -> str:
    class Counting(Outbox):
        looks = 0

        def _size_of(self, pieces: list[bytes]) -> int:
            self.looks += len(pieces)
            return super()._size_of(pieces)

    outbox = Counting()
    for _ in range(1000):
        outbox.pieces.append(b"x")
        outbox.size()
    return f"1,000 pushes, {outbox.looks:,} looks at a piece"
