"""A connect to a host by its name: the look-up, the attempts, and one time limit over both.

Exactly one of the two callbacks runs, from the loop, unless ``close()`` comes before it.
"""

import errno
import socket
from collections.abc import Callable
from functools import partial
from typing import Any

from miniloop.channel import BaseChannel
from miniloop.dispatcher import Dispatcher
from miniloop.net.connecting import check_unused
from miniloop.net.happy_eyeballs import Failure, Race
from miniloop.net.resolving import Address, Resolver, numeric
from miniloop.state import CONNECTING
from miniloop.system.threadpool import Job, PoolFull
from miniloop.timers import Handle


def connect_to(channel: Dispatcher, host: str, port: int, timeout: float | None) -> None:
    """Start the connect of a channel without a socket; see ``Dispatcher.connect_to()``."""
    check_unused(channel, "connect_to()")
    if channel.socket:
        raise RuntimeError("connect_to() makes its own socket: leave out create_socket()")
    channel._connecting_ = ConnectingByName(
        channel, host, port, timeout, on_failed=channel._connect_failed_,
        on_connected=partial(channel._guarded_, _connected, channel),
    )  # fmt: skip
    channel.addr = (host, port)
    channel._move_(CONNECTING)


def _connected(channel: Dispatcher, sock: socket.socket, addr: Any) -> None:
    channel.addr = addr
    channel.set_socket(sock)
    channel._connected_()


class ConnectingByName:
    """A connect by name under way; background work, because the channel has no socket yet.

    Args:
        channel: the channel that connects; it is closed with the loop.
        host: a name or a numeric address.
        port: a number from 1 to 65535.
        timeout: longest time for all of it, in seconds; None for no limit.
        on_connected: called with the connected socket and its address.
        on_failed: called with the OSError.

    Raises:
        TypeError, ValueError: ``host`` or ``port`` make no sense.
    """

    started = False  # there is no socket whose WRITE would tell the outcome

    def __init__(
        self,
        channel: BaseChannel,
        host: str,
        port: int,
        timeout: float | None,
        *,
        on_connected: Callable[[socket.socket, Any], object],
        on_failed: Callable[[OSError], object],
    ) -> None:
        """Ask for the addresses, or begin at once with a numeric one."""
        _check(host, port)
        self._host = host
        self._port = port
        self._channel = channel
        self._loop = channel.loop
        self._name = f"{host[:80]} port {port}"
        self._on_connected = on_connected
        self._on_failed = on_failed
        self._job: Job[list[Address]] | None = None
        self._race: Race | None = None
        self._handles: list[Handle] = []
        if timeout is not None:
            self._handles.append(self._loop.call_later(timeout, self._timed_out, timeout))
        self._loop.background[self] = None
        self._begin()

    def _begin(self) -> None:
        addresses = numeric(self._host, self._port)
        if addresses is not None:
            self._start_race(addresses)
            return
        try:
            resolver = Resolver.of(self._loop)
            self._job = resolver.resolve(self._host, self._port, self._resolved)
        except PoolFull as full:
            error = OSError(errno.EAGAIN, f"{self._name} cannot be looked up: {full}")
            self._handles.append(self._loop.call_soon(self._fail, error))

    def _resolved(self, job: Job[list[Address]]) -> None:
        """The resolver has answered."""
        self._job = None
        try:
            addresses = job.result()
        except OSError as error:
            self._fail(error)
        else:
            self._start_race(addresses)

    def _start_race(self, addresses: list[Address]) -> None:
        self._race = Race(self._loop, addresses, self._won, self._lost)

    def _won(self, sock: socket.socket, address: Address) -> None:
        self._end()
        self._on_connected(sock, address.sockaddr)

    def _lost(self) -> None:
        failures = self._race.failures if self._race is not None else []
        self._fail(summary(self._name, failures))

    def _timed_out(self, timeout: float) -> None:
        """The time is up: say how far it came."""
        if self._race is None:
            state = "its name was not resolved"
        else:
            silent = [f"{attempt.address}: no answer" for attempt in self._race.running]
            state = "; ".join([*map(_shown, self._race.failures), *silent])
        text = f"no connection to {self._name} within {timeout:g} seconds ({state})"
        self._fail(TimeoutError(errno.ETIMEDOUT, text))

    def _fail(self, error: OSError) -> None:
        self._end()
        self._on_failed(error)

    def handle_write(self) -> None:
        """Never called: see ``started``."""

    def _end(self) -> None:
        """Stop everything.  A look-up that runs cannot be stopped, only ignored."""
        self._loop.background.pop(self, None)
        for handle in self._handles:
            handle.cancel()
        if self._job is not None:
            self._job.cancel()
        if self._race is not None:
            self._race.close()
        self._job = self._race = None  # they hold this: a circle

    def close(self) -> None:
        """Give up; no callback runs.  The channel is closed too, when the loop calls this."""
        self._end()
        if not self._channel.closed:  # else its own close() calls this, and must run once
            self._channel.close()

    # -- what the loop asks ----------------------------------------------------------------------

    def busy(self) -> bool:
        """Return True: an outcome is awaited."""
        return True

    def handle_stop(self) -> None:
        """Go on: what was queued may still be sent."""

    def after_fork(self) -> None:
        """Go on with the attempts; look the name up again, on a thread of this process."""
        if self._job is not None:
            self._job = None
            self._handles.append(self._loop.call_soon(self._begin))


def summary(name: str, failures: list[Failure]) -> OSError:
    """Make one error of many: it names every address and reason, its cause holds the originals."""
    errors = [error for _, error in failures]
    if len(errors) == 1:
        return errors[0]
    reasons = "; ".join(map(_shown, failures)) or "it has no addresses"
    text = f"no connection to {name} ({reasons})"
    if not errors:
        return OSError(text)
    numbers = {error.errno for error in errors}
    number = numbers.pop() if len(numbers) == 1 else None
    whole = OSError(text) if number is None else OSError(number, text)
    whole.__cause__ = ExceptionGroup(f"the attempts to connect to {name}", errors)
    return whole


def _shown(failure: Failure) -> str:
    address, error = failure
    return f"{address}: {error.strerror or error}"


def _check(host: str, port: int) -> None:
    """Refuse what can only be a mistake of the program; a wrong *name* is an outcome."""
    if not isinstance(host, str) or not isinstance(port, int):
        raise TypeError(f"connect_to() takes a host name and a port number, not {host!r}, {port!r}")
    if not host or not 0 < port < 65536:
        raise ValueError(f"connect_to() takes a host name and a port from 1 to 65535: {port!r}")
