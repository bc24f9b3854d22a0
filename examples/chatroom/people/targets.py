"""Whom a sanction is on: a name, an address, a network.

Rule of this file: from what an operator typed, or the store kept, to who is meant, and back.
"""

from __future__ import annotations

from ipaddress import ip_network
from typing import Protocol

from .addresses import Network, covers, network_of
from .names import Name, Refused, check_name, fold

Target = Name | Network
"""Who is meant."""

_WIDEST = {4: 8, 6: 16}
_BY_NAME, _BY_ADDRESS = "name:", "address:"


class Identity(Protocol):
    """What sanctions look at in a member of the hall."""

    @property
    def name(self) -> Name | None:
        """The name; None before the log-in."""

    @property
    def address(self) -> str:
        """The address of the connection."""

    @property
    def operator(self) -> bool:
        """Whether an operator's password was given."""


def target_of(raw: str, longest: int) -> Target:
    """Return who is meant by what an operator typed: an address, a network or a name.

    An IPv6 address means its /64, as everywhere in the chat room: that is one subscriber.  A
    link-local one means itself, on the link after the "%" or else on every link.

    Args:
        raw: What was typed.
        longest: The longest name, in characters.

    Raises:
        Refused: It is none of them, or a network so large that it must be a slip.
    """
    network = network_of(raw)
    if network is None:
        return check_name(raw, longest)
    widest = _WIDEST[network.version]
    if network.prefixlen < widest:
        raise Refused(f"{network} is too large: /{widest} at most.")
    return network


def meets(target: Target, member: Identity) -> bool:
    """Say whether `member` is meant by `target`."""
    if isinstance(target, Name):
        name = member.name
        return name is not None and (name.key == target.key or name.skeleton == target.skeleton)
    return covers(target, member.address)


def describe(target: Target) -> str:
    """Return `target` as people write it."""
    if isinstance(target, Name):
        return target.shown
    whole = target.prefixlen == target.max_prefixlen
    return str(target.network_address if whole else target)


def subject_of(target: Target) -> str:
    """Return `target` as the store keeps it."""
    if isinstance(target, Name):
        return _BY_NAME + target.shown
    return _BY_ADDRESS + str(target)


def from_subject(subject: str) -> Target:
    """Return the target that `subject_of` has written as `subject`.

    Raises:
        ValueError: It is none.
    """
    if subject.startswith(_BY_NAME):
        shown = subject.removeprefix(_BY_NAME)
        # Not checked again: what was a name when it was banned stays banned.
        return Name(shown, fold(shown))
    return ip_network(subject.removeprefix(_BY_ADDRESS))
