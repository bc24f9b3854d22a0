"""Signals, child processes, files and threads."""
