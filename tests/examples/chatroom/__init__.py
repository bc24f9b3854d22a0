"""Tests of the chat room, one module for each of its own; no sockets here."""
