"""asynchat as CPython 3.11 had it: collect input up to a terminator, queue output.

The names and the order of calls are the old module's.  The splitting is not: asynchat copied the
rest of its buffer for each message, so that 64 KiB of short lines held the loop for 126 ms.  Here a
position moves over the buffer, and ``ac_in_buffer`` is computed on access: what lies behind it.
"""

from collections import deque as deque  # the old module had it too
from socket import socket as Socket
from typing import Any, Protocol, TypeAlias

from miniloop.compat import asyncore
from miniloop.compat.announcing import Fifo, announce
from miniloop.compat.registry import Map
from miniloop.readiness import announced

__all__ = ["async_chat", "asyncore", "deque", "find_prefix_at_end", "simple_producer"]
"""What ``from asynchat import *`` brought, which had no such list: none of the names for types."""

Terminator: TypeAlias = bytes | str | int | None
"""What ends a message: these bytes, after so many bytes, or nothing (None, ``b""`` or 0)."""


_BYTES = (bytes, bytearray, memoryview)


_NOTHING: Any = object()
"""Stands for an attribute that was deleted, or not set yet; true, so that it is looked at."""

_attributes_of: Any = vars(asyncore.dispatcher)["__dict__"].__get__


class Producer(Protocol):
    """Makes output when there is room for it."""

    def more(self) -> bytes:
        """Return the next piece, ``b""`` at the end."""


class async_chat(asyncore.dispatcher):
    """Override ``collect_incoming_data()`` and ``found_terminator()``.

    Attributes:
        ac_in_buffer_size: bytes received at once.
        ac_out_buffer_size: bytes sent at once.
        use_encoding: whether str is taken for terminators and output; off, since str mostly is a
            mistake here.
        encoding: of such str.
        incoming: what ``_collect_incoming_data()`` collected.
        producer_fifo: bytes and producers that wait to be sent; None among them closes.
        terminator: what ends a message; an int counts down.

    Args:
        sock: a socket, connected or not.
        map: the map to be served in.
    """

    __module__ = "asynchat"  # what repr() and logs show of it

    ac_in_buffer_size = 65536
    ac_out_buffer_size = 65536
    use_encoding: int = 0
    encoding = "latin-1"
    terminator: Terminator
    # Two underscores, so that no subclass can use these names for itself.
    __input: Any = _NOTHING
    __position = 0

    def __init_subclass__(cls, **keywords: Any) -> None:
        """Let a class attribute ``ac_in_buffer``, which meant nothing, hide no property."""
        super().__init_subclass__(**keywords)
        if not isinstance(cls.ac_in_buffer, property):
            cls.ac_in_buffer = async_chat.ac_in_buffer  # type: ignore[method-assign]  # a property

    def __init__(self, sock: Socket | None = None, map: Map | None = None) -> None:
        """Start with nothing received and nothing to send, and no terminator."""
        self.ac_in_buffer = b""
        self.incoming: list[bytes] = []
        fifo = Fifo()
        fifo.attach(self)
        self.producer_fifo: Any = fifo
        asyncore.dispatcher.__init__(self, sock, map)

    @property
    def ac_in_buffer(self) -> Any:
        """What was received and not handed on yet."""
        if self.__input is _NOTHING:
            raise AttributeError(f"{type(self).__name__!r} object has no attribute 'ac_in_buffer'")
        if self.__position:
            self.__input = self.__input[self.__position :]
            self.__position = 0
        return self.__input

    @ac_in_buffer.setter
    def ac_in_buffer(self, data: Any) -> None:
        self.__input, self.__position = data, 0

    @ac_in_buffer.deleter
    def ac_in_buffer(self) -> None:
        self.__input, self.__position = _NOTHING, 0

    @property
    def __dict__(self) -> dict[str, Any]:  # type: ignore[override]  # a property, not a variable
        """What ``vars()`` returns: with ``ac_in_buffer``, as if that were no property."""
        attributes: dict[str, Any] = _attributes_of(self)
        if self.__input is _NOTHING:
            attributes.pop("ac_in_buffer", None)
        else:
            attributes["ac_in_buffer"] = self.ac_in_buffer
        return attributes

    # -- input -----------------------------------------------------------------------------------

    def collect_incoming_data(self, data: bytes) -> None:
        """Take a part of the message; override it."""
        raise NotImplementedError("must be implemented in subclass")

    def _collect_incoming_data(self, data: bytes) -> None:
        """Keep a part of the message in ``incoming``: an implementation of the above."""
        self.incoming.append(data)

    def _get_data(self) -> bytes:
        """Return what ``incoming`` holds, and empty it."""
        data = b"".join(self.incoming)
        self.incoming.clear()
        return data

    def found_terminator(self) -> None:
        """Handle the complete message; override it."""
        raise NotImplementedError("must be implemented in subclass")

    def set_terminator(self, term: Terminator) -> None:
        """Set what ends the next message; possible at any moment.

        Raises:
            ValueError: a negative number.
        """
        if isinstance(term, str) and self.use_encoding:
            term = term.encode(self.encoding)
        elif isinstance(term, int) and term < 0:
            raise ValueError("the number of received bytes must be positive")
        self.terminator = term

    def get_terminator(self) -> Terminator:
        """Return what ends the message."""
        return self.terminator

    def handle_read(self) -> None:
        """Receive once and hand on what there is.

        One function, because its frames are in the log line of what a handler raises.  After each
        call of a handler everything is looked up anew, because the handler may have changed the
        terminator and the buffer.
        """
        try:
            data: Any = self.recv(self.ac_in_buffer_size)
        except BlockingIOError:
            return
        except OSError:
            self.handle_error()
            return
        if self.__input or type(data) is not bytes:
            if isinstance(data, str) and self.use_encoding:
                data = data.encode(self.encoding)
            data = self.ac_in_buffer + data  # bytes now, whatever recv() returned
        self.__input = data
        while data := self.__input:
            start = self.__position
            terminator: Any = self.get_terminator()
            if not terminator:
                self.collect_incoming_data(self.ac_in_buffer)
                self.ac_in_buffer = b""
                continue
            if type(terminator) is not bytes and isinstance(terminator, int):
                end = found = start + terminator
                if found > len(data):
                    self.collect_incoming_data(self.ac_in_buffer)
                    self.ac_in_buffer = b""
                    self.terminator = self.terminator - (len(data) - start)  # type: ignore[operator]
                    continue
                self.collect_incoming_data(data[start:found])
                self.terminator = 0
            else:
                found = data.find(terminator, start)
                if found < 0:
                    data = self.ac_in_buffer
                    kept = find_prefix_at_end(data, terminator)
                    if not kept:
                        self.collect_incoming_data(data)
                        self.ac_in_buffer = b""
                        continue
                    if kept != len(data):
                        self.collect_incoming_data(data[:-kept])
                        self.ac_in_buffer = self.ac_in_buffer[-kept:]
                    break
                if found > start:
                    self.collect_incoming_data(data[start:found])
                end = found + len(terminator)
            end += self.__position - start
            if end < len(self.__input):
                self.__position = end
            else:
                self.__input = b""
                self.__position = 0
            self.found_terminator()

    # -- output ----------------------------------------------------------------------------------

    def handle_write(self) -> None:
        """Go on sending."""
        self.initiate_send()

    def handle_close(self) -> None:
        """Close."""
        self.close()

    def push(self, data: bytes | bytearray | memoryview) -> None:
        """Queue bytes, in pieces of ``ac_out_buffer_size``, and start to send.

        Raises:
            TypeError: not bytes or the like.
        """
        if not isinstance(data, _BYTES):
            raise TypeError(
                "data argument must be byte-ish (%r)", type(data)
            )  # two arguments, as it was
        size, fifo = self.ac_out_buffer_size, self.producer_fifo
        if len(data) > size:
            for start in range(0, len(data), size):
                fifo.append(data[start : start + size])
        else:
            try:
                fifo.append_unannounced(data)  # most of the time it is sent at once
            except AttributeError:  # a queue that the program put there
                fifo.append(data)
        self.initiate_send()
        if fifo:
            announce(self)

    def push_with_producer(self, producer: Producer) -> None:
        """Queue what ``producer.more()`` will return until it returns nothing; start to send."""
        self.producer_fifo.append(producer)
        self.initiate_send()

    @announced
    def readable(self) -> bool:
        """Return whether read events are wanted: always."""
        return True

    @announced
    def writable(self) -> bool:
        """Return whether there is output to send, or a connect to wait for."""
        return not (self.connected and not self.producer_fifo)  # no len(): called for each message

    def close_when_done(self) -> None:
        """Close when all that is queued is sent."""
        self.producer_fifo.append(None)

    def initiate_send(self) -> None:
        """Send one piece, if there is one."""
        while self.producer_fifo and self.connected:
            first, size = self.producer_fifo[0], self.ac_out_buffer_size
            if not first:
                del self.producer_fifo[0]
                if first is None:
                    self.handle_close()
                    return
            try:
                data = first[:size]
            except TypeError:
                data = first.more()  # here and not in a function: its frames are in log lines
                if data:
                    self.producer_fifo.appendleft(data)
                else:
                    del self.producer_fifo[0]
                continue
            if isinstance(data, str) and self.use_encoding:
                data = data.encode(self.encoding)
            try:
                sent = self.send(data)
            except OSError:
                self.handle_error()
                return
            if sent and (sent < len(data) or size < len(first)):
                self.producer_fifo[0] = first[sent:]
            elif sent:
                del self.producer_fifo[0]
            return

    def discard_buffers(self) -> None:
        """Forget all input and output."""
        self.ac_in_buffer = b""
        self.incoming.clear()
        self.producer_fifo.clear()


class simple_producer:
    """Hands out bytes in pieces.

    Attributes:
        data: what is left.
        buffer_size: bytes in a piece.
    """

    __module__ = "asynchat"

    def __init__(self, data: bytes, buffer_size: int = 512) -> None:
        """Start with all of ``data``."""
        self.data = data
        self.buffer_size = buffer_size

    def more(self) -> bytes:
        """Return the next piece, ``b""`` at the end."""
        piece, self.data = self.data[: self.buffer_size], self.data[self.buffer_size :]
        return piece


def find_prefix_at_end(haystack: bytes, needle: bytes) -> int:
    """Return how many bytes at the end of ``haystack`` may be the beginning of ``needle``."""
    for size in range(len(needle) - 1, 0, -1):
        if haystack.endswith(needle[:size]):
            return size
    return 0 if needle else -1  # as it was
