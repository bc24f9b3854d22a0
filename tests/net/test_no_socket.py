"""What stands in for a socket explains itself."""

import copy

import pytest
from miniloop.net.no_socket import CLOSED, NO_SOCKET


def test_using_it_says_what_to_do() -> None:
    with pytest.raises(RuntimeError, match=r"^recv: .*call create_socket\(\)"):
        NO_SOCKET.recv(1)
    with pytest.raises(RuntimeError, match=r"^send: .*check \.closed"):
        CLOSED.send(b"")


def test_what_may_be_asked() -> None:
    assert not NO_SOCKET
    assert NO_SOCKET.fileno() == -1
    assert "create_socket" in repr(NO_SOCKET)
    assert not hasattr(CLOSED, "__wrapped__")
    assert copy.copy(CLOSED) is not None
