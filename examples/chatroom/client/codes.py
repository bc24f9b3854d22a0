"""What the process ends with.

Rule of this file: numbers.
"""

OK, FAILED, INTERRUPTED = 0, 1, 130
