"""One chat room on several servers, with an engine that keeps the common order.

The modules that use Redis are on one side of `interface.py`, the modules that use the hall on
the other.
"""
