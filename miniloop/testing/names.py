"""Host names on a simulated network: the answers of ``SimulatedNetwork.hosts``, and no threads."""

import socket
from collections.abc import Callable
from typing import TYPE_CHECKING

from miniloop.loop import EventLoop
from miniloop.net.resolving import Address, Resolver, interleaved
from miniloop.system.threadpool import Job

if TYPE_CHECKING:
    from miniloop.testing.network import SimulatedNetwork

_STREAM = (socket.SOCK_STREAM, socket.IPPROTO_TCP)


class SimulatedResolver(Resolver):
    """Answers from the network's own list, after a delay of the network's.

    A name that is not on the list, but at which somebody listens, stands for itself.
    """

    def __init__(self, network: "SimulatedNetwork", loop: EventLoop) -> None:
        """Be the loop's resolver."""
        super().__init__(loop, name="simulated-resolver")
        self._net = network

    def resolve(
        self, host: str, port: int, on_done: Callable[[Job[list[Address]]], object]
    ) -> Job[list[Address]]:
        """Look ``host`` up; no thread is started."""
        job = Job(self, self._look_up, (host, port), on_done)
        self._pending.add(job)
        self._net.carry(self._answer, job)
        return job

    def _answer(self, job: Job[list[Address]]) -> None:
        job._run()
        if not self.closed:
            self._loop.call_soon_threadsafe(self._finish, job)

    def _look_up(self, host: str, port: int) -> list[Address]:
        hosts = self._net.hosts.get(host) or ([host] if self._net.ports.known(host) else [])
        if not hosts:
            raise socket.gaierror(socket.EAI_NONAME, f"{host} is not in the network's hosts")
        return interleaved(_address(name, port) for name in hosts)


def _address(host: str, port: int) -> Address:
    if ":" in host:
        return Address(socket.AF_INET6, *_STREAM, (host, port, 0, 0))
    return Address(socket.AF_INET, *_STREAM, (host, port))
