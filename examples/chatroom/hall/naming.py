"""Names: permission to have one, giving one, and changing it.

Rule of this file: from the typed text to a name that is held; the order decides, since others may
request the same name at the same time.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass

from ..people.doorkeeper import Doorkeeper
from ..people.names import Name, Refused
from ..people.sanctions import Sanctions
from .directory import Directory
from .happening import Happening
from .holding import Answered, wait_for
from .limits import Limits
from .members import Member
from .messages import Kind, Message, Moment
from .order import NO_PROOF, Order, Proof

log = logging.getLogger("chatroom")


@dataclass(frozen=True, slots=True)
class Naming:
    """Gives names to members.

    Attributes:
        limits: `max_members` applies here: there are as many guests' names.
        names: The names in use.
        sanctions: The banned names and the mutes.
        doorkeeper: The operators' names.
        order: Decides which member gets a name.
    """

    limits: Limits
    names: Directory
    sanctions: Sanctions
    doorkeeper: Doorkeeper
    order: Order

    def ask(
        self,
        member: Member,
        name: Name,
        proof: Proof,
        granted: Callable[[], None],
        refused: Callable[[Refused], None],
    ) -> None:
        """Request the checked `name`; `granted` is called when `member` has it.

        Raises:
            Refused: The answer came immediately and is no.
        """

        def taken() -> None:
            if not member.present:  # it has left meanwhile
                self.order.release(member, name)
                return
            old = member.name
            self.names.claim(member, name)
            if old is not None and old.skeleton != name.skeleton:
                self.order.release(member, old)
            granted()

        def ask(answered: Answered) -> None:
            self.order.claim(member, name, proof, answered)

        wait_for(member.holding, ask, taken, refused)

    def rename(
        self,
        member: Member,
        name: Name,
        now: Moment,
        others: Callable[[], tuple[Member, ...]],
        refused: Callable[[Refused], None],
    ) -> None:
        """Request another name for `member`; members that ignore it continue to do so.

        Raises:
            Refused: The answer came immediately and is no.
        """
        old = member.name
        if old is None:
            raise RuntimeError("This member has no name: log it in first.")
        self.ask(member, name, NO_PROOF, lambda: self.renamed(member, old, now, others()), refused)

    def renamed(self, member: Member, old: Name, now: Moment, others: tuple[Member, ...]) -> None:
        """Publish that `member`, whose name was `old`, has a new name."""
        follow(member, old, others)
        log.info("%s is now called %s.", old.shown, member.shown)
        for room in tuple(member.rooms):
            if room in member.rooms:  # sending to one room can close the connection
                message = Message(Kind.RENAMED, member.shown, old.shown)
                self.order.submit(Happening(room, member, message, now))
        self.order.changed(member)

    def check(self, member: Member, raw: str, now: Moment, *, again: bool = False) -> Name:
        """Return the name that `raw` spells, if `member` may have it; see `Directory.check`.

        Raises:
            Refused: The member may not have it.
        """
        name = self.names.check(member, raw, now.mono, again=again)
        self.sanctions.check_name(name, now.age)
        if not member.operator:
            looks = {each.skeleton for each in self.doorkeeper.names}
            if name.skeleton in looks:
                raise Refused(
                    "That name is an operator's, or looks like one: come in by another one, then "
                    "/oper NAME PASSWORD and /nick NAME."
                )
        return name

    def guest(self, member: Member, now: Moment) -> Name:
        """Return a neutral name.

        Raises:
            Refused: None is free.
        """
        for number in range(1, self.limits.max_members + 1):
            try:
                return self.check(member, f"guest-{number}", now)
            except Refused:
                continue
        self.sanctions.check_voice(member, now.age)
        raise Refused("There is no name left for a muted address.")


def follow(member: Member, old: Name, others: tuple[Member, ...]) -> None:
    """Let those of `others` that ignore `member` ignore it under its new name as well."""
    # Not by the new name: it may belong to another member later, and the list would grow for ever.
    for other in others:
        if old.key in other.ignored:
            other.shunned[member] = old.key
    member.ignored.discard(member.key)  # it may have ignored an earlier holder of the name
