"""The hall: members, rooms, speech, and the limits on them.

Plain Python without sockets, protocols or clocks; the time is an argument.  Start reading at
``hall.Hall``.  ``history.py`` declares what a store must do; ``storage/`` implements it.
"""
