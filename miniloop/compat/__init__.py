"""asyncore and asynchat, for the programs that were written for them.

Python 3.12 removed both modules.  Here they are again, with the same names, the same order of
calls and the same texts, on miniloop's selectors:

    from miniloop.compat import asyncore, asynchat      # in a program that may be changed
    miniloop.compat.install()                           # before one that may not
    python3 -m miniloop.compat PROGRAM [ARGS]            # around one from the command line

A second distribution, miniloop-asyncore, does so for all programs of an environment.  ``python3 -m
miniloop.compat --which`` says whose modules a program gets.

What these modules do is what CPython 3.11's did, oddities included, because programs depend on
those.  The promises of ``docs/reference/promises.md`` are the native classes'.
"""

import sys

from miniloop.compat import asynchat, asyncore

__all__ = ["asynchat", "asyncore", "install"]


def install() -> None:
    """Make ``import asyncore`` and ``import asynchat`` find these modules; again is harmless.

    Call it before anything imports them: on Python 3.11, a module that imported the standard
    library's before keeps what it got.
    """
    sys.modules["asyncore"] = asyncore
    sys.modules["asynchat"] = asynchat
