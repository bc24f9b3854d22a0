"""A client for Redis and Valkey: commands in, replies by callback; no thread and no asyncio.

    python3 -m examples.redis_client SET greeting hello
    python3 -m examples.redis_client --url rediss://ada@redis.example.org --password-file pw GET x
    python3 -m examples.redis_client SUBSCRIBE news

Rule of this file: which commands wait, and which connection they go to.  A connection is in
``redis/link.py``, what may be trusted of its replies in ``redis/replies.py``.

All commands of one pass of the loop leave with one system call (pipelining), and replies come in
the order of the commands.  A connection that is lost is made again; what waited to be sent is sent
then, what was sent and not answered is reported as ``Lost``, because only the program knows whether
it may be sent twice.  Redis 6 or later is needed, for RESP3.
"""

import argparse
import logging
import random
import sys
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Any

try:
    import hiredis
except ImportError as error:
    error.msg = (
        "hiredis is not installed; in this clone: "
        "python3 -m venv .venv/redis && .venv/redis/bin/pip install -e '.[redis]'"
    )
    if __name__ == "__main__":
        sys.exit(error.msg)
    raise

from examples.redis.address import Address, parse_url
from examples.redis.command import CONFIRMED, Command, Word, check
from examples.redis.link import Link, Lost
from examples.redis.replies import MOST_BYTES as MOST_REPLY
from examples.redis.replies import brief, error_code, is_not_up, shown
from miniloop import EventLoop, Reconnecting

__all__ = ["Address", "Command", "Lost", "QueueFull", "RedisClient", "error_code", "is_not_up",
           "parse_url"]  # fmt: skip

logger = logging.getLogger("redis_client")

TIMEOUT = 5.0
"""Seconds for a command, waiting for a connection included: some thousand times a usual one."""

USUAL = -1.0
"""A time limit that means: the client's."""

MOST_COMMANDS = 10_000
MOST_BYTES = 16 << 20


class QueueFull(Exception):
    """Too many commands have no answer yet, or too many bytes of them."""


def ignore(*arguments: object) -> None:
    """Do nothing."""


def never() -> bool:
    """Say no."""
    return False


class RedisClient:
    """One connection to a Redis server at a time, for as long as the program wants it.

    A blocking command (XREAD BLOCK) holds up those behind it, so it needs a client of its own.

    Args:
        loop: the loop that serves it.
        address: the server.
        on_ready: called without arguments for each connection, before anything that waits is sent:
            subscribe here, load scripts, ask CLIENT ID.
        on_push: called with each push message, a list: ``[b"message", channel, data]``.
        on_lost: called with the reason when a connection has ended or could not be made.
        timeout: seconds for a command that says nothing else, and for the connect.
        most_commands: commands without an answer, sent or waiting; one more raises QueueFull.
        most_bytes: the same in bytes.
        most_reply: longest reply in bytes.
        first: seconds that the first pause before a connect lasts at most.
        longest: seconds that any such pause lasts at most.
        uniform: as with ``Reconnecting``.
        needed: asked again and again in an orderly stop of the loop whether the connection must
            stay open, for replies say; the stop waits as long as its grace lasts.

    Attributes:
        address: as given.
        closed: ``close()`` was called.
        error: why there was no connection the last time; None if there never was a reason.
    """

    def __init__(
        self,
        loop: EventLoop,
        address: Address,
        *,
        on_ready: Callable[[], object] = ignore,
        on_push: Callable[[list[Any]], object] = ignore,
        on_lost: Callable[[Exception], object] = ignore,
        timeout: float = TIMEOUT,
        most_commands: int = MOST_COMMANDS,
        most_bytes: int = MOST_BYTES,
        most_reply: int = MOST_REPLY,
        first: float = 0.1,
        longest: float = 5.0,
        uniform: Callable[[float, float], float] = random.uniform,
        needed: Callable[[], bool] = never,
    ) -> None:
        """Connect with the next callbacks."""
        self.address = address
        self.closed = False
        self.error: Exception | None = None
        self._loop = loop
        self._on_ready, self._on_push, self._on_lost = on_ready, on_push, on_lost
        self._timeout = timeout
        self._most_commands, self._most_bytes = most_commands, most_bytes
        self._most_reply = most_reply
        self._needed = needed
        self._bytes = 0
        self._open: dict[Command, None] = {}  # without an outcome; a dict keeps the order
        self._waiting: dict[Command, None] = {}  # those of them that no connection has yet
        self._link: Link | None = None  # the last one that was greeted; perhaps closed by now
        self._again = Reconnecting(loop, self._connect, first=first, longest=longest,
                                   uniform=uniform)  # fmt: skip

    def __repr__(self) -> str:
        """Show the server and the state."""
        state = "closed" if self.closed else "connected" if self.connected else "not connected"
        return f"<RedisClient {self.address} {state}>"

    @property
    def connected(self) -> bool:
        """Whether the server has been greeted and commands go to it at once."""
        return self._link is not None and not self._link.closed

    def __len__(self) -> int:
        """Return how many commands have no outcome yet."""
        return len(self._open)

    def __bool__(self) -> bool:
        """Return True: a client without commands is a client."""
        return True

    # -- commands ---------------------------------------------------------------------------------

    def call(
        self,
        *words: Word,
        on_reply: Callable[[Any], object] | None = None,
        timeout: float | None = USUAL,
    ) -> Command:
        """Send a command, or have it wait for a connection.

        Args:
            words: its name and arguments.  SUBSCRIBE and the like name their channels, and their
                reply is the last confirmation; they have no place between MULTI and EXEC.
            on_reply: called once, from the loop, with the reply or an exception:
                ``hiredis.ReplyError``, TimeoutError, or ``Lost``.  An exception that it raises is
                logged.
            timeout: seconds from now; the client's when not given.  A blocking command needs more
                than it blocks.  None: no limit.  When the time of a command that was sent is up,
                the connection ends, since the server hangs.

        Returns:
            The command; its ``cancel()`` prevents the call of ``on_reply``.

        Raises:
            QueueFull: too many commands have no answer yet.
            RuntimeError: the client is closed, or the loop runs on another thread.
            TypeError: a word is neither text nor bytes nor a number.
            ValueError: there is no command, or one that a shared connection cannot carry.
        """
        if self.closed:
            raise RuntimeError("call() on a closed RedisClient")
        check(words)
        limit = self._timeout if timeout == USUAL else timeout
        if len(self._open) >= self._most_commands:
            raise QueueFull(f"{len(self._open)} commands have no answer yet")
        report = None if on_reply is None else partial(self._report, on_reply)
        command = Command(self._loop, words, report, limit, self._timed_out, self._forget)
        self._open[command] = None
        self._bytes += len(command.packed)
        if self._bytes > self._most_bytes:
            command.drop()
            raise QueueFull(f"{self._bytes} bytes of commands have no answer yet")
        if self._link is not None and not self._link.closed:
            self._link.send_command(command)
        else:
            self._waiting[command] = None
        return command

    def _report(self, on_reply: Callable[[Any], object], reply: Any) -> None:
        if not self.closed:
            on_reply(reply)

    def _forget(self, command: Command) -> None:
        """The outcome of a command is known."""
        self._open.pop(command, None)
        self._waiting.pop(command, None)
        self._bytes -= len(command.packed)

    def _timed_out(self, command: Command) -> None:
        if command in self._waiting or self._link is None:
            why = f": {brief(self.error)}" if self.error else ""
            command.finish(TimeoutError(f"no connection to {self.address}{why}"))
        else:
            self._link.give_up(command)

    # -- the connection ---------------------------------------------------------------------------

    def _connect(self, loop: EventLoop) -> Link:
        return Link(loop, self.address, timeout=self._timeout, most_bytes=self._most_bytes,
                    most_reply=self._most_reply, on_ready=self._ready,
                    on_push=self._push, on_end=self._ended, needed=self._needed)  # fmt: skip

    def _ready(self, link: Link) -> None:
        """The server has been greeted: what the program does first goes before what waits."""
        self._link = link
        waiting, self._waiting = self._waiting, {}
        try:
            self._on_ready()
        finally:
            for command in waiting:
                if not (command.done or link.closed):
                    link.send_command(command)
                elif not command.done:
                    self._waiting[command] = None

    def _push(self, push: list[Any]) -> None:
        if not self.closed:
            self._on_push(push)

    def _ended(self, reason: Exception) -> None:
        self.error = reason
        if not self.closed:
            self._on_lost(reason)

    def close(self) -> None:
        """Close the connection for good; nothing is called any more.  Again is harmless."""
        self.closed = True
        for command in [*self._open]:
            command.cancel()
            command.drop()
        self._again.close()


# -- the command line -----------------------------------------------------------------------------


def main(arguments: Sequence[str] | None = None) -> int:
    """Send one command and show its reply; the exit status is 1 if that is an error."""
    options = parse_arguments(arguments)
    try:
        address = parse_url(options.url, password_file=options.password_file, ca=options.ca)
    except (OSError, ValueError) as error:
        print(f"redis_client: {error}", file=sys.stderr)
        return 2
    name = options.command[0].lower()
    outcome: list[Any] = []

    def answered(reply: Any) -> None:
        outcome.append(reply)
        failed = isinstance(reply, Exception)
        if failed and not isinstance(reply, hiredis.ReplyError):
            print(f"redis_client: {brief(reply)}", file=sys.stderr)
        else:
            print(shown(reply), flush=True)
        if failed or name not in CONFIRMED:
            loop.stop()

    with EventLoop() as loop:
        client = RedisClient(loop, address, timeout=options.timeout,
                             on_push=lambda push: print(shown(push), flush=True))  # fmt: skip
        try:
            client.call(*options.command, on_reply=answered)
        except ValueError as error:
            print(f"redis_client: {error}", file=sys.stderr)
            return 2
        loop.run()
    return 1 if not outcome or isinstance(outcome[0], Exception) else 0


def parse_arguments(arguments: Sequence[str] | None) -> argparse.Namespace:
    """Return the options and the command."""
    parser = argparse.ArgumentParser(
        prog="python3 -m examples.redis_client", description="Send one command to a Redis server."
    )
    parser.add_argument("--url", default="redis://127.0.0.1", metavar="redis://USER@HOST:PORT/DB",
                        help="the server; rediss:// for TLS (%(default)s)")  # fmt: skip
    parser.add_argument("--password-file", type=Path, metavar="FILE", help="the user's password")
    parser.add_argument("--ca", type=Path, metavar="FILE", help="certificates to trust, with TLS")
    parser.add_argument("--timeout", type=float, default=TIMEOUT, metavar="SECONDS")
    parser.add_argument("command", nargs=argparse.REMAINDER, metavar="COMMAND",
                        help="with its arguments; SUBSCRIBE goes on until Ctrl-C")  # fmt: skip
    options = parser.parse_args(arguments)
    if not options.command:
        parser.error("which command?")
    return options


if __name__ == "__main__":
    sys.exit(main())
