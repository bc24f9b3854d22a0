"""Keeps a server and all that it starts, and ends them when the laboratory is gone.

`python3 -m examples.servers.lab.warden COMMAND...` runs the command. Its standard input is a pipe
from the laboratory: when that ends, be it by Ctrl-C or SIGKILL, the kernel closes the pipe, and the
warden kills every process below itself. It is their *subreaper*: orphans become its children, so
none of them gets out of its sight, whatever process group or session it chose.
"""

from __future__ import annotations

import ctypes
import os
import select
import signal
import subprocess
import sys
import time
from collections.abc import Sequence

from examples.bench.machine import die_with_parent

from .tree import descendants

PR_SET_CHILD_SUBREAPER = 36  # <linux/prctl.h>


def main(command: Sequence[str]) -> int:
    """Run the command until it ends or our input does; return its exit status."""
    ctypes.CDLL(None).prctl(PR_SET_CHILD_SUBREAPER, 1)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    try:
        # Should the warden itself be killed, the server at least goes with it.
        server = subprocess.Popen(
            command, stdin=subprocess.DEVNULL, process_group=0, preexec_fn=die_with_parent
        )
        wait_for_either(server.pid)
        status = server.poll()
    finally:
        end_everybody()
    return 0 if status is None else abs(status)


def wait_for_either(pid: int) -> None:
    """Wait until this child ends or our standard input does."""
    poll = select.poll()
    poll.register(sys.stdin.fileno(), select.POLLIN)
    child = os.pidfd_open(pid)
    poll.register(child, select.POLLIN)
    poll.poll()
    os.close(child)


def end_everybody() -> None:
    """Kill and reap all descendants; those born meanwhile are met in the next turn."""
    while found := descendants(os.getpid()):
        for process in found:
            try:
                os.kill(process.pid, signal.SIGKILL)
            except ProcessLookupError:
                continue
        reap()
        time.sleep(0.002)


def reap() -> None:
    """Take note of those children that ended."""
    try:
        while os.waitpid(-1, os.WNOHANG)[0]:
            pass
    except ChildProcessError:
        return


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
