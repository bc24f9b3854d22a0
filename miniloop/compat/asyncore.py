"""asyncore as CPython 3.11 had it: a map of dispatchers, and a loop that serves it.

Every name, text and order of calls is the old module's, because programs lean on all of them.  They
also put their own ``select``, ``socket``, ``time`` or ``poll`` into this module, so each is looked
up here at the moment of use.  What is new stands in ``watch.py``: while ``loop()`` runs, only those
are asked whose answer may have changed.
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
from typing import Any

from miniloop.compat import watch as _watch
from miniloop.compat.crowd import AS_POLL, AS_SELECT
from miniloop.compat.dispatcher import dispatcher as dispatcher
from miniloop.compat.faults import DISCONNECTED as _DISCONNECTED
from miniloop.compat.faults import ExitNow as ExitNow
from miniloop.compat.faults import compact_traceback as compact_traceback
from miniloop.compat.faults import strerror as _strerror  # noqa: F401
from miniloop.compat.sending import dispatcher_with_send as dispatcher_with_send
from miniloop.compat.watches import Map
from miniloop.compat.watches import watch_of as _watch_of

if os.name == "posix":
    from miniloop.compat.files import file_dispatcher as file_dispatcher
    from miniloop.compat.files import file_wrapper as file_wrapper

socket_map: Map = globals().get("socket_map", {})  # reloading the module keeps it

_reraised_exceptions = (ExitNow, KeyboardInterrupt, SystemExit)
_real_select = getattr(select, "select", None)
_real_poll = getattr(select, "poll", None)


# -- one event for one object ---------------------------------------------------------------------


def read(obj: Any) -> None:
    """Hand a read event to ``obj``; what it raises is its own to handle, but for the way out."""
    try:
        obj.handle_read_event()
    except _reraised_exceptions:
        raise
    except:  # noqa: E722 - all else was handle_error()'s, GeneratorExit too
        obj.handle_error()


def write(obj: Any) -> None:
    """Hand a write event to ``obj``, as ``read()`` does."""
    try:
        obj.handle_write_event()
    except _reraised_exceptions:
        raise
    except:  # noqa: E722
        obj.handle_error()


def _exception(obj: Any) -> None:
    """Hand an exceptional condition, such as urgent data, to ``obj``, as ``read()`` does."""
    try:
        obj.handle_expt_event()
    except _reraised_exceptions:
        raise
    except:  # noqa: E722
        obj.handle_error()


def readwrite(obj: Any, flags: int) -> None:
    """Hand all that poll(2) said to ``obj``; a lost connection is no error.

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


def poll(timeout: float | None = 0.0, map: Map | None = None) -> None:
    """Wait with select(2) and deliver: all reads first, then all writes, then the exceptions.

    Args:
        timeout: longest wait in seconds; None waits for the first event.
        map: whom to serve; ``socket_map`` when not given.

    Raises:
        OSError: EBADF, a descriptor in the map is closed.
    """
    map = socket_map if map is None else map
    if not map:
        return
    watched = _watch_of(map) if select.select is _real_select else None
    if watched is not None and not watched.rests():
        _poll_watched(timeout, map, watched)
        return
    wanted = _ask_everybody(map)
    if not any(wanted):
        time.sleep(timeout)  # type: ignore[arg-type]  # None is a TypeError, as it was
        return
    try:
        sets = select.select(*wanted, timeout)
    except ValueError:  # a descriptor beyond what select(2) can take, for one
        if watched is None or not watched.stay_awake():
            raise
        return  # the next pass goes the new way
    for deliver, ready in zip((read, write, _exception), sets, strict=True):
        for fd in ready:
            obj = map.get(fd)
            if obj is not None:
                deliver(obj)


def _ask_everybody(map: Map) -> tuple[list[int], list[int], list[int]]:
    """Return who wants to read, who wants to write, and who wants anything."""
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


def _poll_watched(timeout: float | None, map: Map, watched: _watch.Watch) -> None:
    """As ``poll()``, without asking those whose answers are known."""
    if not watched.refresh():
        time.sleep(timeout)  # type: ignore[arg-type]
        return
    for deliver, ready in zip((read, write, _exception), watched.select(timeout), strict=True):
        for registration in ready:
            obj = map.get(registration.fd)
            if obj is registration.channel:
                deliver(obj)
            elif obj is not None:
                watched.look_anew()


def poll2(timeout: float | None = 0.0, map: Map | None = None) -> None:
    """Wait with poll(2) and deliver everything to one object before the next.

    Args:
        timeout: longest wait in seconds, cut to milliseconds; None waits for the first event.
        map: whom to serve; ``socket_map`` when not given.
    """
    map = socket_map if map is None else map
    if not map:
        return
    milliseconds = None if timeout is None or timeout < 0 else int(timeout * 1000)
    watched = _watch_of(map) if select.poll is _real_poll else None
    if watched is not None:
        watched.refresh()
        seconds = None if milliseconds is None else milliseconds / 1000
        for registration, flags in watched.poll(seconds):
            obj = map.get(registration.fd)
            if obj is registration.channel:
                readwrite(obj, flags)
            elif obj is not None:
                watched.look_anew()
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


poll3 = poll2


def loop(
    timeout: float | None = 30.0,
    use_poll: bool = False,
    map: Map | None = None,
    count: float | None = None,
) -> None:
    """Serve a map until it is empty.

    Args:
        timeout: longest wait of a pass in seconds.
        use_poll: deliver as ``poll2()`` does and not as ``poll()``.
        map: whom to serve; ``socket_map`` when not given.
        count: passes at most; None for any number.
    """
    map = socket_map if map is None else map
    one_pass = poll2 if use_poll and hasattr(select, "poll") else poll
    watched = count is None or count > _watch.FEW_PASSES
    bits = AS_SELECT if one_pass is poll else AS_POLL
    with _watch.watching(map, bits) if watched else _nullcontext():
        while map and (count is None or count > 0):
            one_pass(timeout, map)
            count = None if count is None else count - 1


def close_all(map: Map | None = None, ignore_all: bool = False) -> None:
    """Close everything in a map and empty it.

    Args:
        map: whose objects to close; ``socket_map`` when not given.
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
