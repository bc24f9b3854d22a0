"""The web door: a page, its WebSocket, and the server's state, on one port.

Nothing is imported here, so that the chat room runs without the package ``websockets`` as long as
nobody opens this door.  ``door.WebDoor`` is where to begin.
"""
