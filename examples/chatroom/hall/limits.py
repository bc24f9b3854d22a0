"""The limits of the chat room, except those of the web door alone.

Rule of this file: numbers and their reasons; other files enforce them.
Everything that untrusted input can make grow has a number here, and that number is an option.
"""

from __future__ import annotations

from dataclasses import dataclass

from .bounds import bound, check_bounds


@dataclass(frozen=True, slots=True)
class Limits:
    """The limits in force; the fields' metadata contain unit, reason and least value.

    Raises:
        ValueError: A value is below its minimum, or two values contradict each other.
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
    # A family behind one router turns pages at one browser's rate; fifty browsers at one address do
    # not get fifty times as much of the loop's and the disk's time.
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
    # would drop members that read as fast as possible.
    max_output: int = bound(
        1048576, "bytes", "most output queued for a member; slower readers are dropped", least=1024
    )
    max_members: int = bound(500, "connections", "connections in all")
    max_per_address: int = bound(50, "connections", "connections from one address (IPv6: one /64)")
    max_per_site: int = bound(200, "connections", "connections from one IPv6 /48, all its /64s")
    max_rooms: int = bound(100, "rooms", "rooms in all, the lobby included")
    room_rest: float = bound(
        604800.0,
        "seconds",
        "time that an empty room and its history are safe from making place for a new one",
        least=0,
    )
    max_rooms_joined: int = bound(20, "rooms", "rooms one may be in at once, in the browser")
    rooms_per_address: int = bound(
        20, "rooms", "rooms made from one address (IPv6: one /48) since the start of the server"
    )
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
        """Reject numbers that would make the room unusable."""
        check_bounds(self)
        if self.idle_timeout <= self.idle_ping:
            raise ValueError("idle_timeout must be longer than idle_ping.")
