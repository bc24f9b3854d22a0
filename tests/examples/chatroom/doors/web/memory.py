"""How much memory a web connection costs.

``python3 -m tests.examples.chatroom.doors.web.memory [CONNECTIONS]`` starts a door in a process of
its own for each case, and prints the growth of its resident memory in KiB per connection.
"""

from __future__ import annotations

import os
import resource
import socket
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

from websockets.extensions.permessage_deflate import ServerPerMessageDeflateFactory

from examples.chatroom.doors.web import websocket
from examples.chatroom.doors.web.limits import WebLimits
from examples.chatroom.hall.limits import Limits
from miniloop import EventLoop

from .helpers import handshake, text
from .serve import open_door

MANY = 1_000_000
OFFER = "Sec-WebSocket-Extensions: permessage-deflate; client_max_window_bits"
CASES = {
    "without compression": (False, False),
    "with compression, as we agree to it": (False, True),
    "with context takeover": (True, True),
}


def serve(*, takeover: bool) -> None:
    """Open a door for any number of connections."""
    if takeover:
        websocket.COMPRESSION = ServerPerMessageDeflateFactory()
    limits = replace(
        Limits(), max_members=MANY, max_per_address=MANY, address_burst=MANY, login_timeout=600
    )
    with EventLoop() as loop:
        door, _ = open_door(loop, limits, WebLimits(max_visitors=MANY))
        print(door.address[1], flush=True)
        loop.run()


def resident(pid: int) -> float:
    """Return the memory of the process in KiB."""
    pages = int(Path(f"/proc/{pid}/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 1024


def measure(count: int, *, takeover: bool, offer: bool) -> tuple[float, float]:
    """Return KiB for each of `count` connections: open, and with a member's seat."""
    command = [sys.executable, "-m", __spec__.name if __spec__ else "", "serve", str(takeover)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as server:
        assert server.stdout is not None
        port = int(server.stdout.readline())
        # The first connections cost nothing: memory is left over from the start.
        warm = [open_one(port, offer) for _ in range(2 * count)]
        before = resident(server.pid)
        peers = [open_one(port, offer) for _ in range(count)]
        opened = (resident(server.pid) - before) / count
        for number, peer in enumerate(peers):
            peer.sendall(text({"do": "enter", "name": f"n{number}"}))
            wait_for(peer, b'"joined"')
        entered = (resident(server.pid) - before) / count
        for peer in warm + peers:
            peer.close()
        server.terminate()
    return opened, entered


def open_one(port: int, offer: bool) -> socket.socket:
    peer = socket.create_connection(("127.0.0.1", port))
    peer.settimeout(20.0)
    peer.sendall(handshake(f"127.0.0.1:{port}", *([OFFER] if offer else [])))
    wait_for(peer, b"\r\n\r\n")
    return peer


def wait_for(peer: socket.socket, wanted: bytes) -> None:
    data = b""
    while wanted not in data:
        piece = peer.recv(1 << 20)
        assert piece, data
        data += piece


def main(count: int) -> None:
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    print(f"KiB for each of {count} connections: open, with a seat")
    for name, (takeover, offer) in CASES.items():
        opened, entered = measure(count, takeover=takeover, offer=offer)
        print(f"{name:<40} {opened:8.1f} {entered:8.1f}")


if __name__ == "__main__":
    if sys.argv[1:2] == ["serve"]:
        serve(takeover=sys.argv[2] == "True")
    else:
        main(int(sys.argv[1]) if len(sys.argv) > 1 else 500)
