r"""A window that shows the time, and what comes in over the network: a miniloop inside Tk.

    python3 -m examples.tk_clock [--port 4321]
    printf 'tea is ready\n' | nc -N localhost 4321

One thread, no polling: Tk watches one descriptor and keeps one timer for everything that miniloop
waits for.
"""

import argparse
import math
import socket
import sys
import time
from collections.abc import Callable

try:
    import tkinter
except ImportError as error:
    error.msg = "This Python has no tkinter; on Debian: sudo apt install python3-tk"
    if __name__ == "__main__":
        sys.exit(error.msg)
    raise

from miniloop import AsyncChat, EventLoop, Guest, Listener


class TkGuest(Guest):
    """Lives in Tk's loop.

    Open dialogs from ``root.after_idle()`` rather than from a handler: while a handler has not
    returned, miniloop serves no connection.
    """

    def __init__(
        self, loop: EventLoop, root: tkinter.Tk, on_end: Callable[[], object] | None = None
    ) -> None:
        """Move in."""
        self._root = root
        super().__init__(loop, on_end)

    def watch(self, fd: int) -> None:
        """As in the base class."""
        self._root.tk.createfilehandler(fd, tkinter.READABLE, lambda file, mask: self.step())

    def unwatch(self, fd: int) -> None:
        """As in the base class."""
        self._root.tk.deletefilehandler(fd)

    def call_later(self, seconds: float) -> object:
        """As in the base class; rounded up, or it would fire early and again."""
        return self._root.after(math.ceil(seconds * 1000), self.step)

    def cancel(self, timer: str) -> None:
        """As in the base class."""
        self._root.after_cancel(timer)


class Clock:
    """The window: the time in large letters, the last message below."""

    def __init__(self, loop: EventLoop, root: tkinter.Tk) -> None:
        """Show the time from now on."""
        self.loop = loop
        self.time = tkinter.StringVar(root)
        self.message = tkinter.StringVar(root, "nothing has come yet")
        tkinter.Label(root, textvariable=self.time, font=("TkFixedFont", 48)).pack(padx=20, pady=10)
        tkinter.Label(root, textvariable=self.message, width=60).pack(pady=10)
        tkinter.Button(root, text="Close", command=loop.stop).pack(pady=10)
        self.tick()

    def tick(self) -> None:
        """Show the time, again at the next full second."""
        now = time.time()
        self.time.set(time.strftime("%H:%M:%S", time.localtime(now)))
        self.loop.call_later(1 - now % 1, self.tick)


class Messages(AsyncChat):
    """Shows each line in the window, and confirms it to the sender."""

    max_input = 200

    def __init__(self, loop: EventLoop, sock: socket.socket, clock: Clock) -> None:
        """Serve a connection."""
        super().__init__(loop, sock)
        self._clock = clock
        self._line = b""
        self.set_terminator(b"\n")
        self.set_idle_timeout(60)

    def collect_incoming_data(self, data: bytes) -> None:
        """Keep the line; ``max_input`` bounds it."""
        self._line += data

    def found_terminator(self) -> None:
        """Show it.  It may come from any host, so only printable characters are shown."""
        line, self._line = self._line.decode("utf-8", "replace"), b""
        self._clock.message.set("".join(char if char.isprintable() else "?" for char in line))
        self.push(b"shown\n")


def main() -> None:
    """Open the window; closing it ends the program in order."""
    parser = argparse.ArgumentParser(description="A clock that shows what is sent to its port.")
    parser.add_argument("--port", type=int, default=4321, help="0: any free one; default 4321")
    options = parser.parse_args()
    root = tkinter.Tk()
    root.title("miniloop in Tk")
    with EventLoop() as loop:
        clock = Clock(loop, root)
        address = ("127.0.0.1", options.port)
        listener = Listener(loop, address, lambda loop, sock: Messages(loop, sock, clock))
        TkGuest(loop, root, on_end=root.destroy)
        root.protocol("WM_DELETE_WINDOW", loop.stop)
        print(f"listening on port {listener.address[1]}", flush=True)
        root.mainloop()


if __name__ == "__main__":
    main()
