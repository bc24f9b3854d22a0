"""``python3 -m examples.chatroom.operators add|remove|list``: edit the file of the operators.

Rule of this file: the command line and the password prompt; the file's format is in another file.
"""

from __future__ import annotations

import argparse
import getpass
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

from .datafolder import data_folder
from .doors.output import run_program
from .people.names import Name, Refused, check_name, fold
from .people.operators import (
    LONGEST_NAME,
    Account,
    BadOperators,
    parse,
    read,
    with_account,
    without_account,
    write,
)
from .people.passwords import PasswordHash, complaint

FILE = "operators"


def default_path() -> Path:
    """Return the default path of the file, which need not exist."""
    return data_folder() / FILE


def why_not_used(error: Exception) -> str:
    """Return a sentence with the reason why the file cannot be used."""
    if isinstance(error, OSError) and error.filename is not None:
        return f"Cannot use {error.filename}: {error.strerror}."
    return str(error)


def main(arguments: Sequence[str] | None = None) -> int:
    """Edit the file and return the process's exit code."""
    given = _make_parser().parse_args(arguments)
    try:
        path = given.file if given.file is not None else default_path()
        edit: Callable[[Path, argparse.Namespace], int] = given.edit
        return edit(path, given)
    except (Refused, BadOperators, OSError, RuntimeError) as error:
        print(why_not_used(error), file=sys.stderr)
        return 1


def _make_parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python3 -m examples.chatroom.operators",
        description="Who may become an operator of the chat room, with /oper NAME PASSWORD.",
    )
    edits = parser.add_subparsers(required=True, metavar="add|remove|list")
    for name, edit, text in (
        ("add", _add, "add an account, or give it a new password"),
        ("remove", _remove, "remove an account"),
        ("list", _list, "list the accounts"),
    ):
        command = edits.add_parser(name, help=text, description=text.capitalize() + ".")
        if name != "list":
            command.add_argument("name", metavar="NAME")
        command.add_argument(
            "--file", type=Path, help="the file (default: 'operators' in your data folder)"
        )
        command.set_defaults(edit=edit)
    return parser


def _add(path: Path, given: argparse.Namespace) -> int:
    name = check_name(given.name, LONGEST_NAME)
    text = read(path)
    known = name.key in parse(text)
    password = _ask_password(name)
    write(path, with_account(text, Account(name, PasswordHash.make(password))))
    print(f"{name.shown} has a new password." if known else f"{name.shown} is added.")
    print("A server that is running learns of it by SIGHUP.")
    print(f"Then come in by another name, and type /oper {name.shown} and the password.")
    return 0


def _remove(path: Path, given: argparse.Namespace) -> int:
    text, key = read(path), fold(given.name)
    if key not in parse(text):
        raise Refused(f"There is no account called {given.name} in {path}.")
    write(path, without_account(text, key))
    print(f"{given.name} is removed. A server that is running learns of it by SIGHUP.")
    return 0


def _list(path: Path, given: argparse.Namespace) -> int:
    for account in parse(read(path)).values():
        print(account.name.shown)
    return 0


def _ask_password(name: Name) -> str:
    if sys.stdin.isatty():
        password = getpass.getpass(f"Password of {name.shown}: ")
        if getpass.getpass("The same again: ") != password:
            raise Refused("The two passwords differ; nothing was changed.")
    else:
        password = sys.stdin.readline().removesuffix("\n").removesuffix("\r")
    if wrong := complaint(password):
        raise Refused(f"{wrong} Nothing was changed.")
    return password


if __name__ == "__main__":
    run_program(main)
