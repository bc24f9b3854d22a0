"""The hall: who is here, in which rooms, what is said, and what must be remembered of it.

Plain Python: no sockets, no protocol, no clock.  What a store has to do is declared in
``history.py``; the one in ``storage/`` does it.  ``hall.Hall`` is where to begin.
"""
