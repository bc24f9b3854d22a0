"""The pictures of the chapters about bytes: waking with one, splitting them, sending them."""

from tests.book.drawing import WIDTH, Drawing


def waking() -> Drawing:
    """The worst moment: the other thread acts between the loop's look and its wait."""
    drawing = Drawing(
        WIDTH, 440, "A thread hands a callback over after the loop has looked, and before it sleeps"
    )
    drawing.text(88, 20, "the loop's thread", size=13)
    drawing.text(262, 20, "another thread", size=13)
    left = ((34, "_timeout()\nno callback", "quiet"), (214, "select()\nasleep?", "quiet"),
            (290, "handle_read()", "hot"), (352, "_callbacks", "box"))  # fmt: skip
    for y, text, kind in left:
        drawing.box(10, y, 156, 44, text, code=True, size=12, kind=kind)
    drawing.box(184, 94, 156, 40, "callbacks.append()", code=True, size=12)
    drawing.box(184, 154, 156, 40, "send(b'\\0')", code=True, size=12, kind="hot")
    drawing.arrow((262, 134), (262, 154))
    drawing.arrow((88, 78), (88, 214))
    drawing.text(96, 118, "the gap", faint=True, size=12, anchor="start")
    drawing.arrow((262, 194), (262, 236), (166, 236), label="the byte\nis there",
                  at=(268, 222), anchor="start")  # fmt: skip
    drawing.arrow((88, 258), (88, 290))
    drawing.text(96, 278, "returns at once", faint=True, size=12, anchor="start")
    drawing.arrow((88, 334), (88, 352))
    drawing.text(175, 380, "finds it", faint=True, size=12, anchor="start")
    drawing.text(175, 424, "without the byte it would sleep there", size=13)
    return drawing


def splitting() -> Drawing:
    """Two moments, one below the other."""
    drawing = Drawing(
        WIDTH, 430, "Two moments: a carriage return held back, and the line feed that decides"
    )
    drawing.text(15, 24, "first: three pieces have arrived", anchor="start", size=13)
    drawing.box(15, 36, 128, 30, "GET a\\r\\nGE", code=True, size=12, kind="quiet")
    drawing.box(149, 36, 128, 30, "T b\\r\\nGET", code=True, size=12, kind="quiet")
    drawing.box(283, 36, 56, 30, " c\\r", code=True, size=12, kind="quiet")
    drawing.text(15, 92, "messages", faint=True, size=12, anchor="start")
    drawing.box(90, 76, 60, 28, "GET a", code=True, size=12)
    drawing.box(156, 76, 60, 28, "GET b", code=True, size=12)
    drawing.text(15, 138, "piece", faint=True, size=12, anchor="start")
    drawing.box(90, 120, 60, 28, "GET c", code=True, size=12)
    drawing.text(15, 182, "buffer", faint=True, size=12, anchor="start")
    drawing.box(90, 166, 40, 28, "\\r", code=True, size=12, kind="hot")
    drawing.text(140, 185, "held back: half of \\r\\n?", size=12, anchor="start")
    drawing.arrow((15, 212), (335, 212), faint=True)
    drawing.text(15, 240, "then: one more byte", anchor="start", size=13)
    drawing.box(15, 252, 56, 30, "\\n", code=True, size=12, kind="quiet")
    drawing.text(15, 310, "buffer", faint=True, size=12, anchor="start")
    drawing.box(90, 294, 60, 28, "\\r\\n", code=True, size=12, kind="hot")
    drawing.text(160, 313, "it was the terminator", size=12, anchor="start")
    drawing.text(15, 356, "message", faint=True, size=12, anchor="start")
    drawing.box(90, 340, 60, 28, "GET c", code=True, size=12)
    drawing.text(160, 359, "ends", size=12, anchor="start")
    drawing.box(15, 384, 320, 34, "the same three, however they are cut", kind="gone", size=13)
    return drawing


FILL = (
    (40, 40), (75, 62), (98, 50), (125, 108), (150, 80), (180, 104), (215, 60), (245, 70),
    (275, 34), (300, 12), (330, 9),
)  # fmt: skip
"""The queue over time: x in the picture, and the height of what is left after each send."""


def writing() -> Drawing:
    """The fill level of the queue over time, with the two marks and what they call."""
    drawing = Drawing(
        WIDTH, 430, "The queue's length over time: high water is called once, then low water once"
    )
    for number, (text, kind) in enumerate((("push()", "quiet"), ("join, send()", "hot"),
                                           ("the kernel", "quiet"))):  # fmt: skip
        drawing.box(10 + 115 * number, 14, 100, 36, text, kind=kind, size=12, code=number < 2)
        if number:
            drawing.arrow((115 * number - 5, 32), (10 + 115 * number, 32))
    drawing.arrow((205, 50), (205, 72), (150, 72), (150, 50))
    drawing.text(215, 76, "the rest goes back", size=12, anchor="start")
    bottom = 300
    drawing.text(10, 108, "bytes left after each send", faint=True, size=12, anchor="start")
    drawing.arrow((30, bottom), (30, 120))
    drawing.arrow((30, bottom), (340, bottom), label="time", at=(335, bottom + 16), anchor="end")
    marks = ((150, "high_water, 64 KiB", 338, 128), (30, "low_water, 16 KiB", 232, 288))
    for level, label, x, y in marks:
        drawing.line((30, bottom - level), (340, bottom - level), faint=True)
        drawing.text(x, y, label, size=12, faint=True, anchor="end")
    drawing.line(*((x, bottom - 1.55 * height) for x, height in FILL))
    drawing.box(10, 330, 160, 40, "once, when above:\nhandle_high_water", kind="hot", size=12)
    drawing.box(180, 330, 160, 40, "once, when below:\nhandle_low_water", size=12)
    drawing.arrow((90, 330), (125, bottom - 1.55 * 108))
    drawing.arrow((260, 330), (300, bottom - 1.55 * 12))
    drawing.text(175, 392, "between the marks nothing is called,", size=12)
    drawing.text(175, 409, "whichever way the level moves", size=12)
    return drawing
