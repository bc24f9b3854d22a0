"""The chat room as a process, and the simplest of its visitors; for tests with real sockets."""

from __future__ import annotations

import os
import re
import signal
import socket
import ssl
import struct
import subprocess
import sys
from pathlib import Path
from typing import IO

ROOT = Path(__file__).parents[2]
PATIENCE = 20.0  # seconds until a test gives up; nothing waits that long when all is well
WORDS = "xxxxxxxx " * 99 + "x"  # a long line that is cut between words, and comes together again
ENVIRONMENT = {**os.environ, "PYTHONPATH": str(ROOT), "PYTHONUNBUFFERED": "1", "LC_ALL": "C.UTF-8"}
NO_FLOOD_LIMIT = (
    *("--flood-burst", "1000000", "--flood-rate", "1000000"),
    *("--address-burst", "1000000", "--address-rate", "1000000"),
)


class Server:
    """``python3 -m examples.chatroom`` on free ports, with everything it keeps in `folder`."""

    def __init__(
        self,
        folder: Path,
        *options: str,
        environment: dict[str, str] | None = None,
        log: int | IO[str] = subprocess.PIPE,
    ):
        self.process = subprocess.Popen(
            [
                *(sys.executable, "-W", "error", "-m", "examples.chatroom"),
                *("--port", "0", "--web-port", "0", *options),
            ],
            cwd=ROOT,
            env={**ENVIRONMENT, "XDG_DATA_HOME": str(folder), **(environment or {})},
            stdout=subprocess.PIPE,
            stderr=log,
            text=True,
        )
        self.opening = self._read_opening()
        self.port = self._number(r"(?:telnet 127\.0\.0\.1|--host 127\.0\.0\.1 --port) (\d+)")
        self.web_port = self._number(r"in a browser: https?://127\.0\.0\.1:(\d+)/")
        self.history = folder / "miniloop-chatroom" / "history.sqlite3"

    def _read_opening(self) -> str:
        """Read what it says when it is open; the last line tells of the history."""
        assert self.process.stdout is not None
        text = ""
        while "What is said is kept" not in text:
            line = self.process.stdout.readline()
            text += line
            if not line:
                log = self.process.communicate(timeout=PATIENCE)[1]
                raise AssertionError(text + (log or ""))
        return text

    def _number(self, pattern: str) -> int:
        found = re.search(pattern, self.opening)
        return int(found[1]) if found else 0

    def kill(self) -> None:
        """End it without a word."""
        self.process.kill()
        if self.process.stdout is not None and not self.process.stdout.closed:
            self.process.communicate()

    def stop(self, number: signal.Signals = signal.SIGTERM) -> tuple[int, str, str]:
        """Stop it; return exit code, standard output, standard error (the log)."""
        if self.process.poll() is None:
            self.process.send_signal(number)
        out, err = self.process.communicate(timeout=PATIENCE)
        return self.process.returncode, out, err or ""


class Peer:
    """A bare connection to the chat room, as nc is one; with a context, as openssl s_client."""

    def __init__(
        self,
        server: Server,
        name: str = "",
        receive_buffer: int = 0,
        context: ssl.SSLContext | None = None,
    ) -> None:
        self.socket = socket.socket()
        self.socket.settimeout(PATIENCE)
        if receive_buffer:
            self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
        self.socket.connect(("127.0.0.1", server.port))
        if context is not None:
            self.socket = context.wrap_socket(self.socket, server_hostname="127.0.0.1")
        self.received = b""
        if name:
            self._log_in(name)

    def _log_in(self, name: str) -> None:
        try:
            self.type(name)
            self.expect(f"{name} came into lobby.")
        except BaseException:  # nobody else has it to close
            self.socket.close()
            raise

    def type(self, *lines: str) -> None:
        self.send("".join(f"{line}\n" for line in lines).encode())

    def send(self, data: bytes) -> None:
        self.socket.sendall(data)

    def expect(self, text: str | bytes) -> bytes:
        """Receive until `text` has come; return everything up to its end, and forget that."""
        wanted = text.encode() if isinstance(text, str) else text
        while wanted not in self.received:
            data = self.socket.recv(65536)
            assert data, f"{wanted!r} never came: {self.received!r}"
            # The rows of a long line are one line again.
            self.received = (self.received + data).replace(b"\r\n    ", b" ")
        end = self.received.index(wanted) + len(wanted)
        before, self.received = self.received[:end], self.received[end:]
        return before

    def rest(self) -> bytes:
        """Receive to the end of the connection."""
        while data := self.socket.recv(65536):
            self.received += data
        return self.received

    def reset(self) -> None:
        """Go away as a crashed machine does: no FIN, but a reset."""
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.socket.close()
