"""Names of people and rooms: which are valid, which are equal, and which look alike.

Rule of this file: pure functions on text; the hall knows the holders of names.

With the package `precis-i18n` a name is what RFC 8265 calls a username, with a few further
restrictions.  Without it the rules are simpler: scripts that need combining marks (many of India's)
are not allowed, and the order of right-to-left names is not checked.  In both cases a name has the
same key, so data stored under it is still found.
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
    # RFC 8265 maps to lower case, its predecessor RFC 7613 folded.  Folded, "Straße" and "STRASSE"
    # are one name; the stricter rule is better for distinguishing people.
    _KEY = get_profile("UsernameCaseMapped:CaseFold")

PUNCTUATION = frozenset("-_.")
_MARKS = frozenset({"Mn", "Mc"})
# UTS 39, section 5.4: no language has more marks on one letter.
_MOST_MARKS = 4

# Operators ban names and addresses with one command, so a name must not look like an address.
_ADDRESS = re.compile(r"[0-9]+(\.[0-9]+){3}")

_CHARACTERS = "Names are made of letters, digits, '-', '_' and '.', a letter or digit first."
_DIRECTION = "That name mixes letters written from the left with letters written from the right."


class Refused(Exception):
    """The request is refused; the text is one sentence for the user."""


@dataclass(frozen=True, slots=True)
class Name:
    """An accepted name.

    Attributes:
        shown: How it is shown: as it was typed, in one of Unicode's normal forms.
        key: The form for comparison; two names with one key are the same name.
    """

    shown: str
    key: str

    @property
    def skeleton(self) -> str:
        """The form for look-alikes; two names with one skeleton and two keys can be confused."""
        return skeleton(self.shown)


def check_name(raw: str, longest: int) -> Name:
    """Return the name that `raw` spells.

    Args:
        raw: The name as it was typed.
        longest: The longest allowed name, in characters.

    Raises:
        Refused: It is empty, too long, contains characters that are not allowed in names, mixes
            scripts that do not belong together, or is an IP address.
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
    """Return the form in which names are compared: NFKC, casefolded, and NFKC again.

    Again, because folding can undo the normal form, and one name would have two keys.
    For every name that PRECIS accepts, the result is that of its profile UsernameCaseMapped with
    case folding; but this function takes any text, and needs no package.
    """
    return unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", text).casefold())


def _spell(text: str) -> str:
    if not PRECIS:
        return unicodedata.normalize("NFKC", text)
    try:
        shown = _SHOWN.enforce(text)
        _KEY.enforce(shown)  # without a key under PRECIS it could not be an account's name
    except UnicodeEncodeError as error:
        wrong_order = error.reason.endswith("bidi_rule")
        raise Refused(_DIRECTION if wrong_order else _CHARACTERS) from None
    return shown


def _may_stand(char: str) -> bool:
    # isalnum() also accepts invisible letters; a name must be visible.  Only PRECIS accepts marks:
    # it knows which of them are invisible.
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
