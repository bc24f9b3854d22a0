"""Other people's test suites, run on top of ``miniloop.compat``: ``python3 -m tests.suites``.

Everything here but ``inside.py``, ``witness.py``, ``recording*.py`` and ``mail_exchange.py`` runs
in the command's own process; those five run in a process of their own, one a suite and side.
"""
