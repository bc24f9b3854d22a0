"""The web door: a page, its WebSocket, and the server's state, on one port.

Nothing is imported here, so that the chat room runs without the package ``websockets`` as long as
this door is not opened.  Start reading at ``door.WebDoor``.
"""
