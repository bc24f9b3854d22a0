"""What several promises need: a server of lines, whether it answers, and a handler with a bug."""

import errno
import socket
from typing import Any

from miniloop import EventLoop
from tests.driving import Lines, run_until


class Echo(Lines):
    def handle_line(self, line: bytes) -> None:
        self.push(line + b"\n")


def answers(loop: EventLoop, address: Any, family: int = socket.AF_INET) -> bool:
    """Return whether a server of lines at ``address`` still serves."""
    with socket.socket(family) as client:
        client.setblocking(False)
        client.connect_ex(address)
        got: list[bytes] = []

        def answered() -> bool:
            try:
                if not got:
                    client.send(b"there?\n")
                    got.append(b"")
                got.append(client.recv(100))
            except (BlockingIOError, OSError) as error:
                if error.errno not in (errno.EAGAIN, errno.ENOTCONN):
                    raise
            return b"".join(got) == b"there?\n"

        run_until(loop, answered)
        return True


def fail(*args: object) -> Any:
    raise ZeroDivisionError("on purpose")
