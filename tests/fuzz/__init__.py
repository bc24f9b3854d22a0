"""Fuzzing by coverage: what strangers may send, and what must hold whatever it is.

`targets.py` says what must hold; `corpus/` keeps the inputs that found something new, and the tests
run all of them each time; `python3 -m tests.fuzz` looks for more.
"""
