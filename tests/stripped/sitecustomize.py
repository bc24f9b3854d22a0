"""Take from a running Python on Linux what Windows lacks; the folder belongs on PYTHONPATH.

Python imports this module before any other of the standard library's, so those see the stripped
interpreter: ``socket.socketpair()`` is the emulated one, and ``selectors`` finds ``select()`` and
no more, which refuses what is no socket. ``LACKING`` follows the notes on availability in Python's
manual.

Some modules decide by ``sys.platform``, which remains "linux". They work by other means on Windows,
so they keep what they need: ``subprocess`` copies of the whole ``os``, ``select`` and ``signal``,
and ``asyncio`` the ``fcntl`` that it imports here. ``os.getuid()`` stays for pytest.
"""

from __future__ import annotations

import os
import stat
import sys
from collections.abc import Iterable
from fnmatch import fnmatchcase
from types import ModuleType
from typing import Any, NoReturn

LACKING = {
    "select": "epoll poll EPOLL* POLL* PIPE_BUF",
    "_socket": """
        socketpair sethostname AF_ALG AF_BRIDGE AF_CAN AF_KEY AF_NETLINK AF_PACKET AF_QIPCRTR AF_RDS
        AF_ROUTE AF_TIPC AF_UNIX AF_VSOCK CMSG_* SCM_* MSG_CMSG_CLOEXEC MSG_CONFIRM MSG_DONTWAIT
        MSG_EOR MSG_FASTOPEN MSG_MORE MSG_NOSIGNAL SOCK_CLOEXEC SOCK_NONBLOCK SO_BINDTODEVICE
        SO_DOMAIN SO_INCOMING_CPU SO_MARK SO_PASS* SO_PEER* SO_PRIORITY SO_PROTOCOL SO_REUSEPORT
        TCP_CONGESTION TCP_CORK TCP_DEFER_ACCEPT TCP_INFO TCP_LINGER2 TCP_NOTSENT_LOWAT TCP_QUICKACK
        TCP_SYNCNT TCP_USER_TIMEOUT TCP_WINDOW_CLAMP IP_TRANSPARENT IP_BIND_ADDRESS_NO_PORT
    """,
    "_signal": """
        SIGALRM SIGBUS SIGCHLD SIGCLD SIGCONT SIGHUP SIGIO SIGIOT SIGKILL SIGPIPE SIGPOLL SIGPROF
        SIGPWR SIGQUIT SIGRTMAX SIGRTMIN SIGSTKFLT SIGSTOP SIGSYS SIGTRAP SIGTSTP SIGTTIN SIGTTOU
        SIGURG SIGUSR1 SIGUSR2 SIGVTALRM SIGWINCH SIGXCPU SIGXFSZ SIG_BLOCK SIG_SETMASK SIG_UNBLOCK
        ITIMER_* ItimerError alarm getitimer pause pidfd_send_signal pthread_kill pthread_sigmask
        setitimer siginterrupt sigpending sigtimedwait sigwait sigwaitinfo struct_siginfo
    """,
    "os": """
        fork forkpty register_at_fork pidfd_open posix_spawn* openpty login_tty ctermid ttyname
        tcgetpgrp tcsetpgrp set_blocking get_blocking pipe2 mkfifo mknod memfd_create eventfd*
        splice sendfile copy_file_range pread* pwrite* readv writev fdatasync lockf posix_f* sync
        chown lchown fchown chroot fchdir fwalk statvfs fstatvfs pathconf* fpathconf confstr*
        sysconf* uname getloadavg nice sched_* getpriority setpriority getrandom environb getenvb
        geteuid getgid getegid getres* getgroups getgrouplist initgroups setuid seteuid setgid
        setegid setre* setgroups getsid setsid getpgid setpgid getpgrp setpgrp killpg *xattr
        wait wait3 wait4 waitid* spawn*p spawn*pe CLD_* EFD_* EX_* F_* GRND_* MFD_* O_ACCMODE
        O_ASYNC O_CLOEXEC O_DIRECT* O_DSYNC O_FSYNC O_NDELAY O_NOATIME O_NOCTTY O_NOFOLLOW
        O_NONBLOCK O_PATH O_RSYNC O_SYNC O_TMPFILE P_ALL P_PGID P_PID P_PIDFD PRIO_* RTLD_* SCHED_*
        ST_* WCONTINUED WCOREDUMP WEXIT* WIF* WNOHANG WNOWAIT WSTOP* WTERMSIG WUNTRACED
    """,
    "time": "CLOCK_* clock_* pthread_getcpuclockid tzset",
}
"""Names of each module that Windows lacks; a star stands for any characters."""

KEPT = {"F_OK"}
"""What the stars above would take and Windows has."""

SOCKET_METHODS = ("sendmsg", "recvmsg", "recvmsg_into", "sendmsg_afalg")

MODULES = ("fcntl", "termios", "tty", "pty", "pwd", "grp", "resource", "syslog", "readline")

BUFFER = 65536
"""Bytes in a socket's buffer, as Windows has it at first."""

WSAEINVAL, WSAENOTSOCK = 10022, 10038
"""What ``select()`` on Windows answers to three empty lists, and to what is no socket."""


class SelectSockets:
    """``select.select()`` of Windows.

    Not a function: ``selectors`` keeps it in a class, where a function would become a method.
    """

    def __init__(self, select: Any) -> None:
        self._select = select

    def __call__(
        self, read: Iterable[Any], write: Iterable[Any], error: Iterable[Any], timeout: Any = None
    ) -> Any:
        lists = [*read], [*write], [*error]
        if not any(lists):
            raise OSError(WSAEINVAL, "an invalid argument was supplied")
        for file in (file for files in lists for file in files):
            fd = file if isinstance(file, int) else file.fileno()
            if not stat.S_ISSOCK(os.fstat(fd).st_mode):
                raise OSError(WSAENOTSOCK, f"descriptor {fd} is not a socket")
        return self._select(*lists, timeout)


class Lacking:
    """Hides a method of the base class."""

    def __init__(self, name: str) -> None:
        self.name = name

    def __get__(self, instance: object, owner: type) -> NoReturn:
        raise AttributeError("Windows has no such method", name=self.name, obj=owner)


def strip() -> None:
    """Strip this interpreter."""
    whole = {name: copied(__import__(name)) for name in ("os", "select", "_signal")}
    for name in ("select", "_socket", "_signal", "time"):
        take_from(__import__(name))
    vars(__import__("select"))["select"] = SelectSockets(whole["select"].select)
    keep_subprocess_working(whole)
    take_from(os)
    os.supports_dir_fd.clear()
    strip_sockets()
    __import__("asyncio")
    sys.modules.update(dict.fromkeys(MODULES))  # type: ignore[arg-type]  # None: cannot be imported


def take_from(module: ModuleType) -> None:
    """Delete what Windows lacks."""
    patterns = LACKING[module.__name__].split()
    for name in [*vars(module)]:
        if name not in KEPT and any(fnmatchcase(name, pattern) for pattern in patterns):
            delattr(module, name)


def copied(module: ModuleType) -> ModuleType:
    """Return a module with the same contents."""
    copy = ModuleType(module.__name__)
    vars(copy).update(vars(module))
    return copy


def keep_subprocess_working(whole: dict[str, ModuleType]) -> None:
    """Give ``subprocess`` what it uses on Linux; it is imported while ``os`` is whole."""
    import selectors
    import signal
    import subprocess

    signals = copied(whole["_signal"])
    vars(signals).update(vars(signal))

    class AnyFile(selectors.SelectSelector):
        _select = whole["select"].select

    vars(subprocess).update(
        os=whole["os"], select=whole["select"], signal=signals, _PopenSelector=AnyFile
    )


def strip_sockets() -> None:
    """Hide methods that sockets inherit from C, and bound the buffers of emulated pairs.

    The tests use pairs as UNIX ones: what is sent has arrived, and a peer that does not read fills
    the buffers soon.
    """
    import socket

    emulated = socket.socketpair

    def socketpair(*arguments: int) -> tuple[socket.socket, socket.socket]:
        pair = emulated(*arguments)
        for end in pair:
            end.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            for buffer in (socket.SO_SNDBUF, socket.SO_RCVBUF):
                end.setsockopt(socket.SOL_SOCKET, buffer, BUFFER)
        return pair

    socket.socketpair = socketpair  # type: ignore[assignment]  # its signature is a platform's own
    for name in SOCKET_METHODS:
        setattr(socket.socket, name, Lacking(name))


if __name__ == "sitecustomize":  # and not for its tables
    try:
        strip()
    except Exception as error:  # Python would go on, and nothing would be stripped
        raise SystemExit(f"this Python cannot be stripped: {error!r}") from error
