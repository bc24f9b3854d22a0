"""The pictures of the chapters about the loop itself: waiting, a pass, asking, time, the end."""

import re

from tests.book.drawing import WIDTH, Drawing
from tests.book.excerpts import excerpt
from tests.book.pages import ROOT


def tiny_loop() -> Drawing:
    drawing = Drawing(
        WIDTH, 330, "A loop waits in select, then calls the channel of each socket that is ready"
    )
    for number, name in enumerate(("listener", "Ada", "Bob")):
        drawing.box(20 + 110 * number, 30, 90, 40, name, kind="hot" if name == "Ada" else "quiet")
        drawing.arrow((65 + 110 * number, 70), (145 + 30 * number, 125))
    drawing.text(175, 18, "sockets", faint=True, size=12)
    drawing.box(75, 125, 200, 56, "select()\nwhich is ready?", code=True, size=13)
    drawing.text(175, 204, "the program sleeps only here", faint=True, size=12)
    drawing.arrow((175, 212), (175, 246), label="Ada's is", at=(182, 234), anchor="start")
    drawing.box(75, 246, 200, 50, "channels[sock]\n.handle_read()", code=True, size=13, kind="hot")
    drawing.arrow((275, 271), (320, 271), (320, 153), (275, 153))
    drawing.text(344, 318, "and again, for ever", size=12, anchor="end")
    return drawing


NOTES = {
    "refresh": "flush output, ask, update the selector",
    "wait": "for an event, or until the next timer",
    "deliver": "to channels that are alive and want it",
    "timers": "those that are due",
    "callbacks": "those scheduled before this stage",
}
ZERO = ("a callback is scheduled", "a channel is dirty", "output waits to be flushed")


def one_pass() -> Drawing:
    stages = stages_of_a_pass()
    drawing = Drawing(WIDTH, 480, f"The stages of a pass: {', '.join(stages)}")
    for number, stage in enumerate(stages):
        y = 20 + 62 * number
        drawing.box(50, y, 280, 44, f"{stage}\n{NOTES[stage]}", size=12,
                    kind="quiet" if stage == "wait" else "box")  # fmt: skip
        if number:
            drawing.arrow((190, y - 18), (190, y))
    drawing.arrow((50, 290), (24, 290), (24, 42), (50, 42))
    drawing.box(20, 334, 310, 88, kind="hot")
    drawing.text(175, 353, "the wait is 0 (it does not sleep) when", size=13)
    for number, reason in enumerate(ZERO):
        drawing.text(175, 373 + 18 * number, reason, size=12)
    drawing.box(20, 432, 310, 36, "what a stage adds waits for its next turn", kind="gone", size=12)
    return drawing


def stages_of_a_pass() -> list[str]:
    """Return the stages in the order in which ``EventLoop._pass()`` calls them."""
    source = excerpt((ROOT / "miniloop" / "loop.py").read_text(), "EventLoop._pass")
    called = re.findall(r"self\._(\w+)\(", source)
    return [name.removeprefix("run_") for name in called if name != "has_work"]


def who_gets_asked() -> Drawing:
    drawing = Drawing(
        WIDTH, 350, "Only dirty and polled channels are asked; the selector is given what differs"
    )
    drawing.box(15, 20, 150, 50, "5,000 channels\nthat announce", kind="quiet", size=13)
    drawing.box(185, 20, 150, 50, "3 that override\nreadable()", kind="quiet", size=13)
    drawing.arrow((90, 70), (90, 120), label="1 has changed", at=(96, 100), anchor="start")
    drawing.arrow((260, 70), (260, 120), label="all", at=(266, 100), anchor="start")
    drawing.box(15, 120, 150, 44, "dirty\n(a list)", size=13)
    drawing.box(185, 120, 150, 44, "polled\n(every pass)", size=13)
    drawing.arrow((90, 164), (145, 204))
    drawing.arrow((260, 164), (205, 204))
    drawing.box(95, 204, 160, 44, "interest()", code=True, size=13, kind="hot")
    drawing.text(262, 222, "4 questions,", faint=True, size=12, anchor="start")
    drawing.text(262, 238, "not 5,003", faint=True, size=12, anchor="start")
    drawing.arrow((175, 248), (175, 296), label="if the answer differs", at=(182, 276),
                  anchor="start")  # fmt: skip
    drawing.box(95, 296, 160, 36, "selector", kind="quiet", size=13)
    return drawing


def time() -> Drawing:
    drawing = Drawing(
        WIDTH, 360, "A heap of timers: the earliest decides the wait, a cancelled one is skipped"
    )
    drawing.text(20, 22, "the heap, earliest on top", faint=True, size=12, anchor="start")
    places = {(125, 34): ("12:00:03", "gone"), (40, 94): ("12:00:05", "hot"),
              (210, 94): ("12:00:30", "box"), (10, 154): ("12:01:00", "box"),
              (120, 154): ("12:00:09", "gone")}  # fmt: skip
    for (x, y), (label, kind) in places.items():
        drawing.box(x, y, 100, 34, label, kind=kind, size=13)
    for start, end in (((155, 68), (105, 94)), ((195, 68), (245, 94)), ((75, 128), (65, 154)),
                       ((105, 128), (155, 154))):  # fmt: skip
        drawing.arrow(start, end)
    drawing.text(345, 154, "dashed: cancelled,", faint=True, size=12, anchor="end")
    drawing.text(345, 170, "dropped on top", faint=True, size=12, anchor="end")
    steps = ("it is 12:00:01", "select(timeout=4)", "move_due(12:00:05)")
    for number, step in enumerate(steps):
        y = 214 + 50 * number
        drawing.box(75, y, 200, 34, step, code=bool(number), size=13,
                    kind=("quiet", "box", "hot")[number])  # fmt: skip
        if number:
            drawing.arrow((175, y - 16), (175, y))
    return drawing


ALIVE = (
    "a channel besides the waker",
    "a timer that is not cancelled",
    "one of the three below",
    "background work that is busy",
)


def ending() -> Drawing:
    """What keeps a loop alive, and what makes its wait zero, as libuv's guide shows its own."""
    drawing = Drawing(
        WIDTH, 520, "Is anything left that could happen? If so wait, or not, and make the next pass"
    )
    drawing.box(95, 14, 160, 34, "refresh", size=13)
    drawing.arrow((175, 48), (175, 70))
    drawing.box(20, 70, 310, 106, kind="hot")
    drawing.text(175, 90, "alive: is there any of these?", size=13)
    for number, reason in enumerate(ALIVE):
        drawing.text(175, 110 + 18 * number, reason, size=12)
    drawing.arrow((20, 123), (8, 123), (8, 498), (95, 498), label="no", at=(14, 192),
                  anchor="start")  # fmt: skip
    drawing.arrow((175, 176), (175, 212), label="yes", at=(182, 198), anchor="start")
    drawing.box(55, 212, 260, 88)
    drawing.text(185, 232, "wait 0: is there any of these?", size=13)
    for number, reason in enumerate(ZERO):
        drawing.text(185, 252 + 18 * number, reason, size=12)
    drawing.arrow((120, 300), (120, 336), label="yes", at=(113, 322), anchor="end")
    drawing.arrow((245, 300), (245, 336), label="no", at=(252, 322), anchor="start")
    drawing.box(40, 336, 125, 44, "look at events,\ndo not sleep", kind="quiet", size=12)
    drawing.box(180, 336, 145, 44, "sleep until an event\nor the next timer", kind="quiet",
                size=12)  # fmt: skip
    drawing.arrow((102, 380), (140, 408))
    drawing.arrow((245, 380), (210, 408))
    drawing.box(75, 408, 200, 40, "deliver, timers,\ncallbacks", size=13)
    drawing.arrow((275, 428), (342, 428), (342, 31), (255, 31))
    drawing.box(95, 480, 160, 34, "run() returns", code=True, size=13, kind="gone")
    return drawing
