"""Names of people and rooms: what may be one, and when two are the same.

Rule of this file: pure functions on text; who holds which name is the hall's business.
"""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass

from .text import INVISIBLE_LETTERS

PUNCTUATION = frozenset("-_.")


class Refused(Exception):
    """The room says no; the text is one sentence for the person who asked."""


@dataclass(frozen=True, slots=True)
class Name:
    """An accepted name.

    Attributes:
        shown: How it is shown: as it was typed, in Unicode's NFKC form.
        key: What it is compared by; two names with one key are the same name.
    """

    shown: str
    key: str


def check_name(raw: str, longest: int) -> Name:
    """Return the name that `raw` spells.

    Args:
        raw: What was typed.
        longest: The longest allowed name, in characters.

    Raises:
        Refused: It is empty, too long, or has characters that names may not have.
    """
    shown = unicodedata.normalize("NFKC", raw.strip())
    if not shown:
        raise Refused("A name needs at least one letter or digit.")
    if len(shown) > longest:
        raise Refused(f"That name is too long: {longest} characters at most.")
    if not all(_may_stand(char) for char in shown) or shown[0] in PUNCTUATION:
        raise Refused(
            "Names are made of letters, digits, '-', '_' and '.', a letter or digit first."
        )
    return Name(shown, fold(shown))


def fold(text: str) -> str:
    """Return the form by which names are compared: NFKC, casefolded, and NFKC again.

    Again, because folding can take the normal form apart: one name would have two keys.
    """
    return unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", text).casefold())


def _may_stand(char: str) -> bool:
    # isalnum() also says yes to letters that leave no ink; a name must be visible.
    return char in PUNCTUATION or (char.isalnum() and char not in INVISIBLE_LETTERS)
