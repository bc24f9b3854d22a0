"""The loop that grows through docs/inside/, one file for each step, and the scenarios it plays."""
