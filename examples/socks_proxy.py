"""A SOCKS5 proxy (RFC 1928) that reads top to bottom: one coroutine for each client.

    python3 -m examples.socks_proxy
    curl --socks5-hostname 127.0.0.1:1080 https://example.org/

CONNECT only, by name or address, with or without a name and password (RFC 1929).  It connects to
whatever this machine can reach, its own services included, for every client that can reach it: so
it listens on the loopback address unless told otherwise, and then ``--users`` is advisable.
"""

import argparse
import errno
import hashlib
import hmac
import ipaddress
import logging
import socket
import sys
from collections.abc import Collection, Sequence
from functools import partial
from pathlib import Path

from miniloop import EventLoop, Listener
from miniloop.awaitable import Stream, served_by, timeout, together

HANDSHAKE = 10.0
"""Seconds for a client to say what it wants: some round trips on a bad line."""

CONNECTING = 20.0
"""Seconds for the connect: clients wait longer, and get an answer."""

VERSION, AUTH_VERSION, CONNECT = 5, 1, 1
NO_AUTH, PASSWORD, NO_METHOD = 0, 2, 0xFF  # methods: section 3 of RFC 1928
IPV4, NAME, IPV6 = 1, 3, 4  # kinds of addresses: section 5
OK, FAILED, FORBIDDEN, NO_NETWORK, NO_HOST, REFUSED, NO_COMMAND, NO_KIND = 0, 1, 2, 3, 4, 5, 7, 8

REPLIES = {
    errno.EACCES: FORBIDDEN,
    errno.EPERM: FORBIDDEN,
    errno.ENETUNREACH: NO_NETWORK,
    errno.EHOSTUNREACH: NO_HOST,
    errno.ETIMEDOUT: NO_HOST,
    errno.ECONNREFUSED: REFUSED,
}
"""The reply for a connect that failed with this errno: section 6."""

logger = logging.getLogger("examples.socks_proxy")


class Unwanted(ConnectionError):
    """The client speaks another protocol, or may not use the proxy."""


class Refusal(Exception):
    """A request that gets a reply other than OK.

    Attributes:
        reply: its number.
    """

    def __init__(self, reply: int) -> None:
        super().__init__(reply)
        self.reply = reply


async def serve(client: Stream, accounts: Collection[bytes] = ()) -> None:
    """Serve one client: the handshake, the connect, then bytes in both directions.

    Args:
        client: the connection.
        accounts: the fingerprints of the accounts; without any, every client may use it.
    """
    keep_alive(client)
    try:
        async with timeout(HANDSHAKE):
            await agree_on_method(client, accounts)
            host, port = await read_request(client)
        server = await connect(client, host, port)
    except Refusal as refusal:
        await client.write(reply(refusal.reply))
        return
    try:
        await client.write(reply(OK, server.socket.getsockname()))
        await together(carry(client, server), carry(server, client))
        if not server.closed:
            server.close_when_done()
    except BaseException as error:
        server.close()
        if error is server.error and error is not client.error:  # no fault of ours, whatever it is
            raise ConnectionError(f"{host!r}, port {port}: {error}") from None
        raise


async def agree_on_method(client: Stream, accounts: Collection[bytes]) -> None:
    """Agree on whether a password is needed, and have it checked.

    Raises:
        Unwanted: the client offers no such method, or has no account.
    """
    version, count = await client.read_exactly(2)
    if version != VERSION:
        raise Unwanted(f"the client speaks version {version}")
    offered = await client.read_exactly(count)
    method = PASSWORD if accounts else NO_AUTH
    if method not in offered:
        await client.write(bytes([VERSION, NO_METHOD]))
        raise Unwanted(f"the client offers the methods {[*offered]} only")
    await client.write(bytes([VERSION, method]))
    if accounts:
        await check_password(client, accounts)


async def check_password(client: Stream, accounts: Collection[bytes]) -> None:
    """Compare with every account, so that the time tells nothing.  Unwanted: there is none."""
    version, length = await client.read_exactly(2)
    if version != AUTH_VERSION:
        raise Unwanted(f"the client speaks version {version} of RFC 1929")
    name = await client.read_exactly(length)
    (length,) = await client.read_exactly(1)
    given = fingerprint(name, await client.read_exactly(length))
    known = sum(hmac.compare_digest(given, each) for each in accounts)
    await client.write(bytes([AUTH_VERSION, 0 if known else 1]))
    if not known:
        raise Unwanted(f"no such name, or another password: {name!r}")


async def read_request(client: Stream) -> tuple[str, int]:
    """Return where the client wants to be connected.

    Raises:
        Refusal: it is none of the requests that are understood.
    """
    version, command, _, kind = await client.read_exactly(4)
    if version != VERSION:
        raise Unwanted(f"the request has version {version}")
    host = await read_host(client, kind)
    port = int.from_bytes(await client.read_exactly(2), "big")
    if command != CONNECT:
        raise Refusal(NO_COMMAND)
    if not port:
        raise Refusal(FAILED)
    return host, port


async def read_host(client: Stream, kind: int) -> str:
    """Return an address or a name.  Refusal: it is neither."""
    if kind == IPV4:
        return str(ipaddress.IPv4Address(await client.read_exactly(4)))
    if kind == IPV6:
        return str(ipaddress.IPv6Address(await client.read_exactly(16)))
    if kind != NAME:
        raise Refusal(NO_KIND)
    (length,) = await client.read_exactly(1)
    name = await client.read_exactly(length)
    if not (name and name.isascii()):
        raise Refusal(NO_HOST)
    return name.decode("ascii")


async def connect(client: Stream, host: str, port: int) -> Stream:
    """Return the connection to the server.  Refusal: there is none."""
    logger.info("%r: connect to %r, port %d", client.addr, host, port)
    server = Stream(client.loop)
    try:
        server.connect_to(host, port, timeout=CONNECTING)
        await server.established()
        await server.drain()  # raises where the connection has ended since
    except OSError as error:
        logger.info("%r: no connection to %r, port %d: %s", client.addr, host, port, error)
        raise Refusal(reply_for(error)) from None
    except BaseException:
        server.close()
        raise
    keep_alive(server)
    return server


async def carry(source: Stream, sink: Stream) -> None:
    """Carry bytes one way until the source has finished, then half-close the sink.

    ``write()`` waits for a slow sink, and meanwhile nothing is read from the source.
    """
    while data := await source.read_some():
        await sink.write(data)
    await sink.drain()  # raises where the sink has ended
    sink.close_write()


def reply(number: int, bound: Sequence[object] = ("0.0.0.0", 0)) -> bytes:
    """Return a reply: section 6.

    Args:
        number: OK, or what is wrong.
        bound: the address and port from which the proxy has connected.
    """
    address = ipaddress.ip_address(str(bound[0]))
    kind = IPV4 if address.version == 4 else IPV6
    port = int(str(bound[1])).to_bytes(2, "big")
    return bytes([VERSION, number, 0, kind]) + address.packed + port


def reply_for(error: OSError) -> int:
    """Return the number of the reply that says why a connect has failed."""
    if isinstance(error, socket.gaierror):
        return NO_HOST
    return REPLIES.get(error.errno or 0, FAILED)


def keep_alive(stream: Stream) -> None:
    """Have the kernel look after a peer that says nothing: it may be gone without a word."""
    if not stream.closed:
        stream.socket.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)


def fingerprint(name: bytes, password: bytes) -> bytes:
    """Return what is compared: as long for every account."""
    return hashlib.sha256(bytes([len(name)]) + name + password).digest()


def read_accounts(path: Path) -> list[bytes]:
    """Return the fingerprints of the accounts in a file, with ``name:password`` in each line.

    Raises:
        OSError: the file cannot be read.
        ValueError: a line has no such form, or is too long for the protocol; or there is none.
    """
    accounts: list[bytes] = []
    for number, line in enumerate(path.read_bytes().splitlines(), 1):
        name, colon, password = line.partition(b":")
        if not (colon and 0 < len(name) < 256 and 0 < len(password) < 256):
            raise ValueError(f"{path}, line {number}: give name:password, 1 to 255 bytes each")
        accounts.append(fingerprint(name, password))
    if not accounts:
        raise ValueError(f"{path}: there is no account in it, and no client could use the proxy")
    return accounts


def main(arguments: Sequence[str] | None = None) -> int:
    """Serve until Ctrl-C or SIGTERM."""
    parser = argparse.ArgumentParser(description="A SOCKS5 proxy.")
    parser.add_argument("--host", default="127.0.0.1", help="the address to listen on; loopback")
    parser.add_argument("--port", type=int, default=1080, help="0: any free one")
    parser.add_argument("--users", type=Path, metavar="FILE", help="a name:password in each line")
    parser.add_argument("--verbose", action="store_true", help="log every connection")
    options = parser.parse_args(arguments)
    logging.basicConfig(level=logging.INFO if options.verbose else logging.WARNING)
    with EventLoop() as loop:
        try:
            accounts = read_accounts(options.users) if options.users is not None else []
            factory = served_by(partial(serve, accounts=accounts))
            listener = Listener(loop, (options.host, options.port), factory)
        except (OSError, ValueError) as error:
            parser.error(str(error))
        print("SOCKS5 on", *listener.address[:2], flush=True)
        loop.run()
    return 0


if __name__ == "__main__":
    sys.exit(main())
