"""The tight loops in C: loops.c, built by the machine's own compiler and called through ctypes."""

from __future__ import annotations

import ctypes
import errno
import os
import select
import shutil
import socket
import subprocess
import tempfile
from array import array
from collections.abc import Sequence
from functools import cache
from ipaddress import IPv4Address
from pathlib import Path

from .loops import PATIENCE, Sample, closed, silent
from .process import Address

SOURCE = Path(__file__).with_name("loops.c")
FLAGS = ("-O2", "-shared", "-fPIC")
AT_ONCE = 64  # events of one wait, as in loops.c
SLICE = 1.0  # seconds of one call: Python handles signals, such as Ctrl-C's, between two calls
NOTHING = Sample(0, 0.0, 0.0)
MOST = 1_000_000  # answers a second that there is room for: several times what a core can do


class Unavailable(Exception):
    """Why the loops cannot be compiled here."""


class _Run(ctypes.Structure):
    """`struct run` of loops.c."""

    _fields_ = (
        ("seconds", ctypes.c_double),
        ("patience", ctypes.c_double),
        ("spin", ctypes.c_int64),
        ("messages", ctypes.c_int64),
        ("passed", ctypes.c_double),
        ("waited", ctypes.c_double),
    )

    seconds: float
    patience: float
    spin: int
    messages: int
    passed: float
    waited: float


@cache
def library() -> ctypes.CDLL:
    """Return the compiled loops.c, built once in a process.

    Raises:
        Unavailable: There is no compiler, or it fails.
    """
    return build()


def build() -> ctypes.CDLL:
    """Compile loops.c and load it.

    Raises:
        Unavailable: There is no compiler, or it fails.
    """
    compiler = shutil.which("cc")
    if compiler is None:
        raise Unavailable("there is no compiler `cc`")
    with tempfile.TemporaryDirectory(prefix="loops-") as folder:
        made = Path(folder, "loops.so")  # stays loaded when the file is gone
        command = [compiler, *FLAGS, "-o", str(made), str(SOURCE)]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        if done.returncode:
            said = next((line for line in done.stderr.splitlines() if "error" in line), "")
            raise Unavailable(f"`cc` fails: {said or f'status {done.returncode}'}")
        return ctypes.CDLL(str(made))


@cache
def why_missing() -> str | None:
    """Return why the loops cannot be compiled here, or None if they can."""
    try:
        library()
    except (Unavailable, OSError) as error:
        return str(error)
    return None


class CompiledLoops:
    """The loops in C.

    Args:
        spin: Wait by asking again and again, without sleeping.

    Raises:
        Unavailable: They cannot be compiled here.
    """

    name = "compiled"

    def __init__(self, spin: bool) -> None:
        self._library = library()
        self._spin = spin

    def echoes(self, socks: Sequence[socket.socket], message: bytes, seconds: float) -> Sample:
        """See `Loops`."""
        return self._call("echoes", seconds, numbers(socks), len(socks), *sized(message))

    def room(self, socks: Sequence[socket.socket], text: bytes, seconds: float) -> Sample:
        """See `Loops`."""
        return self._call("room", seconds, numbers(socks), len(socks), *sized(text))

    def visits(self, address: Address, count: int, message: bytes, seconds: float) -> Sample:
        """See `Loops`."""
        host = ctypes.c_uint32(int(IPv4Address(address[0])))
        return self._call("visits", seconds, host, address[1], count, *sized(message))

    def closed_loop(
        self,
        epoll: select.epoll,
        message: bytes,
        sent: array[float],
        seconds: float,
        least: int = 0,
        patience: float = PATIENCE,
    ) -> tuple[Sample, list[float]]:
        """See `Loops`."""
        times = (ctypes.c_double * len(sent)).from_buffer(sent)
        total, latencies = NOTHING, list[float]()
        while (left := seconds - total.seconds) > 0:
            wanted = max(0, least - total.messages) if left <= SLICE else 0
            most = int(MOST * SLICE) + wanted + AT_ONCE
            room = (ctypes.c_double * most)()
            limits = ctypes.c_int64(most), ctypes.c_int64(wanted)
            arguments = (epoll.fileno(), *sized(message), times, room, *limits)
            sample = self._slice("closed_loop", min(left, SLICE), patience, *arguments)
            latencies += room[: sample.messages]
            total += sample
        return total, latencies

    def _call(self, name: str, seconds: float, *arguments: object) -> Sample:
        """Call a function of the library for so long."""
        total = NOTHING
        while (left := seconds - total.seconds) > 0:
            total += self._slice(name, min(left, SLICE), PATIENCE, *arguments)
        return total

    def _slice(self, name: str, seconds: float, patience: float, *arguments: object) -> Sample:
        """Call a function once; Python sees no signal meanwhile."""
        run = _Run(seconds=seconds, patience=patience, spin=self._spin)
        problem = getattr(self._library, name)(*arguments, ctypes.byref(run))
        if problem:
            raise error_of(problem, patience)
        return Sample(run.messages, run.passed, run.waited)


def numbers(socks: Sequence[socket.socket]) -> ctypes.Array[ctypes.c_int]:
    """Return the sockets' descriptors as C has them."""
    return (ctypes.c_int * len(socks))(*(sock.fileno() for sock in socks))


def sized(data: bytes) -> tuple[bytes, ctypes.c_long]:
    """Return the two arguments that C takes for some bytes."""
    return data, ctypes.c_long(len(data))


def error_of(number: int, patience: float) -> OSError:
    """Return the exception for an errno that a loop returned."""
    if number == errno.ETIMEDOUT:
        return silent(patience)
    if number in (errno.ECONNRESET, errno.EPIPE):
        return closed()
    return OSError(number, os.strerror(number))
