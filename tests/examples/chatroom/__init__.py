"""Tests of the chat room, one module for each of its modules; no sockets here."""
