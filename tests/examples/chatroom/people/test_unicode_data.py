from __future__ import annotations

import pytest

from examples.chatroom.people import unicode_data


def test_a_package_that_is_missing_is_no_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(unicode_data, "PACKAGE", "no_such_package_at_all")
    assert unicode_data.load("categories.json") is None


def test_a_package_without_the_file_is_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(unicode_data, "PACKAGE", "examples.chatroom")
    with pytest.raises(OSError, match=r"categories\.json"):
        unicode_data.load("categories.json")
