"""Bans and mutes.

Rule of this file: which members a sanction applies to, and until when; nothing is sent or stored
here: records for the store are returned.  Times are seconds since the epoch.

A sanction is on a name (and all names that look like it) or on an address (or a whole network).
Neither is a person: names are not accounts, and neighbours share addresses.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable, Iterator

from .addresses import Network, network_of
from .names import Name, Refused
from .sanction import BAN, MUTE, ForgetSanction, SaveSanction, in_force, sentence
from .targets import Identity, Target, describe, from_subject, subject_of

log = logging.getLogger("chatroom")

MOST = 1000
"""Most bans, and most mutes: operators are trusted, but a faulty script could add many."""


class Sanctions:
    """Bans and mutes.

    Args:
        known: The stored sanctions.
    """

    def __init__(self, known: Iterable[SaveSanction] = ()) -> None:
        self._registers = {BAN: _Register(), MUTE: _Register()}
        for each in known:
            self.restore(each)

    def impose(
        self, kind: str, target: Target, until: float | None, by: str, reason: str, wall: float
    ) -> SaveSanction:
        """Ban or mute `target`, replacing an earlier sanction; return the record for the store.

        Args:
            kind: `BAN` or `MUTE`.
            target: The target.
            until: When it ends; None for never.
            by: The shown name of the operator.
            reason: In the operator's words, perhaps empty.
            wall: The time.

        Raises:
            Refused: There are too many.
        """
        register = self._registers[kind]
        register.lapse(wall)
        if len(register) >= MOST and target not in register:
            raise Refused(f"There are {MOST} of them already; lift one of them first (/bans).")
        target = register.known(target)
        made = SaveSanction(kind, subject_of(target), until, by, reason)
        register.add(target, made)
        return made

    def lift(self, kind: str, target: Target, wall: float) -> ForgetSanction:
        """Lift the sanction on exactly `target`; return the record for the store.

        Raises:
            Refused: There is none.
        """
        register = self._registers[kind]
        register.lapse(wall)
        if target not in register:
            raise Refused(f"There is no {kind} on {describe(target)}; /bans lists them all.")
        return ForgetSanction(kind, register.remove(target).subject)

    def withdraw(self, gone: ForgetSanction) -> None:
        """Lift a sanction that was lifted at another server; safe if it is not in force."""
        try:
            target = from_subject(gone.subject)
            register = self._registers[gone.kind]
        except (KeyError, ValueError):
            return
        if target in register:
            register.remove(target)

    def listed(self, wall: float) -> Iterator[SaveSanction]:
        """Iterate over the sanctions in force, the oldest first."""
        for register in self._registers.values():
            register.lapse(wall)
            yield from register

    def check_address(self, address: str, wall: float) -> None:
        """Return if clients from `address` may come in.

        Raises:
            Refused: It is banned.
        """
        found = self._registers[BAN].by_address(address, wall)
        if found is not None:
            raise Refused(sentence("Your address is banned", found.until, found.reason))

    def check_name(self, name: Name, wall: float) -> None:
        """Return if the name `name` is allowed.

        Raises:
            Refused: It is banned, or looks like one that is.
        """
        found = self._registers[BAN].by_name(name, wall)
        if found is not None:
            raise Refused(sentence("That name is banned", found.until, found.reason))

    def check_voice(self, member: Identity, wall: float) -> None:
        """Return if `member` may speak.

        Raises:
            Refused: Its name or its address is muted.
        """
        found = self._mute_on(member, wall)
        if found is not None:
            raise Refused(sentence("You are muted", found.until, found.reason))

    def has_voice(self, member: Identity, wall: float) -> bool:
        """Return whether `member` may speak."""
        return self._mute_on(member, wall) is None

    def _mute_on(self, member: Identity, wall: float) -> SaveSanction | None:
        if member.operator:
            return None
        register = self._registers[MUTE]
        found = register.by_address(member.address, wall)
        if found is None and member.name is not None:
            found = register.by_name(member.name, wall)
        return found

    def restore(self, known: SaveSanction) -> None:
        """Add a sanction that was stored, or imposed at another server."""
        try:
            target = from_subject(known.subject)
            self._registers[known.kind].add(target, known)
        except (KeyError, ValueError):
            log.warning("A stored sanction is damaged and is left out: %r.", known)


class _Register:
    """The sanctions of one kind, indexed for a quick lookup of one member.

    Read for every message and changed seldom: a change may be slow.
    """

    def __init__(self) -> None:
        self._names: dict[str, tuple[Name, SaveSanction]] = {}
        self._networks: dict[Network, SaveSanction] = {}
        self._looks: dict[str, list[SaveSanction]] = {}
        self._lengths: list[int] = []

    def __len__(self) -> int:
        return len(self._names) + len(self._networks)

    def __iter__(self) -> Iterator[SaveSanction]:
        yield from [made for _, made in self._names.values()]
        yield from list(self._networks.values())

    def __contains__(self, target: Target) -> bool:
        if isinstance(target, Name):
            return target.key in self._names
        return target in self._networks

    def known(self, target: Target) -> Target:
        """Return `target` as it is listed, so that "bob" replaces a listed "Bob" in the store."""
        listed = self._names.get(target.key) if isinstance(target, Name) else None
        return listed[0] if listed else target

    def add(self, target: Target, made: SaveSanction) -> None:
        if isinstance(target, Name):
            self._names[target.key] = target, made
        else:
            self._networks[target] = made
        self._changed()

    def remove(self, target: Target) -> SaveSanction:
        if isinstance(target, Name):
            made = self._names.pop(target.key)[1]
        else:
            made = self._networks.pop(target)
        self._changed()
        return made

    def lapse(self, wall: float) -> None:
        """Drop the sanctions that have ended; the store does so by itself."""
        self._names = {key: entry for key, entry in self._names.items() if in_force(entry[1], wall)}
        self._networks = {
            network: made for network, made in self._networks.items() if in_force(made, wall)
        }
        self._changed()

    def by_name(self, name: Name, wall: float) -> SaveSanction | None:
        if not self._names:
            return None
        entry = self._names.get(name.key)
        meant = [entry[1]] if entry else []
        return _first(meant + self._looks.get(name.skeleton, []), wall)

    def by_address(self, address: str, wall: float) -> SaveSanction | None:
        network = network_of(address, every_address=True) if self._networks else None
        if network is None:
            return None
        around = (
            network.supernet(new_prefix=length)
            for length in self._lengths
            if length <= network.prefixlen
        )
        # The network itself as well: its supernets have no scope, but a link-local address has one.
        meant = (each for each in (network, *around) if each in self._networks)
        return _first([self._networks[each] for each in meant], wall)

    def _changed(self) -> None:
        self._lengths = sorted({network.prefixlen for network in self._networks})
        self._looks = {}
        for name, made in self._names.values():
            self._looks.setdefault(name.skeleton, []).append(made)


def _first(found: Iterable[SaveSanction], wall: float) -> SaveSanction | None:
    return next((made for made in found if in_force(made, wall)), None)
