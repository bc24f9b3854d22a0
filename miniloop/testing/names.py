"""Host names on a simulated network: looked up in ``SimulatedNetwork.hosts``, without threads."""

import socket
from collections.abc import Callable

from miniloop.loop import EventLoop
from miniloop.net.resolving import Address, Resolver, interleaved
from miniloop.system.threadpool import Job
from miniloop.testing.kernel import Kernel

_STREAM = (socket.SOCK_STREAM, socket.IPPROTO_TCP)


class SimulatedResolver(Resolver):
    """Answers from the network's table of hosts, after a delay of the network's choice.

    A name that is not in the table but has a bound port is its own address.

    Args:
        kernel: has the table.
        loop: the loop whose resolver this is.
    """

    def __init__(self, kernel: Kernel, loop: EventLoop) -> None:
        """Become the loop's resolver."""
        super().__init__(loop, name="simulated-resolver")
        self._kernel = kernel

    def resolve(
        self, host: str, port: int, on_done: Callable[[Job[list[Address]]], object]
    ) -> Job[list[Address]]:
        """Look ``host`` up; no thread is started."""
        job = Job(self, self._look_up, (host, port), on_done)
        self._pending.add(job)
        self._kernel.wire.carry(self._answer, job)
        return job

    def _answer(self, job: Job[list[Address]]) -> None:
        job._run()
        if not self.closed:
            self._loop.call_soon_threadsafe(self._finish, job)

    def _look_up(self, host: str, port: int) -> list[Address]:
        hosts = self._kernel.hosts.get(host, [])
        if not hosts and self._kernel.ports.addresses.has_host(host):
            hosts = [host]
        if not hosts:
            raise socket.gaierror(socket.EAI_NONAME, f"{host} is not in the network's hosts")
        return interleaved(_address(name, port) for name in hosts)


def _address(host: str, port: int) -> Address:
    if ":" in host:
        return Address(socket.AF_INET6, *_STREAM, (host, port, 0, 0))
    return Address(socket.AF_INET, *_STREAM, (host, port))
