"""``python3 -m examples.chatroom.history export|backup``: read the history without the server.

Rule of this file: the command line; the history is read in other files and never changed.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from io import TextIOWrapper
from pathlib import Path
from typing import TYPE_CHECKING

from .doors.line.rendering import LineRenderer
from .doors.output import run_program
from .hall.messages import Message, Page
from .keeping import default_history
from .people.names import fold

if TYPE_CHECKING:
    from .storage.reading import Reading

FORMATS = ("text", "jsonl")
DAY = timedelta(days=1)
FOREVER = float("inf")


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line and return the process's exit code."""
    given = _make_parser().parse_args(arguments)
    try:
        from .storage.problems import StoreError
        from .storage.reading import reading
    except ImportError as error:
        print(f"This Python has no SQLite, which keeps the history ({error}).", file=sys.stderr)
        return 1
    try:
        path = given.history if given.history is not None else default_history()
        act: Callable[[Reading, argparse.Namespace], int] = given.act
        with reading(path) as history:
            return act(history, given)
    except BrokenPipeError:  # as with "| head"; Python would report it again at exit
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    except (StoreError, OSError, RuntimeError) as error:
        print(error, file=sys.stderr)
        return 1


def _make_parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python3 -m examples.chatroom.history",
        description="Read the history of the chat room; the server may run meanwhile.",
    )
    acts = parser.add_subparsers(required=True, metavar="export|backup")
    export = acts.add_parser("export", help="print what was said in a room")
    export.add_argument("room", metavar="ROOM")
    export.add_argument(
        "--format", choices=FORMATS, default="text", help="text, or JSON Lines (default: text)"
    )
    export.add_argument("--since", type=_day, metavar="DATE", help="from this day on: 2026-01-31")
    export.add_argument("--until", type=_end_of_day, metavar="DATE", help="up to this day, with it")
    export.set_defaults(act=_export)
    backup = acts.add_parser("backup", help="copy all of it into a new file")
    backup.add_argument("file", type=Path, metavar="FILE")
    backup.set_defaults(act=_backup)
    for each in (export, backup):
        where = "the history (default: the one in your data folder)"
        each.add_argument("--history", type=Path, metavar="FILE", help=where)
    return parser


def _end_of_day(text: str) -> datetime:
    return _day(text, DAY)


def _day(text: str, later: timedelta = timedelta()) -> datetime:
    try:  # first the sum, then the zone: some days do not have 24 hours
        return (datetime.strptime(text, "%Y-%m-%d") + later).astimezone()
    except (ValueError, OverflowError, OSError):
        raise argparse.ArgumentTypeError("this is a date like 2026-01-31") from None


def _export(history: Reading, given: argparse.Namespace) -> int:
    room = given.room.removeprefix("#")
    known = history.rooms()
    if fold(room) not in map(fold, known):
        print(f"There is no room called {room}; there are: {', '.join(known)}.", file=sys.stderr)
        return 1
    since = given.since.timestamp() if given.since else 0.0
    until = given.until.timestamp() if given.until else FOREVER
    if isinstance(sys.stdout, TextIOWrapper):  # a terminal without UTF-8 must not abort an export
        sys.stdout.reconfigure(errors="backslashreplace")
    lines = _text_lines if given.format == "text" else _json_lines
    for line in lines(history.messages(fold(room), since, until)):
        print(line)
    sys.stdout.flush()  # here, where a reader that has gone is not an error
    return 0


def _text_lines(messages: Iterator[Message]) -> Iterator[str]:
    renderer = LineRenderer()
    for message in messages:
        yield from renderer.lines(Page(message.room, 0, (message,), more=False))


def _json_lines(messages: Iterator[Message]) -> Iterator[str]:
    for message in messages:
        at = datetime.fromtimestamp(message.at or 0.0, UTC).isoformat(timespec="milliseconds")
        shown = {"id": message.id, "at": at, "room": message.room, "kind": message.kind.value}
        yield json.dumps({**shown, "sender": message.sender, "text": message.text})


def _backup(history: Reading, given: argparse.Namespace) -> int:
    history.copy_to(given.file)
    print(f"The history is copied to {given.file}.")
    return 0


if __name__ == "__main__":
    run_program(main)
