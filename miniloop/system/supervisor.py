"""Decide which worker process is started, retired, stopped and killed, and when.

There is one slot for each process that is wanted.  A slot has one worker as a rule, none while it
waits to start one again, and two over a reload: the old worker goes on until the new one is ready.
Nothing here forks: ``spawn`` does, and a test passes another one.
"""

from __future__ import annotations

import logging
import signal
from collections.abc import Callable, Iterator
from typing import Protocol

from miniloop.loop import EventLoop
from miniloop.system.backoff import Backoff
from miniloop.system.worker_states import Limits, Phase, State
from miniloop.timers import TimerHandle

logger = logging.getLogger("miniloop")


class Process(Protocol):
    """A worker's process, as its parent sees it."""

    pid: int

    def retire(self) -> None:
        """Have it accept no more, serve the connections that it has, and end."""

    def stop(self) -> None:
        """Have it end in order."""

    def kill(self) -> None:
        """End it at once."""


class Spawn(Protocol):
    """Starts the process of one worker."""

    def __call__(
        self, number: int, on_ready: Callable[[], None], on_exit: Callable[[int], None]
    ) -> Process:
        """Start it; OSError: the system refuses one more process or descriptor."""


class Notify(Protocol):
    """Tells the service manager, such as systemd."""

    def ready(self) -> None:
        """All workers serve."""

    def reloading(self) -> None:
        """A reload begins; ``ready()`` ends it."""

    def stopping(self) -> None:
        """The end begins."""


class Worker:
    """One process in a slot."""

    process: Process
    limit: TimerHandle | None = None
    serving_since: float | None = None

    def __init__(self, slot: Slot) -> None:
        self.slot = slot
        self.state = State.STARTING

    def __str__(self) -> str:
        return f"worker {self.slot.number} (process {self.process.pid})"


class Slot:
    """The place of one worker.

    Attributes:
        number: from 0; its workers are called with it.
        workers: the oldest first.
        restart: the timer of a slot that waits to start a worker again.
    """

    def __init__(self, number: int, backoff: Backoff) -> None:
        self.number = number
        self.backoff = backoff
        self.workers: list[Worker] = []
        self.restart: TimerHandle | None = None

    def occupied(self) -> bool:
        """Return whether a worker serves, or may soon."""
        return any(each.state in (State.STARTING, State.SERVING) for each in self.workers)

    def cancel_restart(self) -> None:
        """Start nothing any more."""
        if self.restart is not None:
            self.restart.cancel()
            self.restart = None


class Supervisor:
    """Keeps a number of workers running on a loop.

    Args:
        loop: the parent's loop; its ``run()`` returns when the last worker has ended after
            ``stop()``.
        spawn: starts a process.
        slots: how many workers are wanted, each with the back-off of its restarts.
        limits: how long the workers may take.
        notify: is told of the phases.
        on_ready: scheduled once, when every slot serves.

    Attributes:
        phase: what the workers do together.
        killed: a worker had to be killed during the stop.
    """

    def __init__(
        self,
        loop: EventLoop,
        spawn: Spawn,
        slots: list[Backoff],
        limits: Limits,
        notify: Notify,
        on_ready: Callable[[], object] | None = None,
    ) -> None:
        self.phase = Phase.STARTING
        self.killed = False
        self._loop = loop
        self._spawn = spawn
        self._slots = [Slot(number, backoff) for number, backoff in enumerate(slots)]
        self._limits = limits
        self._notify = notify
        self._on_ready = on_ready
        self._reload_again = False

    def start(self) -> None:
        """Start a worker in every slot that has none, without waiting for a restart."""
        for slot in self._slots:
            if not slot.occupied():
                self._start(slot)

    def reload(self) -> None:
        """Start new workers, and retire the old ones as the new ones get ready.

        A reload during another one follows it, however often it is asked for, so that there are
        never more than twice as many workers as wanted.  A slot whose new worker fails keeps the
        old one.
        """
        if self.phase is not Phase.SERVING:
            self._reload_again = True
            if self.phase is Phase.STARTING:
                self.start()  # whatever kept them from starting may be repaired
            return
        self._reload_again = False
        self._go_to(Phase.RELOADING)
        for slot in self._slots:
            self._start(slot)
        self._advance()

    def stop(self) -> None:
        """Stop all workers in order; called again, kill them."""
        if self.phase is Phase.STOPPING:
            for worker in self._workers():
                self._kill(worker)
            return
        self._go_to(Phase.STOPPING)
        for slot in self._slots:
            slot.cancel_restart()
        for worker in self._workers():
            self._enter(worker, State.STOPPING)
            worker.process.stop()

    def _go_to(self, phase: Phase) -> None:
        self.phase = phase
        logger.info("the workers are %s", phase.value)
        if phase is Phase.RELOADING:
            self._notify.reloading()
        elif phase is Phase.STOPPING:
            self._notify.stopping()

    def _advance(self) -> None:
        """Go on to the next phase when all workers are far enough."""
        if self.phase is Phase.STARTING and all(map(self._serves, self._slots)):
            self._go_to(Phase.SERVING)
            self._notify.ready()
            if self._on_ready is not None:
                self._loop.call_soon(self._on_ready)
        if self.phase is Phase.RELOADING and not self._any(State.STARTING):
            self._go_to(Phase.DRAINING)
            self._notify.ready()
        if self.phase is Phase.DRAINING and not self._any(State.RETIRING):
            self._go_to(Phase.SERVING)
        if self.phase is Phase.SERVING and self._reload_again:
            self.reload()

    def _workers(self) -> Iterator[Worker]:
        """Yield all workers; one may leave its slot meanwhile."""
        for slot in self._slots:
            yield from [*slot.workers]

    def _any(self, state: State) -> bool:
        return any(worker.state is state for worker in self._workers())

    def _serves(self, slot: Slot) -> bool:
        return any(worker.state is State.SERVING for worker in slot.workers)

    def _enter(self, worker: Worker, state: State) -> None:
        """Move a worker to a state, and limit how long it may be there."""
        worker.state = state
        if worker.limit is not None:
            worker.limit.cancel()
        seconds = self._limits.of(state)
        worker.limit = None
        if seconds is not None:
            worker.limit = self._loop.call_later(seconds, self._took_too_long, worker, seconds)

    def _start(self, slot: Slot) -> None:
        slot.cancel_restart()
        worker = Worker(slot)
        try:
            worker.process = self._spawn(
                slot.number, lambda: self._is_ready(worker), lambda code: self._ended(worker, code)
            )
        except OSError as error:
            self._failed(slot, 0.0, f"worker {slot.number} cannot be started: {error}")
            return
        logger.info("%s starts", worker)
        slot.workers.append(worker)
        self._enter(worker, State.STARTING)

    def _is_ready(self, worker: Worker) -> None:
        """Give the slot to a worker that serves now; those before it retire."""
        if worker.state is not State.STARTING:
            return
        worker.serving_since = self._loop.time()
        self._enter(worker, State.SERVING)
        for older in worker.slot.workers[: worker.slot.workers.index(worker)]:
            if older.state is not State.RETIRING:
                self._enter(older, State.RETIRING)
                older.process.retire()
        self._advance()

    def _ended(self, worker: Worker, code: int) -> None:
        """Forget a process that has ended, and start another one unless that was the plan."""
        planned = worker.state in (State.RETIRING, State.STOPPING)
        self._enter(worker, State.ENDED)
        worker.slot.workers.remove(worker)
        if planned:
            log = logger.warning if code else logger.info
            log("%s has ended: %s", worker, describe(code))
        else:
            since = worker.serving_since
            lasted = 0.0 if since is None else self._loop.time() - since
            when = "before it was ready" if since is None else f"after {lasted:.1f} seconds"
            self._failed(worker.slot, lasted, f"{worker} ended {when}: {describe(code)}")
        self._advance()

    def _failed(self, slot: Slot, lasted: float, why: str) -> None:
        """Start a worker again later, unless the slot has another one."""
        if slot.occupied():
            logger.error("%s; the other worker of its slot goes on", why)
            return
        delay = slot.backoff.delay(lasted)
        logger.warning("%s; it is started again in %.1f seconds", why, delay)
        slot.restart = self._loop.call_later(delay, self._start, slot)

    def _took_too_long(self, worker: Worker, seconds: float) -> None:
        logger.error("%s was %s for %g seconds", worker, worker.state.value, seconds)
        self._kill(worker)

    def _kill(self, worker: Worker) -> None:
        """End a worker at once; its exit is reported as any other."""
        logger.error("%s is killed", worker)
        self.killed = self.killed or self.phase is Phase.STOPPING
        worker.process.kill()


def describe(code: int) -> str:
    """Return an exit status in words; a negative one is the number of a signal."""
    if code >= 0:
        return f"exit status {code}"
    try:
        return f"killed by {signal.Signals(-code).name}"
    except ValueError:  # a real-time signal has a number only
        return f"killed by signal {-code}"
