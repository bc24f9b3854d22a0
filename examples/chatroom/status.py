"""The server's state: figures for monitoring.

Rule of this file: numbers and half sentences without private data: no names, no rooms' names, no
addresses, no versions, no paths.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from miniloop import EventLoop

from .doors.certificates import Certificate
from .doors.queues import Queues
from .hall.hall import Hall
from .keeping import Keeping
from .metrics import LoopLatency, Rate

LATE = 1.0  # seconds; users notice a loop that is often later than this
FRESH = 1.0  # seconds for which figures are reused: the cost is the same for any number of readers
COUNTED = ("messages", "whispers", "expelled", "flooded")


@dataclass
class Status:
    """Collects the figures.

    Attributes:
        loop: The loop that is measured.
        hall: The hall.
        keeping: The store of the history.
        certificate: The doors' certificate; None without TLS.
        doors: For each door its name and a function that returns its queues.
        measured: Whether to measure the loop's latency ten times a second; while the loop is
            debugged or traced, its own work is easier to see without.
    """

    loop: EventLoop
    hall: Hall
    keeping: Keeping
    certificate: Certificate | None = None
    doors: dict[str, Callable[[], Queues]] = field(default_factory=dict)
    measured: bool = True

    def __post_init__(self) -> None:
        """Start the measurement."""
        self._latency = LoopLatency(self.loop, measured=self.measured)
        self._messages = Rate()
        self._started = self.loop.time()
        self._trouble_since: float | None = None
        self._figures: dict[str, Any] = {}
        self._taken_at = -FRESH

    def tick(self) -> None:
        """Update the rates; called once a second."""
        self._messages.tick(self.hall.counts["messages"])
        if not self.hall.ledger.problem:
            self._trouble_since = None
        elif self._trouble_since is None:
            self._trouble_since = self.loop.time()

    def figures(self) -> dict[str, Any]:
        """Return the server's state, at most a second old, as plain values for JSON."""
        if self.loop.time() >= self._taken_at + FRESH:
            self._figures = self._take()
            self._taken_at = self.loop.time()
        return self._figures

    def problems(self) -> list[str]:
        """Return the present problems, as sentences; empty if all is well."""
        ledger, limits = self.hall.ledger, self.hall.limits
        latency = self._latency.summary()
        found = {
            f"The history cannot be written: {ledger.problem}.": ledger.problem,
            "The history could not be opened; it is kept in memory.": self.keeping.problem,
            "More than half of what may wait for the disk does so.": (
                len(ledger) * 2 > limits.max_waiting
            ),
            f"The loop is often more than {LATE:g} s late.": latency.p99 > LATE,
            "The link to the other servers is down.": self._cluster().get("link", "up") != "up",
            "Clients do not trust the TLS certificate.": self._distrusted(),
        }
        return [sentence for sentence, wrong in found.items() if wrong]

    def _distrusted(self) -> bool:
        if self.certificate is None:
            return False
        expires = self.certificate.expires
        return bool(self.certificate.trouble) or (expires or time.time()) < time.time()

    def _take(self) -> dict[str, Any]:
        problems = self.problems()
        return {
            "healthy": not problems,
            "problems": problems,
            "uptime_s": round(self.loop.time() - self._started),
            "connections": self._connections(),
            "members": self._members(),
            "rooms": len(self.hall.rooms),
            "messages_per_s": {
                "1s": round(self._messages.over(1), 2),
                "1min": round(self._messages.over(60), 2),
                "15min": round(self._messages.over(900), 2),
            },
            "loop_latency_ms": self._latency_ms(),
            "queues": self._queues(),
            "history": self._history(),
            "tls": self._tls(),
            "cluster": self._cluster(),
            "counts": {
                **{name: self.hall.counts[name] for name in COUNTED},
                "refused": self.hall.gate.refused,
            },
        }

    def _connections(self) -> dict[str, int]:
        gate, limits = self.hall.gate, self.hall.limits
        by_door = {door: queues().connections for door, queues in self.doors.items()}
        return {"counted": gate.taken, "limit": limits.max_members, **by_door}

    def _members(self) -> dict[str, int]:
        members = [member for member in self.hall.members if member.name is not None]
        web = sum(member.roaming for member in members)
        return {"all": len(members), "telnet": len(members) - web, "web": web}

    def _latency_ms(self) -> dict[str, float]:
        latency = self._latency.summary()
        return {
            "median": round(latency.median * 1000, 2),
            "p99": round(latency.p99 * 1000, 2),
            "worst": round(latency.worst * 1000, 2),
        }

    def _queues(self) -> dict[str, int]:
        doors = [queues() for queues in self.doors.values()]
        store = self.keeping.store
        return {
            "output_bytes": sum(door.waiting for door in doors),
            "largest_output_bytes": max((door.largest for door in doors), default=0),
            "output_limit_bytes": self.hall.limits.max_output,
            "events_waiting": len(self.hall.postbox),
            "writes_waiting": len(self.hall.ledger),
            "store_errands": 0 if store is None else store.waiting,
        }

    def _history(self) -> dict[str, Any]:
        clock, store = self.keeping.clock, self.keeping.store
        since, kept = self._trouble_since, store is not None
        return {
            "kept": kept and not self.hall.ledger.problem,
            "where": "file" if kept else "memory",
            "problem": self.hall.ledger.problem,
            "trouble_s": 0 if since is None else round(self.loop.time() - since),
            "bytes": self.keeping.size(),
            "renewed": 0 if store is None else store.renewed,
            "clock_ahead_s": round(clock.ahead()) if clock else 0,
        }

    def _cluster(self) -> dict[str, Any]:
        figures = self.hall.order.figures()
        return {"on": bool(figures), **figures}

    def _tls(self) -> dict[str, Any]:
        expires = self.certificate.expires if self.certificate else None
        day = time.strftime("%Y-%m-%d", time.gmtime(expires)) if expires else None
        return {"on": self.certificate is not None, "certificate_ends": day}
