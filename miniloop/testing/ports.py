"""Listening and connecting: backlogs, and the handshake between two ends.

A SYN arrives, waits for room in the backlog as TCP's does (1, 2, 4 ... seconds between attempts),
and is answered with a connection, a refusal, an error of the network's, or not at all.
"""

import errno
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from miniloop.testing.addresses import AddressTable, key
from miniloop.testing.endpoint import Endpoint
from miniloop.testing.wire import Wire

ATTEMPTS = 7
"""SYNs that Linux sends before it gives up: at 0, 1, 3, 7, 15, 31 and 63 s, and ends at 127 s."""


class Backlog:
    """The connections that wait to be accepted.

    Attributes:
        address: that of the listening socket.
        limit: how many may wait; one more than this, as with Linux.
        waiting: the ends that wait.
        on_change: called when there is a new one.
    """

    def __init__(self, address: Any, limit: int, on_change: Callable[[], object]) -> None:
        """Start empty."""
        self.address = address
        self.limit = max(0, limit)
        self.waiting: deque[Endpoint] = deque()
        self.on_change = on_change

    def full(self) -> bool:
        """Return whether no more may wait."""
        return len(self.waiting) > self.limit

    def close(self) -> None:
        """Reset the connections that wait."""
        while self.waiting:
            self.waiting.popleft().close(hard=True)


class Ports:
    """The stream ports of the network, and connects to them.

    Attributes:
        addresses: the bound addresses; those that listen have a backlog.
    """

    def __init__(self, wire: Wire, hosts: Mapping[str, Sequence[str]]) -> None:
        """Start with nothing bound."""
        self.addresses: AddressTable[Backlog] = AddressTable(hosts)
        self._wire = wire
        self._refusals: dict[Any, int] = {}

    def refuse(self, address: Any, number: int | None) -> None:
        """Let connects to ``address`` fail with this errno from now on; None ends that."""
        if number is None:
            self._refusals.pop(key(address), None)
        else:
            self._refusals[key(address)] = number

    def connect(self, client: Endpoint) -> int:
        """Send a SYN; return the errno of ``connect()``, 0 where it is done at once (AF_UNIX)."""
        if isinstance(client.remote, str):
            return self._connect_locally(client)
        self._wire.note(client, "connects")
        self._wire.carry(self._receive_syn, client, 1)
        return errno.EINPROGRESS

    def _connect_locally(self, client: Endpoint) -> int:
        backlog = self.addresses.find(client.remote)
        if backlog is None:
            return errno.ECONNREFUSED
        if backlog.full():
            return errno.EAGAIN
        client.join(self._enqueue(backlog, client))
        return 0

    def _receive_syn(self, client: Endpoint, attempt: int) -> None:
        """Answer a SYN that has arrived, or leave it without an answer."""
        refusal = self._refusals.get(key(client.remote))
        backlog = self.addresses.find(client.remote)
        if client.dead:
            return
        if refusal == errno.ETIMEDOUT or (refusal is None and backlog and backlog.full()):
            self._repeat(client, attempt)
        elif refusal is not None or backlog is None:
            self._wire.carry(client.fail, refusal or errno.ECONNREFUSED)
        else:
            self._wire.carry(self._receive_answer, client, self._enqueue(backlog, client))

    def _repeat(self, client: Endpoint, attempt: int) -> None:
        """Schedule the next SYN after twice as long, or the end of the attempts."""
        wait = 2.0 ** (attempt - 1)
        if attempt < ATTEMPTS:
            self._wire.timeline.later(wait, self._receive_syn, client, attempt + 1)
        else:
            self._wire.timeline.later(wait, self._give_up, client)

    def _give_up(self, client: Endpoint) -> None:
        if not client.dead:
            client.fail(errno.ETIMEDOUT)

    def _enqueue(self, backlog: Backlog, client: Endpoint) -> Endpoint:
        server = Endpoint(self._wire, client.remote, client.local)
        server.join(client)
        backlog.waiting.append(server)
        backlog.on_change()
        return server

    def _receive_answer(self, client: Endpoint, server: Endpoint) -> None:
        """Let the SYN-ACK arrive; a client that has gone answers with a reset."""
        if client.dead:
            server.receive_reset()
        else:
            client.establish(server)
