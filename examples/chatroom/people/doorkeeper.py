"""Who asks to become an operator, how often, and what comes of it.

Rule of this file: when a password is looked at.  Looking is slow and is done elsewhere: the
doorkeeper is given something that runs it, a thread pool in a server, nothing at all in tests.
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

    Attempts are counted for each source and for each account.  The waits for an account and for
    a /48 are short, as strangers can cause them.

    An account and an address from which that operator has come in before are a trusted pair.  Its
    attempts count for the pair alone and are run apart from the others, so that no number of
    strangers who guess can keep operators out of their own house.

    Args:
        accounts: Who may be an operator; nobody unless given.
        run: Runs a check; at once unless given.
        run_trusted: Runs the check of a trusted pair; like the others unless given.
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
        """Look whether `password` is that of the account `name`, and call `answered` with it.

        Args:
            name: The account's name, as it was typed.
            password: What was typed for a password; kept only until it is checked.
            sources: Whom the attempt counts for, see `addresses.sources_of`.
            now: The time, in seconds on a monotonic clock.
            answered: Called on this thread, at once or later, with True if it is right.

        Raises:
            Refused: There is no operator at all, there were too many attempts, or too many are
                waiting; `answered` is not called then, and the attempt does not count.
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

        # Counted before the answer, or many attempts could be made at once.
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
