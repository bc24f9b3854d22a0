"""The seat's environment: the connection below it, the session above it, what all seats share.

Rule of this file: protocols and values; no behaviour.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol

from ...hall.members import Outlet
from ...hall.messages import Moment
from ...hall.order import Proof
from ...people.names import Refused
from .frames import Frame, Framer
from .limits import WebLimits
from .tokens import Tokens

if TYPE_CHECKING:
    from .seat import Seat


class Line(Protocol):
    """What a seat needs from its connection."""

    def show(self, frame: Frame) -> None:
        """Queue `frame`; must not block, and must not fail when the connection is closed."""

    def seated(self) -> None:
        """Cancel the log-in timeout: a member has come in."""

    def end(self, code: int, reason: str) -> None:
        """Send what is queued, then close."""


class Talk(Protocol):
    """What a seat needs from a session; `session.Session` implements and documents it."""

    @property
    def name(self) -> str: ...  # noqa: D102 - see above
    @property
    def logged_in(self) -> bool: ...  # noqa: D102 - see above
    @property
    def ended(self) -> bool: ...  # noqa: D102 - see above
    def move(self, address: str, now: Moment) -> None: ...  # noqa: D102 - see above
    def hold(self, seconds: float, now: Moment) -> None: ...  # noqa: D102 - see above
    def log_in(  # noqa: D102 - see above
        self, raw: str, now: Moment, refused: Callable[[Refused], None], proof: Proof
    ) -> None: ...
    def prove(self, proof: str) -> None: ...  # noqa: D102 - see above
    def receive(self, line: str, now: Moment, room: str = "", nonce: str = "") -> None: ...  # noqa: D102 - see above
    def join(self, room: str, key: str, now: Moment) -> None: ...  # noqa: D102 - see above
    def leave(self, room: str, now: Moment) -> None: ...  # noqa: D102 - see above
    def whisper(self, to: str, text: str, now: Moment) -> None: ...  # noqa: D102 - see above
    def page(self, room: str, before: int, now: Moment) -> None: ...  # noqa: D102 - see above
    def search(self, room: str, query: str, now: Moment, before: int = 0) -> None: ...  # noqa: D102 - see above
    def rooms(self, now: Moment) -> None: ...  # noqa: D102 - see above
    def receipt(self, number: int) -> None: ...  # noqa: D102 - see above
    def views(self) -> None: ...  # noqa: D102 - see above
    def lost(self, reason: str, now: Moment) -> None: ...  # noqa: D102 - see above


class Timer(Protocol):
    """A scheduled call."""

    def cancel(self) -> None:
        """Cancel the call."""


@dataclass(frozen=True, slots=True)
class Service:
    """What all seats of one door share.

    Attributes:
        limits: The web door's limits.
        moment: Returns the time.
        call_later: Schedules a call after a number of seconds.
        open_session: Opens a session for a connection from an address; may raise `Refused`.
        framer: Encodes events as frames.
        shared: Whether a seat that is not known here may be at another server.
        tokens: The tokens of the seats.
    """

    limits: WebLimits
    moment: Callable[[], Moment]
    call_later: Callable[[float, Callable[[], None]], Timer]
    open_session: Callable[[Outlet, str, Moment], Talk]
    framer: Framer
    shared: bool = False
    tokens: Tokens[Seat] = field(default_factory=Tokens)
