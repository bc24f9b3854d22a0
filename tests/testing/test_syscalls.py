"""Making simulated sockets."""

import socket

import pytest

from miniloop.testing import GENTLE
from miniloop.testing.choices import Choices
from miniloop.testing.kernel import Kernel
from miniloop.testing.syscalls import new_pair, new_socket


@pytest.fixture
def kernel() -> Kernel:
    return Kernel(Choices(1, GENTLE), None, 3)


FAMILIES = [socket.AF_INET, socket.AF_INET6]
if hasattr(socket, "AF_UNIX"):
    FAMILIES.append(socket.AF_UNIX)


@pytest.mark.parametrize("family", FAMILIES)
@pytest.mark.parametrize("kind", [socket.SOCK_STREAM, socket.SOCK_DGRAM])
def test_sockets_of_each_kind(kernel: Kernel, family: int, kind: int) -> None:
    with new_socket(kernel, family, kind) as sock:
        assert (sock.family, sock.type, sock.fileno()) == (family, kind, 3)


def test_other_kinds_are_refused(kernel: Kernel) -> None:
    with pytest.raises(OSError, match="Address family not supported"):
        new_socket(kernel, 12345, socket.SOCK_STREAM)
    with pytest.raises(OSError, match="Socket type not supported"):
        new_socket(kernel, socket.AF_INET, socket.SOCK_RAW)
    assert kernel.descriptors.files == {}


def test_a_pair_is_made_whole_or_not_at_all(kernel: Kernel) -> None:
    left, right = new_pair(kernel)
    left.sendall(b"x")
    kernel.timeline.advance(kernel.timeline.next_time())
    assert right.recv(9) == b"x"
    with pytest.raises(OSError, match="Too many open files"):
        new_pair(kernel)
    assert len(kernel.descriptors.files) == 2
