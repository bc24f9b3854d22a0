"""A session of irc-bot with a scripted server, over loopback.

Run by unittest inside the suite's process.  The bot serves a map whose only key is its socket.
"""

import socket
import threading
import unittest
from typing import Any

from irc_bot.simple_irc_bot import SimpleIRCBot


class Echo(SimpleIRCBot):  # type: ignore[misc]  # a package without types
    """Says what it is told, and leaves when it is told to."""

    def on_privmsg(self, msg: Any) -> None:
        channel, text = msg.arguments
        if text == "leave":
            self.quit()
        else:
            self.send_privmsg(channel, text.upper())


class SessionTests(unittest.TestCase):
    def setUp(self) -> None:
        listener = socket.create_server(("127.0.0.1", 0))
        self.addCleanup(listener.close)
        bot = Echo(
            {
                "servers": ["127.0.0.1"],
                "port": listener.getsockname()[1],
                "channels": ["#room", "#closed key"],
                "nickname": "echo",
                "nickserv_password": "secret",
            }
        )
        self.bot = threading.Thread(target=bot.start)
        self.bot.start()
        self.addCleanup(self.bot.join)
        self.sock, _ = listener.accept()
        self.addCleanup(self.sock.close)
        self.sock.settimeout(20)
        self.lines = self.sock.makefile("r", newline="\r\n")
        self.addCleanup(self.lines.close)

    def expect(self, *lines: str) -> None:
        found = [self.lines.readline() for _ in lines]
        assert sorted(found) == sorted(f"{line}\r\n" for line in lines), found

    def tell(self, text: str) -> None:
        self.sock.sendall(text.encode())

    def test_a_session_from_the_greeting_to_the_end(self) -> None:
        self.expect("USER echo 8 * :echo", "NICK echo")
        self.tell(":server 433 * echo :Nickname is already in use.\r\n")
        self.expect("NICK echo_")
        self.tell(":server 001 echo_ :Wel")
        self.tell("come\r\nPING :12\r\n:server 376 echo_ :End\r\n")
        self.expect(
            "PONG :12",
            "PRIVMSG NickServ :GHOST echo secret",
            "NICK echo",
            "PRIVMSG NickServ :IDENTIFY secret",
        )
        self.expect("JOIN #room", "JOIN #closed key")  # after five seconds
        self.tell(":echo_!e@host JOIN #room\r\n")
        texts = [f"text {number} " + "x" * 400 for number in range(100)]
        self.tell("".join(f":ann!a@host PRIVMSG #room :{text}\r\n" for text in texts))
        self.expect(*(f"PRIVMSG #room :{text.upper()}" for text in texts))
        self.tell(":ann!a@host PRIVMSG #room :leave\r\n")
        self.expect("QUIT :I'm outta here!")
        assert self.lines.readline() == ""
