"""Step 10: asyncore's predicates, for the classes that override them (10-asyncore-on-top.md)."""

import socket

from examples.inside.growing import step07_waker
from examples.inside.growing.step07_waker import Channel, Listener
from examples.inside.growing.step09_output import Echo, Lines

__all__ = ["Channel", "Echo", "Lines", "Listener", "Loop"]

ANNOUNCED = (Channel.readable, Lines.readable)
"""The predicates that change only together with a call of ``interest_changed()``."""


class Loop(step07_waker.Loop):
    """Asks a channel that overrides ``readable()`` in every pass: its answer may change."""

    def _refresh(self) -> None:
        for registration in self.registrations.values():
            if type(registration.channel).readable not in ANNOUNCED:
                self.dirty.append(registration)
        super()._refresh()


def main() -> None:
    """Serve until Ctrl-C."""
    loop = Loop()
    Listener(loop, socket.create_server(("127.0.0.1", 1234)), Echo)
    loop.run()


if __name__ == "__main__":
    main()
