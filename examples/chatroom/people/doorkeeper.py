"""Password checks for members that want to become operators, with limits on attempts.

Rule of this file: when a password is checked.  A check is slow and runs elsewhere: the doorkeeper
gets a function that runs it, on a thread pool in a server, directly in tests.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Hashable, Iterable, Sequence
from typing import Protocol

from .backoff import Backoff
from .names import Name, Refused, fold

Work = Callable[[], bool]
Answered = Callable[[bool], None]
Run = Callable[[Work, Answered], None]
_Counter = tuple[Backoff, Hashable]

_LONGEST_KEY = 64
_MOST_TRUSTED = 1000


class Accounts(Protocol):
    """The operators' accounts; see `operators.Operators`."""

    @property
    def names(self) -> Sequence[Name]:
        """Return the names of the accounts."""

    def check(self, name: str, password: str) -> bool:
        """Return whether `password` is that of `name`; slow, and callable on any thread."""


def at_once(work: Work, answered: Answered) -> None:
    """Run `work` immediately on this thread: for tests, and where nothing else waits."""
    answered(work())


class Doorkeeper:
    """Checks operators' passwords, and delays repeated attempts.

    Attempts are counted for each source and for each account.  The waits for an account and for a
    /48 are short, because other clients can cause them.

    An account and an address from which that operator has logged in before are a trusted pair.  Its
    attempts count for the pair alone and run apart from the others, so that no number of guessing
    clients can lock the operators out.

    Args:
        accounts: The operators' accounts; none by default.
        run: Runs a check; by default immediately on this thread.
        run_trusted: Runs the check of a trusted pair; `run` by default.
    """

    def __init__(
        self, accounts: Accounts | None = None, run: Run = at_once, run_trusted: Run | None = None
    ) -> None:
        self._accounts = accounts
        self._run = run
        self._run_trusted = run_trusted if run_trusted is not None else run
        # The second is for the /48s, see `sources_of`.
        self._by_source = Backoff(free=3, longest=900.0), Backoff(free=30, longest=60.0)
        self._by_account = Backoff(free=10, longest=60.0)
        self._by_pair = Backoff(free=3, longest=60.0)
        self._trusted: dict[tuple[str, str], None] = {}

    @property
    def names(self) -> Sequence[Name]:
        """The names of the operators' accounts."""
        return self._accounts.names if self._accounts is not None else ()

    def check(
        self, name: str, password: str, sources: Sequence[str], now: float, answered: Answered
    ) -> None:
        """Check whether `password` is that of the account `name`; call `answered` with the result.

        Args:
            name: The account's name, as it was typed.
            password: The typed password; kept only until it is checked.
            sources: The sources for which the attempt counts, see `addresses.sources_of`.
            now: The time, in seconds on a monotonic clock.
            answered: Called on this thread, immediately or later, with True if it is right.

        Raises:
            Refused: There are no operators, there were too many attempts, or too many are waiting;
                `answered` is not called then, and the attempt does not count.
        """
        accounts = self._accounts
        if accounts is None or not accounts.names:
            raise Refused("This chat room has no operators.")
        account = fold(name)[:_LONGEST_KEY]
        trusted = (account, sources[0]) in self._trusted
        counters = self._counters(account, sources, trusted=trusted)
        _refuse_haste(counters, now)

        def done(good: bool) -> None:
            if good:
                self._welcome(account, sources)
            answered(good)

        # Counted before the answer, or many attempts could run at once.
        for backoff, key in counters:
            backoff.count(key, now)
        try:
            run = self._run_trusted if trusted else self._run
            run(lambda: accounts.check(name, password), done)
        except Refused:
            for backoff, key in counters:
                backoff.take_back(key, now)
            raise

    def _counters(self, account: str, sources: Sequence[str], *, trusted: bool) -> list[_Counter]:
        if trusted:
            return [(self._by_pair, (account, sources[0]))]
        by_source = zip(self._by_source, sources, strict=False)
        return [*by_source, (self._by_account, account)]

    def _welcome(self, account: str, sources: Sequence[str]) -> None:
        pair = account, sources[0]
        for backoff, key in self._counters(account, sources, trusted=False):
            backoff.forgive(key)
        self._by_pair.forgive(pair)
        self._trusted.pop(pair, None)
        self._trusted[pair] = None
        if len(self._trusted) > _MOST_TRUSTED:
            del self._trusted[next(iter(self._trusted))]


def _refuse_haste(counters: Iterable[_Counter], now: float) -> None:
    wait = max(backoff.wait(key, now) for backoff, key in counters)
    if wait > 0:
        seconds = math.ceil(wait)
        raise Refused(f"There were too many attempts; try again in {seconds} seconds.")
