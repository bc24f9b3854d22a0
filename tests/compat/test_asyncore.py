"""The functions of asyncore: one event for one object, close_all(), and what is said of errors."""

import errno
import os
import select
import sys
import traceback
from typing import Any
from unittest import mock

import pytest

EVENTS = {"read": "handle_read_event", "write": "handle_write_event",
          "_exception": "handle_expt_event"}  # fmt: skip


@pytest.mark.parametrize("name", EVENTS)
def test_one_event(core: Any, name: str) -> None:
    obj = mock.Mock()
    getattr(core, name)(obj)
    assert obj.mock_calls == [getattr(mock.call, EVENTS[name])()]


@pytest.mark.parametrize("name", EVENTS)
@pytest.mark.parametrize("error", [ValueError, OSError, GeneratorExit])
def test_exceptions_go_to_handle_error(core: Any, name: str, error: type[BaseException]) -> None:
    obj = mock.Mock(**{f"{EVENTS[name]}.side_effect": error})
    getattr(core, name)(obj)
    obj.handle_error.assert_called_once_with()


@pytest.mark.parametrize("name", EVENTS)
@pytest.mark.parametrize("error", ["ExitNow", KeyboardInterrupt, SystemExit])
def test_exits_leave_the_loop(core: Any, name: str, error: Any) -> None:
    error = getattr(core, error) if isinstance(error, str) else error
    obj = mock.Mock(**{f"{EVENTS[name]}.side_effect": error})
    with pytest.raises(error):
        getattr(core, name)(obj)
    obj.handle_error.assert_not_called()
    with pytest.raises(error):
        core.readwrite(mock.Mock(**{"handle_close.side_effect": error}), select.POLLHUP)


@pytest.mark.parametrize(
    ("flags", "expected"),
    [
        (0, []),
        (select.POLLIN, ["handle_read_event"]),
        (select.POLLOUT, ["handle_write_event"]),
        (select.POLLPRI, ["handle_expt_event"]),
        (select.POLLHUP, ["handle_close"]),
        (select.POLLERR, ["handle_close"]),
        (select.POLLNVAL, ["handle_close"]),
        (
            select.POLLIN | select.POLLOUT | select.POLLPRI | select.POLLHUP | select.POLLERR,
            ["handle_read_event", "handle_write_event", "handle_expt_event", "handle_close"],
        ),
    ],
)
def test_readwrite_takes_the_bits_of_poll(core: Any, flags: int, expected: list[str]) -> None:
    obj = mock.Mock()
    core.readwrite(obj, flags)
    assert [call[0] for call in obj.mock_calls] == expected


@pytest.mark.parametrize(
    ("number", "expected"), [(errno.ECONNRESET, "handle_close"), (errno.EIO, "handle_error")]
)
def test_readwrite_knows_a_lost_connection(core: Any, number: int, expected: str) -> None:
    obj = mock.Mock(**{"handle_read_event.side_effect": OSError(number, "")})
    core.readwrite(obj, select.POLLIN | select.POLLOUT)
    assert [call[0] for call in obj.mock_calls] == ["handle_read_event", expected]


# -- close_all -------------------------------------------------------------------------------------


def closing(*errors: Any) -> dict[int, Any]:
    return {at: mock.Mock(**{"close.side_effect": error}) for at, error in enumerate(errors)}


def test_close_all_closes_and_empties(core: Any) -> None:
    map = closing(None, OSError(errno.EBADF, ""), None)
    objects = list(map.values())
    core.close_all(map)
    assert map == {}
    assert all(obj.close.called for obj in objects)


def test_close_all_survives_an_object_that_empties_the_map(core: Any) -> None:
    map: dict[int, Any] = {}
    map[1] = mock.Mock(**{"close.side_effect": map.clear})
    map[2] = other = mock.Mock()
    core.close_all(map)
    other.close.assert_called_once_with()


@pytest.mark.parametrize("error", [OSError(errno.EIO, ""), ValueError(), GeneratorExit()])
def test_close_all_ends_with_the_first_error_unless_it_ignores_all(
    core: Any, error: BaseException
) -> None:
    map = closing(error, None)
    with pytest.raises(type(error)):
        core.close_all(map)
    map[1].close.assert_not_called()
    last = map[1]
    core.close_all(map, ignore_all=True)
    last.close.assert_called_once_with()
    assert map == {}


@pytest.mark.parametrize("error", ["ExitNow", KeyboardInterrupt, SystemExit])
def test_close_all_never_swallows_an_exit(core: Any, error: Any) -> None:
    error = getattr(core, error) if isinstance(error, str) else error
    with pytest.raises(error):
        core.close_all(closing(error), True)


# -- exceptions and error numbers ------------------------------------------------------------------


def fail() -> None:
    raise ValueError("on purpose")


def test_compact_traceback(core: Any) -> None:
    try:
        fail()
    except ValueError as raised:
        (file, function, line), kind, error, way = core.compact_traceback()
        first, last = traceback.extract_tb(raised.__traceback__)
    assert (file, function, line) == (__file__, "fail", str(last.lineno))
    assert kind is ValueError
    assert error is sys.exc_info()[1] or str(error) == "on purpose"
    here = "test_compact_traceback"
    assert way == f"[{__file__}|{here}|{first.lineno}] [{__file__}|fail|{last.lineno}]"


def test_compact_traceback_without_an_exception(core: Any) -> None:
    with pytest.raises((AssertionError, AttributeError)):
        core.compact_traceback()


@pytest.mark.parametrize("number", [errno.EPERM, errno.ECONNREFUSED, 0, 2_000_000])
def test_strerror_is_the_systems_text(core: Any, number: int) -> None:
    assert core._strerror(number) == os.strerror(number)


@pytest.mark.parametrize("number", [1 << 80, -(1 << 80)])
def test_strerror_of_what_is_no_error_number(core: Any, number: int) -> None:
    assert core._strerror(number) == f"Unknown error {number}"


def test_exitnow_is_an_exception_of_its_own(core: Any) -> None:
    assert core.ExitNow.__mro__[1] is Exception
    assert core.ExitNow("why").args == ("why",)
