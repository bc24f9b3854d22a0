"""What people type after a slash, read and worded; the doing is the hall's.

``table.obey`` is where to begin.
"""
