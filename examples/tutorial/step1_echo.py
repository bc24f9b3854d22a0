"""Step 1: a server that sends back what it receives."""

from miniloop import Dispatcher, EventLoop, Listener


class Visitor(Dispatcher):
    """One connection."""

    def handle_read(self) -> None:
        """Something has arrived: send it back."""
        data = self.recv()
        if data:
            self.send(data)


def main() -> None:
    """Serve until Ctrl-C."""
    with EventLoop() as loop:
        Listener(loop, ("127.0.0.1", 1234), Visitor)
        loop.run()


if __name__ == "__main__":
    main()
