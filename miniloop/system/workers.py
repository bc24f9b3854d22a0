"""Serve one port with several processes: a parent that keeps its workers running.

One loop is one thread on one core.  To use more of them, ``run()`` forks workers, each with a loop
of its own, which all accept from what the parent has opened before: one listening socket that they
share, or one for each of them, by ``reuse_port()``.  The sockets stay open in the parent.  So a
connection that arrives while workers are replaced waits in the kernel, and none is refused.
"""

from __future__ import annotations

import errno
import logging
import os
import signal
import socket
from collections.abc import Callable

from miniloop.loop import GRACE, EventLoop
from miniloop.system.backoff import Backoff
from miniloop.system.supervisor import Supervisor
from miniloop.system.systemd import take_notifier
from miniloop.system.worker_process import InWorker, WorkerProcess, be_worker
from miniloop.system.worker_states import Limits

logger = logging.getLogger("miniloop")

DRAIN = Limits().drain


def run(
    serve: Callable[[EventLoop, int], object],
    processes: int | None = None,
    *,
    grace: float = GRACE,
    drain: float = DRAIN,
    start_limit: float = Limits().start,
    backoff: Callable[[], Backoff] = Backoff,
    on_ready: Callable[[], object] | None = None,
) -> int:
    """Run worker processes until SIGTERM or SIGINT; return the exit status for ``sys.exit()``.

    Each worker calls ``serve(loop, number)``, which makes its listeners, and then runs the loop.
    When that ends for whatever reason, another worker takes its place, after a delay that grows
    with each failure.  The parent reacts to signals:

    * SIGTERM, SIGINT: the workers' loops stop in order, and so does the parent; a second one
      kills them.
    * SIGHUP: new workers start, and the old ones retire as the new ones get ready: they accept no
      more, serve their connections for at most ``drain`` seconds, and stop in order.  A new worker
      that fails leaves the old one where it is.

    Workers stop in order, too, when the parent dies.  Under systemd the parent reports its state
    (``NOTIFY_SOCKET``).

    Args:
        serve: called in each worker with its loop and its number, from 0; what it raises ends the
            worker.  A worker counts as ready when it returns.
        processes: how many workers; by default one for each core that this process may use.
        grace: seconds for queued output when a loop stops.
        drain: seconds in which the connections of a retired worker may end by themselves.
        start_limit: seconds after which a worker that is not ready is killed.
        backoff: makes the delays of one slot's restarts.
        on_ready: called in the parent, once, when all workers serve for the first time.

    Returns:
        0 after an orderly stop, 1 when a worker had to be killed for it.

    Raises:
        OSError: this system has no ``fork()``.
        RuntimeError: this is not the main thread.
        ValueError: ``processes`` is below 1, or a time is negative; or NOTIFY_SOCKET is malformed.
    """
    if not hasattr(os, "fork"):
        raise OSError(
            errno.ENOTSUP,
            "workers are forked, and this system has no fork(): run one process, without workers",
        )
    count = usable_cores() if processes is None else processes
    if count < 1 or not all(seconds >= 0 for seconds in (grace, drain, start_limit)):
        raise ValueError(
            "workers need processes >= 1, and grace, drain and start_limit in seconds >= 0, "
            f"not {count}, {grace}, {drain} and {start_limit}"
        )
    limits = Limits(start=start_limit, drain=drain, grace=grace)
    outcome = _supervise([backoff() for _ in range(count)], limits, on_ready)
    if isinstance(outcome, InWorker):
        be_worker(serve, outcome, limits)
    return outcome


def _supervise(
    slots: list[Backoff], limits: Limits, on_ready: Callable[[], object] | None
) -> int | InWorker:
    """Be the parent and return its exit status, or in a worker what that is to do.

    A worker leaves the parent's loop by an exception, which closes the loop's descriptors.  What
    else may escape in a worker ends it here: the program above is the parent's.
    """
    parent = os.getpid()
    try:
        return _be_parent(slots, limits, on_ready)
    except InWorker as started:
        return started.with_traceback(None)
    except BaseException:
        if os.getpid() == parent:
            raise
        logger.exception("a worker could not leave its parent's loop")
        os._exit(1)


def _be_parent(slots: list[Backoff], limits: Limits, on_ready: Callable[[], object] | None) -> int:
    notifier = take_notifier()
    with EventLoop() as loop:
        supervisor = Supervisor(
            loop,
            lambda number, on_ready, on_exit: WorkerProcess(loop, number, on_ready, on_exit),
            slots,
            limits,
            notifier,
            on_ready,
        )
        loop.add_signal_handler(signal.SIGTERM, supervisor.stop)
        loop.add_signal_handler(signal.SIGINT, supervisor.stop)
        loop.add_signal_handler(signal.SIGHUP, supervisor.reload)
        loop.call_soon(supervisor.start)
        loop.run()
    return int(supervisor.killed)


def usable_cores() -> int:
    """Return how many cores this process may run on, at least 1."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def reuse_port(address: tuple[str, int], count: int, *, backlog: int = 1024) -> list[socket.socket]:
    """Return listening sockets on one address, between which the kernel divides the connections.

    With one shared socket a connection goes to the worker that comes first, so an idle machine
    gives most to few.  With SO_REUSEPORT (on Linux) each worker has a queue of its own and an even
    share; the price: the connections in the queue of a worker that is stuck wait for that worker.
    Open them in the parent, before ``run()``, and give worker ``number`` the socket at that index.

    Args:
        address: ``(host, port)``; port 0 takes a free one, the same for all.
        count: how many, one for each worker.
        backlog: connections that may wait in each queue.

    Raises:
        OSError: the address is taken, or this system has no SO_REUSEPORT.
        ValueError: ``count`` is below 1.
    """
    if count < 1:
        raise ValueError(f"reuse_port() opens at least one socket, not {count}")
    if not hasattr(socket, "SO_REUSEPORT"):
        raise OSError(
            errno.ENOTSUP, "this system has no SO_REUSEPORT: let the workers share one socket"
        )
    family = socket.AF_INET6 if ":" in address[0] else socket.AF_INET
    opened: list[socket.socket] = []
    try:
        for _ in range(count):
            opened.append(
                socket.create_server(address, family=family, backlog=backlog, reuse_port=True)
            )
            address = opened[0].getsockname()[:2]
    except BaseException:
        for sock in opened:
            sock.close()
        raise
    return opened
