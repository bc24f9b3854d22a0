"""The faults of a simulated network: what it may do to a program, and how often."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Faults:
    """The probabilities and ranges of what a network does.

    With the defaults no data is lost: everything arrives in the end, once and in order, as TCP
    promises.  Probabilities are numbers from 0 to 1.

    Attributes:
        latency: shortest and longest time in seconds until a piece, a SYN, a reset or a FIN
            arrives.
        split: probability that a piece which could travel whole is cut in two at any place.
        partial_send: probability that ``send()`` takes a part although there is room for all.
        spurious: probability that ``select()`` reports a connection which is not ready.
        shuffle: probability that ``select()`` reports what is ready in any order, and perhaps not
            all of it at once.
        buffers: smallest and largest size in bytes of a socket's two buffers; each connection
            gets its own.
        reset: probability that a connection is reset when a piece should arrive.
        accept_error: probability that ``accept()`` fails: no descriptors, no memory, a lost
            connection.
        datagram_lost: probability that a datagram does not arrive.
        datagram_doubled: probability that it arrives twice.

    Raises:
        ValueError: a probability or range is out of bounds.
    """

    latency: tuple[float, float] = (0.0001, 0.05)
    split: float = 0.5
    partial_send: float = 0.1
    spurious: float = 0.02
    shuffle: float = 0.5
    buffers: tuple[int, int] = (1024, 65536)
    reset: float = 0.0
    accept_error: float = 0.0
    datagram_lost: float = 0.0
    datagram_doubled: float = 0.0

    def __post_init__(self) -> None:
        """Refuse values out of bounds."""
        _check_range("latency", self.latency, 0)
        _check_range("buffers", self.buffers, 1)
        for name in ("split", "partial_send", "spurious", "shuffle", "reset", "accept_error",
                     "datagram_lost", "datagram_doubled"):  # fmt: skip
            if not 0 <= getattr(self, name) <= 1:
                raise ValueError(f"{name} is a probability, from 0 to 1: {getattr(self, name)!r}")


def _check_range(name: str, pair: tuple[float, float], least: float) -> None:
    low, high = pair
    if not least <= low <= high:
        raise ValueError(f"{name} is (smallest, largest), from {least} on: {pair!r}")


GENTLE = Faults(
    latency=(0.001, 0.001), split=0, partial_send=0, spurious=0, shuffle=0, buffers=(65536, 65536)
)
"""A network without faults: each piece arrives whole after a millisecond."""

HARSH = Faults(
    latency=(0.0, 2.0), split=0.9, partial_send=0.5, spurious=0.1, shuffle=1.0, buffers=(16, 4096),
    reset=0.01, accept_error=0.1, datagram_lost=0.1, datagram_doubled=0.1,
)  # fmt: skip
"""Everything that can fail fails often; connections are reset, too."""
