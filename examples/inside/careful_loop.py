"""Solution of exercise 1.1: a bug in one handler ends one connection."""

import logging
import select

from examples.inside.tiny_loop import Loop


class CarefulLoop(Loop):
    """Ends whoever fails, and serves the others."""

    def run_once(self, timeout: float | None = None) -> None:
        """Wait until somebody is ready, then call those who are and still have a handler."""
        ready, _, _ = select.select([*self.handlers], [], [], timeout)
        for sock in ready:
            handler = self.handlers.get(sock)
            if handler is None:
                continue  # another handler of this round has closed it
            try:
                handler(self, sock)
            except Exception:
                logging.exception("closing %r", sock)
                self.handlers.pop(sock, None)
                sock.close()
