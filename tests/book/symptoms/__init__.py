"""What a reader sees of each change of the book: a hang, a spin, a wrong recipient.

A symptom is a function that plays the case on the code that is imported, changed or not, and
returns what happened in one line.  ``workshop.py`` calls it in both trees.
"""

from collections.abc import Callable

from tests.book.symptoms import bytes_, channels, compat, loop, numbers, tls
from tests.book.symptoms.shown import SYMPTOMS, Symptom

__all__ = ["MODULES", "SYMPTOMS", "Symptom", "of"]

MODULES = (loop, channels, numbers, bytes_, tls, compat)


def of(name: str) -> Callable[[], str]:
    """Return the symptom of the change called ``name``.  KeyError: there is none."""
    return SYMPTOMS[name]
