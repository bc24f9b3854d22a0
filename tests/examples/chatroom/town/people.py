"""The people: what each of them will type, and how each of them ends.

A person's message is a *token*, such as ``t7.3`` for the third message of number 7, so that
each message names its author.
"""

from __future__ import annotations

import random
import re
from dataclasses import dataclass, field

ROOMS = ("lobby", "red", "blue")
MOST_LINES = 18  # below the flood limit of 20 at once: no person here floods
TOKEN = re.compile(r"\b([tw])(\d+)\.(\d+)\b")
ENDS = ("stays", "stays", "stays", "quits", "finishes", "resets", "closes")


def token_of(text: str) -> str:
    """Return the token in a line, or nothing."""
    found = TOKEN.search(text)
    return found[0] if found else ""


def author_of(token: str) -> int:
    """Return the author of this token."""
    found = TOKEN.fullmatch(token)
    assert found is not None
    return int(found[2])


@dataclass
class Plan:
    """The plan of one person.

    Attributes:
        number: Its number.
        web: Whether it uses a browser, which reconnects when its connection breaks.
        logins: The names that it tries; the last one is free.
        names: The names that it may ever have.
        steps: What it does, each so many seconds after the one before: a line that it types, or
            one of the words "stop reading", "read on", "break".
        end: How its connection ends.
        said: The tokens that it says to a room, in order.
        whispers: The tokens of its private messages, and their recipients.
        ignored: The names that it ignores at some time.
        start: When it arrives, in seconds.
        slow: Whether it stops reading at some time.
    """

    number: int
    end: str
    start: float
    web: bool
    logins: list[str] = field(default_factory=list)
    names: list[str] = field(default_factory=list)
    steps: list[tuple[float, str]] = field(default_factory=list)
    said: list[str] = field(default_factory=list)
    whispers: dict[str, str] = field(default_factory=dict)
    ignored: set[str] = field(default_factory=set)
    slow: bool = False

    @property
    def address(self) -> str:
        """Return its address."""
        return f"10.1.{self.number}.1"

    @property
    def peaceful(self) -> bool:
        """Return whether nothing that it does may lose a line."""
        return self.end in ("stays", "quits", "finishes") and not self.slow


def make_plan(number: int, crowd: int, chance: random.Random, *, web: bool) -> Plan:
    """Make a random person."""
    start = chance.choice((0.0, chance.uniform(0, 8)))
    plan = Plan(number, chance.choice(ENDS), start, web and chance.random() < 0.3)
    if plan.web and plan.end == "finishes":  # a browser cannot end like this
        plan.end = "closes"
    if chance.random() < 0.15:  # a name that several people try; each has another one as well
        plan.logins.append(chance.choice(("shared", "sam")))
    plan.logins.append(f"u{number}")
    plan.names.extend(plan.logins)
    plan.slow = chance.random() < 0.15
    stop_at = chance.randrange(MOST_LINES)
    for count in range(chance.randrange(MOST_LINES - 3)):
        gap = chance.choice((0.0, 0.0, 0.02, 0.5, 3.0))
        if plan.slow and count == stop_at:
            plan.steps.append((gap, "stop reading"))
            plan.steps.append((chance.uniform(5, 20), "read on"))
        plan.steps.append((gap, _line(plan, crowd, chance)))
        if plan.web and chance.random() < 0.1:
            plan.steps.append((gap, "break"))
    if plan.end == "quits":
        plan.steps.append((0.0, "/quit"))
    return plan


def _line(plan: Plan, crowd: int, chance: random.Random) -> str:
    other = f"u{chance.randrange(crowd)}"
    kind = chance.choices(
        ("say", "act", "whisper", "join", "leave", "nick", "ignore", "look", "topic", "history",
         "who", "rooms", "nonsense"),
        (40, 4, 10, 14, 3, 4, 6, 4, 2, 3, 1, 1, 1),
    )[0]  # fmt: skip
    if kind in ("say", "act"):
        return ("/me " if kind == "act" else "") + _say(plan, chance)
    if kind == "whisper":
        token = f"w{plan.number}.{len(plan.whispers)}"
        plan.whispers[token] = other
        return f"/msg {other} {token}"
    if kind == "join":
        return f"/join {chance.choice(ROOMS)}"
    if kind == "nick":
        plan.names.append(f"u{plan.number}{chance.choice('abc')}")
        return f"/nick {plan.names[-1]}"
    if kind == "ignore":
        plan.ignored.add(other)
        return f"/ignore {other}"
    others = {"nonsense": "/nonsense", "topic": f"/topic about {plan.number}"}
    return others.get(kind, f"/{kind}")


def _say(plan: Plan, chance: random.Random) -> str:
    token = f"t{plan.number}.{len(plan.said)}"
    plan.said.append(token)
    return token + " " + "x" * chance.choice((0, 0, 3, 200))
