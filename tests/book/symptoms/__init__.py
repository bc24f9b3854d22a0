"""What a reader sees of each change of the book: a hang, a spin, a wrong recipient.

A symptom is a function that plays the case on the code that is imported, changed or not, and
returns what happened in one line.  ``workshop.py`` calls it in both trees.
"""

from tests.book.symptoms import bytes_, channels, compat, ends, loop, numbers, tls, waking
from tests.book.symptoms.shown import SYMPTOMS, Symptom

__all__ = ["MODULES", "SYMPTOMS", "Symptom"]

MODULES = (loop, channels, numbers, waking, bytes_, compat, ends, tls)
