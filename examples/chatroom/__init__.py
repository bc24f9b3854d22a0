"""A chat room for telnet, nc, browsers and its own terminal client, built on miniloop.

The program is in this folder and puts the parts together. The parts are folders: ``people/``,
``hall/``, ``commands/``, ``storage/``, ``doors/``; ``client/`` is a program of its own.
docs/explanation/chat-room.md describes how they depend on each other.

Nothing is imported here, so that the parts without sockets can be used without the event loop.
Run it with ``python3 -m examples.chatroom``; README and ``--help`` describe the rest.
"""
