"""How the watched loop looks at one moment: what the page gets.

Rule of this file: values only, and their JSON.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass


@dataclass(frozen=True, slots=True)
class Stage:
    """A stage since the last picture: how often it was entered, and for how many seconds."""

    times: int
    seconds: float


@dataclass(frozen=True, slots=True)
class Timer:
    """A timer, and the seconds until its time has come."""

    left: float
    name: str


@dataclass(frozen=True, slots=True)
class Row:
    """A registered channel.

    Attributes:
        number: The registration's serial number; unlike `fd`, never used again.
        wants: The events that the selector watches for.
        dirty: Whether it will be asked for its interest in the next refresh.
        queued: Bytes of output.
        received, sent: Bytes in its life.
        calls: Handlers called in its life.
        last: The last of them.
    """

    number: int
    fd: int
    kind: str
    address: str
    wants: list[str]
    dirty: bool
    queued: int
    received: int
    sent: int
    calls: int
    last: str


@dataclass(frozen=True, slots=True)
class Entry:
    """Something that happened.

    Attributes:
        index: The entry's serial number.
        lane: `kernel`, `loop` or `handlers`.
        stage: The stage in which it happened.
        number: The pass.
    """

    index: int
    lane: str
    text: str
    stage: str
    number: int


@dataclass(frozen=True, slots=True)
class Picture:
    """Everything.

    Attributes:
        span: Seconds since the last picture.
        stage: Where the loop is; empty between two passes.
        row: The registration whose handler runs; None if none does.
        doing: The handler or callback that runs; else empty.
        hidden: Rows that there was no room for.
        logged: Entries ever logged; the last ones are in `log`.
    """

    mode: str
    delay: float
    passes: int
    span: float
    stage: str
    row: int | None
    doing: str
    stages: dict[str, Stage]
    rows: list[Row]
    hidden: int
    channels: int
    dirty: int
    queued: int
    timer_count: int
    timers: list[Timer]
    callbacks: list[str]
    log: list[Entry]
    logged: int

    def json(self) -> str:
        """Return it as one line of JSON."""
        return json.dumps(asdict(self), separators=(",", ":"))
