"""Who listens where, and how a connect finds its way there.

A SYN arrives, waits for room in the backlog as TCP's does (1, 2, 4 ... seconds between attempts),
and gets a connection, a refusal, an error of the network's, or no answer at all.
"""

import errno
from collections import deque
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from miniloop.testing.descriptors import error
from miniloop.testing.endpoint import Endpoint

if TYPE_CHECKING:
    from miniloop.testing.network import SimulatedNetwork

ATTEMPTS = 7
"""SYNs that Linux sends before it gives up: at 0, 1, 3, 7, 15, 31 and 63 s, and ends at 127 s."""

ANYWHERE = ("", "0.0.0.0", "::")
_FIRST_EPHEMERAL = 32768


class Backlog:
    """The connections that wait to be accepted.

    Attributes:
        address: where it listens.
        limit: how many may wait; one more than this, as with Linux.
        waiting: the ends that wait.
        on_change: called when there is a new one.
    """

    def __init__(self, address: Any, limit: int, on_change: Callable[[], object]) -> None:
        """Listen, once the ports know of it."""
        self.address = address
        self.limit = max(0, limit)
        self.waiting: deque[Endpoint] = deque()
        self.on_change = on_change

    def full(self) -> bool:
        """Return whether no more may wait."""
        return len(self.waiting) > self.limit

    def close(self) -> None:
        """Reset whoever waits."""
        while self.waiting:
            self.waiting.popleft().close(hard=True)


class Ports:
    """The addresses of the simulated world."""

    def __init__(self, network: "SimulatedNetwork") -> None:
        """Nobody is bound."""
        self._net = network
        self._bound: dict[Any, Backlog | None] = {}
        self._refusals: dict[Any, int] = {}
        self._next = _FIRST_EPHEMERAL

    def ephemeral(self) -> int:
        """Return a port that was not used before, or not for long."""
        self._next = self._next + 1 if self._next < 65535 else _FIRST_EPHEMERAL
        return self._next

    def bind(self, address: Any) -> None:
        """Take an address; OSError (EADDRINUSE) when somebody has it."""
        if key(address) in self._bound:
            raise error(errno.EADDRINUSE)
        self._bound[key(address)] = None

    def listen(self, backlog: Backlog) -> None:
        """Accept connects to a bound address."""
        self._bound[key(backlog.address)] = backlog

    def free(self, address: Any) -> None:
        """Give an address back."""
        self._bound.pop(key(address), None)

    def refuse(self, address: Any, number: int | None) -> None:
        """Let connects end with this errno from now on; None: as they would by themselves."""
        if number is None:
            self._refusals.pop(key(address), None)
        else:
            self._refusals[key(address)] = number

    def find(self, address: Any) -> Backlog | None:
        """Return who listens there."""
        exact = self._bound.get(key(address))
        if exact is not None or isinstance(address, str):
            return exact
        hosts = [*self._net.hosts.get(address[0], ()), *ANYWHERE]
        found = (self._bound.get((host, address[1])) for host in hosts)
        return next((backlog for backlog in found if backlog is not None), None)

    def known(self, host: str) -> bool:
        """Return whether somebody is bound to an address of this host."""
        return any(bound[0] == host for bound in self._bound if isinstance(bound, tuple))

    # -- connecting ------------------------------------------------------------------------------

    def connect(self, client: Endpoint) -> int:
        """Send a SYN; returns the errno of ``connect()``, 0 where it is done at once (AF_UNIX)."""
        if isinstance(client.remote, str):
            return self._connect_locally(client)
        self._net.note(client, "connects")
        self._net.carry(self._meet_syn, client, 1)
        return errno.EINPROGRESS

    def _connect_locally(self, client: Endpoint) -> int:
        backlog = self.find(client.remote)
        if backlog is None:
            return errno.ECONNREFUSED
        if backlog.full():
            return errno.EAGAIN
        client.join(self._enqueue(backlog, client))
        return 0

    def _meet_syn(self, client: Endpoint, attempt: int) -> None:
        """A SYN arrives."""
        refusal = self._refusals.get(key(client.remote))
        backlog = self.find(client.remote)
        if client.dead:
            return
        if refusal == errno.ETIMEDOUT or (refusal is None and backlog and backlog.full()):
            self._repeat(client, attempt)
        elif refusal is not None or backlog is None:
            self._net.carry(client.fail, refusal or errno.ECONNREFUSED)
        else:
            self._net.carry(self._answer, client, self._enqueue(backlog, client))

    def _repeat(self, client: Endpoint, attempt: int) -> None:
        """No answer: try again after twice as long, and not for ever."""
        wait = 2.0 ** (attempt - 1)
        if attempt < ATTEMPTS:
            self._net.timeline.later(wait, self._meet_syn, client, attempt + 1)
        else:
            self._net.timeline.later(wait, self._give_up, client)

    def _give_up(self, client: Endpoint) -> None:
        if not client.dead:
            client.fail(errno.ETIMEDOUT)

    def _enqueue(self, backlog: Backlog, client: Endpoint) -> Endpoint:
        server = Endpoint(self._net, client.remote, client.local)
        server.join(client)
        backlog.waiting.append(server)
        backlog.on_change()
        return server

    def _answer(self, client: Endpoint, server: Endpoint) -> None:
        """The SYN-ACK arrives, or finds nobody there any more."""
        if client.dead:
            server.meet_reset()
        else:
            client.established(server)


def key(address: Any) -> Any:
    """Return what two forms of one address have in common."""
    return address if isinstance(address, str) else tuple(address[:2])
