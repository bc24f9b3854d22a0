"""Bans and mutes, the same at all nodes.

Rule of this file: between the hall's feed and the hall's sanctions.  Each node stores them; the
union of all nodes' sanctions applies, without the lifted ones.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from ..hall.members import Words
from ..people.names import fold
from ..people.sanction import BAN, MUTE, ForgetSanction, SaveSanction, sentence
from ..people.targets import from_subject, meets
from .interface import Body, Full
from .roster import HALL
from .site import Site
from .tombstones import sweep, too_old
from .values import LONGEST, LONGEST_KEY, LONGEST_NAME, BadBody, of_kind, text_of


@dataclass(eq=False)
class SharedSanctions:
    """Publishes sanctions, and applies those of other nodes."""

    _late: list[SaveSanction | ForgetSanction] = field(default_factory=list)

    def share(self, write: SaveSanction | ForgetSanction, site: Site) -> None:
        """Publish a sanction; if the queue is full, publish it later."""
        name = f"{write.kind}/{write.subject}"
        if isinstance(write, SaveSanction):
            body = _body(write)
            state: dict[str, Body | None] = {f"sanction/{name}": body, f"lifted/{name}": None}
        else:
            body = {"do": "lift", "kind": write.kind, "subject": write.subject}
            lifted = {"at": site.hall.last_tick.wall}
            state = {f"sanction/{name}": None, f"lifted/{name}": lifted}
        try:
            site.outgoing.send(HALL, body, state=state, lasting=True)
        except Full:
            self._late.append(write)

    def send_late(self, site: Site) -> None:
        """Publish the sanctions that did not fit into the queue."""
        late, self._late = self._late, []
        for write in late:
            self.share(write, site)

    def apply(self, body: Body, site: Site) -> None:
        """Apply a sanction of the feed.

        Raises:
            BadBody: It is invalid.
        """
        if body.get("do") == "lift":
            gone = ForgetSanction(_kind(body), _subject(body))
            site.hall.sanctions.withdraw(gone)
            site.hall.record(gone)
            return
        made = _sanction(body)
        site.hall.sanctions.restore(made)
        site.hall.record(made)
        if made.kind == BAN:
            self._show_out(made, site)

    def settle(self, state: Mapping[str, Body], site: Site) -> None:
        """Apply the sanctions of the state, and add those that only this node knows to it."""
        now = site.hall.last_tick
        lifted = of_kind(state, "lifted")
        for body in of_kind(state, "sanction").values():
            try:
                self.apply(body, site)
            except BadBody as problem:
                site.complain(HALL, problem)
        for made in tuple(site.hall.sanctions.listed(now.age)):
            name = f"{made.kind}/{made.subject}"
            if name in lifted:
                gone = ForgetSanction(made.kind, made.subject)
                site.hall.sanctions.withdraw(gone)
                site.hall.record(gone)
            elif f"sanction/{name}" not in state:
                self.share(made, site)
        sweep(site, HALL, [f"lifted/{name}" for name in too_old(lifted, now.wall)])

    def _show_out(self, made: SaveSanction, site: Site) -> None:
        target = from_subject(made.subject)
        author = site.hall.names.named(fold(made.by))
        for member in site.hall.members:
            if meets(target, member) and not member.operator and member.present:
                farewell = sentence(f"You are banned by {made.by}", made.until, made.reason)
                words = Words(author, made.reason) if author and made.reason else None
                reason = f"shown out by {made.by}"
                site.hall.dismiss(member, farewell, reason, site.hall.last_tick, words)


def _body(made: SaveSanction) -> dict[str, object]:
    return {
        "do": "sanction",
        "kind": made.kind,
        "subject": made.subject,
        "until": made.until,
        "by": made.by,
        "reason": made.reason,
    }


def _sanction(body: Body) -> SaveSanction:
    until = body.get("until")
    if until is not None and (type(until) not in (int, float) or not 0 <= until < 1e15):
        raise BadBody("the end of a sanction is wrong")
    by, reason = text_of(body, "by", LONGEST_NAME), text_of(body, "reason", LONGEST, "")
    return SaveSanction(_kind(body), _subject(body), until, by, reason)


def _kind(body: Body) -> str:
    kind = text_of(body, "kind", LONGEST_NAME)
    if kind not in (BAN, MUTE):
        raise BadBody("an unknown kind of sanction")
    return kind


def _subject(body: Body) -> str:
    subject = text_of(body, "subject", LONGEST_KEY)
    try:
        from_subject(subject)
    except ValueError:
        raise BadBody("a sanction on nobody") from None
    return subject
