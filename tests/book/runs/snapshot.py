"""The state beside the lanes: channels, queues, and what the kernel holds, after each step.

It only looks.  What counts or caches when it is asked (``output_size``, say) is not asked.
"""

from collections.abc import Callable, Iterable
from typing import Any

from tests.book.runs import words

State = dict[str, Any]
_POLL = {1: "READ", 4: "WRITE", 2: "URGENT", 0x2000: "HANGUP"}
"""epoll's bits, which the simulated kernel has on every system."""


class Snapshots:
    """States of one run, each kept once.

    Attributes:
        states: the states, by number.
        names: people by the address of their side.
        sizes: whether bytes are counted, or "some" of them shown.
    """

    def __init__(self) -> None:
        self.states: list[State] = []
        self.names: dict[Any, str] = {}
        self.sizes = True
        self._numbers: dict[str, int] = {}
        self._net: Any = None
        self._loop: Any = None
        self._map: dict[int, Any] | None = None
        self._listed: Callable[[], Iterable[Any]] | None = None
        self._peers: dict[str, Any] = {}
        self._fds: dict[int, tuple[int, Any]] = {}  # by id(); the object, so that no other has it

    def watch(self, net: Any, loop: Any) -> None:
        """Look at these from now on."""
        self._net, self._loop = net, loop

    def watch_map(self, map: dict[int, Any], names: tuple[str, ...]) -> None:
        """Look at a map of asyncore's in place of a loop, and at these people only."""
        self._map = map
        self._peers = {name: self._peers[name] for name in names}

    def watch_sockets(self, listed: Callable[[], Iterable[Any]]) -> None:
        """Look at the sockets in a loop's list, where that is all that the loop has."""
        self._listed = listed

    def meet(self, name: str, peer: Any) -> None:
        """Show a peer under a name."""
        self.names[peer.address] = name
        self._peers[name] = peer

    def meet_channels(self) -> None:
        """Remember the channels that are there already."""
        if self._loop is not None:
            for registration in self._loop.registry.registrations.values():
                self.known(registration)

    def known(self, registration: Any) -> None:
        """Remember the descriptor of a channel, for when it has none any more."""
        self._fds[id(registration.channel)] = registration.fd, registration.channel

    def now(self) -> float:
        """Return the simulated time in seconds."""
        return 0.0 if self._net is None else float(self._net.now)

    def label(self, thing: Any) -> str | None:
        """Return a name for a channel, a registration or a socket; None for other things."""
        kind = type(thing).__name__
        if "Waker" in kind:
            return f"fd {thing.fileno()} waker"
        if id(thing) in self._fds:
            closed = " (closed)" if getattr(thing, "closed", False) else ""
            return f"fd {self._fds[id(thing)][0]} {kind}{closed}"
        if hasattr(thing, "producer_fifo"):
            return f"fd {thing._fileno} {kind}"
        if not hasattr(thing, "fileno"):
            return None
        try:
            fd = thing.fileno()
        except (RuntimeError, OSError):
            fd = -1
        name = "" if kind.startswith("Simulated") else f" {kind}"
        return f"fd {fd}{name}" if fd >= 0 else f"a closed{name or ' socket'}"

    def queued(self, channel: Any) -> int:
        """Return the bytes of output that wait in a channel."""
        outbox = getattr(channel, "_outbox_", None)
        if outbox is None:
            return 0
        return sum(map(len, outbox.pieces)) + len(outbox._rest)

    def take(self) -> int:
        """Return the number of the state as it is now."""
        state = {} if self._net is None else self._look()
        key = repr(state)
        if key not in self._numbers:
            self._numbers[key] = len(self.states)
            self.states.append(state)
        return self._numbers[key]

    def _look(self) -> State:
        loop = self._loop
        peers = [
            [name, self._size(len(peer.received)), self._size(peer.unsent)]
            for name, peer in self._peers.items()
        ]
        if self._map is not None:
            rows = [self._map_row(fd, obj) for fd, obj in sorted(self._map.items())]
            return {"channels": [row for row in rows if row[2] in self._peers], "peers": peers}
        if self._listed is not None:
            return {"channels": [self._socket_row(each) for each in self._listed()], "peers": peers}
        entries = sorted(loop.registry.registrations.items())
        timers = sorted((when, number) for when, number, timer in loop._timers.heap
                        if not timer.cancelled())  # fmt: skip
        handles = {number: timer for _, number, timer in loop._timers.heap}
        return {
            "channels": [self._row(each) for fd, each in entries],
            "flush": [self.label(each) for each in loop._unflushed],
            "dirty": [f"fd {each.fd}" for each in loop.registry.dirty if each.alive],
            "callbacks": [self.call(each) for each in loop._callbacks],
            "timers": [
                [self.call(handles[number]), round(when - self._net.now, 3)]
                for when, number in timers
            ],
            "peers": peers,
        }

    def call(self, handle: Any) -> str:
        """Return what a scheduled callback is called."""
        function = handle._callback
        if function is None:
            return "cancelled"
        name = getattr(function, "__name__", "")
        if name == "_guarded_" and handle._args:
            function = handle._args[0]
        return words.callback(function, self.label)

    def _row(self, registration: Any) -> list[Any]:
        """Return descriptor, class, peer, interest, what epoll watches, dirty, and three sizes."""
        channel, fd = registration.channel, registration.fd
        channel = getattr(channel, "_channel", channel)
        arrived, leaving = self._buffers(fd)
        name = self.names.get(getattr(channel, "addr", None), "")
        kind = "waker" if "Waker" in type(channel).__name__ else type(channel).__name__
        return [fd, kind, name, words.bits(registration.interest), self._watched(fd),
                registration.dirty or registration.polled, self.queued(channel), arrived,
                leaving]  # fmt: skip

    def _socket_row(self, sock: Any) -> list[Any]:
        fd = sock.fileno()
        if fd < 0:
            return [fd, "closed socket", "", "READ", "", False, 0, 0, 0]
        end = getattr(sock, "_end", None)
        name = "" if end is None else self.names.get(end.remote, "")
        return [fd, "listener" if end is None else "socket", name, "READ", "", False, 0,
                *self._buffers(fd)]  # fmt: skip

    def _map_row(self, fd: int, obj: Any) -> list[Any]:
        """The same for an object of asyncore's; what is asked and watched, the lanes show."""
        queued = sum(map(len, obj.producer_fifo))
        name = self.names.get(obj.addr, "")
        return [fd, type(obj).__name__, name, "", "", False, queued, *self._buffers(fd)]

    def _watched(self, fd: int) -> str:
        """Return what the kernel's epoll set watches a descriptor for."""
        wanted = getattr(self._loop._selector._kernel, "_watched", {}).get(fd)
        if wanted is None:
            return "-"
        return "|".join(name for bit, name in _POLL.items() if wanted & bit) or "errors"

    def _size(self, count: int) -> int | str:
        return count if self.sizes or not count else "some"

    def _buffers(self, fd: int) -> tuple[int | str, int | str]:
        """Return the bytes that arrived at a descriptor, and those that wait to leave."""
        file = self._net.kernel.descriptors.files.get(fd)
        end = getattr(file, "_end", None)
        if end is not None:
            return self._size(len(end.incoming)), self._size(len(end.outgoing))
        backlog = getattr(file, "_backlog", None)
        if backlog is not None:
            return len(backlog.waiting), 0
        return int(bool(getattr(file, "_pending", False))), 0
