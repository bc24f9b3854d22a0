"""The recordings on disk: one JSON file for each run, under docs/inside/runs."""

import json
import subprocess
import sys
from collections.abc import Mapping, Sequence
from typing import Any

from tests.book.pages import DOCS, ROOT

FOLDER = DOCS / "inside" / "runs"
Recording = dict[str, Any]


def fresh(names: Sequence[str] = ()) -> dict[str, Recording]:
    """Record these runs now, or all, in a process of its own."""
    command = [sys.executable, "-m", "tests.book.runs.child", *names]
    done = subprocess.run(command, cwd=ROOT, stdout=subprocess.PIPE, check=True)
    recordings: dict[str, Recording] = json.loads(done.stdout)
    return recordings


def text(recording: Recording) -> str:
    """Return a recording as its file has it: a line for each step and state, for readable diffs."""
    return _object(recording, 0) + "\n"


def _object(value: Any, depth: int) -> str:
    if depth > 3 or not isinstance(value, dict | list) or not value:
        return json.dumps(value)
    inner, end = "\n" + " " * (depth + 1), "\n" + " " * depth
    if isinstance(value, list):
        if depth < 2:
            return json.dumps(value)
        return "[" + ",".join(inner + json.dumps(each) for each in value) + end + "]"
    parts = (f"{inner}{json.dumps(key)}: {_object(each, depth + 1)}" for key, each in value.items())
    return "{" + ",".join(parts) + end + "}"


def load(name: str) -> Recording:
    """Return a run as it is on disk."""
    recording: Recording = json.loads((FOLDER / f"{name}.json").read_text())
    return recording


def write(recordings: Mapping[str, Recording]) -> list[str]:
    """Write them; return the names of those that have changed."""
    FOLDER.mkdir(exist_ok=True)
    changed = []
    for name, recording in recordings.items():
        path, new = FOLDER / f"{name}.json", text(recording)
        if not path.is_file() or path.read_text() != new:
            path.write_text(new)
            changed.append(name)
    return changed


def remove_others(names: Sequence[str]) -> None:
    """Delete the files of runs that the catalogue does not have any more."""
    for path in FOLDER.glob("*.json"):
        if path.stem not in names:
            path.unlink()
