"""The target of a sanction: a name, an address, a network.

Rule of this file: convert what an operator typed, or the store contains, to a target, and back.
"""

from __future__ import annotations

from ipaddress import ip_network
from typing import Protocol

from .addresses import Network, covers, network_of
from .names import Name, Refused, check_name, fold

Target = Name | Network
"""The target of a sanction."""

_WIDEST = {4: 8, 6: 16}
_BY_NAME, _BY_ADDRESS = "name:", "address:"


class Identity(Protocol):
    """What sanctions need to know of a member of the hall."""

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
    """Return the target that an operator typed: an address, a network or a name.

    An IPv6 address means its /64, as everywhere in the chat room: that is one subscriber.  A
    link-local address means itself, on the link after the "%" or otherwise on every link.

    Args:
        raw: The text as it was typed.
        longest: The longest name, in characters.

    Raises:
        Refused: It is none of these, or a network so large that it must be a mistake.
    """
    network = network_of(raw)
    if network is None:
        return check_name(raw, longest)
    widest = _WIDEST[network.version]
    if network.prefixlen < widest:
        raise Refused(f"{network} is too large: /{widest} at most.")
    return network


def meets(target: Target, member: Identity) -> bool:
    """Return whether `target` applies to `member`."""
    if isinstance(target, Name):
        name = member.name
        return name is not None and (name.key == target.key or name.skeleton == target.skeleton)
    return covers(target, member.address)


def describe(target: Target) -> str:
    """Return `target` as members write it."""
    if isinstance(target, Name):
        return target.shown
    whole = target.prefixlen == target.max_prefixlen
    return str(target.network_address if whole else target)


def subject_of(target: Target) -> str:
    """Return `target` in the store's form."""
    if isinstance(target, Name):
        return _BY_NAME + target.shown
    return _BY_ADDRESS + str(target)


def from_subject(subject: str) -> Target:
    """Return the target that `subject_of` wrote as `subject`.

    Raises:
        ValueError: `subject` is not a target.
    """
    if subject.startswith(_BY_NAME):
        shown = subject.removeprefix(_BY_NAME)
        # Not checked again: a name that was valid when it was banned stays banned.
        return Name(shown, fold(shown))
    return ip_network(subject.removeprefix(_BY_ADDRESS))
