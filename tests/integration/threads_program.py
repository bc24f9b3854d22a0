"""One loop for each thread, for tests: `python3 -m tests.integration.threads_program 4`.

It prints whether the interpreter lock is on, and how many lines each loop has answered. Standard
library and miniloop only: the interpreter that runs it has no test tools.
"""

from __future__ import annotations

import socket
import sys
import threading

from miniloop import AsyncChat, Dispatcher, EventLoop

ROUNDS, CLIENTS, LONGEST = 200, 4, 30.0


class Echo(AsyncChat):
    """Answers each line with the same line, from the thread of its loop."""

    def __init__(self, loop: EventLoop, sock: socket.socket, door: Door) -> None:
        super().__init__(loop, sock)
        self.door = door
        self.line = b""
        self.set_terminator(b"\n")

    def collect_incoming_data(self, data: bytes) -> None:
        self.line += data

    def found_terminator(self) -> None:
        assert threading.get_ident() == self.door.thread.ident
        self.door.answered += 1
        self.push(self.line + b"\n")
        self.line = b""


class Door(Dispatcher):
    """Accepts for one loop, which a thread of its own runs."""

    def __init__(self) -> None:
        super().__init__(EventLoop(), socket.create_server(("127.0.0.1", 0)))
        self.port = self.socket.getsockname()[1]
        self.answered = 0
        self.thread = threading.Thread(target=self.loop.run)

    def handle_accepted(self, sock: socket.socket, addr: object) -> None:
        Echo(self.loop, sock, self)


def talk(port: int, problems: list[str]) -> None:
    """Have a conversation, and note what goes wrong."""
    try:
        with socket.create_connection(("127.0.0.1", port), timeout=LONGEST) as client:
            answers = client.makefile("rb")
            for number in range(ROUNDS):
                client.sendall(b"%d\n" % number)
                if (line := answers.readline()) != b"%d\n" % number:
                    problems.append(f"{number} was answered by {line!r}")
            answers.close()
    except OSError as error:
        problems.append(repr(error))


def main(count: int) -> None:
    doors = [Door() for _ in range(count)]
    problems: list[str] = []
    clients = [
        threading.Thread(target=talk, args=(door.port, problems))
        for door in doors
        for _ in range(CLIENTS)
    ]
    for thread in [door.thread for door in doors] + clients:
        thread.start()
    for thread in clients:
        thread.join()
    for door in doors:
        door.loop.stop()  # from this thread
        door.thread.join()
        door.loop.close()
    lock = getattr(sys, "_is_gil_enabled", lambda: True)()
    print("locked" if lock else "free", *(door.answered for door in doors), *problems)


if __name__ == "__main__":
    main(int(sys.argv[1]))
