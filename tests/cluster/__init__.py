"""A chat room of three nodes on a real Redis, with faults in traffic: ``python3 -m tests.cluster``.

``town.py`` has the processes, ``talkers.py`` the members, ``faults.py`` the faults, and
``transcripts.py`` the checks of everything that was seen.
"""
