"""What a seat is built on: the connection below it, the session above it, what all seats share.

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
    """What a seat needs of the connection it is on."""

    def show(self, frame: Frame) -> None:
        """Queue `frame`; must not block, nor fail when the connection is over."""

    def seated(self) -> None:
        """Somebody has come in: there is no more hurry."""

    def end(self, code: int, reason: str) -> None:
        """Send what is queued, then close."""


class Talk(Protocol):
    """What a seat needs of a session; `session.Session` has it all, and documents it."""

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
    """Something that was to happen."""

    def cancel(self) -> None:
        """It shall not."""


@dataclass(frozen=True, slots=True)
class Service:
    """What all seats of one door share.

    Attributes:
        limits: The web door's limits.
        moment: Tells the time.
        call_later: Calls something after so many seconds.
        open_session: Opens a session for a connection from an address; may raise `Refused`.
        framer: Makes frames of events.
        shared: Whether a seat that is not known here may be at another server.
        tokens: Whose seat is which.
    """

    limits: WebLimits
    moment: Callable[[], Moment]
    call_later: Callable[[float, Callable[[], None]], Timer]
    open_session: Callable[[Outlet, str, Moment], Talk]
    framer: Framer
    shared: bool = False
    tokens: Tokens[Seat] = field(default_factory=Tokens)
