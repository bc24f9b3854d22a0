"""What each member of a schedule will do, and the faults that it will meet."""

from __future__ import annotations

import random
from dataclasses import dataclass, field

NODES = "abc"
ROOMS = ("lobby", "red", "blue")
MOST_STEPS = 9
LENGTH = 7.0
"""Seconds in which members arrive, and faults begin."""


@dataclass
class Plan:
    """The plan of one member.

    Attributes:
        number: Its number.
        web: Whether it uses a browser.
        node: The node that it connects to first.
        start: When it arrives, in seconds.
        steps: What it does, each so many seconds after the one before.
        boss: Whether it becomes an operator.
        said: The tokens that it says in rooms, in order.
        whispers: The tokens that it whispers, and to whom.
        leaves: Whether it leaves in the end.
    """

    number: int
    web: bool
    node: str
    start: float
    boss: bool = False
    steps: list[tuple[float, str]] = field(default_factory=list)
    said: list[str] = field(default_factory=list)
    whispers: dict[str, str] = field(default_factory=dict)
    leaves: bool = False

    @property
    def name(self) -> str:
        """Return the name that it tries."""
        return f"u{self.number}"

    @property
    def address(self) -> str:
        """Return its address."""
        return f"10.1.{self.number}.1"


def make_plan(number: int, crowd: int, chance: random.Random, *, ruled: bool) -> Plan:
    """Make a random member.

    Args:
        number: Which one.
        crowd: The number of members.
        chance: The random source.
        ruled: Whether there is an operator.
    """
    boss = ruled and number == 0
    plan = Plan(
        number, chance.random() < 0.4, chance.choice(NODES), chance.uniform(0, 3), boss=boss
    )
    if boss:
        plan.steps.append((0.1, "/oper boss password"))
    for _ in range(chance.randrange(2, MOST_STEPS)):
        gap = chance.choice((0.0, 0.05, 0.4, 1.5))
        plan.steps.append((gap, _line(plan, crowd, chance)))
    plan.leaves = chance.random() < 0.15
    if plan.leaves:
        plan.steps.append((0.2, "/quit"))
    return plan


def _line(plan: Plan, crowd: int, chance: random.Random) -> str:
    other = f"u{chance.randrange(crowd)}"
    kinds = {
        "say": 40, "me": 4, "msg": 8, "join": 12, "leave": 2, "nick": 4, "topic": 3, "who": 1,
        "rooms": 1, "lock": 1, "unlock": 1, "break": 3,
    }  # fmt: skip
    if plan.boss:
        kinds |= {"kick": 5, "ban": 4, "unban": 3, "mute": 4, "unmute": 3, "forget": 8, "room": 2}
    kind = chance.choices([*kinds], [*kinds.values()])[0]
    match kind:
        case "say" | "me":
            plan.said.append(f"t{plan.number}.{len(plan.said)}")
            return ("/me " if kind == "me" else "") + plan.said[-1]
        case "msg":
            token = f"w{plan.number}.{len(plan.whispers)}"
            plan.whispers[token] = other
            return f"/msg {other} {token}"
        case "join":
            return f"/join {chance.choice(ROOMS)}"
        case "nick":  # two members may want the same
            return f"/nick {chance.choice((plan.name, f'{plan.name}x', 'sam'))}"
        case "topic":
            return f"/topic about {plan.number}"
        case "lock":
            return "/lock sesame"
        case "kick" | "ban" | "unban" | "mute" | "unmute":
            return f"/{kind} {other}"
        case "forget":
            return "forget"  # a message that it sees then
        case "room":
            return f"/forget {chance.choice(ROOMS[1:])}"
        case "break":
            return "break"
    return f"/{kind}"
