"""What is said of exceptions and error numbers."""

import errno
import os
import sys
import traceback
from typing import Any

import pytest


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
