"""Where a step of the growing loop plays: its loop, connections, and time limits."""

import importlib
import os
import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from types import ModuleType
from typing import Any


class Stage:
    """A loop of one step, with a listener for echoes once a client comes.

    Attributes:
        step: the step's module.
        loop: its loop.
        count, kept: for the scenario's own use.
    """

    LONGEST = 5.0
    """Seconds until what does not come is given up; a healthy step needs milliseconds."""

    def __init__(self, step: str) -> None:
        self.step: Any = importlib.import_module(f"examples.inside.growing.{step}")
        self.loop = self.step.Loop()
        self.count = 0
        self.kept: list[Any] = []
        self._sockets: list[socket.socket] = []
        self._address: tuple[str, int] | None = None

    # -- connections -----------------------------------------------------------------------------

    @property
    def address(self) -> tuple[str, int]:
        """Where the step's listener is; it is made at the first use."""
        if self._address is None:
            server = self.keep(socket.create_server(("127.0.0.1", 0)))
            self._address = server.getsockname()
            self.step.Listener(self.loop, server, self._accepted)
        return self._address

    def _accepted(self, loop: Any, sock: socket.socket) -> None:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 4096)
        sock.settimeout(0.3)  # the first steps block in sendall(): not for ever here
        self.step.Echo(loop, self.keep(sock))

    def client(self, connect: bool = True) -> socket.socket:
        """Return a socket, connected to the listener."""
        sock = self.keep(socket.socket())
        sock.settimeout(self.LONGEST)
        if connect:
            sock.connect(self.address)
        return sock

    def pair(
        self, make: Callable[[Any, socket.socket], Any], number: int | None = None
    ) -> tuple[Any, socket.socket]:
        """Return a channel and the socket at its other end; ``number``: of its descriptor."""
        ours, theirs = socket.socketpair()
        if number is not None and number != ours.fileno():
            self._allow(number)
            os.dup2(ours.fileno(), number)
            ours.close()
            ours = socket.socket(fileno=number)
        theirs.settimeout(self.LONGEST)
        ours.settimeout(0.3)
        self.keep(ours)
        self.keep(theirs)
        return make(self.loop, ours), theirs

    def _allow(self, number: int) -> None:
        """Raise this process's own limit, often 1,024, for a descriptor of this number."""
        import resource

        soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
        if soft <= number:
            resource.setrlimit(resource.RLIMIT_NOFILE, (number + 1, hard))

    def reading(self, handler: Callable[[Any], object]) -> Any:
        """Return a class of channels that call ``handler(channel)`` when they can be read."""

        class Reading(self.step.Channel):  # type: ignore[misc, name-defined]
            def handle_read(self) -> None:
                handler(self)

        return Reading

    def keep(self, sock: socket.socket) -> socket.socket:
        """Have the socket closed at the end."""
        self._sockets.append(sock)
        return sock

    # -- passes ----------------------------------------------------------------------------------

    def once(self, timeout: float | None = 0) -> None:
        """Make a pass; what it raises is the symptom."""
        try:
            self.loop.run_once(timeout)
        except AssertionError:
            raise
        except KeyError as error:  # of a number, which is another one each time
            raise AssertionError(
                "the loop ends with KeyError: it looked for what is gone"
            ) from error
        except Exception as error:
            raise AssertionError(f"the loop ends with {type(error).__name__}: {error}") from error

    def passes(self, count: int) -> None:
        """Make some passes that hardly wait."""
        for _ in range(count):
            self.once(0.001)

    def until(self, done: Callable[[], object], symptom: str) -> None:
        """Make passes until ``done()``."""
        for _ in range(500):
            if done():
                return
            self.once(0.01)
        raise AssertionError(symptom)

    # -- the other end ---------------------------------------------------------------------------

    def expect(self, client: socket.socket, wanted: bytes, symptom: str) -> None:
        """Make passes until the client has received this."""
        received = self.receive_all(client, len(wanted))
        assert received == wanted, symptom

    def receive_all(self, client: socket.socket, size: int, alone: bool = False) -> bytes:
        """Receive up to so many bytes or the end; ``alone``: others make the passes."""
        client.setblocking(alone)
        received: list[bytes] = []
        for _ in range(500_000 if alone else 3000):
            if sum(map(len, received)) >= size:
                break
            if not alone:
                self.once(0.01)
            with suppress(BlockingIOError):
                data = self.received(client)
                if not data:
                    break
                received.append(data)
        return b"".join(received)

    def received(self, client: socket.socket) -> bytes:
        """Receive once; a reset is an end."""
        try:
            return client.recv(65536)
        except ConnectionError:
            return b""

    def nothing(self, client: socket.socket) -> bool:
        """Return whether a client that does not block has nothing to receive."""
        try:
            client.recv(1, socket.MSG_PEEK)
        except BlockingIOError:
            return True
        return False

    def whatever(self, client: socket.socket) -> bytes:
        """Return what a client that does not block can receive now."""
        with suppress(BlockingIOError):
            return client.recv(65536)
        return b""

    def send_quietly(self, client: socket.socket, data: bytes) -> None:
        """Send, from a thread, to a peer that may go."""
        with suppress(OSError):
            client.sendall(data)

    @contextmanager
    def without_descriptors(self, limit: int) -> Iterator[None]:
        """Leave no descriptor free below ``limit``, and none at all above it."""
        import resource

        before = resource.getrlimit(resource.RLIMIT_NOFILE)
        resource.setrlimit(resource.RLIMIT_NOFILE, (limit, before[1]))
        taken: list[int] = []
        try:
            with suppress(OSError):
                while True:
                    taken.append(os.dup(0))
            yield
        finally:
            for number in taken:
                os.close(number)
            resource.setrlimit(resource.RLIMIT_NOFILE, before)

    def close(self) -> None:
        """Close everything, whatever state the loop is in."""
        served = getattr(self.loop, "registrations", None) or getattr(self.loop, "channels", {})
        for each in [*served.values()]:
            with suppress(Exception):
                getattr(each, "channel", each).close()
        if hasattr(self.loop, "selector"):
            self.loop.selector.close()
        for sock in self._sockets:
            sock.close()


def play(step: str, scenario: Callable[[Stage], None]) -> str:
    """Play a scenario on a step; return its symptom, or "" when all is well."""
    stage = Stage(step)
    try:
        scenario(stage)
    except AssertionError as error:
        return str(error)
    except AttributeError as error:
        missing = error.obj is stage.loop or isinstance(error.obj, ModuleType | stage.step.Channel)
        if not missing:
            raise
        return f"there is no {error.name}"
    finally:
        stage.close()
    return ""
