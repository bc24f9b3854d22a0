"""The figures as CSV, to and from: every run by itself, the failures, and the sums."""

from __future__ import annotations

import csv
from collections.abc import Sequence
from dataclasses import asdict, fields
from pathlib import Path
from typing import TypeVar

from .figures import Figure
from .trial import Failure, Run

RUNS, FAILURES, SUMS = "runs.csv", "failures.csv", "figures.csv"
TYPES = {"str": str, "int": int, "float": float}

Row = TypeVar("Row", Run, Failure, Figure)


def write(path: Path, kind: type[Row], rows: Sequence[Row]) -> None:
    """Write rows of one kind to a file, with the fields' names on top."""
    with path.open("w", newline="", encoding="utf-8") as file:
        names = [field.name for field in fields(kind)]
        writer = csv.DictWriter(file, names, lineterminator="\n")
        writer.writeheader()
        writer.writerows(asdict(row) for row in rows)


def read(path: Path, kind: type[Row]) -> list[Row]:
    """Read rows of one kind from a file.

    Raises:
        ValueError: It is not such a file.
    """
    names = [field.name for field in fields(kind)]
    with path.open(newline="", encoding="utf-8") as file:
        reader = csv.DictReader(file)
        if reader.fieldnames is None or list(reader.fieldnames) != names:
            raise ValueError(f"{path} was not written by this command: its columns are others")
        return [parse(row, kind) for row in reader]


def parse(row: dict[str, str], kind: type[Row]) -> Row:
    """Make one row from its words."""
    return kind(**{each.name: TYPES[str(each.type)](row[each.name]) for each in fields(kind)})
