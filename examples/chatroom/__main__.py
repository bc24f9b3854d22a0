"""``python -m examples.chatroom``: run the server until Ctrl-C or SIGTERM.

Rule of this file: start, run, and turn what can go wrong at the start into one sentence.
"""

from __future__ import annotations

import logging
import sys
from collections.abc import Sequence

from miniloop import EventLoop

from .options import Options, parse_options
from .room import Hall
from .server import ChatServer

INTERRUPTED = 130  # the exit code of what Ctrl-C has ended


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the chat room; return the process's exit code."""
    options = parse_options(arguments)
    logging.basicConfig(
        level=options.log_level.upper(), format="%(asctime)s %(levelname)s %(name)s: %(message)s"
    )
    with EventLoop() as loop:
        hall = Hall(options.limits, log_messages=options.log_messages)
        try:
            server = ChatServer(loop, (options.host, options.port), hall)
        except OSError as error:
            print(_cannot_listen(options, error), file=sys.stderr)
            return 1
        host, port = server.address
        print(f"The chat room is open: telnet {host} {port}", flush=True)
        try:
            loop.run()
        except KeyboardInterrupt:  # the second Ctrl-C, from somebody who will not wait
            print("The chat room was ended at once.", flush=True)
            return INTERRUPTED
    print("The chat room is closed.", flush=True)
    return 0


def _cannot_listen(options: Options, error: OSError) -> str:
    reason = error.strerror or error
    return f"Cannot listen on {options.host} port {options.port}: {reason}."


if __name__ == "__main__":
    sys.exit(main())
