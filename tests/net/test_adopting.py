"""What a given socket is, found out by two questions to the kernel; the socket is a script."""

import errno
import os
import socket
from typing import Any, cast

import pytest

from miniloop.net.adopting import state_of
from miniloop.state import Life


class Script:
    """Answers getpeername() with an address or an error number, and getsockopt() from a table."""

    def __init__(self, peer: Any, *, listens: bool = False, pending: int = 0) -> None:
        self.peer = peer
        self.options = {socket.SO_ACCEPTCONN: int(listens), socket.SO_ERROR: pending}

    def getpeername(self) -> Any:
        if isinstance(self.peer, int):
            raise OSError(self.peer, os.strerror(self.peer))
        return self.peer

    def getsockopt(self, level: int, option: int) -> int:
        assert level == socket.SOL_SOCKET
        return self.options[option]


@pytest.mark.parametrize(
    ("sock", "state"),
    [
        (Script(("127.0.0.1", 80)), (Life.OPEN, ("127.0.0.1", 80))),
        (Script(""), (Life.OPEN, "")),
        (Script(errno.ENOTCONN), (Life.NEW, None)),
        (Script(errno.ENOTCONN, listens=True), (Life.LISTENING, None)),
        (Script(errno.ENOTCONN, pending=errno.ECONNRESET), (Life.OPEN, None)),
        (Script(errno.EINVAL), (Life.NEW, None)),
        (Script(errno.EINVAL, pending=errno.ECONNRESET), (Life.OPEN, None)),
    ],
    ids=["connected", "pair", "new", "listening", "reset", "shut down", "shut down and reset"],
)
def test_state_of_a_socket(sock: Script, state: tuple[Life, Any]) -> None:
    assert state_of(cast(socket.socket, sock)) == state


@pytest.mark.parametrize("code", [errno.EBADF, errno.ENOTSOCK])
def test_what_is_no_open_socket_is_raised(code: int) -> None:
    with pytest.raises(OSError, match=os.strerror(code)):
        state_of(cast(socket.socket, Script(code)))
