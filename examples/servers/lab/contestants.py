"""The servers that are compared: label, family in the plots, and the command that starts it."""

from __future__ import annotations

import sys
from dataclasses import dataclass, replace

from examples.bench.allocator import BOTH, Allocator


@dataclass(frozen=True)
class Contestant:
    """A server program.

    Attributes:
        label: Its name in tables and for `--only`.
        family: What kind of method it is: those of one kind share a colour.
        module: What `python3 -m` runs.
        options: Options of its own.
        needs: The package that has to be installed for it, if any.
        allocator_matters: Its figures differ under the system's own settings of the allocator.
        allocator: The settings that it runs under.
    """

    label: str
    family: str
    module: str
    options: tuple[str, ...] = ()
    needs: str = ""
    allocator_matters: bool = False
    allocator: Allocator = Allocator.RAISED

    @property
    def command(self) -> list[str]:
        """The command line; it prints its port first and echoes every line."""
        return [sys.executable, "-m", self.module, "--port", "0", "--quiet", *self.options]


def article(name: str, family: str, needs: str = "") -> Contestant:
    """Return one of examples/servers whose label is its file's name."""
    return Contestant(name, family, f"examples.servers.{name}", needs=needs)


CONTESTANTS = (
    article("forking", "one each"),
    article("threading", "one each"),
    article("select", "by hand"),
    article("poll", "by hand"),
    article("epoll", "by hand"),
    article("dispatcher", "miniloop"),
    article("chat", "miniloop"),
    article("compat", "miniloop"),
    article("prefork", "miniloop"),
    replace(article("asyncio", "framework"), allocator_matters=True),
    Contestant("uvloop", "framework", "examples.servers.asyncio", ("--uvloop",), "uvloop"),
    replace(article("streams", "framework"), allocator_matters=True),
    article("twisted", "framework", "twisted"),
)

CALIBRATION = "examples.servers.lab.calibration"
FLOOR = Contestant("floor", "calibration", CALIBRATION, ("floor",))
CEILING = Contestant("ceiling", "calibration", CALIBRATION, ("ceiling",))
CALIBRATIONS = (CEILING, FLOOR)


def chosen(labels: list[str] | None, choice: str = Allocator.RAISED) -> list[Contestant]:
    """Return the contestants with these labels, or all; the calibration comes first, always.

    Args:
        labels: Which to take.
        choice: "system": all run under the system's own settings of the allocator. "both": all but
            the calibration run under both. "raised": under the raised ones, and those for which it
            matters under the system's too.
    """
    wanted = [each for each in CONTESTANTS if not labels or each.label in labels]
    if choice == Allocator.SYSTEM:
        return [under_system(each) for each in [*CALIBRATIONS, *wanted]]
    again = [each for each in wanted if choice == BOTH or each.allocator_matters]
    return [*CALIBRATIONS, *wanted, *(under_system(each) for each in again)]


def under_system(contestant: Contestant) -> Contestant:
    """Return a contestant under the system's own settings of the allocator."""
    return replace(contestant, allocator=Allocator.SYSTEM)
