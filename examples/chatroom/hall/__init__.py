"""The hall: members, rooms, speech, and the limits on them.

Plain Python without sockets, protocols or clocks; the time is an argument.  ``hall.Hall`` is the
class to start with.  ``history.py`` declares what a store must do; ``storage/`` implements it.
"""
