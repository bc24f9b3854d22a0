"""asyncore as CPython 3.11 had it: dispatchers, and a loop that serves a map of them.

Every name, text and order of calls is the old module's, because programs depend on all of them.
Programs also put their own ``select``, ``socket``, ``time`` or ``poll`` into this module, so each
is looked up here at the moment of use.  ``dispatcher`` has a file of its own, since it would double
this one, and is handed the module to look them up in.  What is new is in ``watch.py``: while
``loop()`` runs, only objects whose answers may have changed are asked.

What the old module did not import has an underscore here, so that ``from asyncore import *`` brings
no other names than it did.
"""

import os as os
import select
import socket as socket
import sys as sys
import time
import warnings as warnings
from contextlib import nullcontext as _nullcontext
from errno import EAGAIN as EAGAIN
from errno import EALREADY as EALREADY
from errno import EBADF as EBADF
from errno import ECONNABORTED as ECONNABORTED
from errno import ECONNRESET as ECONNRESET
from errno import EINPROGRESS as EINPROGRESS
from errno import EINVAL as EINVAL
from errno import EISCONN as EISCONN
from errno import ENOTCONN as ENOTCONN
from errno import EPIPE as EPIPE
from errno import ESHUTDOWN as ESHUTDOWN
from errno import EWOULDBLOCK as EWOULDBLOCK
from errno import errorcode as errorcode
from typing import Any as _Any

from miniloop import readiness as _readiness
from miniloop.compat import dispatcher as _dispatcher
from miniloop.compat import watch as _watch
from miniloop.compat.dispatcher import dispatcher as dispatcher
from miniloop.compat.interest_list import AS_POLL as _AS_POLL
from miniloop.compat.interest_list import AS_SELECT as _AS_SELECT
from miniloop.compat.places import Place as _Place
from miniloop.compat.places import places_of as _places_of
from miniloop.compat.registry import Map as _Map

if os.name == "posix":
    from miniloop.compat.file_wrapper import file_wrapper as file_wrapper

_dispatcher.asyncore = sys.modules[__name__]

socket_map: _Map = globals().get("socket_map", {})  # reloading the module keeps it

_DISCONNECTED = frozenset({ECONNRESET, ENOTCONN, ESHUTDOWN, ECONNABORTED, EPIPE, EBADF})
"""Error numbers that mean: the peer is gone."""


class ExitNow(Exception):
    """Raised by a handler to leave ``loop()``."""

    __module__ = "asyncore"  # what tracebacks showed


_reraised_exceptions = (ExitNow, KeyboardInterrupt, SystemExit)
_real_select = getattr(select, "select", None)
_real_poll = getattr(select, "poll", None)

# -- one event for one object ---------------------------------------------------------------------


def read(obj: _Any) -> None:
    """Hand a read event to ``obj``; its ``handle_error()`` gets what it raises, but not an exit."""
    try:
        obj.handle_read_event()
    except _reraised_exceptions:
        raise
    except:  # noqa: E722 - everything else, GeneratorExit too, went to handle_error()
        obj.handle_error()


def write(obj: _Any) -> None:
    """Hand a write event to ``obj``, as ``read()`` does."""
    try:
        obj.handle_write_event()
    except _reraised_exceptions:
        raise
    except:  # noqa: E722
        obj.handle_error()


def _exception(obj: _Any) -> None:
    """Hand an exceptional condition, such as urgent data, to ``obj``, as ``read()`` does."""
    try:
        obj.handle_expt_event()
    except _reraised_exceptions:
        raise
    except:  # noqa: E722
        obj.handle_error()


def readwrite(obj: _Any, flags: int) -> None:
    """Hand the events of poll(2) to ``obj``; a lost connection is no error.

    Args:
        obj: a dispatcher, or anything with its methods.
        flags: bits of poll(2): POLLIN, POLLOUT, POLLPRI, POLLHUP, POLLERR, POLLNVAL.
    """
    try:
        if flags & select.POLLIN:
            obj.handle_read_event()
        if flags & select.POLLOUT:
            obj.handle_write_event()
        if flags & select.POLLPRI:
            obj.handle_expt_event()
        if flags & (select.POLLHUP | select.POLLERR | select.POLLNVAL):
            obj.handle_close()
    except OSError as error:
        if error.errno in _DISCONNECTED:
            obj.handle_close()
        else:
            obj.handle_error()
    except _reraised_exceptions:
        raise
    except:  # noqa: E722
        obj.handle_error()


# -- one pass over a map --------------------------------------------------------------------------


def poll(timeout: float | None = 0.0, map: _Map | None = None) -> None:
    """Wait with select(2) and deliver: all reads first, then all writes, then the exceptions.

    Args:
        timeout: longest wait in seconds; None waits for the first event.
        map: the map to serve; ``socket_map`` when not given.

    Raises:
        OSError: EBADF, a descriptor in the map is closed.
    """
    map = socket_map if map is None else map
    if not map:
        return
    watched = _watch.watch_for_pass(map) if select.select is _real_select else None
    if watched is not None:
        _poll_watched(timeout, map, watched)
        return
    readers, writers, either = _ask_all(map)
    if not either:
        time.sleep(timeout)  # type: ignore[arg-type]  # None is a TypeError, as it was
        return
    try:
        readable, writable, urgent = select.select(readers, writers, either, timeout)
    except ValueError:  # a descriptor beyond what select(2) can take, for one
        watched = _watch.watch_of(map) if select.select is _real_select else None
        if watched is None or not watched.take_over():
            raise
        return  # the watch, which uses poll(2), makes the next pass
    for fd in readable:
        obj = map.get(fd)
        if obj is not None:
            read(obj)
    if not writable and not urgent:  # most of the time
        return
    for deliver, ready in ((write, writable), (_exception, urgent)):
        for fd in ready:
            obj = map.get(fd)
            if obj is not None:
                deliver(obj)


def _ask_all(map: _Map) -> tuple[list[int], list[int], list[int]]:
    """Return the descriptors to wait for: to read, to write, and either."""
    readers, writers, either = [], [], []
    for fd, obj in [*map.items()]:
        readable, writable = obj.readable(), obj.writable()
        if readable:
            readers.append(fd)
        if writable and not obj.accepting:
            writers.append(fd)
        if readable or writable:
            either.append(fd)
    return readers, writers, either


def _poll_watched(timeout: float | None, map: _Map, watched: _watch.Watch) -> None:
    """Make the pass of ``poll()`` without asking the objects whose answers are known."""
    if not watched.refresh():
        time.sleep(timeout)  # type: ignore[arg-type]
        return
    for deliver, ready in zip((read, write, _exception), watched.select(timeout), strict=True):
        for entry in ready:
            obj = map.get(entry.fd)
            if obj is entry.obj:
                deliver(obj)
            elif obj is not None:
                watched.registry.compare_soon()


def poll2(timeout: float | None = 0.0, map: _Map | None = None) -> None:
    """Wait with poll(2) and deliver everything to one object before the next.

    Args:
        timeout: longest wait in seconds, cut to milliseconds; None waits for the first event.
        map: the map to serve; ``socket_map`` when not given.
    """
    map = socket_map if map is None else map
    if not map:
        return
    milliseconds = None if timeout is None or timeout < 0 else int(timeout * 1000)
    watched = _watch.watch_for_pass(map) if select.poll is _real_poll else None
    if watched is not None:
        _poll2_watched(milliseconds, map, watched)
        return
    pollster = select.poll()
    for fd, obj in [*map.items()]:
        flags = select.POLLIN | select.POLLPRI if obj.readable() else 0
        if obj.writable() and not obj.accepting:
            flags |= select.POLLOUT
        if flags:
            pollster.register(fd, flags)
    for fd, flags in pollster.poll(milliseconds):
        obj = map.get(fd)
        if obj is not None:
            readwrite(obj, flags)


def _poll2_watched(milliseconds: int | None, map: _Map, watched: _watch.Watch) -> None:
    """Make the pass of ``poll2()`` without asking the objects whose answers are known."""
    watched.refresh()
    seconds = None if milliseconds is None else milliseconds / 1000
    for entry, flags in watched.poll(seconds):
        obj = map.get(entry.fd)
        if obj is entry.obj:
            readwrite(obj, flags)
        elif obj is not None:
            watched.registry.compare_soon()


poll3 = poll2


def loop(
    timeout: float | None = 30.0,
    use_poll: bool = False,
    map: _Map | None = None,
    count: float | None = None,
) -> None:
    """Serve a map until it is empty.

    Args:
        timeout: longest wait of a pass in seconds.
        use_poll: deliver as ``poll2()`` does and not as ``poll()``.
        map: the map to serve; ``socket_map`` when not given.
        count: passes at most; None for any number.
    """
    map = socket_map if map is None else map
    one_pass = poll2 if use_poll and hasattr(select, "poll") else poll
    watched = count is None or count > _watch.FEW_PASSES
    bits = _AS_SELECT if one_pass is poll else _AS_POLL
    with _watch.watching(map, bits) if watched else _nullcontext():
        while map and count is None:
            one_pass(timeout, map)
        while map and count is not None and count > 0:
            one_pass(timeout, map)
            count -= 1


def close_all(map: _Map | None = None, ignore_all: bool = False) -> None:
    """Close everything in a map and empty it.

    Args:
        map: the map to close; ``socket_map`` when not given.
        ignore_all: swallow what their ``close()`` raises; else the first exception ends this,
            but for EBADF, which means closed already.
    """
    map = socket_map if map is None else map
    for obj in [*map.values()]:
        try:
            obj.close()
        except _reraised_exceptions:
            raise
        except OSError as error:
            if error.errno != EBADF and not ignore_all:
                raise
        except:  # noqa: E722
            if not ignore_all:
                raise
    map.clear()


# -- errors and exceptions ------------------------------------------------------------------------


def compact_traceback() -> tuple[_Place, type[BaseException] | None, BaseException | None, str]:
    """Describe the exception being handled.

    Returns:
        Where it was raised, its type, itself, and the whole way there as
        ``[file|function|line] [file|function|line]``.

    Raises:
        AssertionError: no exception is being handled.
    """
    kind, error, traceback = sys.exc_info()
    if traceback is None:
        raise AssertionError("traceback does not exist")
    places = _places_of(traceback)
    return places[-1], kind, error, " ".join("[{}|{}|{}]".format(*place) for place in places)


def _strerror(number: int) -> str:
    """Return the text for an error number, and some text for any other number."""
    try:
        return os.strerror(number)
    except (ValueError, OverflowError, NameError):
        return errorcode.get(number, f"Unknown error {number}")


# -- two more dispatchers -------------------------------------------------------------------------


class dispatcher_with_send(dispatcher):
    """A dispatcher that keeps what could not be sent yet.

    Attributes:
        out_buffer: what is still to be sent.
    """

    __module__ = "asyncore"

    def __init__(self, sock: socket.socket | None = None, map: _Map | None = None) -> None:
        """As ``dispatcher``."""
        dispatcher.__init__(self, sock, map)
        self.out_buffer: bytes = b""

    def initiate_send(self) -> None:
        """Send what the kernel takes of the first 64 KiB."""
        sent = dispatcher.send(self, self.out_buffer[:65536])
        self.out_buffer = self.out_buffer[sent:]

    def handle_write(self) -> None:
        """Go on sending."""
        self.initiate_send()

    @_readiness.announced
    def writable(self) -> bool:
        """Return whether there is output to send, or a connect to wait for."""
        return not self.connected or len(self.out_buffer) > 0

    def send(self, data: bytes) -> None:
        """Send, now or later."""
        if self.debug:
            self.log_info(f"sending {data!r}")
        before = self.out_buffer
        self.out_buffer = before + data
        self.initiate_send()
        if not before and not self.out_buffer:
            self.out_buffer = before  # an EmptyBuffer, which says nothing if it is put back


if os.name == "posix":

    class file_dispatcher(dispatcher):
        """A dispatcher on a pipe, a terminal or a file.

        Args:
            fd: a descriptor, or an object with ``fileno()``.  It is set non-blocking and
                duplicated; only the duplicate is closed.
            map: the map to be served in.
        """

        __module__ = "asyncore"

        def __init__(self, fd: _Any, map: _Map | None = None) -> None:
            """Enter the map at once."""
            dispatcher.__init__(self, None, map)
            self.connected = True
            number = fd.fileno() if hasattr(fd, "fileno") else fd
            self.set_file(number)
            os.set_blocking(number, False)

        def set_file(self, fd: int) -> None:
            """Own a duplicate of ``fd`` and enter the map."""
            wrapper: _Any = file_wrapper(fd)  # no socket, but it has what is called
            self.socket = wrapper
            self._fileno = self.socket.fileno()
            self.add_channel()
