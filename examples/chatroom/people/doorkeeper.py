"""Who asks to become an operator, how often, and what comes of it.

Rule of this file: when a password is looked at.  Looking is slow and is done elsewhere: the
doorkeeper is given something that runs it, a thread pool in a server, nothing at all in tests.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Protocol

from .backoff import Backoff
from .names import Name, Refused, fold

Work = Callable[[], bool]
Answered = Callable[[bool], None]
Run = Callable[[Work, Answered], None]

_LONGEST_KEY = 64
_MOST_TRUSTED = 1000


class Accounts(Protocol):
    """Who may be an operator; see `operators.Operators`."""

    @property
    def names(self) -> Sequence[Name]:
        """Return the names of the accounts."""

    def check(self, name: str, password: str) -> bool:
        """Say whether `password` is that of `name`; may take long, on any thread."""


def at_once(work: Work, answered: Answered) -> None:
    """Run `work` here and now: for tests, and where nobody else waits."""
    answered(work())


class Doorkeeper:
    """Checks operators' passwords, slowly for those who guess.

    Attempts are counted for each address and for each account.  The wait for an account is
    short, as anybody can cause it; and it does not hold for an address from which that
    operator has come in before, so that nobody can be kept out of their own house.

    Args:
        accounts: Who may be an operator; nobody unless given.
        run: Runs a check; at once unless given.
    """

    def __init__(self, accounts: Accounts | None = None, run: Run = at_once) -> None:
        self._accounts = accounts
        self._run = run
        self._by_source = Backoff(free=3, longest=900.0)
        self._by_account = Backoff(free=10, longest=60.0)
        self._trusted: dict[tuple[str, str], None] = {}

    @property
    def names(self) -> Sequence[Name]:
        """The names of the operators' accounts."""
        return self._accounts.names if self._accounts is not None else ()

    def check(self, name: str, password: str, source: str, now: float, answered: Answered) -> None:
        """Look whether `password` is that of the account `name`, and call `answered` with it.

        Args:
            name: The account's name, as it was typed.
            password: What was typed for a password; kept only until it is checked.
            source: Whom the attempt counts for, see `addresses.source_of`.
            now: The time, in seconds on a monotonic clock.
            answered: Called on this thread, at once or later, with True if it is right.

        Raises:
            Refused: There is no operator at all, there were too many attempts, or too many are
                waiting; not called then.
        """
        accounts = self._accounts
        if accounts is None or not accounts.names:
            raise Refused("This chat room has no operators.")
        account = fold(name)[:_LONGEST_KEY]
        wait = self._wait(account, source, now)
        if wait > 0:
            seconds = math.ceil(wait)
            raise Refused(f"There were too many attempts; try again in {seconds} seconds.")
        self._by_source.count(source, now)
        self._by_account.count(account, now)

        def done(good: bool) -> None:
            if good:
                self._welcome(account, source)
            answered(good)

        self._run(lambda: accounts.check(name, password), done)

    def _wait(self, account: str, source: str, now: float) -> float:
        wait = self._by_source.wait(source, now)
        if (account, source) in self._trusted:
            return wait
        return max(wait, self._by_account.wait(account, now))

    def _welcome(self, account: str, source: str) -> None:
        self._by_source.forgive(source)
        self._by_account.forgive(account)
        self._trusted.pop((account, source), None)
        self._trusted[account, source] = None
        if len(self._trusted) > _MOST_TRUSTED:
            del self._trusted[next(iter(self._trusted))]
