"""The hall's `Store` in an SQLite file, which is read and written on threads.

Nothing is imported here, so that the chat room runs on a Python without SQLite.
"""
