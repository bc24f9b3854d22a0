"""A web door alone, for tests, measurements and work on the page.

``python3 -m tests.examples.chatroom.doors.web.serve PORT`` serves it until Ctrl-C.
"""

from __future__ import annotations

import queue
import ssl
import sys
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from examples.chatroom.doors.web.door import WebDoor
from examples.chatroom.doors.web.limits import WebLimits
from examples.chatroom.doors.web.pages import STATIC
from examples.chatroom.hall.hall import Hall
from examples.chatroom.hall.limits import Limits
from examples.chatroom.hall.messages import Moment
from miniloop import EventLoop

CLOSING = "The chat room is closing. Goodbye."


def open_door(
    loop: EventLoop,
    limits: Limits | None = None,
    web: WebLimits | None = None,
    *,
    port: int = 0,
    origins: Iterable[str] = (),
    tls: Callable[[], ssl.SSLContext] | None = None,
    folder: Path = STATIC,
) -> tuple[WebDoor, Hall]:
    """Open a hall in memory, and a web door to it."""
    hall = Hall(limits if limits is not None else Limits(), defer=loop.call_soon)
    door = WebDoor(
        loop,
        ("127.0.0.1", port),
        hall,
        lambda: Moment(loop.time(), time.time()),
        status=lambda: {"members": len(hall.members), "web": door.figures(), "note": "<b>&"},
        origins=origins,
        tls=tls,
        limits=web,
        folder=folder,
    )
    loop.on_stop(hall.close, CLOSING)
    return door, hall


class Running:
    """A web door on a loop of its own thread."""

    def __init__(self, loop: EventLoop, door: WebDoor, hall: Hall) -> None:
        self.loop, self.door, self.hall = loop, door, hall
        self.port = door.address[1]
        self.host = f"127.0.0.1:{self.port}"

    def ask(self, question: Callable[[], object]) -> object:
        """Run `question` on the loop's thread, and return its result."""
        answer: queue.SimpleQueue[object] = queue.SimpleQueue()
        self.loop.call_soon_threadsafe(lambda: answer.put(question()))
        return answer.get(timeout=20.0)

    def figure(self, name: str) -> int:
        found = self.ask(lambda: self.door.figures()[name])
        assert isinstance(found, int)
        return found

    def places(self) -> int:
        found = self.ask(lambda: self.hall.gate.taken)
        assert isinstance(found, int)
        return found

    def stop(self) -> None:
        """Stop in order, as Ctrl-C does; idempotent."""
        with suppress(RuntimeError):  # it has ended already
            self.loop.call_soon_threadsafe(self.loop.stop)


@contextmanager
def serving(
    limits: Limits | None = None,
    web: WebLimits | None = None,
    *,
    origins: Iterable[str] = (),
    tls: Callable[[], ssl.SSLContext] | None = None,
    folder: Path = STATIC,
) -> Iterator[Running]:
    """Serve a web door as long as the block lasts."""
    started = threading.Event()
    running: list[Running] = []

    def serve() -> None:
        with EventLoop() as loop:
            door, hall = open_door(loop, limits, web, origins=origins, tls=tls, folder=folder)
            running.append(Running(loop, door, hall))
            loop.call_soon(started.set)
            loop.run()

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    assert started.wait(20.0), "the door did not open"
    try:
        yield running[0]
    finally:
        running[0].stop()
        thread.join(20.0)
        assert not thread.is_alive(), "the loop did not end"


def main(port: int) -> None:
    """Serve until Ctrl-C."""
    with EventLoop() as loop:
        door, _ = open_door(loop, port=port)
        print(door.url, flush=True)
        loop.run()


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 0)
