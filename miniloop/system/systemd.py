"""Be started by systemd: take the sockets that it opened, and report the state of the service.

systemd tells both in environment variables, sd_listen_fds(3) and sd_notify(3).  They come from
outside, so they are read strictly, and they are removed at once: a child that inherits them would
take them for its own.
"""

from __future__ import annotations

import errno
import logging
import os
import re
import socket
import stat
import time
from collections.abc import MutableMapping
from typing import NamedTuple

logger = logging.getLogger("miniloop")

FIRST = 3
"""The first descriptor that is passed: those before it are the standard ones."""

MOST = 65536
"""Most descriptors that may be passed; systemd's own units stay far below."""

UNNAMED = "unknown"
"""The name of a socket without one, as sd_listen_fds_with_names(3) has it."""

SEND_TIMEOUT = 5.0  # seconds until a service manager that does not read is given up
_NAME = re.compile(r"[ -9;-~]{1,255}")  # printable ASCII, and no colon: systemd's rule
_NUMBER = re.compile(r"[0-9]{1,10}")


class Passed(NamedTuple):
    """A socket that systemd opened.

    Attributes:
        name: FileDescriptorName= of the unit, by default the unit's name.
        sock: the socket, closed on exec.
    """

    name: str
    sock: socket.socket


def take_sockets(
    environ: MutableMapping[str, str] = os.environ, first: int = FIRST
) -> list[Passed]:
    """Return the sockets that systemd has opened for this process, in the unit's order.

    The variables are removed, so a second call returns no more.  Without them, or where they are
    meant for another process (LISTEN_PID), the list is empty.

    Args:
        environ: where the variables are.
        first: the number of the first descriptor; a test cannot have 3.

    Raises:
        ValueError: a variable is malformed; the sentence names it.
        OSError: a descriptor that was announced is not open, or is no socket.
    """
    pid = environ.pop("LISTEN_PID", None)
    count = environ.pop("LISTEN_FDS", None)
    names = environ.pop("LISTEN_FDNAMES", None)
    environ.pop("LISTEN_PIDFDID", None)  # newer systemd's; the number of the process is enough
    if pid is None or count is None:
        return []
    if _number("LISTEN_PID", pid) != os.getpid():
        return []
    numbers = range(first, first + _number("LISTEN_FDS", count, MOST))
    each_name = _names(names, len(numbers))
    for number, name in zip(numbers, each_name, strict=True):
        _check_socket(number, name)
    return [Passed(name, _own(number)) for number, name in zip(numbers, each_name, strict=True)]


def _number(variable: str, text: str, most: int | None = None) -> int:
    """Return the number in a variable; not ``int(text)``, which takes signs, spaces and more."""
    if not _NUMBER.fullmatch(text) or (most is not None and int(text) > most):
        up_to = "" if most is None else f" up to {most}"
        raise ValueError(f"{variable} is {text!r}: systemd sets it to a decimal number{up_to}")
    return int(text)


def _names(text: str | None, count: int) -> list[str]:
    """Return one name for each descriptor."""
    if text is None:
        return [UNNAMED] * count
    names = text.split(":")
    if len(names) != count or not all(map(_NAME.fullmatch, names)):
        raise ValueError(
            f"LISTEN_FDNAMES is {text!r}: systemd sets it to LISTEN_FDS names ({count} here), "
            "printable ASCII, at most 255 characters each, with colons between them"
        )
    return names


def _check_socket(number: int, name: str) -> None:
    try:
        mode = os.fstat(number).st_mode
    except OSError as error:
        why = f"LISTEN_FDS announces descriptor {number} ({name}), which is not open"
        raise OSError(error.errno, why) from None
    if not stat.S_ISSOCK(mode):
        why = f"LISTEN_FDS announces descriptor {number} ({name}), which is no socket"
        raise OSError(errno.ENOTSOCK, why)


def _own(number: int) -> socket.socket:
    os.set_inheritable(number, False)
    return socket.socket(fileno=number)


class Notifier:
    """Reports the state of the service to systemd (Type=notify, Type=notify-reload).

    A report that cannot be delivered is logged: the service goes on.  Where there is no service
    manager, reports do nothing.

    Args:
        address: of its datagram socket, a path or an abstract name that begins with NUL; None:
            there is no service manager.
    """

    def __init__(self, address: str | None = None) -> None:
        self._address = address

    def ready(self) -> None:
        """Starting, or a reload, is complete; this process is the main one."""
        self.send("READY=1", f"MAINPID={os.getpid()}")

    def reloading(self) -> None:
        """A reload begins; ``ready()`` ends it."""
        self.send("RELOADING=1", f"MONOTONIC_USEC={time.monotonic_ns() // 1000}")

    def stopping(self) -> None:
        """The service begins to stop."""
        self.send("STOPPING=1")

    def send(self, *assignments: str) -> None:
        """Send assignments, as sd_notify(3) lists them, in one datagram.

        Raises:
            ValueError: one of them is no ``NAME=value`` on one line.
        """
        for each in assignments:
            if "=" not in each or "\n" in each:
                raise ValueError(f"an assignment is NAME=value on one line, not {each!r}")
        if self._address is None:
            return
        try:
            with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as sock:
                sock.settimeout(SEND_TIMEOUT)
                sock.sendto("\n".join(assignments).encode(), self._address)
        except OSError as error:
            logger.error("cannot report %s to the service manager: %s", assignments[0], error)


def take_notifier(environ: MutableMapping[str, str] = os.environ) -> Notifier:
    """Return the way to the service manager; NOTIFY_SOCKET is removed.

    Raises:
        ValueError: it is neither an absolute path nor an abstract name, or too long for an address.
        OSError: there are no UNIX sockets here.
    """
    text = environ.pop("NOTIFY_SOCKET", None)
    if text is None:
        return Notifier()
    if not hasattr(socket, "AF_UNIX"):
        raise OSError(
            errno.EAFNOSUPPORT, "NOTIFY_SOCKET is set, but there are no UNIX sockets here"
        )
    if text[:1] not in ("/", "@") or len(text) < 2 or "\0" in text or len(os.fsencode(text)) > 107:
        raise ValueError(
            f"NOTIFY_SOCKET is {text!r}: systemd sets it to an absolute path, or to @ and an "
            "abstract name, of at most 107 bytes"
        )
    return Notifier("\0" + text[1:] if text[0] == "@" else text)
