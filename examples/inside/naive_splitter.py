"""Solution of exercise 8.2: a splitter that is obviously right, to test the fast one against."""

from collections.abc import Iterable

from miniloop.framing import END, Framer


class NaiveSplitter:
    """Splits a stream of bytes at a terminator."""

    def __init__(self, terminator: bytes) -> None:
        """Start with nothing."""
        self.terminator = terminator
        self.buffer = b""

    def feed(self, data: bytes) -> list[bytes]:
        """Return the messages that are complete now."""
        *messages, self.buffer = (self.buffer + data).split(self.terminator)
        return messages


def fast_messages(chunks: Iterable[bytes], terminator: bytes) -> list[bytes]:
    """Return the messages that ``Framer`` finds in the same chunks."""
    framer = Framer(limit=1 << 20)
    framer.set_terminator(terminator)
    messages, parts = [], []
    for chunk in chunks:
        framer.feed(chunk)
        while not framer.idle:
            event = framer.next_event()
            if isinstance(event, bytes):
                parts.append(event)
            elif event is END:
                messages.append(b"".join(parts))
                parts.clear()
    return messages
