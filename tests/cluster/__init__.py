"""A chat room of three nodes on a real Redis, with faults in traffic: ``python3 -m tests.cluster``.

``town.py`` has the processes, ``talkers.py`` the members, ``faults.py`` what goes wrong, and
``transcripts.py`` what must be true of all that was seen.
"""
