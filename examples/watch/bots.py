"""Simulated users, which give the page something to show.

    python3 -m examples.watch.bots --port 1234 --bots 5 --seconds 10

Rule of this file: they connect to the telnet door as any client does, and know nothing of the
program behind it.
"""

from __future__ import annotations

import argparse
import random
from collections.abc import Sequence

from miniloop import AsyncChat, EventLoop, Reconnecting

NAMES = (
    "Ada", "Alan", "Barbara", "Claude", "Donald", "Edsger", "Frances", "Grace", "Hedy", "John",
    "Katherine", "Ken", "Leslie", "Margaret", "Niklaus", "Radia", "Sophie", "Tony", "Vint",
)  # fmt: skip
LINES = (
    "Good morning!", "Has anybody seen my descriptor?", "It was number 9 a moment ago.",
    "I only push, I never send.", "Who holds the loop?", "Not me, I yield.",
    "One pass at a time.", "I am dirty, please ask me.", "My queue is empty, and so is my cup.",
    "Wake me up when there is something to read.", "A timer, a timer, my kingdom for a timer!",
    "Do you also hear the selector humming?", "Level-triggered, and proud of it.",
    "That was a short write.", "Let us wait together.", "/who", "Back in a second.",
)  # fmt: skip
THINKING = (0.8, 4.0)  # seconds between two lines of one bot, least and most
STAYS = (10, 30)  # lines until it disconnects, and reconnects
PAUSE = 3.0  # seconds at most between disconnecting and reconnecting


class Bot(AsyncChat):
    """One visit of a simulated user."""

    def __init__(self, loop: EventLoop, name: str, chance: random.Random) -> None:
        super().__init__(loop)
        self._name = name
        self._chance = chance
        self._lines = chance.randint(*STAYS)
        self.set_terminator(None)

    def handle_connect(self) -> None:
        """Send the name, and start talking."""
        self.push(f"{self._name}\r\n".encode())
        self._think()

    def collect_incoming_data(self, data: bytes) -> None:
        """Discard the input."""

    def _think(self) -> None:
        self.loop.call_later(self._chance.uniform(*THINKING), self._talk)

    def _talk(self) -> None:
        if self.closed:
            return
        self._lines -= 1
        if self._lines <= 0:
            self.push(b"/quit\r\n")
            return
        self.push(self._chance.choice(LINES).encode() + b"\r\n")
        self._think()


class Bots:
    """A group of simulated users; each reconnects after it has left.

    Args:
        loop: The loop that serves it.
        address: The chat room's telnet door.
        count: The number of bots.
        chance: The random source of their lines and times.
    """

    def __init__(
        self, loop: EventLoop, address: tuple[str, int], count: int, chance: random.Random
    ) -> None:
        for number in range(count):
            name = name_of(number)

            def connect(loop: EventLoop, name: str = name) -> Bot:
                bot = Bot(loop, name, chance)
                bot.create_socket()
                bot.connect(address)
                return bot

            Reconnecting(loop, connect, first=PAUSE, longest=PAUSE, uniform=chance.uniform)


def name_of(number: int) -> str:
    """Return a name that is unique to this number."""
    turn, which = divmod(number, len(NAMES))
    return NAMES[which] + (str(turn + 1) if turn else "")


def main(arguments: Sequence[str] | None = None) -> None:
    """Talk for a while in a chat room that is already running."""
    parser = argparse.ArgumentParser(
        prog="python3 -m examples.watch.bots", description="Simulated users of the chat room."
    )
    parser.add_argument("--port", type=int, default=1234, help="of the chat room (1234)")
    parser.add_argument("--bots", type=int, default=5, help="how many (5)")
    parser.add_argument("--seconds", type=float, default=10.0, help="how long they stay (10)")
    parser.add_argument("--seed", type=int, help="for the same words again")
    options = parser.parse_args(arguments)
    with EventLoop() as loop:
        Bots(loop, ("127.0.0.1", options.port), options.bots, random.Random(options.seed))
        loop.call_later(options.seconds, loop.stop)
        loop.run()


if __name__ == "__main__":
    main()
