"""The system calls of one line, as strace prints them: ``python3 -m tests.book kernel``."""

import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
from pathlib import Path

from tests.book.pages import ROOT

CALLS = (
    "socket,socketpair,listen,accept4,setsockopt,epoll_ctl,epoll_wait,recvfrom,sendto,close,write"
)
LONGEST = 30
"""Seconds until the server is given up."""


def available() -> bool:
    """Return whether strace is there, and may trace."""
    if shutil.which("strace") is None:
        return False
    return subprocess.run(["strace", "-o", "/dev/null", "true"], check=False).returncode == 0


def transcript() -> str:
    """Serve one client under strace; return the calls between the start and the end."""
    with tempfile.TemporaryDirectory() as folder:
        log = Path(folder, "calls")
        command = ["strace", "-qq", "-e", f"trace={CALLS}", "-e", "signal=SIGINT", "-o", str(log)]
        command += [sys.executable, "-m", "examples.inside.echo", "0"]
        with subprocess.Popen(
            command, cwd=ROOT, stdout=subprocess.PIPE, text=True, start_new_session=True,
            preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler),
        ) as server:  # fmt: skip
            assert server.stdout is not None
            port = int(server.stdout.readline().split()[-1])
            talk(port)
            wait_for(log, "close(")
            (child,) = Path(f"/proc/{server.pid}/task/{server.pid}/children").read_text().split()
            os.kill(int(child), signal.SIGINT)
            server.wait(LONGEST)
        return tidied(log.read_text())


def talk(port: int) -> None:
    """Send a line, receive the answer, and leave."""
    with socket.create_connection(("127.0.0.1", port), timeout=LONGEST) as client:
        client.sendall(b"hello\n")
        assert client.recv(100) == b"hello\n"


def wait_for(log: Path, text: str) -> None:
    """Wait until the server has closed the connection, the last call before it waits again."""
    import time

    end = time.monotonic() + LONGEST
    while time.monotonic() < end:
        lines = log.read_text().splitlines()
        last = next(
            (n for n, line in enumerate(lines) if "hello" in line and "sendto" in line), None
        )
        if last is not None and any(text in line for line in lines[last:]):
            return
        time.sleep(0.01)
    raise AssertionError("the server did not close the connection")


SHORTER = (
    (r", u64=\d+", ""),
    (r"data=\{u32=(\d+)\}", r"fd \1"),
    (r"\{sa_family=AF_INET, sin_port=htons\(\d+\), sin_addr=inet_addr\((\"[\d.]+\")\)\}", r"{\1}"),
    (r"0x[0-9a-f]+", "..."),
    (r"\{si_signo.*\}", "{...}"),
    (r"\) +=", ") ="),
)


def tidied(text: str) -> str:
    """Keep what happens once the server listens, in the words of a shorter strace."""
    lines = text.splitlines()
    first = max(n for n, line in enumerate(lines) if line.startswith("write(1"))
    made = {
        number
        for line in lines[:first]
        for number in re.findall(r"socketpair.*\[(\d+), (\d+)\]", line)
    }
    shown = {each for pair in made for each in pair} | {"3"}
    kept: list[str] = []
    for line in lines[first + 1 :]:
        for pattern, replacement in SHORTER:
            line = re.sub(pattern, replacement, line)
        closed = re.match(r"close\((\d+)\)", line)
        if closed and closed[1] not in shown:
            continue  # files that Python opened to import what is used for the first time
        if closed:
            shown.discard(closed[1])
        shown.update(re.findall(r"epoll_ctl\(3, EPOLL_CTL_ADD, (\d+)", line))
        kept.append(line)
    return "\n".join(kept) + "\n"


def outline(text: str) -> list[str]:
    """Return the calls by name and descriptor: what a page and a run must agree in."""
    return re.findall(
        r"(?m)^(epoll_ctl\(\d+, \w+, \d+|(?:accept4|recvfrom|sendto|close)\(\d+)", text
    )


if __name__ == "__main__":
    print(transcript(), end="")
