"""A network in memory: sockets, loops on them, scripted peers, and a clock that jumps.

Everything that happens is decided by one seed, so a run can be had again.  Nothing here touches a
real descriptor or really waits.
"""

import errno
import math
import random
import socket as sockets
import threading
from collections.abc import Callable
from socket import socket as Socket
from typing import Any, cast

from miniloop.testing.basesocket import BaseSocket
from miniloop.testing.datagrams import SimulatedDatagramSocket
from miniloop.testing.descriptors import Descriptors, error
from miniloop.testing.endpoint import Endpoint
from miniloop.testing.epoll import SimulatedEpoll
from miniloop.testing.faults import Choices, Faults
from miniloop.testing.loop import SimulatedLoop
from miniloop.testing.peer import Peer, PeerServer
from miniloop.testing.ports import ANYWHERE, Ports, key
from miniloop.testing.sockets import SimulatedSocket
from miniloop.testing.timeline import Timeline

PASS_TIME = 1e-6
"""Simulated seconds that a pass takes, so that a loop that never waits cannot stop the time."""

MOST_STEPS = 1_000_000
"""Steps in one call of ``run_until()``, ``run()`` or ``settle()``: beyond it something spins."""

REAL_PATIENCE = 60.0
"""Real seconds for a real thread to come up with its result."""


class SimulatedNetwork:
    """Where simulated loops, their sockets and scripted peers live.

    Args:
        seed: what decides everything; the same seed, the same run.  A ``random.Random`` decides
            itself, such as one drawn from hypothesis' ``st.randoms()``.  None takes any seed, and a
            failure tells which.
        faults: how rough it is; the default does no harm that TCP does not allow to a program.
        log: called with a line for everything that happens, such as ``print``.
        descriptors: how many the simulated process may have open.

    Attributes:
        hosts: the addresses of host names, for ``connect_to()``.
        faults: as given; it may be changed in mid-run.
        random: for chances of the program's own: ``Reconnecting(uniform=net.random.uniform)``.
    """

    def __init__(
        self,
        seed: int | random.Random | None = None,
        *,
        faults: Faults | None = None,
        log: Callable[[str], object] | None = None,
        descriptors: int = 1024,
    ) -> None:
        """Stand at a time that is not 0, with nobody on it."""
        self.seed = random.SystemRandom().getrandbits(32) if seed is None else seed
        self.choices = Choices(self.seed, Faults() if faults is None else faults)
        self.random = self.choices.random
        self.log = log
        self.timeline = Timeline()
        self.descriptors = Descriptors(descriptors)
        self.ports = Ports(self)
        self.mailboxes: dict[Any, SimulatedDatagramSocket] = {}
        self.hosts: dict[str, list[str]] = {}
        self._loops: list[SimulatedLoop] = []
        self._start = self.timeline.now
        self.woken = threading.Event()  # by a loop's waker, perhaps from a real thread

    def __repr__(self) -> str:
        """Show how to have the same run again."""
        return f"SimulatedNetwork(seed={self.seed!r}, faults={self.faults!r})"

    @property
    def faults(self) -> Faults:
        """How rough it is."""
        return self.choices.faults

    @faults.setter
    def faults(self, faults: Faults) -> None:
        self.choices.faults = faults

    @property
    def now(self) -> float:
        """The simulated time in seconds, as the loops' ``time()``."""
        return self.timeline.now

    @property
    def open_sockets(self) -> list[BaseSocket]:
        """The sockets of the simulated process that are open: after the end, the leaks."""
        return [file for file in self.descriptors.files.values() if isinstance(file, BaseSocket)]

    # -- who is on it ----------------------------------------------------------------------------

    def loop(self, *, debug: bool = True) -> SimulatedLoop:
        """Make an event loop on this network; all of a network's loops share one process.

        Args:
            debug: as with ``EventLoop``; here it is on unless told otherwise.
        """
        loop = SimulatedLoop(self, debug=debug)
        self._loops.append(loop)
        return loop

    def forget(self, loop: SimulatedLoop) -> None:
        """A loop was closed."""
        if loop in self._loops:
            self._loops.remove(loop)

    def socket(
        self, family: int = sockets.AF_INET, type: int = sockets.SOCK_STREAM, proto: int = 0
    ) -> Socket:
        """Make a socket of the simulated process; OSError where the kernel would refuse."""
        if family not in (sockets.AF_INET, sockets.AF_INET6, getattr(sockets, "AF_UNIX", None)):
            raise error(errno.EAFNOSUPPORT)
        if type == sockets.SOCK_DGRAM:
            return cast(Socket, SimulatedDatagramSocket(self, family, proto))
        if type != sockets.SOCK_STREAM:
            raise error(errno.ESOCKTNOSUPPORT)
        return cast(Socket, SimulatedSocket(self, family, proto))

    def socketpair(self) -> tuple[Socket, Socket]:
        """Make two connected sockets."""
        left, right = Endpoint(self, "", ""), Endpoint(self, "", "")
        left.join(right)
        right.join(left)
        family = getattr(sockets, "AF_UNIX", sockets.AF_INET)
        ours = SimulatedSocket(self, family, 0, left)
        return cast(Socket, ours), cast(Socket, SimulatedSocket(self, family, 0, right))

    def connect(self, address: Any, source: str | None = None) -> Peer:
        """Make a scripted peer that connects; its ``connected`` and ``error`` tell the outcome.

        Args:
            address: where to.
            source: the peer's own host; 127.0.0.1 or ::1 when not given.
        """
        end = Endpoint(self, self.source(_family(address), source), address)
        peer = Peer(end)
        code = self.ports.connect(end)
        if code not in (0, errno.EINPROGRESS):
            end.fail(code)
        return peer

    def listen(self, address: Any, backlog: int = 1024) -> PeerServer:
        """Make a scripted server; whoever connects to it is in its ``peers``."""
        return PeerServer(self, address, backlog)

    def refuse(self, address: Any, number: int | None = errno.ECONNREFUSED) -> None:
        """Let connects to ``address`` end with this errno; None: as they would by themselves.

        ETIMEDOUT means no answer at all: TCP gives up after two minutes.
        """
        self.ports.refuse(address, number)

    def close_descriptor(self, fd: int) -> None:
        """Do what ``os.close(fd)`` does, behind everybody's back."""
        self.descriptors.close(fd)

    def find_mailbox(self, address: Any) -> SimulatedDatagramSocket | None:
        """Return the datagram socket bound to ``address``."""
        exact = self.mailboxes.get(key(address))
        anywhere = (self.mailboxes.get((host, address[1])) for host in ANYWHERE)
        return exact or next((box for box in anywhere if box is not None), None)

    def source(self, family: int, host: str | None = None) -> Any:
        """Return the address of somebody who connects."""
        if family == sockets.AF_INET6:
            return (host or "::1", self.ports.ephemeral(), 0, 0)
        if family == sockets.AF_INET:
            return (host or "127.0.0.1", self.ports.ephemeral())
        return ""

    # -- letting things happen -------------------------------------------------------------------

    def call_later(self, seconds: float, action: Callable[..., object], *args: object) -> None:
        """Let the script do ``action(*args)`` in ``seconds``; what it raises ends the run."""
        self.timeline.later(seconds, action, *args)

    def carry(self, action: Callable[..., object], *args: object) -> None:
        """Let something arrive, after a delay of the network's choice."""
        self.timeline.carry(self.choices.delay(), action, *args)

    def run_until(self, condition: Callable[[], object], seconds: float = 60.0) -> None:
        """Let things happen until ``condition()`` is true.

        Args:
            condition: asked after every step.
            seconds: longest simulated time for it.

        Raises:
            AssertionError: it was not to be, within this time or at all.
        """
        limit = self.now + seconds
        self._pass_everywhere()
        for _ in range(MOST_STEPS):
            if condition():
                return
            if not self._step(limit):
                break
        else:
            raise self._spins()
        if not condition():
            raise AssertionError(f"it did not happen within {seconds:g} simulated seconds: {self}")

    def run(self, seconds: float) -> None:
        """Let this much simulated time pass."""
        limit = self.now + seconds
        self._pass_everywhere()
        for _ in range(MOST_STEPS):
            if not self._step(limit):
                return
        raise self._spins()

    def settle(self) -> None:
        """Let everything arrive that is on its way, and be handled; no timer is waited for.

        Those that become due meanwhile do run.
        """
        self._pass_everywhere()
        for _ in range(MOST_STEPS):
            if not self.timeline.on_the_way and not self._anybody_due():
                return
            self._step(math.inf)
        raise self._spins()

    def wait(self, epoll: SimulatedEpoll, timeout: float | None) -> None:
        """Be the wait of a running loop: let the others go on until it has something to do."""
        now = self.now
        if timeout == 0:
            self.timeline.advance(now + PASS_TIME)
            return
        limit = math.inf if timeout is None or timeout < 0 else now + max(timeout, PASS_TIME)
        self.timeline.advance(min(now + PASS_TIME, limit))
        while not epoll.ready():
            if not self._step(limit):
                if math.isinf(limit):
                    raise RuntimeError(f"the loop would wait for ever: nothing happens on {self}")
                return

    def _pass_everywhere(self) -> None:
        """Let every loop look around once: the test may have changed anything."""
        for loop in [*self._loops]:
            if not loop.running:
                loop.run_once(0)

    def _step(self, limit: float) -> bool:
        """Let one thing happen, by ``limit``; False: nothing did, and the time is ``limit``."""
        if self.woken.is_set():
            self.woken.clear()
        due = [loop for loop in self._loops if loop.is_due()]
        if due:
            (due[0] if len(due) == 1 else self.choices.pick(due)).run_once(0)
            return True
        if self._threads_at_work():
            if not self.woken.wait(REAL_PATIENCE):
                raise RuntimeError(f"no thread came up with a result in {REAL_PATIENCE:g} s")
            return True
        when = min([self.timeline.next_time(), *[loop.next_time() for loop in self._loops]])
        self.timeline.advance(min(when, limit))
        return when <= limit and when != math.inf

    def _anybody_due(self) -> bool:
        return self._threads_at_work() or any(loop.is_due() for loop in self._loops)

    def _threads_at_work(self) -> bool:
        """Return whether a real thread works, while which simulated time stands still."""
        return any(loop.threads_at_work() for loop in self._loops)

    def _spins(self) -> RuntimeError:
        return RuntimeError(f"{MOST_STEPS} steps, and no end: something spins on {self}")

    # -- telling ---------------------------------------------------------------------------------

    def note(self, who: object, what: str) -> None:
        """Write a line to the log, if there is one."""
        if self.log is not None:
            if isinstance(who, Endpoint):
                who = f"{_shown(who.local)} > {_shown(who.remote)}"
            self.log(f"{self.now - self._start:12.6f}  {who}  {what}")

    def sign(self, failure: BaseException) -> None:
        """Write into an exception how to have the same run again."""
        note = f"the same run again: {self!r}; add log=print to see what happens when"
        if note not in getattr(failure, "__notes__", ()):
            failure.add_note(note)


def _family(address: Any) -> int:
    if isinstance(address, str):
        return sockets.AF_UNIX
    return sockets.AF_INET6 if ":" in address[0] else sockets.AF_INET


def _shown(address: Any) -> str:
    return repr(address) if isinstance(address, str) else f"{address[0]}:{address[1]}"
