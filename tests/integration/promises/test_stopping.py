"""stop(), Ctrl-C and SIGTERM end the loop in order."""

import socket
import subprocess
import sys

import pytest

from miniloop import EventLoop
from miniloop.testing import FakeClock
from tests.driving import Lines, fill, pair

STOPPING = """
import os, signal, socket, sys
from miniloop import EventLoop, Listener
from miniloop.trace import inspection
from tests.driving import Lines, fill, receive

how = sys.argv[1]
loop = EventLoop(debug=True)
class Chatty(Lines):
    def handle_line(self, line):
        self.push(b"x" * 3_000_000)
        if how == "stop":
            loop.stop()
        else:
            os.kill(os.getpid(), getattr(signal, how))
listener = Listener(loop, ("127.0.0.1", int(sys.argv[2])), Chatty)
def goodbye():
    print("listening" if listener.accepting else "not listening", flush=True)
    for entry in inspection.registrations(loop):
        entry.channel.push(b"goodbye\\n")
loop.on_stop(goodbye)
print(listener.address[1], flush=True)
loop.run()
print("ended", len(inspection.registrations(loop)), flush=True)
loop.close()
"""


@pytest.mark.parametrize("how", ["stop", "SIGINT", "SIGTERM"])
def test_stopping_closes_listeners_says_goodbye_and_sends_what_is_queued(how: str) -> None:
    with subprocess.Popen(
        [sys.executable, "-c", STOPPING, how, "0"], stdout=subprocess.PIPE, text=True
    ) as server:
        assert server.stdout is not None
        port = int(server.stdout.readline())
        with socket.create_connection(("127.0.0.1", port), timeout=20) as client:
            client.sendall(b"go\n")
            got = b""
            while data := client.recv(1 << 20):
                got += data
        assert len(got) == 3_000_008
        assert got.endswith(b"goodbye\n")
        assert server.stdout.read() == "not listening\nended 0\n"
        assert server.wait(20) == 0


def test_stopping_gives_up_after_the_grace_period() -> None:
    clock = FakeClock()
    with EventLoop(debug=True, clock=clock) as loop, pair() as (ours, _theirs):
        channel = Lines(loop, ours)
        fill(ours)
        channel.push(b"never read")
        loop.on_stop(loop.call_later, 3, clock.advance, 3)
        loop.call_later(0, lambda: None)
        loop.stop(grace=2)
        loop.call_soon(clock.advance, 2)
        loop.run()
        assert channel.closed


def test_a_second_signal_has_its_usual_effect() -> None:
    program = """
import os, signal, socket
from miniloop import EventLoop
from tests.driving import Lines, fill
loop = EventLoop(debug=True)
ours, theirs = socket.socketpair()
channel = Lines(loop, ours)
fill(ours)
channel.push(b"never read")
loop.on_stop(lambda: os.kill(os.getpid(), signal.SIGINT))
os_kill = loop.call_soon(os.kill, os.getpid(), signal.SIGINT)
try:
    loop.run()
except KeyboardInterrupt:
    print("interrupted")
finally:
    loop.close(); theirs.close()
"""
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, timeout=60
    )
    assert done.stdout == "interrupted\n", done.stderr
