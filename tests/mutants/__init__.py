"""Small changes of the package, one at a time, and whether a test fails: mutation testing.

Own code, over ``ast`` and ``coverage``, since no library fits (mutmut 3.8, cosmic-ray 8.7): neither
negates a condition, drops a call or an assignment, takes a seeded sample, bounds memory, or keeps a
reason for each equivalent mutant.  mutmut wraps every method, which breaks the tests that look at
methods; cosmic-ray starts pytest anew with the same tests for every mutant.
"""
