"""Messages for a single member of this node: private lines, notices, dismissals.

Rule of this file: from the entries of this node's own feed to the member, and into others' feeds.
"""

from __future__ import annotations

from dataclasses import dataclass

from ..hall.members import Member, Words
from ..hall.messages import Kind, Message
from ..people.names import fold
from .elsewhere import Distant
from .interface import Body, Entry, Full, Snapshot
from .site import Site
from .values import LONGEST, BadBody, Ref, name_of, ref_of, text_of

UNSENT = "The link to the other servers is down, and too much waits: that was not sent."


def feed_of(node: str) -> str:
    """Return the feed of the node `node`."""
    return f"node:{node}"


def send_personal(site: Site, distant: Distant, message: Message) -> None:
    """Send an event to the member `distant` alone; while the engine is away it waits in memory."""
    body: dict[str, object] = {"to": _pair(distant.ref), "text": message.text}
    by = None
    if message.kind is Kind.WHISPERED:
        body |= {"do": "whisper", "sender": message.sender, "recipient": message.recipient}
        by = site.hall.names.named(fold(message.sender))
    else:
        body["do"] = "notice"
    _send(site, distant, body, by)


def send_dismissal(
    site: Site, distant: Distant, farewell: str, reason: str, words: Words | None
) -> None:
    """Ask the node of the member `distant` to dismiss it."""
    body: dict[str, object] = {"do": "dismiss", "to": _pair(distant.ref)}
    body |= {"farewell": farewell, "reason": reason}
    if words is not None:
        body |= {"by": words.author.shown, "words": words.text}
    _send(site, distant, body, words.author if words is not None else None)


def _send(site: Site, distant: Distant, body: Body, by: Member | None) -> None:
    try:
        site.outgoing.send(feed_of(distant.node), body, by=by, returns=False)
    except Full:
        if by is not None and not by.node:
            site.hall.notifier.notify(by, UNSENT)


def _pair(ref: Ref) -> list[object]:
    return [ref.incarnation, ref.number]


@dataclass(eq=False)
class NodeReader:
    """Follows the feed of this node, with messages for single members.

    Attributes:
        site: The node.
    """

    site: Site

    def snapshot(self, snapshot: Snapshot) -> None:
        """Ignore the entries for members of an earlier process."""
        for entry in snapshot.past:
            self.entry(entry)

    def entry(self, entry: Entry) -> None:
        """Apply one entry."""
        try:
            self._take(entry)
        except BadBody as problem:
            self.site.complain(entry.feed, problem)
        self.site.outgoing.came(entry.nonce)

    def _take(self, entry: Entry) -> None:
        member = self.site.roster.find(ref_of(entry.body, "to"))
        if member is None or not member.present:
            return
        match entry.body.get("do"):
            case "whisper":
                self._whisper(member, entry)
            case "notice":
                self.site.hall.notifier.notify(member, text_of(entry.body, "text", LONGEST))
            case "dismiss":
                self._dismiss(member, entry)

    def _whisper(self, member: Member, entry: Entry) -> None:
        sender = name_of(entry.body, "sender")
        recipient = name_of(entry.body, "recipient").shown
        text = text_of(entry.body, "text", LONGEST)
        message = Message(Kind.WHISPERED, text, sender.shown, recipient=recipient, at=entry.wall)
        speaker = self.site.hall.names.named(sender.key)
        if not member.ignores(speaker.key if speaker is not None else sender.key):
            self.site.hall.postbox.post(message, (member,))

    def _dismiss(self, member: Member, entry: Entry) -> None:
        farewell = text_of(entry.body, "farewell", LONGEST)
        reason = text_of(entry.body, "reason", LONGEST)
        text, author = text_of(entry.body, "words", LONGEST, ""), None
        if text:
            author = self.site.hall.names.named(name_of(entry.body, "by").key)
        words = Words(author, text) if author is not None else None
        self.site.hall.dismiss(member, farewell, reason, self.site.at(entry.wall), words)
