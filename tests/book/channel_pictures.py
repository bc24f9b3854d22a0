"""The pictures of the chapters about channels: errors, numbers, accepting, TLS, asyncore."""

from tests.book.drawing import WIDTH, Drawing


def delivery() -> Drawing:
    drawing = Drawing(
        WIDTH, 440, "An event passes two checks; an exception ends its channel in order"
    )
    steps = (("an event", "quiet"), ("alive?", "box"), ("wants it now?", "box"))
    for number, (text, kind) in enumerate(steps):
        y = 14 + 58 * number
        drawing.box(30, y, 150, 36, text, kind=kind, size=13)
        drawing.arrow((105, y + 36), (105, y + 58), label="yes" if number else "", at=(112, y + 51),
                      anchor="start")  # fmt: skip
    drawing.box(250, 100, 90, 36, "dropped", kind="gone", size=13)
    drawing.arrow((180, 90), (250, 112), label="no", at=(218, 92))
    drawing.arrow((180, 148), (250, 126), label="no", at=(218, 156))
    drawing.box(30, 188, 150, 40, "handle_read()", code=True, size=13, kind="hot")
    drawing.arrow((105, 228), (105, 262), label="an exception", at=(112, 250), anchor="start")
    for number, step in enumerate(("handle_error()", "handle_close()", "close()")):
        y = 262 + 50 * number
        drawing.box(30, y, 150, 34, step, code=True, size=13)
        drawing.arrow((105, y + 34), (105, y + 50))
    drawing.text(192, 282, "what it raises is", faint=True, size=12, anchor="start")
    drawing.text(192, 298, "logged", faint=True, size=12, anchor="start")
    drawing.text(192, 326, "not called again", faint=True, size=12, anchor="start")
    drawing.text(192, 342, "if it was before", faint=True, size=12, anchor="start")
    drawing.text(192, 382, "may fail too, so", faint=True, size=12, anchor="start")
    drawing.box(30, 412 - 0, 150, 24, "unregister()", code=True, size=12, kind="gone")
    drawing.text(192, 398, "in any case:", faint=True, size=12, anchor="start")
    return drawing


def descriptor() -> Drawing:
    drawing = Drawing(
        WIDTH, 400, "A number is handed out again while an event for its former owner waits"
    )
    drawing.text(20, 22, "one batch, as the kernel returned it", anchor="start", size=13)
    drawing.box(20, 34, 145, 34, "7: readable", code=True, size=13)
    drawing.box(185, 34, 145, 34, "8: readable", code=True, size=13, kind="hot")
    what = "its handler closes\nBob's connection, 8,\nand accepts Eve's,\nwhich is 8 now"
    drawing.box(20, 100, 145, 76, what, kind="quiet", size=12)
    drawing.arrow((92, 68), (92, 100))
    drawing.box(185, 212, 145, 50, "Bob's registration\ndead", kind="gone", size=12)
    drawing.box(20, 212, 145, 50, "Eve's registration\nalive", size=12)
    drawing.arrow((92, 176), (92, 212), label="new", at=(98, 198), anchor="start")
    drawing.arrow((257, 68), (257, 212), label="the event's", at=(251, 140), anchor="end")
    drawing.text(257, 282, "so nothing is delivered", faint=True, size=12)
    drawing.box(20, 304, 310, 78, kind="gone")
    drawing.text(175, 326, "by number, Eve's channel would receive", size=13)
    drawing.text(175, 346, "the event of Bob's; by registration,", size=13)
    drawing.text(175, 366, "it cannot", size=13)
    return drawing


def accepting() -> Drawing:
    drawing = Drawing(
        WIDTH, 400, "A listener accepts; without descriptors it stops reading and tries again later"
    )
    drawing.box(75, 14, 200, 38, "kernel: the backlog", kind="quiet", size=13)
    drawing.arrow((175, 52), (175, 80), label="READ", at=(182, 70), anchor="start")
    drawing.box(75, 80, 200, 38, "accept(), at most 64", code=True, size=13)
    outcomes = (
        (14, "a socket", "handle_accepted()", "box"),
        (14, "EAGAIN", "none is left", "quiet"),
        (14, "ECONNABORTED", "that one is gone", "quiet"),
        (14, "EMFILE", "BACKOFF", "hot"),
    )
    drawing.arrow((90, 118), (90, 320))
    for number, (_, result, what, kind) in enumerate(outcomes):
        y = 140 + 52 * number
        drawing.text(104, y + 22, result, code=True, size=12, anchor="start")
        drawing.box(205, y, 138, 34, what, kind=kind, size=12, code=number in {0, 3})
    drawing.arrow((274, 330), (274, 362), (50, 362), (50, 99), (75, 99))
    drawing.text(162, 356, "50 ms, then twice as long, to 1 s", size=12)
    drawing.text(175, 388, "the listener is never closed by this", faint=True, size=12)
    return drawing


def tls() -> Drawing:
    drawing = Drawing(
        WIDTH, 420, "TLS lies between the loop and the channel: what each of them sees"
    )
    rows = (("the channel", "plain bytes", "box"), ("TlsSocket", "OpenSSL, two buffers", "hot"),
            ("TlsChannel", "answers for interest()", "hot"), ("the loop", "READ and WRITE", "box"),
            ("the kernel", "records", "quiet"))  # fmt: skip
    for number, (name, what, kind) in enumerate(rows):
        y = 14 + 62 * number
        drawing.box(60, y, 230, 42, f"{name}\n{what}", kind=kind, size=12)
        if number:
            drawing.arrow((175, y - 20), (175, y))
    drawing.box(15, 326, 320, 82, kind="gone")
    drawing.text(175, 345, "the interest that the kernel is given", size=13)
    drawing.text(175, 364, "handshake: READ", size=12)
    drawing.text(175, 381, "records wait: WRITE as well", size=12)
    drawing.text(175, 398, "after that: what the channel wants", size=12)
    return drawing


def compat() -> Drawing:
    drawing = Drawing(
        WIDTH, 450, "asyncore's map, the objects that are asked, and the two lists for the kernel"
    )
    drawing.box(60, 14, 230, 50, "socket_map\n{7: a, 8: b, 9: c, ...}", code=True, size=12,
                kind="quiet")  # fmt: skip
    drawing.text(175, 82, "any code may change it", faint=True, size=12)
    asked = (
        ("overrides: in", "every pass"),
        ("stock: after", "an event"),
        ("all: in an", "audit"),
    )
    for number, lines in enumerate(asked):
        x = 10 + 113 * number
        drawing.arrow((175, 90), (x + 52, 116))
        drawing.box(
            x, 116, 104, 44, "\n".join(lines), size=12, kind="hot" if number == 2 else "box"
        )
        drawing.arrow((x + 52, 160), (175, 196))
    drawing.box(75, 196, 200, 50, "readable()?\nwritable()?", code=True, size=13)
    drawing.arrow((130, 246), (90, 290), label="up to 100", at=(96, 268), anchor="end")
    drawing.arrow((220, 246), (260, 290), label="the others", at=(254, 268), anchor="start")
    drawing.box(15, 290, 150, 44, "poll list", kind="quiet", size=13)
    drawing.box(185, 290, 150, 44, "epoll set", kind="quiet", size=13)
    drawing.arrow((260, 334), (260, 366), (90, 366), (90, 334))
    drawing.text(175, 360, "one entry of it", size=12)
    drawing.arrow((40, 334), (40, 400), label="poll(2) waits for both", at=(48, 392),
                  anchor="start")  # fmt: skip
    drawing.box(15, 400, 320, 36, "events, for the object that was waited for", size=12)
    return drawing
