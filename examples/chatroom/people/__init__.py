"""Identities: names, addresses, operators and their passwords, bans and mutes.

The lowest folder: plain Python that imports nothing else of the chat room.
"""
