"""Recorded runs of the loop, which the chapters of docs/inside play.

A run is a small program on the simulated network (``scenarios/``).  ``recorder.py`` notes what
happens in it, in three lanes: the kernel, the loop, the handlers.  Where a line of the real code is
taken away (``broken.py``), the run is recorded again.  ``store.py`` writes JSON, ``listing.py``
the list of steps that a page shows.
"""
