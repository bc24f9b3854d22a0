"""The globals of ``asyncore``, which programs replace.

They put their own ``socket``, ``select`` or ``time`` there, or another ``socket_map``, and expect
the classes to use those from then on.  The classes live in files of their own, so they look
here.
"""

import sys
from typing import Any


def surface() -> Any:
    """Return the module ``asyncore``: whatever a program made of it."""
    return sys.modules["miniloop.compat.asyncore"]
