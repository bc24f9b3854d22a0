"""The system calls for one line, as docs/inside/what-the-kernel-sees.md shows them."""

import sys

import pytest

from tests.book import kernel
from tests.book.pages import blocks


@pytest.mark.skipif(sys.platform != "linux", reason="strace is a program of Linux")
def test_the_calls_are_those_of_the_page() -> None:
    """By name and descriptor; their other arguments differ from machine to machine."""
    if not kernel.available():
        pytest.skip("strace is not installed, or may not trace here")
    (block,) = blocks(kind="kernel")
    assert kernel.outline(kernel.transcript()) == kernel.outline(block.text)


def test_the_outline_of_a_transcript() -> None:
    text = 'epoll_ctl(3, EPOLL_CTL_ADD, 7, {x}) = 0\nsendto(7, "a\\n") = 2\nother(1) = 0\n'
    assert kernel.outline(text) == ["epoll_ctl(3, EPOLL_CTL_ADD, 7", "sendto(7"]
