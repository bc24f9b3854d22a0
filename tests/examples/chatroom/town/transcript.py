"""What one person was shown, read as that person would, and checked as it is read."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from .people import author_of, token_of

_STAMP = re.compile(r"\[(\d{4}-\d\d-\d\d )?\d\d:\d\d(?:, not kept)?\] ")
_SAID = re.compile(r"(?:(\S+): |\* (\S+) )(?=t\d)")
_WHISPER = re.compile(r"(\S+) to (\S+) alone: ")
_VIEW = re.compile(r"-- You are in (\S+)\.(?: Topic: [^.]*\.)? Here: (.*)\.")
_JOINED = re.compile(r"-- (\S+) came into (\S+)\.")
_LEFT = re.compile(r"-- (\S+) left (\S+): .*\.")
_RENAMED = re.compile(r"-- (\S+) is now called (\S+)\.")
_WELCOME = re.compile(r"-- Welcome, (\S+)\. ")
_IGNORES = re.compile(r"-- You ignore (\S+); ")
_HEARS = re.compile(r"-- You hear (\S+) again\.")
_SHOWN_BEFORE = 10  # lines of what was said before, at most


@dataclass
class Visit:
    """A stay in one room.

    Attributes:
        room: The room.
        people: Who is there.
        tokens: What was heard there, first what was said before.
        missed: Whose words may be missing, since they were ignored.
        past: How many lines were shown of what was said before.
        known: How many of the tokens were said before.
        entered: Whether the own entry was told.
    """

    room: str
    people: set[str]
    tokens: list[str] = field(default_factory=list)
    missed: set[str] = field(default_factory=set)
    past: int = 0
    known: int = 0
    entered: bool = False


class Transcript:
    """One person's screen.

    Attributes:
        names: The names it has had, the present one last.
        visits: The rooms it was in, the present one last.
        whispers: The whispers shown to it: the token, from whom, to whom.
        ended: Whether it was told its last line.
    """

    def __init__(self) -> None:
        self.names: list[str] = []
        self.visits: list[Visit] = []
        self.whispers: list[tuple[str, str, str]] = []
        self.looked_up: list[str] = []
        self.speakers: list[tuple[str, str]] = []
        self.ignoring: set[str] = set()
        self.suspicious: set[str] = set()
        self.ended = False
        self._page = False
        self._rest = b""

    def read(self, data: bytes) -> None:
        """Read what was received; a line that is not whole yet waits."""
        *lines, self._rest = (self._rest + data).split(b"\r\n")
        for line in lines:
            self._line(line.decode())

    @property
    def visit(self) -> Visit:
        """The present room."""
        return self.visits[-1]

    def _line(self, line: str) -> None:
        assert not self.ended, f"after the last line: {line}"
        stamp = _STAMP.match(line)
        if stamp is not None:
            self._happened(line[stamp.end() :], past=stamp[1] is not None)
        elif line.startswith("-- "):
            self._told(line)
        else:
            raise AssertionError(f"what is this line? {line}")

    def _told(self, line: str) -> None:
        """The server speaks to this person."""
        assert not token_of(line), line
        if found := _WELCOME.match(line):
            self.names.append(found[1])
        elif found := _VIEW.fullmatch(line):
            self._look(found[1], set(found[2].split(", ")))
        elif found := _IGNORES.match(line):
            self.ignoring.add(found[1])
            self.visit.missed.add(found[1])
        elif found := _HEARS.fullmatch(line):
            self.ignoring.discard(found[1])
            self.suspicious.discard(found[1])
        elif line.endswith("Goodbye."):
            self.ended = True

    def _look(self, room: str, people: set[str]) -> None:
        """A room is shown: a new one, or the same again."""
        if self.visits and self.visit.room == room:
            assert self.visit.people == people, (self.visit, people)
            return
        self.visits.append(Visit(room, people, missed=set(self.ignoring)))

    def _happened(self, line: str, *, past: bool) -> None:
        """Something has happened, or happened in the past."""
        if past and not self.visit.entered:
            self.visit.past += 1
        if found := _WHISPER.match(line):
            assert not past, "whispers are not remembered"
            self._whispered(token_of(line), found[1], found[2])
        elif found := _SAID.match(line):
            self._said(token_of(line), found[1] or found[2], past=past)
        elif not past:
            self._moved(line)

    def _whispered(self, token: str, sender: str, recipient: str) -> None:
        assert sender in self.names[-1:] or recipient in self.names[-1:], "not meant for me"
        self._check_willing(token)
        self.whispers.append((token, sender, recipient))

    def _said(self, token: str, sender: str, *, past: bool) -> None:
        if not past:
            self._check_willing(token)
        elif sender in self.ignoring:
            # A room is shown as it is when its turn comes, and the word that one is heard again
            # may stand behind it in the queue.
            self.suspicious.add(sender)
        self.speakers.append((token, sender))
        if past and self.visit.entered:
            self.looked_up.append(token)  # asked for with /history, perhaps from another room
        else:
            self.visit.tokens.append(token)
            self.visit.known += past

    def _check_willing(self, token: str) -> None:
        """Who is ignored is not heard, under another name either."""
        assert f"u{author_of(token)}" not in self.ignoring, f"{token} is ignored"

    def _moved(self, line: str) -> None:
        """Somebody came, went, or changed the name."""
        visit = self.visit
        if found := _JOINED.fullmatch(line):
            assert found[2] == visit.room, f"in {visit.room}: {line}"
            if not visit.entered:
                assert found[1] == self.names[-1], f"shown before the own entry: {line}"
                visit.entered = True
            else:
                assert found[1] not in visit.people, f"came twice: {line}"
            visit.people.add(found[1])
        elif found := _LEFT.fullmatch(line):
            assert found[2] == visit.room, f"in {visit.room}: {line}"
            visit.people.remove(found[1])
        elif found := _RENAMED.fullmatch(line):
            visit.people.remove(found[1])
            visit.people.add(found[2])
            if found[1] == self.names[-1]:
                self.names.append(found[2])

    # -- against the truth -----------------------------------------------------------------------

    def check_rooms(
        self,
        truth: dict[str, list[str]],
        names: dict[int, set[str]],
        ever_ignored: set[str],
        *,
        present: bool,
    ) -> None:
        """Every room: nothing lost, doubled, reordered, or from elsewhere.

        Args:
            truth: What was said in each room.
            names: The names that everybody may have had.
            ever_ignored: Whom this person meant to ignore at any time.
            present: Whether it is in the room still, and so must have seen all to the end.
        """
        for number, visit in enumerate(self.visits):
            last = present and number == len(self.visits) - 1
            excuses = names, ever_ignored
            _check_visit(visit, truth.get(visit.room, []), *excuses, to_the_end=last)
        assert not (present and self.suspicious), f"shown though ignored: {self.suspicious}"
        known = {token for visit in self.visits for token in truth.get(visit.room, [])}
        assert set(self.looked_up) <= known, "looked up what was said elsewhere"

    def check_speakers(self, names: dict[int, set[str]]) -> None:
        """Nobody's words stood behind another's name."""
        for token, sender in self.speakers:
            assert sender in names[author_of(token)], (token, sender)


def _check_visit(
    visit: Visit,
    said: list[str],
    names: dict[int, set[str]],
    ever_ignored: set[str],
    *,
    to_the_end: bool,
) -> None:
    places = {token: place for place, token in enumerate(said)}
    assert set(visit.tokens) <= set(places), f"not said in {visit.room}: {visit.tokens}"
    heard = [places[token] for token in visit.tokens]
    assert heard == sorted(set(heard)), f"doubled or out of order in {visit.room}: {visit.tokens}"
    end = len(said) if to_the_end else max(heard, default=-1) + 1
    all_shown = visit.entered and visit.past < _SHOWN_BEFORE
    begin = 0 if all_shown else min(heard, default=end)
    live = heard[visit.known] if len(heard) > visit.known else end
    missing = set(said[begin:end]) - set(visit.tokens)
    lost = {
        token
        for token in missing
        # What was said before is shown when its turn comes, and `/ignore` may have come earlier.
        if not names[author_of(token)] & (visit.missed if places[token] > live else ever_ignored)
    }
    assert not lost, f"lost in {visit.room}: {sorted(lost)} of {said}, heard {visit.tokens}"
