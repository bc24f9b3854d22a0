"""The descriptor table."""

import errno

import pytest

from miniloop.testing.descriptors import Descriptors, OpenFile


class File(OpenFile):
    released = 0

    def release(self) -> None:
        self.released += 1


class Watcher:
    def __init__(self) -> None:
        self.seen: list[tuple[str, int]] = []

    def note(self, fd: int) -> None:
        self.seen.append(("note", fd))

    def forget(self, fd: int) -> None:
        self.seen.append(("forget", fd))


def test_the_lowest_free_number_is_given() -> None:
    table = Descriptors(10)
    assert [table.open(OpenFile()) for _ in range(4)] == [3, 4, 5, 6]
    table.close(5)
    table.close(3)
    assert [table.open(OpenFile()) for _ in range(3)] == [3, 5, 7]


def test_the_table_is_full_at_its_limit() -> None:
    table = Descriptors(1)
    table.open(OpenFile())
    with pytest.raises(OSError, match="Too many open files") as caught:
        table.open(OpenFile())
    assert caught.value.errno == errno.EMFILE


def test_a_closed_file_is_released_and_watched_no_more() -> None:
    table, file, watcher = Descriptors(10), File(), Watcher()
    fd = table.open(file)
    file.watchers.append(watcher)
    file.changed()
    table.close(fd)
    file.changed()
    assert watcher.seen == [("note", 3), ("forget", 3)]
    assert (file.released, file.fd) == (1, -1)
    with pytest.raises(OSError, match="Bad file descriptor"):
        table.close(fd)
