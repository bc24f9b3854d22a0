"""What one person was shown, and whether it was right; the doors are elsewhere.

Most rules are checked at once: members, ignored members, no output after the last line.
The rest, that nothing is missing, duplicated or out of order, is checked in the end.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field

from .people import author_of, token_of

SHOWN_BEFORE = 10  # lines of history, at most, on entering by the line door
_IGNORES = re.compile(r"You ignore (\S+); ")
_HEARS = re.compile(r"You hear (\S+) again\.")
_WELCOME = re.compile(r"Welcome, (\S+)\. ")

Names = dict[int, set[str]]


@dataclass
class Visit:
    """A stay in one room.

    Attributes:
        room: The room.
        people: The members in the room.
        tokens: The tokens shown there, first those of the history.
        known: How many of the tokens are from the history.
        missed: Members with messages that may be missing, since they were ignored.
        past: How many lines of the history were shown.
        entered: Whether its own entry was shown.
    """

    room: str
    people: set[str]
    tokens: list[str] = field(default_factory=list)
    known: int = 0
    missed: set[str] = field(default_factory=set)
    past: int = 0
    entered: bool = False


class Screen:
    """One person's screen.

    Attributes:
        names: The names that it has had, the present one last.
        rooms: The rooms it is in.
        visits: All its stays, including the present ones.
        whispers: The tokens whispered to it or by it.
        ended: Whether it was shown its last line.
        partial: Whether it has ignored a member at a door that hides the moves of ignored members;
            its list of people is not checked then.

    Args:
        quiet: Whether the door shows how ignored people come and go, for the lists.
    """

    def __init__(self, *, quiet: bool) -> None:
        self.partial = False
        self._quiet = quiet
        self.names: list[str] = []
        self.rooms: dict[str, Visit] = {}
        self.visits: list[Visit] = []
        self.whispers: list[str] = []
        self.ended = False
        self._speakers: list[tuple[str, str]] = []
        self._looked_up: list[str] = []
        self._ignoring: set[str] = set()
        self._suspicious: set[str] = set()

    # -- events ----------------------------------------------------------------------------------

    def told(self, text: str) -> None:
        """Handle a message of the server to this person."""
        assert not self.ended, f"after the last line: {text}"
        assert not token_of(text), text
        if found := _WELCOME.match(text):
            self.names.append(found[1])
        elif found := _IGNORES.match(text):
            self._ignoring.add(found[1])
            self.partial = not self._quiet
            for visit in self.rooms.values():
                visit.missed.add(found[1])
        elif found := _HEARS.fullmatch(text):
            self._ignoring.discard(found[1])
            self._suspicious.discard(found[1])
        elif text.endswith("Goodbye."):
            self.ended = True

    def looks(self, room: str, people: Iterable[str]) -> None:
        """Handle a view of a room, new or repeated."""
        assert not self.ended
        if room in self.rooms:
            visit = self.rooms[room]
            assert self.partial or visit.people == {*people}, (visit, people)
            visit.people = {*people}
            return
        self.rooms[room] = visit = Visit(room, {*people}, missed=set(self._ignoring))
        self.visits.append(visit)

    def parts(self, room: str) -> None:
        """Handle the exit from a room."""
        del self.rooms[room]

    def whispered(self, token: str, sender: str, recipient: str) -> None:
        """Handle a private message."""
        assert not self.ended
        assert sender == self.names[-1] or recipient == self.names[-1], "not meant for me"
        self._check_willing(token)
        self.whispers.append(token)

    def said(self, room: str, token: str, sender: str, *, past: bool) -> None:
        """Handle a message in a room, new or from the history."""
        assert not self.ended
        visit = self.rooms[room]
        if not past:
            self._check_willing(token)
            assert visit.entered, f"shown before the own entry: {token}"
        elif sender in self._ignoring:
            # A room is shown as it is when its turn comes, and the end of an ignore
            # may be behind it in the queue.
            self._suspicious.add(sender)
        visit.past += past
        if token:
            self._speakers.append((token, sender))
            visit.tokens.append(token)
            visit.known += past

    def looked_up(self, token: str, sender: str) -> None:
        """Handle a requested message of the history."""
        self._speakers.append((token, sender))
        self._looked_up.append(token)

    def came(self, room: str, name: str) -> None:
        """Handle an entry into a room; the first is that of this person itself."""
        visit = self.rooms[room]
        if not visit.entered:
            assert name == self.names[-1], f"{name} shown before the own entry"
            visit.entered = True
        else:
            assert self.partial or name not in visit.people, f"{name} came twice"
        visit.people.add(name)

    def left(self, room: str, name: str) -> None:
        """Handle an exit from a room."""
        people = self.rooms[room].people
        assert self.partial or name in people, f"{name} left, and was not there"
        people.discard(name)

    def renamed(self, room: str, old: str, new: str) -> None:
        """Handle a new name of a member in a room."""
        people = self.rooms[room].people
        assert self.partial or old in people, f"{old} is {new}, and was not there"
        people.discard(old)
        people.add(new)
        if old == self.names[-1]:
            self.names.append(new)

    def _check_willing(self, token: str) -> None:
        """Check that no ignored member is shown, under another name either."""
        ignored = token and f"u{author_of(token)}" in self._ignoring
        assert not ignored, f"{token} is ignored"

    # -- against the truth -----------------------------------------------------------------------

    def check(
        self, truth: dict[str, list[str]], names: Names, ignored: set[str], *, present: bool
    ) -> None:
        """Check that nothing is lost, duplicated, reordered, from elsewhere, or under a wrong name.

        Args:
            truth: The messages of each room.
            names: The names that each member may have had.
            ignored: The members that this person meant to ignore at any time.
            present: Whether it is still there, and so must have seen everything to the end.
        """
        for visit in self.visits:
            last = present and self.rooms.get(visit.room) is visit
            _check_visit(visit, truth.get(visit.room, []), names, ignored, to_the_end=last)
        known = {token for visit in self.visits for token in truth.get(visit.room, [])}
        assert {*self._looked_up} <= known, "looked up what was said elsewhere"
        assert not (present and self._suspicious), f"shown though ignored: {self._suspicious}"
        for token, sender in self._speakers:
            assert sender in names[author_of(token)], f"{sender} did not say {token}"


def _check_visit(
    visit: Visit, said: list[str], names: Names, ignored: set[str], *, to_the_end: bool
) -> None:
    places = {token: place for place, token in enumerate(said)}
    assert {*visit.tokens} <= {*places}, f"not said in {visit.room}: {visit.tokens}"
    heard = [places[token] for token in visit.tokens]
    assert heard == sorted({*heard}), f"doubled or out of order in {visit.room}: {visit.tokens}"
    end = len(said) if to_the_end else max(heard, default=-1) + 1
    all_shown = visit.entered and visit.past < SHOWN_BEFORE
    begin = 0 if all_shown else min(heard, default=end)
    live = heard[visit.known] if len(heard) > visit.known else end
    lost = {
        token
        for token in {*said[begin:end]} - {*visit.tokens}
        # The history is shown when its turn comes, and `/ignore` may have come earlier.
        if not names[author_of(token)] & (visit.missed if places[token] > live else ignored)
    }
    assert not lost, f"lost in {visit.room}: {sorted(lost)} of {said}, heard {visit.tokens}"
