"""Printing to readers that are slow, have stopped, or have closed."""

from __future__ import annotations

import contextlib
import io
import os
from typing import TextIO

from examples.chatroom.printer import Printer

PATIENCE = 20.0  # seconds; no test needs this long


def pipe() -> tuple[int, TextIO]:
    """Return a pipe whose writing end is full: its reader has stopped."""
    reader, writer = os.pipe()
    os.set_blocking(writer, False)
    with contextlib.suppress(BlockingIOError):
        while True:
            os.write(writer, b"." * 1024)
    os.set_blocking(writer, True)
    return reader, os.fdopen(writer, "w", encoding="utf-8")


def test_lines_are_written_in_order() -> None:
    reader, writer = os.pipe()
    with os.fdopen(writer, "w", encoding="utf-8") as stream, os.fdopen(reader, "rb") as file:
        printer = Printer(stream, "test")
        for number in range(1000):
            printer.put(f"line {number} \N{SNOWMAN} \udc80")
        assert printer.close(PATIENCE)
        stream.close()
        lines = file.read().decode().splitlines()
    assert lines == [f"line {number} \N{SNOWMAN} \\udc80" for number in range(1000)]


def test_a_reader_that_has_stopped_costs_lines_and_no_time() -> None:
    reader, stream = pipe()
    printer = Printer(stream, "test", most=100)
    for _ in range(1000):
        printer.put("x" * 9)
    assert not printer.close(0)  # it is still blocked, which did not delay the caller
    with os.fdopen(reader, "rb") as file:
        file.read(65536)
        printer._thread.join(PATIENCE)
        stream.close()
        text = file.read().decode().lstrip(".")
    *lines, last = text.splitlines()
    assert set(lines) == {"x" * 9}
    assert last == f"({1000 - len(lines)} lines are missing here: nobody read them in time.)"
    assert len(lines) <= 20 + 1  # the queue, and the lines that the thread had taken before


def test_when_the_reader_has_gone_everything_is_thrown_away() -> None:
    reader, stream = pipe()
    printer = Printer(stream, "test")
    printer.put("x")
    os.close(reader)
    printer._thread.join(PATIENCE)
    printer.put("y")
    assert printer._waiting == []
    assert printer.close(0)
    stream.close()


def test_a_stream_without_a_descriptor_is_written_too() -> None:
    stream = io.StringIO()
    printer = Printer(stream, "test")
    printer.put("x")
    assert printer.close(PATIENCE)
    assert stream.getvalue() == "x\n"


def test_without_a_stream_nothing_is_kept() -> None:
    printer = Printer(None, "test")
    printer.put("x")
    assert printer._waiting == []
    assert printer.close(PATIENCE)


def test_after_the_end_nothing_is_taken() -> None:
    stream = io.StringIO()
    printer = Printer(stream, "test")
    assert printer.close(PATIENCE)
    printer.put("x")
    assert printer._waiting == []
