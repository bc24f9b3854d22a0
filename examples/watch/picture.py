"""A picture of the watched loop at one moment: the data for the page.

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
    """A timer, and the seconds until it is due."""

    left: float
    name: str


@dataclass(frozen=True, slots=True)
class Row:
    """A registered channel.

    Attributes:
        number: The registration's serial number; unlike `fd`, never reused.
        wants: The events that the selector watches for.
        dirty: Whether its interest is polled in the next refresh.
        queued: Bytes of output.
        received, sent: Bytes in its lifetime.
        calls: Handlers called in its lifetime.
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
    """An event in the log.

    Attributes:
        index: The entry's serial number.
        lane: `kernel`, `loop` or `handlers`.
        stage: The stage in which it happened.
        number: The number of the pass.
    """

    index: int
    lane: str
    text: str
    stage: str
    number: int


@dataclass(frozen=True, slots=True)
class Picture:
    """A complete picture.

    Attributes:
        span: Seconds since the last picture.
        stage: The present stage; empty between two passes.
        row: The registration whose handler runs; None if none does.
        doing: The handler or callback that runs; else empty.
        hidden: The number of rows that did not fit.
        logged: The number of entries ever logged; the last ones are in `log`.
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
        """Return the picture as one line of JSON."""
        return json.dumps(asdict(self), separators=(",", ":"))
