"""What a scenario is given: a network, a loop, people on the other side, and an end."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from tests.book.breaking import Breakage
from tests.book.runs.kernel import observe
from tests.book.runs.recorder import HANDLERS, KERNEL, LOOP, Recorder, TooMuch

if TYPE_CHECKING:
    import socket

    from miniloop.testing import Peer, SimulatedLoop, SimulatedNetwork


class Over(BaseException):
    """The run has shown what it is to show; raised in the middle of a wait."""


class Run:
    """One run in the making.

    Args:
        breakage: what was changed in the source, if anything.
        program: the scenario's file.
        most_steps: after so many it ends.
        sizes: whether sizes are shown; those of TLS differ between versions of OpenSSL.

    Attributes:
        recorder: what notes it.
        end: what became of it, in a sentence.
        people: the peers by their names.
        trace: hooks to install on the loop in place of recording.
    """

    def __init__(
        self, breakage: Breakage | None, program: str, most_steps: int, *, sizes: bool = True
    ) -> None:
        self.recorder = Recorder(breakage, program, most_steps)
        self.end = ""
        self.people: dict[str, Peer] = {}
        self.trace: Any = None
        self._loop: SimulatedLoop | None = None
        self._sizes = self.recorder.snapshots.sizes = sizes
        self._net: SimulatedNetwork | None = None
        self._door: socket.socket | None = None

    def network(self, **options: Any) -> SimulatedNetwork:
        """Make a network without faults, on which everything takes a millisecond."""
        from miniloop.testing import GENTLE, SimulatedNetwork

        observe(self.recorder, self._sizes)
        options = {"faults": GENTLE, "log": len, "max_steps": 2000, **options}
        self._net = SimulatedNetwork(1, **options)
        self.recorder.snapshots.watch(self._net, None)
        return self._net

    def loop(self) -> SimulatedLoop:
        """Make the loop: without debug mode, as a server has it, and with a waker of sockets."""
        from tests.book.runs.real_waker import loop_with_real_waker

        assert self._net is not None
        loop = loop_with_real_waker(self._net)
        self.recorder.snapshots.watch(self._net, loop)
        self._loop = loop
        return loop

    def peer(self, name: str, address: Any) -> Peer:
        """Let somebody connect, under this name."""
        assert self._net is not None
        peer = self._net.connect(address)
        self._meet(name, peer)
        return peer

    def connected(self, name: str) -> tuple[Any, Peer]:
        """Return a socket of the process that is connected already, and its peer by this name."""
        assert self._net is not None
        if self._door is None:  # it stays open, so that descriptors are used in order
            self._door = self._net.socket()
            self._door.bind(("127.0.0.1", 0))
            self._door.listen()
            self._door.setblocking(False)
        peer = self._net.connect(self._door.getsockname())
        self._net.settle()
        sock, _ = self._door.accept()
        self._meet(name, peer)
        return sock, peer

    def _meet(self, name: str, peer: Peer) -> None:
        self.people[name] = peer
        self.recorder.snapshots.meet(name, peer)

    def skip(self, on: bool) -> None:
        """Leave out what happens until this is called with False."""
        self.recorder.skip(on)

    def note(self, text: str, lane: str = KERNEL) -> None:
        """Add a step that nothing in the code reports."""
        self.recorder.note(lane, text, None, [])

    def over(self) -> None:
        """End the run here."""
        raise Over

    @contextmanager
    def recorded(self) -> Iterator[None]:
        """Record what happens in this block, however it ends."""
        self._start()
        try:
            yield
        except Over:
            self.end = ""
        except TooMuch:
            self.end = "It goes on like this for ever."
        except RuntimeError as error:
            self.end = _meaning(error)
        except Exception as error:
            self.note(f"{type(error).__name__}: {error} - it leaves run()", LOOP)
            self.end = "The exception leaves run(): every connection is lost."
        finally:
            self.recorder.stop()

    def _start(self) -> None:
        if self.trace is None:
            self.recorder.start()
            return
        from miniloop.trace import install

        assert self._loop is not None
        install(self._loop, self.trace)

    def later(self, seconds: float, action: Callable[..., object], *args: object) -> None:
        """Let this happen in so many simulated seconds, outside of the process."""
        assert self._net is not None
        self._net.call_later(seconds, action, *args)


def _meaning(error: RuntimeError) -> str:
    """Return what the network's complaint says about the run."""
    if "would wait for ever" in str(error):
        return "The wait never ends."
    if "steps" in str(error) or "spins" in str(error):
        return "It goes on like this for ever: the loop spins."
    raise error


__all__ = ["HANDLERS", "KERNEL", "LOOP", "Over", "Run"]
