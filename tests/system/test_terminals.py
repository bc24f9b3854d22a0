"""Terminals behind a dispatcher: never waiting, and nothing changes for the others on them."""

import os
import select
import signal
import sys
from collections.abc import Iterator
from typing import NamedTuple

import pytest

pytest.importorskip("termios", reason="this system has no terminals that FileDispatcher could use")

import fcntl
import termios
import tty

from miniloop import EventLoop, FileDispatcher
from miniloop.system import terminals
from miniloop.system.files import FileWrapper
from tests.driving import run_until
from tests.forked import in_child

pytestmark = pytest.mark.needs("files")

PATIENCE = 20  # seconds
MUCH = bytes(range(256)) * 400


class Terminal(NamedTuple):
    """A pseudo-terminal: the side of the hardware, and the side that programs use."""

    far: int
    near: int

    def read(self) -> bytes:
        """Return what has arrived at the far side."""
        ready, _, _ = select.select([self.far], [], [], 0)
        return os.read(self.far, 65536) if ready else b""

    def read_exactly(self, count: int) -> bytes:
        """Return so many bytes; the kernel hands them over on a thread of its own."""
        data = b""
        while len(data) < count:
            data += os.read(self.far, count - len(data))
        return data


@pytest.fixture
def terminal() -> Iterator[Terminal]:
    """A raw terminal; whatever waits for it is ended by SIGALRM."""
    far, near = os.openpty()
    tty.setraw(near)

    def too_long(number: int, frame: object) -> None:
        raise AssertionError("the terminal made the loop wait")

    before = signal.signal(signal.SIGALRM, too_long)
    signal.alarm(PATIENCE)
    try:
        yield Terminal(far, near)
    finally:
        signal.alarm(0)
        signal.signal(signal.SIGALRM, before)
        os.close(far)
        os.close(near)


@pytest.fixture(params=["opened again", "in steps"])
def way(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """Both ways to use a terminal; the second is for those that cannot be opened."""
    if request.param == "in steps":
        monkeypatch.setattr(terminals, "_paths", lambda fd: iter(["/nowhere"]))
    return str(request.param)


class Port(FileDispatcher):
    """Sends all that it was given, as there is room."""

    def __init__(self, loop: EventLoop, fd: int) -> None:
        super().__init__(loop, fd)
        self.left = b""
        self.got = b""
        self.rooms = 0

    def handle_read(self) -> None:
        self.got += self.recv()

    def handle_write(self) -> None:
        self.rooms += 1
        self.left = self.left[self.send(self.left) :]


def flags(fd: int) -> int:
    return fcntl.fcntl(fd, fcntl.F_GETFL)


def test_a_slow_one_gets_everything_and_holds_nothing_up(
    loop: EventLoop, terminal: Terminal, way: str
) -> None:
    before = flags(terminal.near)
    port = Port(loop, terminal.near)
    port.left = MUCH
    while sent := port.send(port.left):
        port.left = port.left[sent:]
    assert len(port.left) > 0
    arrived = b""
    while len(arrived) < len(MUCH):
        loop.run_once(0)
        arrived += terminal.read()
    assert arrived == MUCH
    assert flags(terminal.near) == before
    port.close()
    assert flags(terminal.near) == before


def test_a_stopped_one_is_waited_for_by_the_loop(
    loop: EventLoop, terminal: Terminal, way: str
) -> None:
    """As after ^S; nothing spins meanwhile."""
    port = Port(loop, terminal.near)
    termios.tcflow(terminal.near, termios.TCOOFF)
    assert port.send(b"stopped") == 0
    port.left = b"stopped"
    for _ in range(20):
        loop.run_once(0)
    assert (port.rooms, terminal.read()) == (0, b"")
    termios.tcflow(terminal.near, termios.TCOON)
    run_until(loop, lambda: not port.left)
    assert terminal.read_exactly(7) == b"stopped"


def test_input(loop: EventLoop, terminal: Terminal, way: str) -> None:
    port = Port(loop, terminal.near)
    assert port.recv() == b""  # there is nothing now, and this does not wait
    os.write(terminal.far, b"hello")
    run_until(loop, lambda: port.got)
    assert (port.got, port.closed) == (b"hello", False)


def test_the_far_side_disappears(loop: EventLoop, way: str) -> None:
    far, near = os.openpty()
    tty.setraw(near)
    port = Port(loop, near)
    os.close(far)
    run_until(loop, lambda: port.closed)
    os.close(near)


def test_the_far_side_disappears_while_reading_is_paused(loop: EventLoop, way: str) -> None:
    far, near = os.openpty()
    tty.setraw(near)
    port = Port(loop, near)
    port.pause_reading()
    loop.run_once(0)
    os.close(far)
    loop.run_once(5)
    assert port.closed
    os.close(near)


def test_views_and_arrays_are_taken(terminal: Terminal, way: str) -> None:
    wrapper = FileWrapper(terminal.near)
    for data in (b"ab", bytearray(b"cd"), memoryview(b"ef"), memoryview(b"xgh")[1:]):
        assert wrapper.send(data) == 2
    assert wrapper.send(b"") == 0
    wrapper.close()
    assert terminal.read_exactly(8) == b"abcdefgh"


# -- opening it again -----------------------------------------------------------------------------


def test_the_open_file_is_our_own(terminal: Terminal) -> None:
    wrapper = FileWrapper(terminal.near)
    assert os.get_blocking(terminal.near)
    assert not os.get_blocking(wrapper.fileno())
    assert os.fstat(wrapper.fileno()).st_rdev == os.fstat(terminal.near).st_rdev
    assert not os.get_inheritable(wrapper.fileno())
    wrapper.close()


@pytest.mark.parametrize("mode", [os.O_RDONLY, os.O_WRONLY, os.O_RDWR])
def test_it_may_do_what_the_original_may(terminal: Terminal, mode: int) -> None:
    given = os.open(os.ttyname(terminal.near), mode | os.O_NOCTTY)
    again = terminals.opened_again(given)
    assert flags(again) & os.O_ACCMODE == mode
    os.close(given)
    os.close(again)


def test_one_that_is_non_blocking_already_is_used_as_it_is(terminal: Terminal) -> None:
    given = os.open(os.ttyname(terminal.near), os.O_RDWR | os.O_NOCTTY | os.O_NONBLOCK)
    wrapper = FileWrapper(given)
    os.set_blocking(given, True)  # seen through the duplicate: the open file is the same
    assert os.get_blocking(wrapper.fileno())
    os.set_blocking(given, False)
    wrapper.close()
    assert not os.get_blocking(given)
    os.close(given)


def test_a_name_that_means_another_terminal_by_now(
    terminal: Terminal, monkeypatch: pytest.MonkeyPatch
) -> None:
    others = os.openpty()
    monkeypatch.setattr(terminals, "_paths", lambda fd: iter([os.ttyname(others[1]), "/dev/null"]))
    assert terminals.opened_again(terminal.near) == -1
    for fd in others:
        os.close(fd)


@pytest.mark.parametrize("missing", ["/proc/self/fd/{}", "ttyname"])
def test_either_name_will_do(
    terminal: Terminal, missing: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    if missing == "ttyname":

        def ttyname(fd: int) -> str:
            raise OSError("as in a container that was given the terminal from outside")

        monkeypatch.setattr(os, "ttyname", ttyname)
    paths = [
        path for path in terminals._paths(terminal.near) if path != missing.format(terminal.near)
    ]
    assert len(paths) == 1
    monkeypatch.setattr(terminals, "_paths", lambda fd: iter(paths))
    again = terminals.opened_again(terminal.near)
    assert again >= 0
    os.close(again)


def test_it_does_not_become_the_controlling_terminal(terminal: Terminal) -> None:
    def child() -> None:
        os.setsid()  # a process without one gets the first terminal that it opens
        FileWrapper(terminal.near)
        with pytest.raises(OSError, match="/dev/tty"):
            os.open("/dev/tty", os.O_RDWR)

    in_child(child)


def test_a_master_is_treated_like_a_pipe(loop: EventLoop, terminal: Terminal) -> None:
    """To open it again would make another pair."""
    if sys.platform != "linux":
        pytest.skip("a master is recognised on Linux only")
    master = Port(loop, terminal.far)
    assert not os.get_blocking(terminal.far)
    master.left = MUCH[master.send(MUCH) :]
    assert len(master.left) > 0
    arrived = b""
    while len(arrived) < len(MUCH):
        loop.run_once(0)
        if select.select([terminal.near], [], [], 0)[0]:
            arrived += os.read(terminal.near, 65536)
    assert arrived == MUCH
    master.close()
    assert os.get_blocking(terminal.far)
    assert not terminals.is_master(terminal.near)


# -- in steps -------------------------------------------------------------------------------------


def test_a_step_is_a_byte(terminal: Terminal, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where there is room for one byte only, a write of two would wait."""
    sizes: list[int] = []
    write = os.write

    def watched(fd: int, data: memoryview) -> int:
        sizes.append(len(data))
        return write(fd, data)

    monkeypatch.setattr(os, "write", watched)
    assert terminals.write_in_steps(terminal.near, b"abc") == 3
    assert sizes == [1, 1, 1]
    assert terminals.write_in_steps(terminal.near, MUCH) < 1000  # the loop has others to serve


def test_without_room_nothing_is_taken(terminal: Terminal) -> None:
    termios.tcflow(terminal.near, termios.TCOOFF)
    with pytest.raises(BlockingIOError):
        terminals.write_in_steps(terminal.near, b"x")
    assert terminals.write_in_steps(terminal.near, b"") == 0
    termios.tcflow(terminal.near, termios.TCOON)
