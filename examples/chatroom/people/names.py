"""Names of people and rooms: what may be one, when two are the same, and when two look the same.

Rule of this file: pure functions on text; who holds which name is the hall's business.

With the package `precis-i18n` a name is what RFC 8265 calls a username; a few rules of our own
narrow that further.  Without it the rules are simpler: scripts that need combining marks (many
of India's) cannot be written then, and right-to-left names are not checked for their order.
Either way a name has the same key, so what is stored under it stays found.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from itertools import groupby, pairwise

from .confusables import skeleton
from .scripts import clashing
from .text import INVISIBLE_LETTERS

try:
    from precis_i18n import get_profile
except ImportError:
    PRECIS = False
else:
    PRECIS = True
    _SHOWN = get_profile("UsernameCasePreserved")
    # RFC 8265 maps to lower case, its forerunner RFC 7613 folded.  Folded, "Straße" and "STRASSE"
    # are one name; for telling people apart the stricter of the two is the better.
    _KEY = get_profile("UsernameCaseMapped:CaseFold")

PUNCTUATION = frozenset("-_.")
_MARKS = frozenset({"Mn", "Mc"})
# UTS 39, section 5.4: more on one letter is no language's spelling.
_MOST_MARKS = 4

# Operators ban names and addresses with one command; nobody shall be called like an address.
_ADDRESS = re.compile(r"[0-9]+(\.[0-9]+){3}")

_CHARACTERS = "Names are made of letters, digits, '-', '_' and '.', a letter or digit first."
_DIRECTION = "That name mixes letters written from the left with letters written from the right."


class Refused(Exception):
    """The room says no; the text is one sentence for the person who asked."""


@dataclass(frozen=True, slots=True)
class Name:
    """An accepted name.

    Attributes:
        shown: How it is shown: as it was typed, in one of Unicode's normal forms.
        key: What it is compared by; two names with one key are the same name.
    """

    shown: str
    key: str

    @property
    def skeleton(self) -> str:
        """What it looks like; with one skeleton and two keys, two names can be mistaken."""
        return skeleton(self.shown)


def check_name(raw: str, longest: int) -> Name:
    """Return the name that `raw` spells.

    Args:
        raw: What was typed.
        longest: The longest allowed name, in characters.

    Raises:
        Refused: It is empty, too long, has characters that names may not have, mixes scripts that
            do not belong together, or is an IP address.
    """
    text = raw.strip()
    if not text:
        raise Refused("A name needs at least one letter or digit.")
    if text.startswith("/"):
        raise Refused("A name has no slash; give one first, and then commands.")
    shown = _spell(text)
    if len(shown) > longest:
        raise Refused(f"That name is too long: {longest} characters at most.")
    if not all(map(_may_stand, shown)) or not shown[:1].isalnum() or _piled(shown):
        raise Refused(_CHARACTERS)
    if _ADDRESS.fullmatch(shown):
        raise Refused("That is an address and no name; please choose another.")
    if scripts := clashing(shown):
        known = " and ".join(each.replace("_", " ").title() for each in scripts)
        raise Refused(f"That name mixes letters of several scripts ({known}); please use one.")
    return Name(shown, fold(shown))


def fold(text: str) -> str:
    """Return the form by which names are compared: NFKC, casefolded, and NFKC again.

    Again, because folding can take the normal form apart: one name would have two keys.
    For every name that PRECIS accepts this is what its profile UsernameCaseMapped with case
    folding makes of it; but this takes any text, and needs no package.
    """
    return unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", text).casefold())


def _spell(text: str) -> str:
    if not PRECIS:
        return unicodedata.normalize("NFKC", text)
    try:
        shown = _SHOWN.enforce(text)
        _KEY.enforce(shown)  # what has no key under PRECIS could be nobody's account there
    except UnicodeEncodeError as error:
        wrong_order = error.reason.endswith("bidi_rule")
        raise Refused(_DIRECTION if wrong_order else _CHARACTERS) from None
    return shown


def _may_stand(char: str) -> bool:
    # isalnum() also says yes to letters that leave no ink; a name must be visible.  Marks are
    # let in by PRECIS alone: it knows which of them nobody can see.
    if char in PUNCTUATION or (char.isalnum() and char not in INVISIBLE_LETTERS):
        return True
    return PRECIS and unicodedata.category(char) in _MARKS


def _piled(text: str) -> bool:
    plain = unicodedata.normalize("NFD", text)
    for is_mark, run in groupby(plain, key=lambda char: unicodedata.category(char) == "Mn"):
        marks = list(run) if is_mark else []
        if len(marks) > _MOST_MARKS or any(one == other for one, other in pairwise(marks)):
            return True
    return False
