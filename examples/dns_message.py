"""DNS messages (RFC 1035): questions encoded, answers decoded and distrusted.  No I/O.

Whatever an answer says about its own lengths is checked against what is there, and a compression
pointer must point backwards, so every message ends.
"""

import ipaddress
import struct
from dataclasses import dataclass

TYPES = {"A": 1, "AAAA": 28}
_CNAME = 5
_INTERNET = 1
_HEADER = struct.Struct("!6H")
_RECORD = struct.Struct("!HHIH")
_LONGEST_NAME = 255
_RESPONSE, _OPCODE, _TRUNCATED, _WANT_RECURSION, _RCODE = 0x8000, 0x7800, 0x0200, 0x0100, 0x000F
_REFUSALS = {
    1: "the server found the question malformed",
    2: "the server failed",
    3: "there is no such name",
    4: "the server does not know this kind of question",
    5: "the server refuses to answer",
}

Name = tuple[bytes, ...]
"""The labels in lower case: a label may hold any byte, a dot too."""


class LookupFailed(Exception):
    """The server has answered, and the answer is no address."""


class NotTheAnswer(Exception):
    """A datagram that is malformed, or answers another question: perhaps a forgery."""


@dataclass(frozen=True)
class Question:
    """What is asked.

    Attributes:
        name: the host's name.
        type: 1 for IPv4 addresses, 28 for IPv6 addresses.
    """

    name: Name
    type: int


def question(host: str, kind: str = "A") -> Question:
    """Return the question for a host's addresses.

    Args:
        host: its name; beyond ASCII it is translated (IDNA).
        kind: "A" or "AAAA".

    Raises:
        ValueError: no name, or none that can be asked for.
    """
    if kind not in TYPES:
        raise ValueError(f"the kind of address is A (IPv4) or AAAA (IPv6), not {kind!r}")
    try:
        name = tuple(host.removesuffix(".").encode("idna").lower().split(b"."))
    except UnicodeError as error:
        raise ValueError(f"{host!r} is no host name: {error}") from None
    if not all(0 < len(label) < 64 for label in name) or len(_encode_name(name)) > _LONGEST_NAME:
        raise ValueError(f"{host!r} is no host name: labels have 1 to 63 bytes, a name 255")
    return Question(name, TYPES[kind])


def encode_query(number: int, asked: Question) -> bytes:
    """Return a query with the identifier ``number`` that asks for recursion."""
    header = _HEADER.pack(number, _WANT_RECURSION, 1, 0, 0, 0)
    return header + _encode_name(asked.name) + struct.pack("!HH", asked.type, _INTERNET)


def decode_answer(data: bytes, number: int, asked: Question) -> list[str]:
    """Return the addresses in an answer, aliases followed.

    Raises:
        LookupFailed: it is the answer, but holds no address, or is truncated.
        NotTheAnswer: it is not, or is malformed.
    """
    if len(data) < _HEADER.size:
        raise NotTheAnswer("shorter than a header")
    its_number, flags, questions, answers, _, _ = _HEADER.unpack_from(data)
    if its_number != number or not flags & _RESPONSE or flags & _OPCODE or questions != 1:
        raise NotTheAnswer("another number, or no answer at all")
    offset = _check_question(data, asked)
    if flags & _RCODE:
        code = flags & _RCODE
        raise LookupFailed(_REFUSALS.get(code, f"the server answers with error {code}"))
    if flags & _TRUNCATED:
        raise LookupFailed("the answer is truncated: it does not fit a datagram, ask over TCP")
    return _Answers(data, offset, answers, asked).addresses()


def _check_question(data: bytes, asked: Question) -> int:
    """See that the question is ours; return where it ends."""
    name, offset = decode_name(data, _HEADER.size)
    kind, family = struct.unpack("!HH", _cut(data, offset, 4))
    if (name, kind, family) != (asked.name, asked.type, _INTERNET):
        raise NotTheAnswer("another question")
    return offset + 4


class _Answers:
    """The records of the answer section, read once."""

    def __init__(self, data: bytes, offset: int, count: int, asked: Question) -> None:
        self._data = data
        self._asked = asked
        self._aliases: dict[Name, Name] = {}
        self._addresses: dict[Name, list[str]] = {}
        for _ in range(count):  # a lie about the count ends at the end of the data
            offset = self._read_record(offset)

    def _read_record(self, offset: int) -> int:
        """Note one record; return where the next one begins."""
        size: int
        owner, offset = decode_name(self._data, offset)
        kind, family, _, size = _RECORD.unpack(_cut(self._data, offset, _RECORD.size))
        offset += _RECORD.size
        value = _cut(self._data, offset, size)
        if family == _INTERNET and kind == self._asked.type:
            if size != (4 if kind == TYPES["A"] else 16):
                raise NotTheAnswer("an address of the wrong length")
            self._addresses.setdefault(owner, []).append(str(ipaddress.ip_address(value)))
        elif family == _INTERNET and kind == _CNAME:
            alias, end = decode_name(self._data, offset)
            if end != offset + size:
                raise NotTheAnswer("an alias of the wrong length")
            self._aliases[owner] = alias
        return offset + size

    def addresses(self) -> list[str]:
        """Follow the aliases from the name that was asked for; other names do not count."""
        name = self._asked.name
        for _ in range(len(self._aliases) + 1):  # aliases in a circle are tried once
            if name in self._addresses:
                return self._addresses[name]
            name = self._aliases.get(name, name)
        raise LookupFailed("the name has no address of this kind")


def _encode_name(name: Name) -> bytes:
    return b"".join(bytes([len(label)]) + label for label in name) + b"\0"


def decode_name(data: bytes, offset: int) -> tuple[Name, int]:
    """Return the name at ``offset``, and where it ends; NotTheAnswer where there is none."""
    labels: list[bytes] = []
    size, lowest, end = 1, offset, -1
    while length := _cut(data, offset, 1)[0]:
        if length >= 0xC0:
            (pointer,) = struct.unpack("!H", _cut(data, offset, 2))
            end = offset + 2 if end < 0 else end
            offset = pointer & 0x3FFF
            if offset >= lowest:
                raise NotTheAnswer("a compression pointer that does not point back")
            lowest = offset
            continue
        if length > 63:
            raise NotTheAnswer("a label of an unknown kind")
        labels.append(_cut(data, offset + 1, length).lower())
        offset += 1 + length
        size += 1 + length
        if size > _LONGEST_NAME:
            raise NotTheAnswer("a name that is too long")
    return tuple(labels), offset + 1 if end < 0 else end


def _cut(data: bytes, offset: int, size: int) -> bytes:
    """Return ``size`` bytes, all of which must be there."""
    if offset + size > len(data):
        raise NotTheAnswer("it ends in the middle")
    return data[offset : offset + size]
