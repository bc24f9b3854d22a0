"""Who is watched for what: the registrations, and the selector's view of them.

Nothing here waits or calls ``handle_read`` and its sisters; that is the loop's.  What lives here is
the question "what do you want", asked of as few channels as possible, and the end of a channel that
failed.
"""

import logging
import selectors

from miniloop.readiness import NOT_DIRECT, READ, WRITE, Channel, Registration
from miniloop.selector import EpollSelector, PollSelector
from miniloop.trace.hooks import Trace

logger = logging.getLogger("miniloop")


class Registry:
    """The live registrations by descriptor, and which of them have to be asked.

    A channel is asked when it is *dirty*: it was just registered, or it announced a change.  One
    that changes its answer without announcing it is *asked* in every pass.  The selector is told
    only what differs from the last answer (libev's ``fd_reify``).
    """

    def __init__(self, selector: selectors.BaseSelector) -> None:
        """Watch nobody yet."""
        self.selector = selector
        self.registrations: dict[int, Registration] = {}
        self.asked: dict[Registration, None] = {}
        self.dirty: list[Registration] = []
        self.trace: Trace | None = None
        self._sees_all = isinstance(selector, EpollSelector | PollSelector)

    def register(self, channel: Channel, *, asked: bool) -> Registration:
        """Watch ``channel``; who stood on the same descriptor before is evicted."""
        fd = channel.fileno()
        if fd < 0:
            raise ValueError(f"{channel!r} has no open descriptor: register before closing")
        if fd in self.registrations:
            self._evict(self.registrations[fd], channel)
        return self._enter(Registration(channel, fd, asked=asked))

    def _enter(self, registration: Registration) -> Registration:
        """Ask it from now on: in every pass, or once and whenever it is dirty."""
        self.registrations[registration.fd] = registration
        if registration.asked:
            self.asked[registration] = None
        else:
            self.mark_dirty(registration)
        if self.trace is not None:
            self.trace.opened(registration)
        return registration

    def unregister(self, registration: Registration) -> None:
        """Watch it no more.  Call it *before* closing the descriptor; again is harmless."""
        if not registration.alive:
            return
        try:
            self._tell_selector(registration, 0)
        except (KeyError, OSError):  # a stock selector that failed in modify() forgot it already
            logger.debug("the selector did not know %r", registration)
        registration.die()
        self.asked.pop(registration, None)
        if self.registrations.get(registration.fd) is registration:
            del self.registrations[registration.fd]
        if self.trace is not None:
            self.trace.closed(registration)

    def mark_dirty(self, registration: Registration) -> None:
        """Do not trust the last answer any more."""
        registration.dirty = True
        registration.direct = NOT_DIRECT
        self.dirty.append(registration)

    def ask(self) -> None:
        """Ask everybody who has to be asked, once."""
        dirty, self.dirty = self.dirty, []
        for registration in (*self.asked, *dirty):
            if registration.alive:
                self._ask(registration)

    def _ask(self, registration: Registration) -> None:
        """Learn what a channel wants, and tell the selector if that changed."""
        registration.dirty = registration.asked
        try:
            interest = registration.channel.interest()
            if not registration.alive:
                return  # the predicate closed its own channel
            if interest != registration.interest:
                self._tell_selector(registration, interest)
            registration.settle()
        except Exception:
            self.contain(registration)

    def _tell_selector(self, registration: Registration, interest: int) -> None:
        """Bring the selector from the old interest to the new one."""
        before, after = registration.interest, interest
        if not self._sees_all:  # a stock selector knows READ and WRITE only
            before, after = before & (READ | WRITE), after & (READ | WRITE)
        if before == after:
            pass
        elif not before:
            self.selector.register(registration.fd, after, registration)
        elif after:
            self.selector.modify(registration.fd, after, registration)
        else:
            self.selector.unregister(registration.fd)
        registration.interest = interest  # not before the selector has agreed

    def _evict(self, old: Registration, newcomer: Channel) -> None:
        """Let go of a channel whose descriptor was closed behind its back and came back."""
        logger.warning(
            "descriptor %d of %r was closed behind its back and now belongs to %r: "
            "close channels with close(), not their sockets", old.fd, old.channel, newcomer,
        )  # fmt: skip
        self.unregister(old)
        try:
            old.channel.evict(newcomer)
        except Exception:
            logger.exception("exception while evicting %r", old.channel)

    def close_channel(self, registration: Registration) -> None:
        """Close a channel; one that fails to close is forgotten all the same."""
        try:
            registration.channel.close()
        except Exception:
            logger.exception("exception in close() of %r", registration.channel)
            self.unregister(registration)

    def contain(self, registration: Registration) -> None:
        """End a channel from which an exception escaped; call it inside the ``except`` block."""
        channel = registration.channel
        try:
            channel.handle_error()
        except Exception:
            logger.exception("exception in handle_error() of %r", channel)
        try:
            if registration.alive:
                channel.close()
        except Exception:
            logger.exception("exception in close() of %r", channel)
        finally:
            self.unregister(registration)

    def outer_fileno(self) -> int:
        """Return a descriptor that is readable while somebody is ready; RuntimeError: none."""
        if isinstance(self.selector, EpollSelector):
            return self.selector.outer_fileno()
        if hasattr(self.selector, "fileno"):  # epoll, kqueue and devpoll of the standard library
            return int(self.selector.fileno())
        raise RuntimeError(
            f"{type(self.selector).__name__} has no descriptor that another loop could watch: "
            "give the loop an epoll or kqueue selector, or run it in a thread of its own"
        )

    def always_ready(self) -> bool:
        """Return whether somebody is ready of whom the selector's descriptor cannot tell."""
        return isinstance(self.selector, EpollSelector) and self.selector.always_ready()

    def audit(self) -> None:
        """Raise when an answer that is trusted is no longer true."""
        for registration in [*self.registrations.values()]:
            if registration.dirty or not registration.alive:
                continue
            try:
                now, told = registration.channel.interest(), registration.interest
            except Exception:
                self.contain(registration)
                continue
            if now != told:
                raise RuntimeError(
                    f"{registration.channel!r} wants {now:#x} but last announced {told:#x}: call "
                    "interest_changed() after changing what readable() or writable() answer"
                )
