"""A map in which passes are made one by one, in time that stands still, and questions counted."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from miniloop.compat import asyncore
from miniloop.compat.interest_list import AS_POLL
from miniloop.compat.watch import Watch, watch_of, watching
from miniloop.readiness import announced
from miniloop.testing import FakeClock


class Overriding(asyncore.dispatcher_with_send):
    """A member that has to be asked on every pass.

    Attributes:
        asked: how often ``readable()`` was called.
        written: how often there was a write event.
        on_asked: called then.
    """

    asked = 0
    written = 0
    on_asked: Callable[[], object] = int

    def readable(self) -> bool:
        self.asked += 1
        self.on_asked()
        return True

    def handle_read(self) -> None:
        self.recv(100)

    def handle_write(self) -> None:
        self.written += 1
        super().handle_write()


class Stock(Overriding):
    """A member that announces its changes, as asyncore's own predicates do."""

    @announced
    def readable(self) -> bool:
        return super().readable()


class Passes:
    """The passes over one map.

    Attributes:
        map: the map, empty at first.
        clock: the time.
        watch: what is tested.
    """

    def __init__(self, map: dict[int, Any], clock: FakeClock, watch: Watch) -> None:
        self.map = map
        self.clock = clock
        self.watch = watch

    def run(self, count: int = 1, seconds: float = 0.0) -> None:
        """Make passes that wait for nothing; ``seconds`` go by before each."""
        for _ in range(count):
            self.clock.advance(seconds)
            asyncore.poll2(0.0, self.map)


@contextmanager
def passes_in(clock: FakeClock) -> Iterator[Passes]:
    """Watch a map within the block."""
    map: dict[int, Any] = {}
    with watching(map, AS_POLL, clock):
        watch = watch_of(map)
        assert watch is not None
        yield Passes(map, clock, watch)
