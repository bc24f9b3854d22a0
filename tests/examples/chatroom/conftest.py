"""Fixtures of the chat room's tests."""

import pytest

from examples.chatroom.people.passwords import PasswordHash


@pytest.fixture
def cheap(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Make hashing cheap; test_passwords.py measures the real cost."""
    checked: list[str] = []

    def make(password: str) -> PasswordHash:
        return PasswordHash(b"\0" * 16, password.encode().ljust(32, b"\0"))

    def matches(self: PasswordHash, password: str) -> bool:
        checked.append(password)
        return self.digest == password.encode().ljust(32, b"\0")

    monkeypatch.setattr(PasswordHash, "make", make)
    monkeypatch.setattr(PasswordHash, "matches", matches)
    return checked
