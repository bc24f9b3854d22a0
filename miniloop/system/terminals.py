"""Read and write a terminal or a serial line without waiting or changing what others see.

O_NONBLOCK belongs to the *open file*, which a shell shares with all that it starts: setting it
there breaks their reads and writes, and a program that is killed leaves it set. So the terminal is
opened a second time, for an open file of our own. Where that is refused, it is used in small steps,
each after poll(2) has reported that there is room.
"""

import errno
import os
import select
import stat
from collections.abc import Iterator

_MASTER = os.makedev(5, 2) if hasattr(os, "makedev") else -1
"""Linux's /dev/ptmx: each opening makes another pair, so a master cannot be opened again."""

_STEPS = 256
"""Bytes that one ``write_in_steps()`` takes at most: a hundred microseconds of system calls."""


def is_master(fd: int) -> bool:
    """Return whether ``fd`` is the master of a pseudo-terminal (on Linux; elsewhere False)."""
    return os.fstat(fd).st_rdev == _MASTER


def opened_again(fd: int) -> int:
    """Return a non-blocking descriptor with an open file of its own for the terminal behind ``fd``.

    -1: it cannot be opened, for instance because it belongs to another user.
    """
    for path in _paths(fd):
        try:
            return _open_same(path, fd)
        except OSError:
            continue
    return -1


def _paths(fd: int) -> Iterator[str]:
    """Yield names of the terminal; the first is right also where its name means another file."""
    yield f"/proc/self/fd/{fd}"
    try:
        yield os.ttyname(fd)
    except OSError:  # a container without this entry in its /dev
        return


def _open_same(path: str, fd: int) -> int:
    """Open ``path`` like ``fd``.  OSError: that is not possible, or it is another device."""
    import fcntl

    mode = fcntl.fcntl(fd, fcntl.F_GETFL) & os.O_ACCMODE
    again = os.open(path, mode | os.O_NONBLOCK | os.O_NOCTTY | os.O_CLOEXEC)
    ours, theirs = os.fstat(again), os.fstat(fd)
    if stat.S_ISCHR(ours.st_mode) and ours.st_rdev == theirs.st_rdev and not os.get_blocking(again):
        return again
    os.close(again)
    raise OSError(errno.ENXIO, "another device has this name", path)


def is_hung_up(fd: int) -> bool:
    """Return whether ``fd`` is a terminal whose line is lost; poll(2) reports input there, too."""
    import termios

    try:
        termios.tcgetattr(fd)
    except termios.error as error:
        return bool(error.args[0] == errno.EIO)
    return False


def read_if_ready(fd: int, size: int) -> bytes:
    """Read from a blocking terminal.  BlockingIOError: there is nothing to read now."""
    if not _ready(fd, select.POLLIN):
        raise BlockingIOError(errno.EAGAIN, "nothing to read now")
    return os.read(fd, size)


def write_in_steps(fd: int, data: bytes | bytearray | memoryview) -> int:
    """Write a byte at a time to a blocking terminal, as long as poll(2) says that there is room.

    One byte: POLLOUT promises no more. What stops the output (^S) between poll and write still
    makes this wait; so does another process that takes the room in between.

    Returns how many bytes were taken.  BlockingIOError: none.
    """
    view = memoryview(data).cast("B")[:_STEPS]
    for sent in range(len(view)):
        if not _ready(fd, select.POLLOUT):
            if sent:
                return sent
            raise BlockingIOError(errno.EAGAIN, "no room now")
        os.write(fd, view[sent : sent + 1])
    return len(view)


def _ready(fd: int, event: int) -> bool:
    poll = select.poll()
    poll.register(fd, event)
    return bool(poll.poll(0))
