"""A network in memory: sockets, loops on them, scripted peers, and a clock that jumps.

Everything that happens is chosen by one seed, so a run can be repeated.  No real descriptor is
used, and no wait takes real time.
"""

import errno
import math
import random
import socket as sockets
from collections.abc import Callable
from socket import socket as Socket
from typing import Any

from miniloop.testing.addresses import family_of
from miniloop.testing.basesocket import BaseSocket
from miniloop.testing.choices import Choices
from miniloop.testing.driver import Driver
from miniloop.testing.endpoint import Endpoint
from miniloop.testing.faults import Faults
from miniloop.testing.kernel import Kernel
from miniloop.testing.loop import SimulatedLoop
from miniloop.testing.peer import Peer, PeerServer
from miniloop.testing.syscalls import new_pair, new_socket

MAX_STEPS = 1_000_000
"""Steps that take about a minute of real time; a test that passes makes far fewer."""


class SimulatedNetwork:
    """A simulated process with its loops and sockets, and scripted peers outside of it.

    Args:
        seed: chooses everything; the same seed, the same run.  A ``random.Random`` is drawn from
            itself, such as one from hypothesis' ``st.randoms()``.  None takes any seed, and a
            failure says which.
        faults: the probabilities of faults; with the default no data is lost.
        log: called with a line for everything that happens, such as ``print``.
        descriptors: how many the simulated process may have open; Linux's usual limit.
        max_steps: passes and jumps of the clock in one ``run_until()``, ``run()`` or ``settle()``,
            or in one ``run()`` of a loop.  With more of them something spins, and a RuntimeError
            names the channels and handlers of the last steps.

    Attributes:
        seed: as given, or the one that was taken.
        faults: as given; may be changed in mid-run.
        hosts: the addresses of host names, for ``connect_to()``.
        random: for random numbers of the program's own:
            ``Reconnecting(uniform=net.random.uniform)``.
        kernel: the tables of the simulated process.
    """

    def __init__(
        self,
        seed: int | random.Random | None = None,
        *,
        faults: Faults | None = None,
        log: Callable[[str], object] | None = None,
        descriptors: int = 1024,
        max_steps: int = MAX_STEPS,
    ) -> None:
        """Start with no loops and no peers, at a time that is not 0."""
        self.seed = random.SystemRandom().getrandbits(32) if seed is None else seed
        self._choices = Choices(self.seed, Faults() if faults is None else faults)
        self.random = self._choices.random
        self.kernel = Kernel(self._choices, log, descriptors)
        self.hosts = self.kernel.hosts
        self._driver = Driver(self.kernel, max_steps)

    def __repr__(self) -> str:
        """Show how to repeat the run."""
        return self._choices.constructor()

    @property
    def faults(self) -> Faults:
        """The probabilities of faults."""
        return self._choices.faults

    @faults.setter
    def faults(self, faults: Faults) -> None:
        self._choices.faults = faults

    @property
    def now(self) -> float:
        """The simulated time in seconds, as the loops' ``time()``."""
        return self.kernel.timeline.now

    @property
    def open_sockets(self) -> list[BaseSocket]:
        """The sockets that are open in the simulated process; after the end, the leaks.

        That is every socket in the process' descriptor table: those of its dispatchers and
        listeners, and those of ``socket()`` and ``socketpair()``.  A detached socket stays in the
        list, as its descriptor stays open.  Not in it are the script's own side (``Peer`` and
        ``PeerServer`` have no descriptors), connections that wait in a backlog, and the wakers of
        the loops.
        """
        files = self.kernel.descriptors.files.values()
        return [file for file in files if isinstance(file, BaseSocket)]

    # -- the simulated process -------------------------------------------------------------------

    def loop(self, *, debug: bool = True) -> SimulatedLoop:
        """Make an event loop on this network; all of a network's loops share one process.

        Args:
            debug: as with ``EventLoop``; on by default, because tests should find faults.
        """
        return SimulatedLoop(self.kernel, self._driver, debug=debug)

    def socket(
        self, family: int = sockets.AF_INET, type: int = sockets.SOCK_STREAM, proto: int = 0
    ) -> Socket:
        """Make a socket of the simulated process; OSError where the kernel would refuse."""
        return new_socket(self.kernel, family, type, proto)

    def socketpair(self) -> tuple[Socket, Socket]:
        """Make two connected sockets; OSError (EMFILE) when no descriptors are free."""
        return new_pair(self.kernel)

    def close_descriptor(self, fd: int) -> None:
        """Do what ``os.close(fd)`` does, without the knowledge of the descriptor's owner."""
        self.kernel.descriptors.close(fd)

    # -- the other side --------------------------------------------------------------------------

    def connect(self, address: Any, source: str | None = None) -> Peer:
        """Make a scripted peer that connects; see its ``connected`` and ``error`` for the outcome.

        Args:
            address: where to.
            source: the peer's own host; 127.0.0.1 or ::1 when not given.
        """
        ports = self.kernel.ports
        local = ports.addresses.source(family_of(address), source)
        end = Endpoint(self.kernel.wire, local, address)
        peer = Peer(end)
        code = ports.connect(end)
        if code not in (0, errno.EINPROGRESS):
            end.fail(code)
        return peer

    def listen(self, address: Any, backlog: int = 1024) -> PeerServer:
        """Make a scripted server; the connections to it are in its ``peers``.

        Raises:
            OSError: the address is bound already (EADDRINUSE).
        """
        return PeerServer(self.kernel.ports, address, backlog)

    def refuse(self, address: Any, number: int | None = errno.ECONNREFUSED) -> None:
        """Let connects to ``address`` fail with this errno from now on; None ends that.

        ETIMEDOUT means no answer at all: TCP gives up after two minutes.
        """
        self.kernel.ports.refuse(address, number)

    # -- time ------------------------------------------------------------------------------------

    def call_later(self, seconds: float, action: Callable[..., object], *args: object) -> None:
        """Call ``action(*args)`` in ``seconds``, as part of the test; what it raises ends the run.

        See ``loop.call_later()`` for a timer of the program.
        """
        self.kernel.timeline.later(seconds, action, *args)

    def run_until(self, condition: Callable[[], object], seconds: float = 60.0) -> None:
        """Go on until ``condition()`` is true.

        Args:
            condition: called after every step.
            seconds: longest simulated time for it.

        Raises:
            AssertionError: it did not become true within this time, or nothing happens any more.
            RuntimeError: there were more than ``max_steps`` steps.
        """
        limit, goes_on = self.now + seconds, True
        with self._driver.counting():
            self._driver.run_each_once()
            while not condition():
                if not goes_on:
                    raise AssertionError(
                        f"it did not happen within {seconds:g} simulated seconds: {self}"
                    )
                goes_on = self._driver.step(limit)

    def run(self, seconds: float) -> None:
        """Go on for this much simulated time.

        Raises:
            RuntimeError: there were more than ``max_steps`` steps.
        """
        limit = self.now + seconds
        with self._driver.counting():
            self._driver.run_each_once()
            while self._driver.step(limit):
                pass

    def settle(self) -> None:
        """Go on until everything that is in transit has arrived and was handled.

        It does not wait for timers; those that become due meanwhile do run.

        Raises:
            RuntimeError: there were more than ``max_steps`` steps.
        """
        with self._driver.counting():
            self._driver.run_each_once()
            while not self._driver.settled():
                self._driver.step(math.inf)
