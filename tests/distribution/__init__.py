"""The second distribution, miniloop-asyncore: built, installed beside others, and removed again.

``test_finder.py`` and ``test_which.py`` need neither pip nor network.  The others make an empty
environment of Python 3.12 and one of 3.13, whichever Python runs the tests.
"""
