"""Which lines of the log are written, and how omitted lines are reported."""

from __future__ import annotations

import io
import logging

import pytest

from examples.chatroom.logs import (
    KIND_BURST,
    KIND_RATE,
    MOST_KINDS,
    SOURCE_BURST,
    SOURCE_RATE,
    LimitedHandler,
    Logs,
    source_in,
)
from examples.chatroom.printer import Printer
from miniloop.testing import FakeClock

CONNECTION = "Connection from %s."


class Page(Printer):
    """A stream that keeps the lines."""

    def __init__(self) -> None:
        super().__init__(None, "test")
        self.close(20)
        self.lines: list[str] = []

    def put(self, line: str) -> None:
        self.lines.append(line)


class Scene:
    """A handler, its output and its clock."""

    def __init__(self) -> None:
        self.page, self.clock = Page(), FakeClock()
        self.handler = LimitedHandler(self.page, self.clock)

    def log(self, template: object, *arguments: object, logger: str = "chatroom") -> None:
        self.handler.handle(record(template, *arguments, logger=logger))


def record(template: object, *arguments: object, logger: str = "chatroom") -> logging.LogRecord:
    return logging.LogRecord(logger, logging.INFO, __file__, 1, template, arguments, None)


def test_a_line_has_its_time_level_and_logger() -> None:
    scene = Scene()
    scene.log(CONNECTION, "192.0.2.1")
    [line] = scene.page.lines
    assert line.endswith(" INFO chatroom: Connection from 192.0.2.1.")


def test_one_address_has_so_many_lines_of_a_kind() -> None:
    scene = Scene()
    for _ in range(10_000):
        scene.log(CONNECTION, "192.0.2.1")
    assert len(scene.page.lines) == SOURCE_BURST
    scene.log(CONNECTION, "192.0.2.2")
    scene.log("%s is gone.", "192.0.2.1")
    assert len(scene.page.lines) == SOURCE_BURST + 2
    scene.clock.advance(1 / SOURCE_RATE)
    for _ in range(10):
        scene.log(CONNECTION, "192.0.2.1")
    assert len(scene.page.lines) == SOURCE_BURST + 3


def test_all_addresses_together_have_so_many_of_a_kind() -> None:
    scene = Scene()
    for number in range(20_000):
        scene.log(CONNECTION, f"10.0.{number // 256}.{number % 256}")
    assert len(scene.page.lines) == KIND_BURST
    scene.clock.advance(1)
    for number in range(20_000):
        scene.log(CONNECTION, f"10.1.{number // 256}.{number % 256}")
    assert len(scene.page.lines) == KIND_BURST + KIND_RATE
    scene.log("something else")
    assert scene.page.lines[-1].endswith("something else")


def test_what_has_no_address_is_limited_by_its_kind_alone() -> None:
    scene = Scene()
    for _ in range(2 * KIND_BURST):
        scene.log("ann says %s", "hello")
    assert len(scene.page.lines) == KIND_BURST


def test_the_number_of_lines_left_out_is_said_once() -> None:
    scene = Scene()
    for _ in range(SOURCE_BURST + 7):
        scene.log(CONNECTION, "192.0.2.1")
    scene.handler.report()
    assert scene.page.lines[-1].endswith(
        " WARNING chatroom: Left out of the log, too many of one kind: "
        '7 lines like "Connection from %s.".'
    )
    scene.handler.report()
    assert len(scene.page.lines) == SOURCE_BURST + 1


def test_kinds_that_are_made_up_are_counted_together() -> None:
    scene = Scene()
    for number in range(2 * MOST_KINDS):
        for _ in range(SOURCE_BURST + 1):
            scene.log(f"{number} %s", "192.0.2.1")
    scene.page.lines.clear()
    scene.handler.report()
    assert len(scene.page.lines) == MOST_KINDS + 1
    assert f'{MOST_KINDS} lines like "(others)"' in scene.page.lines[-1]


@pytest.mark.parametrize(
    ("arguments", "source"),
    [
        (("ann", "192.0.2.1"), "192.0.2.1"),
        (("::ffff:192.0.2.1",), "192.0.2.1"),
        (("2001:db8::1",), "2001:db8::/64"),
        ((("192.0.2.1", 4711),), "192.0.2.1"),
        (((),), ""),
        (("ann", 7, None), ""),
        ((), ""),
    ],
)
def test_the_address_is_found_among_the_arguments(
    arguments: tuple[object, ...], source: str
) -> None:
    assert source_in(record("%s" * len(arguments), *arguments)) == source


def test_arguments_by_name_have_no_address() -> None:
    assert source_in(record("%(a)s", {"a": "192.0.2.1"})) == ""


def test_a_line_that_cannot_be_made_is_said() -> None:
    scene = Scene()
    scene.log("%d", "x")
    assert scene.page.lines == ["A line of the log could not be made: '%d'."]


def test_inside_it_is_the_root_loggers_and_outside_it_is_not(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    out, err = io.StringIO(), io.StringIO()
    monkeypatch.setattr("sys.stdout", out)
    monkeypatch.setattr("sys.stderr", err)
    root, logger = logging.getLogger(), logging.getLogger("chatroom")
    before = (root.level, list(root.handlers))
    with Logs("INFO") as logs:
        logs.say("one")
        logs.complain("two")
        for _ in range(SOURCE_BURST + 1):
            logger.info(CONNECTION, "192.0.2.1")
        logger.debug("never")
    logger.error("too late")
    assert (root.level, list(root.handlers)) == before
    assert out.getvalue() == "one\n"
    lines = err.getvalue().splitlines()
    assert (lines[0], len(lines)) == ("two", 1 + SOURCE_BURST + 1)
    assert "1 lines like" in lines[-1]
    assert "never" not in err.getvalue()
    assert "too late" not in err.getvalue()
