"""One chat room on several servers: what they agree on, over an engine that keeps the order.

The modules that know of Redis are on one side of `interface.py`, those that know of the hall on
the other.
"""
