"""Solution of exercise 1.1: a bug in one handler ends one connection."""

import logging
import select

from examples.inside.tiny_loop import Loop


class CarefulLoop(Loop):
    """Closes a connection whose handler fails, and serves the others."""

    def run_once(self, timeout: float | None = None) -> None:
        """Wait until a socket can be read, then call the handlers that are still there."""
        ready, _, _ = select.select([*self.handlers], [], [], timeout)
        for sock in ready:
            handler = self.handlers.get(sock)
            if handler is None:
                continue  # closed by an earlier handler of this round
            try:
                handler(self, sock)
            except Exception:
                logging.exception("closing %r", sock)
                self.handlers.pop(sock, None)
                sock.close()
