"""The limits of the web door alone; those of the room apply as well.

Rule of this file: numbers and their reasons; the server makes options from them.
"""

from __future__ import annotations

from dataclasses import dataclass

from ...hall.bounds import bound, check_bounds


@dataclass(frozen=True, slots=True)
class WebLimits:
    """The limits in force; the fields' metadata contain unit, reason and least value.

    Raises:
        ValueError: A value is below its minimum.
    """

    # A browser sends the cookies of all ports of a host, although this server uses none.
    max_request_head: int = bound(
        16384, "bytes", "longest HTTP request; longer ones are refused", least=256
    )
    max_request_lines: int = bound(100, "lines", "most header lines of an HTTP request")
    request_timeout: float = bound(
        10.0, "seconds", "time for a whole HTTP request, TLS included", least=0.01
    )
    # One line of the room in JSON: at worst six bytes for each of its bytes, plus the object.
    max_frame: int = bound(8192, "bytes", "longest WebSocket message received", least=256)
    frame_rate: float = bound(
        20.0, "frames/second", "WebSocket frames one may send in the long run", least=0.001
    )
    frame_burst: int = bound(200, "frames", "WebSocket frames one may send at once")
    max_problems: int = bound(
        10, "requests", "requests that make no sense before their sender is disconnected"
    )
    # Shorter than the minute after which proxies and home routers forget a silent connection.
    ping_after: float = bound(
        30.0, "seconds", "silence after which a browser is asked whether it is there", least=0.01
    )
    pong_timeout: float = bound(
        20.0, "seconds", "time to answer that, before the connection counts as lost", least=0.01
    )
    close_timeout: float = bound(
        5.0, "seconds", "time a browser gets to end a connection in order", least=0.01
    )
    resume_grace: float = bound(
        30.0, "seconds", "time a lost browser has to come back to its seat", least=0
    )
    # A return can cost as much as the views of all its rooms, and leaves a connection to be closed.
    resume_rate: float = bound(
        0.5, "times/second", "how often one seat may be returned to in the long run", least=0.001
    )
    resume_burst: int = bound(20, "times", "how often one seat may be returned to at once")
    backlog_events: int = bound(
        1000, "events", "events kept for each browser, should it lose its connection", least=0
    )
    backlog_bytes: int = bound(262144, "bytes", "the same, in bytes", least=0)
    # Below this, compression saves less than a packet and still costs time for each message.
    compress_from: int = bound(
        1024, "bytes", "shortest list (history, people) that is compressed", least=0
    )
    # A browser opens six at once; a class of thirty behind one address can do so together. A
    # request is answered in milliseconds, so a new connection replaces only an old and silent one.
    max_visitors: int = bound(
        512,
        "connections",
        "connections without a seat, as those for the page's files; beyond, the oldest of the "
        "address that has most is cut",
    )

    def __post_init__(self) -> None:
        """Reject numbers that would make the door unusable."""
        check_bounds(self)
