"""Who people are: their names, their addresses, and what holds for them wherever they are.

Names, what they look like, operators and their passwords, bans and mutes.  Plain Python, at the
bottom: nothing of the room is known here, no rooms, no messages, no sockets.
"""
