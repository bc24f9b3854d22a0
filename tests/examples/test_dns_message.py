"""Questions and answers, byte by byte; and what a hostile answer cannot do."""

import struct
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from examples.dns_message import (
    LookupFailed,
    NotTheAnswer,
    Question,
    decode_answer,
    decode_name,
    encode_query,
    question,
)

ASKED = question("Example.org.")
NAME = b"\x07example\x03org\0"
TO_NAME = b"\xc0\x0c"  # a pointer to the question's name, which follows the header


def answer(
    *records: bytes,
    number: int = 77,
    flags: int = 0x8180,
    asked: bytes = NAME + b"\0\1\0\1",
    questions: int = 1,
    count: int | None = None,
) -> bytes:
    header = struct.pack("!6H", number, flags, questions, len(records) if count is None else count,
                         0, 0)  # fmt: skip
    return header + asked + b"".join(records)


def record(
    owner: bytes, kind: int, value: bytes, family: int = 1, size: int | None = None
) -> bytes:
    return (
        owner + struct.pack("!HHIH", kind, family, 60, len(value) if size is None else size) + value
    )


def address(owner: bytes = TO_NAME, last: int = 1) -> bytes:
    return record(owner, 1, bytes([192, 0, 2, last]))


def decoded(data: bytes, asked: Question = ASKED) -> list[str]:
    return decode_answer(data, 77, asked)


def test_query() -> None:
    assert encode_query(0x1234, ASKED) == (
        b"\x12\x34\x01\x00\x00\x01\0\0\0\0\0\0" + NAME + b"\0\x01\0\x01"
    )


@pytest.mark.parametrize(
    ("host", "name"),
    [
        ("a.b", (b"a", b"b")),
        ("LOCALHOST.", (b"localhost",)),
        ("bücher.example", (b"xn--bcher-kva", b"example")),
        ("_dmarc.x", (b"_dmarc", b"x")),
    ],
)
def test_names_that_can_be_asked_for(host: str, name: tuple[bytes, ...]) -> None:
    assert question(host, "AAAA") == Question(name, 28)


@pytest.mark.parametrize("host", ["", ".", "a..b", ".a", "a" * 64, ".".join(["a" * 60] * 5)])
def test_names_that_cannot(host: str) -> None:
    with pytest.raises(ValueError, match="is no host name"):
        question(host)


def test_kinds_that_cannot() -> None:
    with pytest.raises(ValueError, match=r"A .* or AAAA .*, not 'MX'"):
        question("a", "MX")


def test_addresses() -> None:
    assert decoded(answer(address(), address(last=2))) == ["192.0.2.1", "192.0.2.2"]
    six = question("example.org", "AAAA")
    data = answer(record(TO_NAME, 28, b"\x20\x01\x0d\xb8" + b"\0" * 11 + b"\1"),
                  asked=NAME + b"\0\x1c\0\1")  # fmt: skip
    assert decoded(data, six) == ["2001:db8::1"]


def test_case_of_the_name_does_not_matter() -> None:
    assert decoded(answer(address(NAME.upper()), asked=NAME.upper() + b"\0\1\0\1")) == ["192.0.2.1"]


def test_aliases_are_followed_in_any_order() -> None:
    one, two = b"\3one\0", b"\3two\0"
    aliases = [record(TO_NAME, 5, one), record(one, 5, two)]
    for records in ([*aliases, address(two)], [address(two), *reversed(aliases)]):
        assert decoded(answer(*records)) == ["192.0.2.1"]


def test_other_records_do_not_count() -> None:
    others = [
        address(b"\5other\0"),
        record(TO_NAME, 16, b"\4text"),
        record(TO_NAME, 1, b"\1\2\3\4", family=3),
        record(TO_NAME, 28, b"6" * 16),
    ]
    with pytest.raises(LookupFailed, match="no address of this kind"):
        decoded(answer(*others))
    assert decoded(answer(*others, address())) == ["192.0.2.1"]


def test_aliases_in_a_circle() -> None:
    one = b"\3one\0"
    with pytest.raises(LookupFailed, match="no address"):
        decoded(answer(record(TO_NAME, 5, one), record(one, 5, NAME)))


@pytest.mark.parametrize(
    ("flags", "words"),
    [
        (0x8183, "no such name"),
        (0x8182, "the server failed"),
        (0x818F, "error 15"),
        (0x8380, "truncated"),
    ],
)
def test_refusals_are_said(flags: int, words: str) -> None:
    with pytest.raises(LookupFailed, match=words):
        decoded(answer(address(), flags=flags))


@pytest.mark.parametrize(
    "data",
    [
        b"",
        answer()[:11],
        answer(address(), number=78),
        answer(address(), flags=0x0180),  # a query
        answer(address(), flags=0xA180),  # another opcode
        answer(address(), questions=0),
        answer(address(), questions=2),
        answer(address(), asked=b"\5other\0\0\1\0\1"),
        answer(address(), asked=NAME + b"\0\x1c\0\1"),
        answer(address(), asked=NAME + b"\0\1\0\3"),
        answer(address(), flags=0x8183, asked=b"\5other\0\0\1\0\1"),  # no refusal by strangers
        answer(address(), count=2),
        answer(address(), count=65535),
        answer(record(TO_NAME, 1, b"\1\2\3")),
        answer(record(TO_NAME, 1, b"\1\2\3\4", size=5)),
        answer(record(TO_NAME, 5, b"\3one\0junk")),
        answer(record(TO_NAME, 5, b"\3one", size=4)),
        answer(address(b"\xc0\x1d")),  # points to itself
        answer(address(b"\xc0\xff")),  # points forward
        answer(address(b"\xc0")),
        answer(address(b"\x40a")),  # a label of a kind that never came to be
        answer(address(b"\x05ab")),
        answer(address((b"\x3f" + b"a" * 63) * 4 + b"\0")),
    ],
)  # fmt: skip
def test_what_is_not_the_answer(data: bytes) -> None:
    with pytest.raises(NotTheAnswer):
        decoded(data)


def test_pointers_that_go_back_and_forth_end() -> None:
    data = b"\x01a\xc0\x00"
    with pytest.raises(NotTheAnswer, match="does not point back"):
        decode_name(data, 2)
    chain = b"\x01a\0" + b"".join(
        struct.pack("!H", 0xC000 | (3 + 2 * at - 2 if at else 0)) for at in range(1000)
    )
    assert decode_name(chain, len(chain) - 2) == ((b"a",), len(chain))


def test_longest_name() -> None:
    longest = (b"\x3f" + b"a" * 63) * 3 + b"\x3d" + b"a" * 61 + b"\0"
    assert len(longest) == 255
    assert decode_name(longest, 0)[1] == 255


@given(st.binary(max_size=600))
def test_nothing_else_is_ever_raised(junk: bytes) -> None:
    for data in (junk, answer() + junk, answer(count=3) + junk):
        with suppress(LookupFailed, NotTheAnswer):
            decoded(data)


@given(st.data())
def test_an_answer_with_a_byte_changed(data: st.DataObject) -> None:
    whole = bytearray(answer(record(TO_NAME, 5, b"\3one\0"), address(b"\3one\0")))
    whole[data.draw(st.integers(0, len(whole) - 1))] = data.draw(st.integers(0, 255))
    with suppress(LookupFailed, NotTheAnswer):
        decoded(bytes(whole[: data.draw(st.integers(0, len(whole)))]))
