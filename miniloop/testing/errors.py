"""The exceptions that Python raises when the kernel refuses."""

import os


def error(number: int) -> OSError:
    """Return the OSError that Python raises for an errno."""
    return OSError(number, os.strerror(number))
