"""Step 1: a server that sends back what it receives."""

import logging

from miniloop import Dispatcher, EventLoop, Listener

log = logging.getLogger("tutorial")


class Visitor(Dispatcher):
    """One connection."""

    def handle_read(self) -> None:
        """Send back what has arrived."""
        data = self.recv()
        log.info("handle_read() got %r", data)
        if data:
            self.send(data)

    def handle_close(self) -> None:
        """Log the end of the connection."""
        log.info("handle_close()")


def main() -> None:
    """Serve until Ctrl-C."""
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    with EventLoop() as loop:
        Listener(loop, ("127.0.0.1", 1234), Visitor)
        loop.run()


if __name__ == "__main__":
    main()
