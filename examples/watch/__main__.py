"""``python3 -m examples.watch``: show an event loop at work, until Ctrl-C.

Rule of this file: the command line, and the order in which parts are started and stopped.
"""

from __future__ import annotations

import argparse
import ipaddress
import logging
import random
import sys
from collections.abc import Sequence

from miniloop import EventLoop

from .bots import Bots
from .room import WatchedRoom
from .server import PageServer
from .site import Site

MOST_BOTS = 40  # the chat room takes 50 connections from one address
HIGHEST_PORT = 65535


def main(arguments: Sequence[str] | None = None) -> int:
    """Serve the page; return the process's exit code."""
    options = parse_arguments(arguments)
    logging.basicConfig(level="WARNING", format="%(asctime)s %(levelname)s %(name)s: %(message)s")
    try:
        room = WatchedRoom(options.host, options.port)
    except OSError as error:
        return complain(options.host, options.port, error)
    try:
        return serve(options, room)
    finally:
        room.close()
        print("The show is over.", flush=True)


def serve(options: argparse.Namespace, room: WatchedRoom) -> int:
    """Run the page's loop until it is stopped."""
    host, port = room.address
    with EventLoop() as loop:
        try:
            server = open_page(loop, options, room)
        except OSError as error:
            return complain(options.host, options.web_port, error)
        room.start()
        Bots(loop, (host, port), options.bots, random.Random(options.seed))
        shown = f"[{server.address[0]}]" if ":" in server.address[0] else server.address[0]
        print(f"Watch the loop: http://{shown}:{server.address[1]}/")
        print(f"Join the chat under it: telnet {host} {port}", flush=True)
        if not ipaddress.ip_address(options.host).is_loopback:
            print("Every client that reaches this address can hold the loop.", file=sys.stderr)
        loop.run()
    return 0


def open_page(loop: EventLoop, options: argparse.Namespace, room: WatchedRoom) -> PageServer:
    """Open the page's listener; raises OSError if that fails."""
    host, port = room.address
    site = Site(room.pace, f"telnet {host} {port}")
    server = PageServer(loop, (options.host, options.web_port), room.seen, site)
    site.hosts = hosts_of(options.host, server.address[1])
    return server


def hosts_of(host: str, port: int) -> frozenset[str]:
    """Return the values of Host that mean this server."""
    names = {"localhost", "127.0.0.1", "[::1]", f"[{host}]" if ":" in host else host.lower()}
    return frozenset(f"{name}:{port}" for name in names) | (names if port == 80 else set())


def complain(host: str, port: int, error: OSError) -> int:
    """Print why the program cannot run."""
    reason = error.strerror or error
    print(f"Cannot listen on {host} port {port}: {reason}.", file=sys.stderr)
    return 1


def parse_arguments(arguments: Sequence[str] | None) -> argparse.Namespace:
    """Return the parsed command line."""
    parser = argparse.ArgumentParser(
        prog="python3 -m examples.watch",
        description="A page that shows an event loop at work, under a chat room.",
    )
    parser.add_argument(
        "--host", default="127.0.0.1", type=address, metavar="ADDRESS",
        help="address to listen on (%(default)s); every client there can move the switches",
    )  # fmt: skip
    parser.add_argument("--web-port", default=8090, type=port, help="the page's port (8090)")
    parser.add_argument("--port", default=0, type=port, help="the chat room's port (any free one)")
    parser.add_argument(
        "--bots", default=6, type=bots, metavar="N", help=f"simulated users, 0 to {MOST_BOTS} (6)"
    )
    parser.add_argument("--seed", type=int, help="for the same words again")
    return parser.parse_args(arguments)


def port(text: str) -> int:
    """Return a port number."""
    return number(text, HIGHEST_PORT)


def bots(text: str) -> int:
    """Return a number of bots."""
    return number(text, MOST_BOTS)


def number(text: str, most: int) -> int:
    """Return the number in `text`."""
    value = int(text) if text.isascii() and text.isdecimal() else -1
    if not 0 <= value <= most:
        raise argparse.ArgumentTypeError(f"this is a number from 0 to {most}")
    return value


def address(text: str) -> str:
    """Return an address unchanged; a name could resolve to any address."""
    try:
        parsed = ipaddress.ip_address(text)
    except ValueError:
        raise argparse.ArgumentTypeError("this is an IP address, such as 127.0.0.1") from None
    if parsed.is_unspecified:  # browsers would use a name that this server does not know as its own
        raise argparse.ArgumentTypeError("this is one address: the one that browsers will use")
    return text


if __name__ == "__main__":
    sys.exit(main())
