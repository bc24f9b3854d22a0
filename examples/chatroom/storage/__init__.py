"""What outlives the process: the hall's `Store` in one file of SQLite, on threads.

Nothing is imported here: a Python without SQLite can do without.  ``sqlite_store.SqliteStore`` is
where to begin.
"""
