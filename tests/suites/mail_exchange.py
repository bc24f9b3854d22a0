"""A real exchange of mail between smtplib and the smtpd of standard-smtpd, over loopback.

Run by unittest inside the suite's process, where ``smtpd`` is the one from PyPI; what smtpd itself
imports under the names of asyncore and asynchat is the question.
"""

import smtpd
import smtplib
import socket
import threading
import unittest
from collections.abc import Callable
from email.message import EmailMessage
from typing import Any

NOBODY = ("127.0.0.1", 0)
"""Where a relay would pass mail on to; ours passes nothing on."""


class Mailbox(smtpd.SMTPServer):
    """Keeps what it gets, and accepts so many connections before it stops listening."""

    def __init__(self, map: dict[int, Any], connections: int = 1, **options: Any) -> None:
        super().__init__(("127.0.0.1", 0), NOBODY, map=map, **options)
        assert self.socket
        self.port = self.socket.getsockname()[1]
        self.connections = connections
        self.messages: list[tuple[str, list[str], bytes]] = []

    def handle_accepted(self, conn: socket.socket, addr: Any) -> None:
        super().handle_accepted(conn, addr)
        self.connections -= 1
        if not self.connections:
            self.close()

    def process_message(
        self, peer: Any, mailfrom: str, rcpttos: list[str], data: Any, **keywords: Any
    ) -> str | None:
        self.messages.append((mailfrom, rcpttos, data))
        return "554 no, thank you" if mailfrom.startswith("unwanted") else None


class MailTests(unittest.TestCase):
    def serve(self, **options: Any) -> Mailbox:
        """Start a server in a thread; its loop ends by itself when everybody has left."""
        map: dict[int, Any] = {}
        mailbox = Mailbox(map, **options)
        loop = smtpd.asyncore.loop  # type: ignore[attr-defined]
        self.thread = threading.Thread(target=loop, kwargs={"timeout": 5.0, "map": map})
        self.thread.start()
        self.addCleanup(self.thread.join)
        return mailbox

    def connect(self, mailbox: Mailbox) -> smtplib.SMTP:
        return smtplib.SMTP("127.0.0.1", mailbox.port, local_hostname="client", timeout=10)

    def test_a_message_arrives(self) -> None:
        mailbox = self.serve()
        message = EmailMessage()
        message["From"], message["To"] = "ann@example.org", "bob@example.org"
        message["Subject"] = "Hello"
        message.set_content("One line.\n.\n..and dots.\n")
        with self.connect(mailbox) as client:
            client.send_message(message)
        self.thread.join()
        [(sender, recipients, data)] = mailbox.messages
        assert (sender, recipients) == ("ann@example.org", ["bob@example.org"]), mailbox.messages
        assert b"Subject: Hello" in data, data
        assert data.endswith(b"One line.\n.\n..and dots."), data

    def test_a_long_message_and_many_recipients(self) -> None:
        mailbox = self.serve()
        body = b"".join(b"line %d\r\n" % number for number in range(50_000))
        everybody = [f"user{number}@example.org" for number in range(100)]
        with self.connect(mailbox) as client:
            client.sendmail("ann@example.org", everybody, body)
        self.thread.join()
        [(_, recipients, data)] = mailbox.messages
        assert recipients == everybody, recipients
        assert data == body.replace(b"\r\n", b"\n").rstrip(b"\n"), len(data)

    def test_several_clients_at_once_and_several_messages_each(self) -> None:
        mailbox = self.serve(connections=3)
        clients = [self.connect(mailbox) for _ in range(3)]
        for round_number in range(3):
            for number, client in enumerate(clients):
                text = f"{round_number}.{number}"
                client.sendmail(f"{text}@example.org", ["bob@example.org"], text)
        for client in clients:
            client.quit()
        self.thread.join()
        messages = sorted(data for _, _, data in mailbox.messages)
        assert messages == [b"%d.%d" % (i, j) for i in range(3) for j in range(3)], messages

    def test_refusals_reach_the_client(self) -> None:
        mailbox = self.serve(data_size_limit=1000)
        to = ["bob@example.org"]
        with self.connect(mailbox) as client:
            assert refusal(lambda: client.sendmail("unwanted@example.org", to, "text")) == 554
            assert refusal(lambda: client.sendmail("ann@example.org", to, "x" * 2000)) == 552
        self.thread.join()
        assert len(mailbox.messages) == 1, mailbox.messages

    def test_international_addresses(self) -> None:
        mailbox = self.serve(enable_SMTPUTF8=True)
        with self.connect(mailbox) as client:
            options = ["SMTPUTF8", "BODY=8BITMIME"]
            client.sendmail("änn@example.org", ["böb@example.org"], "ü".encode(), options)
        self.thread.join()
        sent = ("änn@example.org", ["böb@example.org"], "ü".encode())
        assert mailbox.messages == [sent], mailbox.messages


def refusal(send: Callable[[], object]) -> int:
    """Return the code with which the server refused, 0 if it did not."""
    try:
        send()
    except smtplib.SMTPResponseException as error:
        return error.smtp_code
    return 0
