"""A chat room for telnet, nc and its own terminal client, built on miniloop.

Nothing is imported here, so that the parts without sockets can be used without the event loop.
Run it with ``python -m examples.chatroom``; README and ``--help`` say the rest.
"""
