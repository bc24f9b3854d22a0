"""Every limit of the chat room, and the small machines that enforce some of them.

Rule of this file: numbers and arithmetic; time is passed in, nobody is spoken to from here.
Everything that a stranger can make grow has a number here, and that number is an option.
"""

from __future__ import annotations

import enum
import ipaddress
from dataclasses import dataclass

from .bounds import bound, check_bounds


@dataclass(frozen=True, slots=True)
class Limits:
    """The limits in force; the fields' metadata hold unit, reason and least value.

    Raises:
        ValueError: A value is below its least, or two of them contradict each other.
    """

    max_line: int = bound(1024, "bytes", "longest line; more of it is skipped, and it is said so")
    max_subnegotiation: int = bound(
        1024,
        "bytes",
        "longest telnet subnegotiation; an endless one would swallow all that comes",
    )
    max_commands: int = bound(
        1024, "commands", "telnet commands received at once; who sends more floods the server"
    )
    max_name: int = bound(20, "characters", "longest name of a person or a room")
    max_topic: int = bound(200, "characters", "longest topic of a room")
    flood_rate: float = bound(
        2.0, "lines/second", "lines one may send in the long run", least=0.001
    )
    flood_burst: int = bound(20, "lines", "lines one may send at once after a silence")
    flood_strikes: int = bound(
        60, "lines", "lines dropped as flood before their sender is disconnected"
    )
    address_rate: float = bound(
        20.0,
        "lines/second",
        "lines one address may send in the long run, whoever comes and goes there",
        least=0.001,
    )
    address_burst: int = bound(200, "lines", "lines one address may send at once")
    look_rate: float = bound(
        10.0,
        "requests/second",
        "pages, searches and joins one browser may ask for in the long run",
        least=0.001,
    )
    look_burst: int = bound(100, "requests", "pages, searches and joins it may ask for at once")
    # A family behind one router turns pages at a browser's rate; who opens fifty browsers at one
    # address does not get fifty times as much of the loop's and the disk's time.
    address_look_rate: float = bound(
        30.0,
        "requests/second",
        "pages and searches all browsers at one address may ask for in the long run",
        least=0.001,
    )
    address_look_burst: int = bound(400, "requests", "pages and searches they may ask for at once")
    login_attempts: int = bound(5, "attempts", "names tried before the connection is closed")
    login_timeout: float = bound(
        60.0, "seconds", "time to give a name; strangers hold a place only so long", least=0.01
    )
    idle_ping: float = bound(
        600.0, "seconds", "silence after which a member is asked for a sign of life", least=0.01
    )
    idle_timeout: float = bound(
        1800.0, "seconds", "silence after which a member is disconnected", least=0.01
    )
    linger: float = bound(
        2.0, "seconds", "time a leaving peer gets to read its last line", least=0.01
    )
    # A pass can queue one flood_burst of each speaker before anything is sent; a limit near that
    # would drop people who read as fast as anybody can.
    max_output: int = bound(
        1048576, "bytes", "most output queued for a member; slower readers are dropped", least=1024
    )
    max_members: int = bound(500, "connections", "connections in all")
    max_per_address: int = bound(50, "connections", "connections from one address (IPv6: one /64)")
    max_rooms: int = bound(100, "rooms", "rooms in all, the lobby included")
    room_rest: float = bound(
        604800.0,
        "seconds",
        "time that an empty open room and its history are safe from making place for a new one",
        least=0,
    )
    max_rooms_joined: int = bound(20, "rooms", "rooms one may be in at once, in the browser")
    new_rooms: int = bound(10, "rooms", "rooms one address may make at once; one more a minute")
    key_guesses: int = bound(
        5, "guesses", "wrong room keys from one address at once; one more every ten seconds"
    )
    max_ignored: int = bound(100, "names", "names one member may ignore")
    history_kept: int = bound(
        100, "lines", "lines of each room held in memory; the history file has all", least=0
    )
    history_shown: int = bound(10, "lines", "remembered lines shown on entering", least=0)
    history_page: int = bound(50, "lines", "most lines of history or search shown at once")
    max_waiting: int = bound(
        10_000, "messages", "messages that may wait for the disk, or be kept until it is well"
    )

    def __post_init__(self) -> None:
        """Refuse numbers that would make the room unusable."""
        check_bounds(self)
        if self.idle_timeout <= self.idle_ping:
            raise ValueError("idle_timeout must be longer than idle_ping.")


class TokenBucket:
    """So many at once, so many a second in the long run.

    The bucket holds at most `burst` tokens, gains `rate` of them a second, and each use takes
    one.  A clock that goes backwards gives nothing and takes nothing.

    Args:
        rate: Tokens a second.
        burst: Most tokens held; the bucket begins full.
        now: The time, in seconds on a monotonic clock.
    """

    def __init__(self, rate: float, burst: int, now: float) -> None:
        self._rate = rate
        self._burst = burst
        self._tokens = float(burst)
        self._filled = now

    def take(self, now: float) -> bool:
        """Take one token at time `now` (seconds); False if there is none."""
        self._fill(now)
        if self._tokens < 1:
            return False
        self._tokens -= 1
        return True

    def spent(self, now: float) -> bool:
        """Say whether there is no token at time `now` (seconds); takes none."""
        self._fill(now)
        return self._tokens < 1

    def full(self, now: float) -> bool:
        """Say whether the bucket is full at time `now` (seconds): nobody drew on it lately."""
        self._fill(now)
        return self._tokens >= self._burst

    def _fill(self, now: float) -> None:
        if now > self._filled:
            gained = (now - self._filled) * self._rate
            self._tokens = min(self._burst, self._tokens + gained)
            self._filled = now


class Verdict(enum.Enum):
    """What is to be done with a line."""

    PASS = "pass"
    WARN = "warn"
    DROP = "drop"
    EXPEL = "expel"


class FloodGuard:
    """Judges one member's lines: warn once, then drop in silence, then expel.

    The warning is given, and the strikes are forgotten, anew after a silence long enough to
    fill the bucket; otherwise somebody just above the rate would be warned at every other line.

    Args:
        limits: `flood_rate`, `flood_burst` and `flood_strikes` count here.
        now: The time, in seconds on a monotonic clock.
    """

    def __init__(self, limits: Limits, now: float) -> None:
        self._bucket = TokenBucket(limits.flood_rate, limits.flood_burst, now)
        self._most = limits.flood_strikes
        self._strikes = 0

    def judge(self, now: float) -> Verdict:
        """Say what to do with a line that came at time `now` (seconds, monotonic)."""
        if self._bucket.full(now):
            self._strikes = 0
        if self._bucket.take(now):
            return Verdict.PASS
        return self.strike()

    def strike(self) -> Verdict:
        """Say what to do with one more line that is too much."""
        self._strikes += 1
        if self._strikes > self._most:
            return Verdict.EXPEL
        return Verdict.WARN if self._strikes == 1 else Verdict.DROP


def source_of(address: str) -> str:
    """Return whom to count `address` for.

    One IPv6 subscriber commonly has 2**64 addresses, so those count as one; an IPv4 address in
    IPv6 clothes is that IPv4 address.  What is no IP address (a UNIX socket) counts as itself.
    """
    try:
        parsed = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return address
    if isinstance(parsed, ipaddress.IPv4Address):
        return str(parsed)
    if parsed.ipv4_mapped is not None:
        return str(parsed.ipv4_mapped)
    return str(ipaddress.ip_network((int(parsed), 64), strict=False))
