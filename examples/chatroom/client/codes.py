"""The exit codes of the process.

Rule of this file: numbers.
"""

OK, FAILED, INTERRUPTED = 0, 1, 130
