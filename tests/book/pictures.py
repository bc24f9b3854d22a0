"""The pictures of docs/inside/, and of layers; ``python3 -m tests.book fill`` draws them all."""

import re
from collections.abc import Callable

from tests.book.drawing import Drawing
from tests.book.excerpts import excerpt
from tests.book.layer_picture import layers, rooms
from tests.book.pages import DOCS, ROOT
from tests.book.state_pictures import states

PLACE = DOCS / "inside" / "img"
EXPLAINED = DOCS / "explanation" / "img"


def tiny_loop() -> Drawing:
    drawing = Drawing(
        720, 250, "A loop waits in select, then calls the handler of each socket that is ready"
    )
    for number, name in enumerate(("listener", "Ada", "Bob")):
        drawing.box(20, 30 + 70 * number, 130, 46, name, kind="quiet")
        drawing.arrow((150, 53 + 70 * number), (240, 123))
    drawing.text(85, 240, "sockets", faint=True, size=12)
    drawing.box(240, 90, 150, 66, "select()\nwhich is ready?", code=True, size=13)
    drawing.box(500, 90, 190, 66, "handlers[sock]\n(loop, sock)", code=True, size=13, kind="hot")
    drawing.arrow((390, 123), (500, 123), label="Ada's is", at=(445, 115))
    drawing.arrow((595, 156), (595, 215), (315, 215), (315, 156))
    drawing.text(455, 207, "and again", size=12)
    drawing.arrow((315, 50), (315, 90), label="the program sleeps only here", at=(315, 42))
    return drawing


def one_pass() -> Drawing:
    stages = stages_of_a_pass()
    drawing = Drawing(740, 230, f"The stages of a pass: {', '.join(stages)}")
    notes = {
        "refresh": ("flush output, ask,", "change the", "selector"),
        "wait": ("until an event", "or the next", "timer"),
        "deliver": ("to channels that", "are alive and", "want it"),
        "timers": ("those that", "are due", ""),
        "callbacks": ("those scheduled", "before this", "stage"),
    }
    for number, stage in enumerate(stages):
        x = 20 + 145 * number
        drawing.box(x, 40, 115, 46, stage, kind="quiet" if stage == "wait" else "box")
        for row, note in enumerate(notes[stage]):
            drawing.text(x + 57, 112 + 18 * row, note, faint=True, size=12)
        if number:
            drawing.arrow((x - 30, 63), (x, 63))
    drawing.arrow((657, 40), (657, 18), (77, 18), (77, 40))
    drawing.box(20, 180, 690, 34, "what a stage adds waits for its next turn: so every stage ends",
                kind="gone", size=13)  # fmt: skip
    return drawing


def stages_of_a_pass() -> list[str]:
    """Return the stages in the order in which ``EventLoop._pass()`` calls them."""
    source = excerpt((ROOT / "miniloop" / "loop.py").read_text(), "EventLoop._pass")
    called = re.findall(r"self\._(\w+)\(", source)
    return [name.removeprefix("run_") for name in called if name != "has_work"]


def who_gets_asked() -> Drawing:
    drawing = Drawing(
        740, 270, "Only dirty and polled channels are asked; the selector is given what differs"
    )
    drawing.box(20, 30, 150, 60, "5,000 channels\nthat announce", kind="quiet")
    drawing.box(20, 170, 150, 60, "3 that override\nreadable()", kind="quiet")
    drawing.box(260, 30, 120, 60, "dirty\n(a list)")
    drawing.box(260, 170, 120, 60, "polled\n(every pass)")
    drawing.arrow((170, 60), (260, 60), label="one has\nchanged", at=(214, 34))
    drawing.arrow((170, 200), (260, 200), label="all of them", at=(214, 193))
    drawing.box(450, 90, 120, 74, "ask()\ninterest()?", code=True, size=13, kind="hot")
    drawing.arrow((380, 60), (415, 60), (415, 115), (450, 115))
    drawing.arrow((380, 200), (415, 200), (415, 140), (450, 140))
    drawing.box(640, 90, 80, 74, "selector", kind="quiet")
    drawing.arrow((570, 127), (640, 127), label="if it\ndiffers", at=(604, 100))
    drawing.text(510, 190, "4 questions in this pass,", faint=True, size=12)
    drawing.text(510, 207, "and not 5,003", faint=True, size=12)
    return drawing


def delivery() -> Drawing:
    drawing = Drawing(
        740, 290, "An event passes two checks; an exception ends its channel in order"
    )
    drawing.box(20, 40, 110, 50, "an event", kind="quiet")
    drawing.box(180, 40, 130, 50, "alive?", kind="box")
    drawing.box(360, 40, 130, 50, "wants it now?", kind="box")
    drawing.box(560, 40, 150, 50, "handle_read()", code=True, size=13, kind="hot")
    drawing.arrow((130, 65), (180, 65))
    drawing.arrow((310, 65), (360, 65), label="yes", at=(335, 58))
    drawing.arrow((490, 65), (560, 65), label="yes", at=(525, 58))
    drawing.box(240, 130, 190, 40, "dropped", kind="gone", size=13)
    drawing.arrow((245, 90), (285, 130), label="no", at=(252, 114))
    drawing.arrow((425, 90), (385, 130), label="no", at=(420, 114))
    steps = ("handle_error()", "handle_close()", "close()", "unregister()")
    drawing.arrow((635, 90), (635, 215), label="an exception", at=(592, 160))
    for number, step in enumerate(steps):
        x = 560 - 180 * number
        drawing.box(x, 215, 150, 44, step, code=True, size=13, kind="box")
        if number:
            drawing.arrow((x + 180, 237), (x + 150, 237))
    drawing.text(
        370,
        282,
        "each may fail, and the next one happens all the same",
        faint=True,
        size=12,
    )
    return drawing


def descriptor() -> Drawing:
    drawing = Drawing(
        740, 300, "A number is handed out again while an event for its former owner waits"
    )
    drawing.text(20, 28, "one batch of events, as the kernel returned it:", anchor="start", size=13)
    drawing.box(20, 42, 130, 40, "7: readable", code=True, size=13)
    drawing.box(170, 42, 130, 40, "8: readable", code=True, size=13, kind="hot")
    drawing.box(20, 130, 200, 58, "the handler of 7\ncloses Bob, who is 8", kind="quiet", size=13)
    drawing.arrow((85, 82), (85, 130))
    drawing.box(
        270, 130, 200, 58, "and accepts Eve:\nthe kernel gives her 8", kind="quiet", size=13
    )
    drawing.arrow((220, 159), (270, 159))
    drawing.box(540, 42, 180, 40, "Bob's registration", kind="gone", size=13)
    drawing.box(540, 139, 180, 40, "Eve's registration", size=13)
    drawing.arrow((470, 159), (540, 159))
    drawing.arrow((300, 62), (540, 62), label="the event belongs to this one", at=(420, 54))
    drawing.text(630, 104, "dead: nothing is delivered", faint=True, size=12)
    moral = "by number, Eve would get what was meant for Bob; by registration, she cannot"
    drawing.box(20, 230, 700, 44, moral, kind="gone", size=13)
    return drawing


def time() -> Drawing:
    drawing = Drawing(
        740, 260, "A heap of timers: the earliest decides the wait, a cancelled one is skipped"
    )
    drawing.text(170, 26, "the heap, earliest on top", faint=True, size=12)
    places = {(120, 40): ("12:00:03", "gone"), (40, 110): ("12:00:05", "hot"),
              (200, 110): ("12:00:30", "box"), (20, 180): ("12:01:00", "box"),
              (130, 180): ("12:00:09", "gone")}  # fmt: skip
    for (x, y), (label, kind) in places.items():
        drawing.box(x, y, 100, 40, label, kind=kind, size=13)
    drawing.arrow((150, 80), (100, 110))
    drawing.arrow((190, 80), (240, 110))
    drawing.arrow((80, 150), (70, 180))
    drawing.arrow((105, 150), (165, 180))
    drawing.text(270, 65, "cancelled:", anchor="start", faint=True, size=12)
    drawing.text(270, 81, "dropped when on top", anchor="start", faint=True, size=12)
    drawing.box(470, 40, 250, 46, "now it is 12:00:01", kind="quiet")
    drawing.box(470, 110, 250, 46, "select(timeout = 4 seconds)", code=True, size=13)
    drawing.box(470, 180, 250, 46, "move_due(12:00:05)", code=True, size=13, kind="hot")
    drawing.arrow((595, 86), (595, 110))
    drawing.arrow((595, 156), (595, 180))
    return drawing


def waking() -> Drawing:
    drawing = Drawing(
        740, 280, "Another thread appends a callback and writes a byte, which ends the wait"
    )
    drawing.text(150, 26, "another thread", size=13)
    drawing.text(560, 26, "the loop's thread", size=13)
    drawing.box(40, 45, 220, 44, "callbacks.append(...)", code=True, size=13)
    drawing.box(40, 125, 220, 44, "_sender.send(b'\\0')", code=True, size=13, kind="hot")
    drawing.arrow((150, 89), (150, 125))
    drawing.box(450, 45, 220, 44, "select() waits", code=True, size=13, kind="quiet")
    drawing.box(450, 125, 220, 44, "handle_read()", code=True, size=13, kind="hot")
    drawing.box(450, 205, 220, 44, "run the callbacks", size=13)
    drawing.arrow((560, 89), (560, 125))
    drawing.arrow((560, 169), (560, 205))
    drawing.arrow(
        (260, 147),
        (355, 147),
        (355, 67),
        (450, 67),
        label="a byte through\na socket pair",
        at=(355, 170),
    )
    drawing.arrow((40, 67), (20, 67), (20, 227), (450, 227), faint=True)
    drawing.text(235, 220, "only the deque is shared", faint=True, size=12)
    return drawing


def splitting() -> Drawing:
    drawing = Drawing(
        740,
        270,
        "Chunks as they came, the buffer with its position, the messages cut from it",
    )
    drawing.text(20, 30, "received", anchor="start", faint=True, size=12)
    drawing.box(110, 12, 150, 30, "GET a\\r\\nGE", code=True, size=13, kind="quiet")
    drawing.box(268, 12, 120, 30, "T b\\r\\nGET", code=True, size=13, kind="quiet")
    drawing.box(396, 12, 70, 30, " c\\r", code=True, size=13, kind="quiet")
    drawing.text(20, 100, "buffer", anchor="start", faint=True, size=12)
    drawing.box(110, 80, 110, 34, "GET a\\r\\n", code=True, size=13, kind="gone")
    drawing.box(220, 80, 110, 34, "GET b\\r\\n", code=True, size=13, kind="hot")
    drawing.box(330, 80, 136, 34, "GET c\\r", code=True, size=13, kind="box")
    drawing.arrow((220, 140), (220, 116), label="position", at=(220, 156))
    drawing.arrow((455, 140), (455, 116), label="held back: may be half of \\r\\n", at=(470, 156))
    drawing.text(20, 215, "handed out", anchor="start", faint=True, size=12)
    drawing.box(110, 196, 80, 30, "GET a", code=True, size=13)
    drawing.box(220, 196, 80, 30, "GET b", code=True, size=13)
    drawing.box(330, 196, 80, 30, "GET c", code=True, size=13)
    drawing.text(590, 216, "the same, however it was cut", faint=True, size=12)
    drawing.text(430, 216, "...", faint=True, size=12)
    return drawing


def writing() -> Drawing:
    drawing = Drawing(
        740, 280, "Pieces are joined, sent with one call; what the kernel leaves goes back in front"
    )
    for number, piece in enumerate(("push", "push", "push")):
        drawing.box(20, 30 + 44 * number, 80, 34, piece, code=True, size=13, kind="quiet")
        drawing.arrow((100, 47 + 44 * number), (150, 91))
    drawing.box(150, 60, 110, 62, "pieces\n(a list)")
    drawing.box(320, 60, 110, 62, "one send()\na pass", kind="hot")
    drawing.arrow((260, 91), (320, 91), label="join", at=(290, 84))
    drawing.box(500, 60, 100, 62, "kernel's\nbuffer", kind="quiet")
    drawing.arrow((430, 91), (500, 91))
    drawing.box(650, 60, 70, 62, "peer", kind="quiet")
    drawing.arrow((600, 91), (650, 91))
    drawing.arrow((375, 122), (375, 160), (205, 160), (205, 122))
    drawing.text(290, 153, "the rest comes first", size=12)
    marks = {
        20: ("16 KiB", "handle_low_water"),
        265: ("64 KiB", "handle_high_water"),
        510: ("16 MiB", "handle_output_overflow"),
    }
    for x, (size, name) in marks.items():
        drawing.box(x, 206, 210, 50, f"{size} left\n{name}()", code=True, size=12,
                    kind="hot" if "over" in name else "box")  # fmt: skip
    drawing.text(370, 276, "left in the queue after sending", faint=True, size=12)
    return drawing


def compat() -> Drawing:
    drawing = Drawing(
        740, 290, "asyncore's map, the objects that are asked, and the two lists for the kernel"
    )
    drawing.box(
        20, 90, 130, 90, "socket_map\n{7: a, 8: b,\n9: c, ...}", code=True, size=13, kind="quiet"
    )
    drawing.text(85, 200, "any code may", faint=True, size=12)
    drawing.text(85, 216, "change it", faint=True, size=12)
    drawing.box(210, 30, 210, 46, "overrides: in every pass", size=13)
    drawing.box(210, 112, 210, 46, "stock: after an event", size=13)
    drawing.box(210, 194, 210, 46, "all: in an audit", size=13, kind="hot")
    for y in (53, 135, 217):
        drawing.arrow((150, 135), (210, y))
        drawing.arrow((420, y), (480, 94 if y < 100 else 176 if y > 200 else 135))
    drawing.box(480, 70, 110, 130, "readable()?\nwritable()?", code=True, size=13)
    drawing.box(640, 60, 90, 62, "poll list\nfirst 100", kind="quiet", size=13)
    drawing.box(640, 150, 90, 62, "epoll set\nthe others", kind="quiet", size=13)
    drawing.arrow((590, 110), (640, 91))
    drawing.arrow((590, 160), (640, 181))
    drawing.arrow((685, 150), (685, 122), faint=True)
    drawing.text(315, 272, "asyncore asked all, in every pass", faint=True, size=12)
    return drawing


PICTURES: dict[str, Callable[[], Drawing]] = {
    "01-thirty-lines": tiny_loop,
    "02-one-pass": one_pass,
    "03-who-gets-asked": who_gets_asked,
    "04-delivery-and-errors": delivery,
    "04-states": states,
    "05-the-descriptor-that-came-back": descriptor,
    "06-time": time,
    "07-waking-from-a-thread": waking,
    "08-splitting-a-stream": splitting,
    "09-writing-and-backpressure": writing,
    "10-asyncore-on-top": compat,
}


LAYERS: dict[str, Callable[[], Drawing]] = {"design-layers": layers, "chat-room-layers": rooms}
"""Those of docs/explanation/."""


def draw_all() -> None:
    PLACE.mkdir(parents=True, exist_ok=True)
    for name, draw in PICTURES.items():
        (PLACE / f"{name}.svg").write_text(draw().svg())
    for name, draw in LAYERS.items():
        (EXPLAINED / f"{name}.svg").write_text(draw().svg())
