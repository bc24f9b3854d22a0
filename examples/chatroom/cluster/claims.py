"""Names over all nodes: claimed at the engine, granted from local knowledge while it is away.

Rule of this file: one member's claim at a time; a member that loses its name gets another.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator
from dataclasses import replace

from ..hall.holding import Answered
from ..hall.members import Member
from ..hall.order import NO_PROOF, Proof
from ..people.names import Name, Refused
from .interface import Away, Granted, NameClaim, Taken
from .site import Site

log = logging.getLogger("chatroom")

MOST_TRIES = 20

PATIENCE = 2
"""Ticks until a name is asked for that was granted while the engine was away: its former holder may
have left meanwhile at another node, which says so when it reaches the engine itself."""


class Claims:
    """The names that members of this node hold.

    Args:
        site: The node.
    """

    def __init__(self, site: Site) -> None:
        self._site = site
        self._held: dict[str, NameClaim] = {}
        self._unproven: dict[str, NameClaim] = {}
        self._reproved: dict[str, NameClaim] = {}  # with another proof, and not sent
        self._late: dict[str, int] = {}  # ticks until one is asked for, by its skeleton

    def claim(self, member: Member, name: Name, proof: Proof, answered: Answered) -> None:
        """Claim `name`; while the engine is away it is granted, and claimed later."""
        number = self._site.roster.number(member)
        claim = NameClaim(name.skeleton, number, name.shown, proof.before, member.proof)
        holder = self._site.hall.names.holder(name)
        replaced = holder if holder is not member else None

        def decided(answer: Granted | Taken | Away) -> None:
            if isinstance(answer, Taken):
                answered(_taken(answer.shown))
            elif isinstance(answer, Away) and replaced is not None:
                answered(_taken(replaced.shown))
            else:
                self._hold(member, claim, replaced, proven=isinstance(answer, Granted))
                answered(None)

        if self._site.engine.up:
            self._site.engine.claim(claim, decided)
        else:
            decided(Away())

    def _hold(
        self, member: Member, claim: NameClaim, replaced: Member | None, *, proven: bool
    ) -> None:
        if not proven:
            self._unproven[claim.skeleton] = claim
        self._held[claim.skeleton] = claim
        distant = self._site.elsewhere.of(replaced) if replaced is not None else None
        if distant is not None:
            self._site.roster.replaces(member, distant.ref)
        self._prove(claim, member.proof)  # it may have changed since the claim

    def prove(self, member: Member) -> None:
        """Send the proof of `member` to the engine, because it may have changed."""
        held = self._held.get(member.name.skeleton) if member.name is not None else None
        if held is not None and held.member == self._site.roster.number(member):
            self._prove(held, member.proof)

    def _prove(self, held: NameClaim, proof: str) -> None:
        if held.now == proof:
            return
        claim = self._held[held.skeleton] = replace(held, now=proof)
        self._site.engine.renew(claim)  # or the next heartbeat would restore the old one
        if self._site.engine.up:
            self.lost(claim)
        else:
            self._reproved[claim.skeleton] = claim

    def release(self, name: Name) -> None:
        """Release the name of a member."""
        self._unproven.pop(name.skeleton, None)
        claim = self._held.pop(name.skeleton, None)
        if claim is not None:
            self._site.engine.release(claim)

    def ask_again(self) -> None:
        """Plan the claims of names granted while the engine was away; send changed proofs."""
        unproven, self._unproven = self._unproven, {}
        self._late |= dict.fromkeys(unproven, PATIENCE)
        reproved, self._reproved = self._reproved, {}
        for claim in reproved.values():
            if claim.skeleton not in self._late:
                self.lost(claim)

    def tick(self) -> None:
        """Ask for the names whose time has come."""
        for skeleton, left in tuple(self._late.items()):
            if left > 1:
                self._late[skeleton] = left - 1
                continue
            del self._late[skeleton]
            if skeleton in self._held:
                self.lost(self._held[skeleton])

    def all_again(self) -> None:
        """Claim every name again: other nodes declared this node dead."""
        for claim in tuple(self._held.values()):
            self.lost(claim)

    def lost(self, claim: NameClaim) -> None:
        """Claim a name again that may belong to another member by now."""
        if self._held.get(claim.skeleton) != claim:
            return

        def decided(answer: Granted | Taken | Away) -> None:
            if self._held.get(claim.skeleton) != claim:
                return
            if isinstance(answer, Away):
                self._unproven[claim.skeleton] = claim
            elif isinstance(answer, Taken):
                del self._held[claim.skeleton]
                self._rename(claim)

        self._site.engine.claim(claim, decided)

    def _rename(self, claim: NameClaim) -> None:
        member = self._site.roster.by_number(claim.member)
        if member is None or not member.present:
            return
        log.info("%s has lost its name to a member at another node.", member.shown)
        self._try(member, self._others(member, claim.shown))

    def _try(self, member: Member, names: Iterator[str]) -> None:
        """Claim one name after the other, until one is granted."""
        hall, naming, now = self._site.hall, self._site.hall.naming, self._site.hall.last_tick
        old = member.name

        def granted() -> None:
            if old is None:
                return
            naming.renamed(member, old, now, hall.members)
            text = f"Another member has the name {old.shown}: you are called {member.shown} now."
            hall.notifier.notify(member, text)
            self._site.elsewhere.settle_names()

        def next_one(_: Refused) -> None:
            self._try(member, names)

        for raw in names:
            try:
                name = naming.check(member, raw, now)
                naming.ask(member, name, NO_PROOF, granted, next_one)
            except Refused:
                continue
            return
        hall.dismiss(member, "Your name is another member's now. Goodbye.", "lost its name", now)

    def _others(self, member: Member, shown: str) -> Iterator[str]:
        longest = self._site.hall.limits.max_name
        for number in range(2, MOST_TRIES):
            end = f"-{number}"
            yield shown[: longest - len(end)] + end
        for number in range(1, self._site.hall.limits.max_members + 1):
            yield f"guest-{number}"


def _taken(shown: str) -> Refused:
    return Refused(f"The name {shown} is taken; please choose another.")
