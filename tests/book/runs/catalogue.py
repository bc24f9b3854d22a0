"""The runs: to which chapter each belongs, its title, and what is taken away in its twin."""

from dataclasses import dataclass

from tests.book.breaking import Breakage, breakages


@dataclass(frozen=True)
class Twin:
    """The broken run beside the right one.

    Attributes:
        title: what the reader sees in it, in one sentence.
        breakage: the change in the source; a name stands for one of the book's own.
    """

    title: str
    breakage: Breakage | str

    def change(self) -> Breakage:
        """Return the change."""
        if isinstance(self.breakage, Breakage):
            return self.breakage
        return breakages()[self.breakage]


@dataclass(frozen=True)
class Scenario:
    """A run and its place in the book.

    Attributes:
        name: of its file under docs/inside/runs.
        chapter: the page, without its ending.
        title: what the reader sees in it, in one sentence.
        program: the module in ``scenarios/``; its function is ``play_`` and the name's last part.
        twin: the broken run, if there is one.
        sizes: whether the sizes of what is sent are shown.
    """

    name: str
    chapter: str
    title: str
    program: str
    twin: Twin | None = None
    sizes: bool = True

    @property
    def function(self) -> str:
        """The function that plays it."""
        return "play_" + self.name.split("-", 1)[1].replace("-", "_")


def _own(name: str, file: str, old: str, new: str = "") -> Breakage:
    return Breakage(name, "", file, old, new)


SCENARIOS = (
    Scenario(
        "01-thirty-lines", "01-thirty-lines",
        "Ada connects, says hello, gets it back and leaves, on a loop of thirty lines.",
        "passes",
        Twin("The closed connection stays in the list, and the next select() fails.",
             "forget-first"),
    ),
    Scenario(
        "01-round-trip", "01-thirty-lines",
        "The same visit on miniloop: accepted, read, echoed in the next pass, closed.",
        "passes",
    ),
    Scenario(
        "02-one-pass", "02-one-pass",
        "An event, a timer and a callback are served in this order, in one pass.",
        "passes",
    ),
    Scenario(
        "02-bounded-callbacks", "02-one-pass",
        "A callback schedules itself again and again, and Ada's line is served all the same.",
        "passes",
        Twin("The callbacks run until none is left, and Ada's answer never leaves.",
             "callbacks-without-end"),
    ),
    Scenario(
        "02-zero-wait", "02-one-pass",
        "Output that is queued after the flush makes the wait zero.",
        "passes",
        Twin("The loop sleeps on the queued output until the next timer, a minute later.",
             "sleeping-on-work"),
    ),
    Scenario(
        "03-who-is-asked", "03-who-gets-asked",
        "Of three channels only the one whose interest may have changed is asked.",
        "passes",
    ),
    Scenario(
        "04-a-bug", "04-delivery-and-errors",
        "Ada's handler raises an exception; her channel ends, and Bob is served.",
        "events",
        Twin("The exception leaves run(), and Bob loses his connection to Ada's bug.",
             _own("let-it-out", "miniloop/loop.py",
                  "            except Exception:\n"
                  "                close_on_error(registration.channel)\n",
                  "            except Exception:\n                raise\n")),
    ),
    Scenario(
        "04-hangup", "04-delivery-and-errors",
        "A channel that has paused reading is still told that its peer has gone.",
        "events",
        Twin("Nothing is watched while reading is paused, and the channel stays for ever.",
             _own("watch-nothing", "miniloop/dispatcher.py",
                  "            wanted = HANGUP if self.connected and not self._hold_ & _END_KNOWN"
                  " else 0\n",
                  "            wanted = 0\n")),
    ),
    Scenario(
        "05-came-back", "05-the-descriptor-that-came-back",
        "Bob's event is not delivered: his channel was closed, and its number has a new owner.",
        "events",
        Twin("The new connection receives Bob's event, and is reported as connected before it is.",
             _own("by-number", "miniloop/loop.py",
                  "            registration: Registration = key.data\n",
                  "            registration = self.registry.registrations[key.fd]\n")),
    ),
    Scenario(
        "06-timers", "06-time",
        "The wait ends when the earliest timer is due; a cancelled one ends none.",
        "times",
    ),
    Scenario(
        "06-long-handler", "06-time",
        "A handler computes for two seconds; a timer and Bob's line are late by that much.",
        "times",
    ),
    Scenario(
        "07-thread", "07-waking-from-a-thread",
        "A thread schedules a callback, and one byte ends the loop's wait.",
        "times",
        Twin("The callback is in the queue, and the loop sleeps for ever.",
             _own("no-wake", "miniloop/loop.py",
                  "        self._callbacks.append(handle)\n        self._waker.wake()\n",
                  "        self._callbacks.append(handle)\n")),
    ),
    Scenario(
        "07-between", "07-waking-from-a-thread",
        "Three threads call, the second just when the waker is about to read; no call is lost.",
        "times",
        Twin("The mark is cleared first, and the third thread's callback waits for ever.",
             "mark-first"),
    ),
    Scenario(
        "08-split-terminator", "08-splitting-a-stream",
        "CR arrives in one segment and LF in the next, and the line is found all the same.",
        "streams",
        Twin("The CR is delivered as a part of the line, and the end is never found.",
             "hold-nothing-back"),
    ),
    Scenario(
        "08-changed-terminator", "08-splitting-a-stream",
        "A handler changes the terminator in the middle of what has arrived.",
        "streams",
        Twin("What was split already under the old terminator is lost.", "give-nothing-back"),
    ),
    Scenario(
        "09-twenty-megabytes", "09-writing-and-backpressure",
        "20 MB wait while Ada does not read, and leave when she does.",
        "streams",
        Twin("The loop is not asked for WRITE, and the rest of the bytes never leaves.",
             "ask-for-no-room"),
    ),
    Scenario(
        "09-never-reads", "09-writing-and-backpressure",
        "Ada never reads, and 20 MB more are pushed: her channel is closed.",
        "streams",
    ),
    Scenario(
        "10-foreign-write", "10-asyncore-on-top",
        "Ada's object appends to Bob's queue, and the watch asks Bob's object.",
        "more",
        Twin("The watch is not told, and Bob's queue is never sent.", "grow-in-silence"),
    ),
    Scenario(
        "11-out-of-descriptors", "11-accepting-and-connecting",
        "No descriptor is free: the listener stops accepting until one is.",
        "more",
        Twin("The listener goes on, and the loop spins on a connection that it cannot accept.",
             _own("never-back-off", "miniloop/net/accepting.py",
                  "        self._dispatcher._hold_reading_(BACKOFF)\n")),
    ),
    Scenario(
        "12-last-channel", "12-how-a-loop-ends",
        "The last channel ends in the refresh, and run() returns.",
        "more",
        Twin("The question comes before the refresh, and the loop waits for ever.",
             _own("ask-too-early", "miniloop/loop.py",
                  "        self._refresh()\n"
                  "        if not (forever or self._has_work()):\n"
                  "            return False\n",
                  "        if not (forever or self._has_work()):\n"
                  "            return False\n"
                  "        self._refresh()\n")),
    ),
    Scenario(
        "12-stop", "12-how-a-loop-ends",
        "On stop() the listener closes first, the last words are sent, and the rest is closed.",
        "more",
    ),
    Scenario(
        "13-tls", "13-tls",
        "An answer waits for the TLS handshake, which waits for input.",
        "more",
        Twin("The channel's own interest is used; there is room to WRITE, and the loop spins.",
             _own("forget-the-handshake", "miniloop/net/tls.py",
                  "        if not tls.secured or self._leaving:\n"
                  "            return wanted | READ\n")),
        sizes=False,
    ),
)  # fmt: skip
"""In the order of the book."""


AFTERWARDS = {
    "09-writing-and-backpressure": """\
The same with five members of a chat room, from the [sample trace](../howto/trace-the-loop.md): one
line is read in one handler, a callback pushes it to all five channels, and each is flushed in the
next refresh.

![One handle_read, an arrow to the callback Ledger.flush, and from it arrows to five \
flushes](../howto/img/trace-arrows.svg)""",
}
"""What a chapter shows after its runs."""
