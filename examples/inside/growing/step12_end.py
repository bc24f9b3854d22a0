"""Step 12: what keeps a loop alive, and an orderly stop (12-how-a-loop-ends.md)."""

import signal
import socket

from examples.inside.growing import step10_polled
from examples.inside.growing.step07_waker import Channel
from examples.inside.growing.step09_output import Echo, Lines
from examples.inside.growing.step11_descriptors import Connecting, Listener

__all__ = ["Channel", "Connecting", "Echo", "Lines", "Listener", "Loop"]


class Loop(step10_polled.Loop):
    """Ends in order after ``stop()``."""

    grace: float | None = None
    """Seconds for the output that waits, once ``stop()`` was called."""

    def run(self) -> None:
        """Make passes until ``stop()``, or until nothing is left to wait for."""
        while self.grace is None:
            self._refresh()  # it may end the last channel
            if not self.has_work():
                return
            self.run_once()
        self._end_in_order(self.grace)
        self.grace = None

    def stop(self, grace: float = 5.0) -> None:
        """End ``run()`` in order; callable from any thread and from a signal handler."""
        self.grace = grace
        self.waker.wake()

    def _end_in_order(self, grace: float) -> None:
        """Close the listeners, send what is queued, at most for the grace, close the rest."""
        for channel in self._channels():
            if isinstance(channel, Listener):
                channel.close()
        limit = self.call_later(grace, self._close_channels)
        while any(isinstance(each, Lines) and not each.drained() for each in self._channels()):
            self.run_once()
        limit.cancel()
        self._close_channels()

    def _channels(self) -> list[Channel]:
        channels = (registration.channel for registration in self.registrations.values())
        return [channel for channel in channels if channel is not self.waker]

    def _close_channels(self) -> None:
        for channel in self._channels():
            channel.close()

    def close(self) -> None:
        """Close all channels at once, and the loop."""
        self._close_channels()
        self.waker.close()
        self.selector.close()


def main() -> None:
    """Serve until Ctrl-C; then send what is queued, and end."""
    loop = Loop()
    signal.signal(signal.SIGINT, lambda number, frame: loop.stop())
    Listener(loop, socket.create_server(("127.0.0.1", 1234)), Echo)
    loop.run()
    loop.close()


if __name__ == "__main__":
    main()
