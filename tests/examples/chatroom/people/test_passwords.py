from __future__ import annotations

import pytest

from examples.chatroom.people.passwords import MOST, PasswordHash, complaint
from examples.chatroom.people.text import clean

SALT, DIGEST = "00" * 16, "11" * 32


@pytest.fixture(scope="module")
def made() -> PasswordHash:
    return PasswordHash.make("correct horse ü")


def test_a_password_matches_its_own_hash_alone(made: PasswordHash) -> None:
    assert made.matches("correct horse ü")
    assert made.matches("correct horse u\u0308")
    assert not made.matches("correct horse u")
    assert not made.matches("\ud800")


def test_the_cost_is_what_owasp_names_as_the_least(made: PasswordHash) -> None:
    assert (made.log_n, made.r, made.p) == (15, 8, 3)
    assert (len(made.salt), len(made.digest)) == (16, 32)


def test_a_hash_survives_the_file(made: PasswordHash) -> None:
    assert PasswordHash.parse(made.encode()) == made
    assert " " not in made.encode()


def test_equal_passwords_have_different_hashes(made: PasswordHash) -> None:
    assert PasswordHash.make("correct horse ü").digest != made.digest


def test_no_password_has_the_decoy() -> None:
    decoy = PasswordHash.decoy()
    assert not decoy.matches("")
    assert (decoy.log_n, decoy.r, decoy.p) == (15, 8, 3)


def test_what_people_see_of_a_hash_tells_nothing(made: PasswordHash) -> None:
    for text in (repr(made), str(made)):
        assert made.digest.hex() not in text
        assert repr(made.digest) not in text
        assert repr(made.salt) not in text


@pytest.mark.parametrize(
    "text",
    [
        "",
        "secret",
        f"scrypt$15$8$3${SALT}${DIGEST}x",
        f"scrypt$15$8$3${SALT[2:]}${DIGEST}",
        f"scrypt$15$8$3${SALT}${DIGEST.replace('1', 'A')}",
        f"argon$15$8$3${SALT}${DIGEST}",
        f"scrypt$-5$8$3${SALT}${DIGEST}",
    ],
)
def test_damaged_hashes_are_refused_and_not_repeated(text: str) -> None:
    with pytest.raises(ValueError, match=r"^the password's hash is damaged$"):
        PasswordHash.parse(text)


@pytest.mark.parametrize("cost", ["13$8$3", "21$1$1", "20$3$1", "15$0$3", "15$8$0", "15$8$9"])
def test_a_cost_out_of_bounds_is_refused(cost: str) -> None:
    with pytest.raises(ValueError, match="cost"):
        PasswordHash.parse(f"scrypt${cost}${SALT}${DIGEST}")


def test_the_dearest_cost_can_be_paid() -> None:
    assert not PasswordHash.parse(f"scrypt$20$2$1${SALT}${DIGEST}").matches("x")


@pytest.mark.parametrize(
    ("password", "words"),
    [
        ("ninechars", "too short"),
        ("x" * (MOST + 1), "too long"),
        (" surrounded", "spaces"),
        ("surrounded ", "spaces"),
        ("with\ttab inside", "printable"),
        ("\ud800" * 10, "printable"),
    ],
)
def test_passwords_that_will_not_do(password: str, words: str) -> None:
    assert words in complaint(password)


def test_a_password_is_the_same_after_its_way_through_a_door() -> None:
    password = "two  spaces   and three"
    assert PasswordHash.make(password).matches(clean(password))


def test_passwords_that_will_do() -> None:
    assert complaint("ten chars!") == complaint("ü" * MOST) == ""
