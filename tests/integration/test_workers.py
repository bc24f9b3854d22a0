"""Servers of several real processes: killed, reloaded, stopped, and attacked with signals.

Nothing sleeps: the program's log, its answers and the ends of its processes say how far it is.
"""

from __future__ import annotations

import contextlib
import json
import os
import re
import select
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.integration.workers_program import LARGE

ROOT = Path(__file__).parents[2]
PATIENCE = 30.0  # seconds until a test gives up; nothing waits that long when all is well
ENVIRONMENT = {**os.environ, "PYTHONPATH": str(ROOT)}
PROGRAM = [sys.executable, "-W", "error", "-m", "tests.integration.workers_program"]

pytestmark = [
    pytest.mark.needs("fork"),
    pytest.mark.skipif(
        not hasattr(os, "pidfd_open"), reason="the tests wait for orphans by pidfd, only on Linux"
    ),
]


class Program:
    """`workers_program` as a process, with its log."""

    def __init__(
        self,
        *options: str,
        command: list[str] | None = None,
        environment: dict[str, str] | None = None,
        pass_fds: tuple[int, ...] = (),
    ) -> None:
        self.process = subprocess.Popen(
            [*(command or []), *PROGRAM, *options],
            cwd=ROOT,
            env={**ENVIRONMENT, **(environment or {})},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            pass_fds=pass_fds,
            start_new_session=True,
        )
        assert self.process.stdout is not None
        assert self.process.stderr is not None
        self.log = ""
        self._errors = self.process.stderr.fileno()
        self.port = int(self.process.stdout.readline())

    def read_log(self, pattern: str, times: int = 1, *, since: int = 0) -> list[str]:
        """Read on until the log, from the character ``since`` on, has the pattern so often."""
        deadline = time.monotonic() + PATIENCE
        while len(found := re.findall(pattern, self.log[since:], re.MULTILINE)) < times:
            ready, _, _ = select.select([self._errors], [], [], deadline - time.monotonic())
            assert ready, f"no {pattern!r} in time in:\n{self.log}"
            data = os.read(self._errors, 65536)
            assert data, f"ended, and no {pattern!r} in:\n{self.log}"
            self.log += data.decode()
        return found

    def read_log_now(self) -> None:
        """Read what is there."""
        while select.select([self._errors], [], [], 0)[0] and (
            data := os.read(self._errors, 65536)
        ):
            self.log += data.decode()

    def read_log_to_the_end(self) -> None:
        """Read until the last process that could write has ended."""
        while data := os.read(self._errors, 65536):
            self.log += data.decode()

    def wait_serving(self) -> None:
        self.read_log("^the workers are serving$")

    def send(self, number: signal.Signals) -> None:
        os.kill(self.process.pid, number)

    def reload(self) -> None:
        """Reload, and wait until that is over."""
        since = len(self.log)
        self.send(signal.SIGHUP)
        self.read_log("^the workers are serving$", since=since)

    def started(self) -> list[int]:
        """Return the processes of all workers that were started so far."""
        return [int(pid) for pid in re.findall(r"\(process (\d+)\) starts$", self.log, re.M)]

    def connect(self) -> socket.socket:
        return socket.create_connection(("127.0.0.1", self.port), timeout=PATIENCE)

    def ask(self, word: str) -> tuple[int, int, str]:
        """Return a worker's number, its process and its answer, over a connection of its own."""
        with self.connect() as client:
            return ask(client, word)

    def end(self, number: signal.Signals = signal.SIGTERM) -> int:
        """Send a signal and return the exit status; check that no worker is left."""
        self.send(number)
        return self.wait()

    def wait(self) -> int:
        """Wait for the end and return the exit status; check that no worker is left."""
        _, rest = self.process.communicate(timeout=PATIENCE)
        self.log += rest.decode()
        assert [pid for pid in self.started() if exists(pid)] == []
        return self.process.returncode

    def kill(self) -> None:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.communicate()


@contextlib.contextmanager
def running(*options: str, **more: object) -> Iterator[Program]:
    program = Program(*options, **more)  # type: ignore[arg-type]  # passed on as they are
    try:
        yield program
    finally:
        program.kill()


def ask(client: socket.socket, word: str) -> tuple[int, int, str]:
    client.sendall(word.encode() + b"\n")
    number, pid, answer = receive_line(client).split(" ", 2)
    return int(number), int(pid), answer


def receive_line(client: socket.socket) -> str:
    data = bytearray()
    while not data.endswith(b"\n"):
        piece = client.recv(1 << 20)
        assert piece, f"the connection ended after {bytes(data[:100])!r}"
        data += piece
    return data[:-1].decode()


def exists(pid: int) -> bool:
    """Return whether a process runs; one that is still to be collected does not."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except (FileNotFoundError, ProcessLookupError):
        return False


class Ends:
    """The ends of processes that are not our children."""

    def __init__(self, pids: list[int]) -> None:
        self._fds = []
        for pid in pids:
            with contextlib.suppress(ProcessLookupError):  # collected by now
                self._fds.append(os.pidfd_open(pid))

    def wait(self) -> None:
        for fd in self._fds:
            assert select.select([fd], [], [], PATIENCE)[0], "a process does not end"
            os.close(fd)


# -- serving and stopping -------------------------------------------------------------------------


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_several_processes_serve_one_port_and_stop_in_order(number: signal.Signals) -> None:
    with running("--processes", "3") as program:
        program.wait_serving()
        with contextlib.ExitStack() as stack:
            clients = [stack.enter_context(program.connect()) for _ in range(30)]
            pids = {ask(client, "hello")[1] for client in clients}
            program.read_log_now()
            assert pids <= {*program.started()}
            assert program.process.pid not in pids
            clients[0].sendall(b"large\n")
            assert clients[0].recv(1)  # it is on its way; the rest comes during the stop
            program.send(number)
            assert receive_line(clients[0]).endswith("x" * LARGE)
        assert program.wait() == 0
        socket.create_server(("127.0.0.1", program.port)).close()


def test_ctrl_c_reaches_the_whole_group() -> None:
    with running() as program:
        program.wait_serving()
        os.killpg(program.process.pid, signal.SIGINT)
        assert program.wait() == 0
        assert "Traceback" not in program.log


def test_a_worker_that_hangs_is_killed_by_a_second_signal() -> None:
    with running() as program, program.connect() as client:
        program.wait_serving()
        _, pid, _ = ask(client, "hello")
        client.sendall(b"hang\n")
        program.send(signal.SIGTERM)
        program.read_log("^the workers are stopping$")
        program.read_log("has ended: exit status 0$")
        assert program.end() == 1
        assert f"(process {pid}) has ended: killed by SIGKILL" in program.log


@pytest.mark.parametrize(("word", "code"), [("stop", "exit status 0"), ("exit", "exit status 7")])
def test_a_worker_that_ends_by_itself_is_replaced(word: str, code: str) -> None:
    with running("--processes", "1") as program, program.connect() as client:
        program.wait_serving()
        client.sendall(word.encode() + b"\n")
        program.read_log(f"seconds: {code}; it is started again")
        program.read_log(r"\) starts$", 2)
        _, pid, _ = program.ask("hello")
        assert program.started().index(pid) == 1
        assert program.end() == 0


def test_sigterm_to_a_worker_ends_it_in_order() -> None:
    with running("--processes", "1") as program:
        program.wait_serving()
        os.kill(program.started()[0], signal.SIGTERM)
        program.read_log("seconds: exit status 0; it is started again")
        assert program.end() == 0


# -- killing --------------------------------------------------------------------------------------


@pytest.mark.parametrize("also_stopped", [False, True])
def test_no_worker_survives_a_parent_that_is_killed(also_stopped: bool) -> None:
    with running("--processes", "3") as program, program.connect() as client:
        program.wait_serving()
        ask(client, "hello")
        ends = Ends(program.started())
        if also_stopped:
            program.send(signal.SIGHUP)  # in the middle of a reload
        program.send(signal.SIGKILL)
        ends.wait()
        assert client.recv(10) == b""
        program.read_log_to_the_end()
        Ends(program.started()).wait()  # those that the reload has started, too


def test_workers_that_are_killed_in_a_loop() -> None:
    with running("--first", "0.01") as program:
        program.wait_serving()
        killed = 0
        while killed < 12:
            for pid in program.started()[killed:]:
                os.kill(pid, signal.SIGKILL)
                killed += 1
            program.read_log(r"\) starts$", killed + 1)
        assert set(program.read_log(r"again in (\d+\.\d) s")) >= {"0.0", "0.1"}
        pid = program.ask("hello")[1]
        program.read_log(rf"\(process {pid}\) starts$")  # it may answer before that is written
        assert program.end() == 0


def test_a_worker_that_fails_at_start_backs_off(tmp_path: Path) -> None:
    fail = tmp_path / "fail"
    fail.touch()
    with running("--processes", "1", "--fail", str(fail)) as program:
        delays = program.read_log(r"^worker 0 .* before it was ready: .* in (\d\.\d) seconds$", 4)
        assert delays == ["0.1", "0.2", "0.4", "0.8"]
        assert "RuntimeError: as the test wants it" in program.log
        assert "InWorker" not in program.log
        fail.unlink()
        program.send(signal.SIGHUP)
        program.wait_serving()
        assert program.ask("hello")[2] == "hello"
        assert program.end() == 0


# -- reloading ------------------------------------------------------------------------------------


class Load(threading.Thread):
    """Connects, asks and leaves, over and over, until it is told to end."""

    def __init__(self, program: Program) -> None:
        super().__init__()
        self.program = program
        self.answers: list[int] = []
        self.problems: list[str] = []
        self.over = threading.Event()

    def run(self) -> None:
        while not self.over.is_set():
            try:
                self.answers.append(self.program.ask("hello")[1])
            except (OSError, AssertionError) as error:
                self.problems.append(repr(error))


@contextlib.contextmanager
def under_load(program: Program) -> Iterator[list[Load]]:
    loads = [Load(program) for _ in range(4)]
    for load in loads:
        load.start()
    try:
        yield loads
    finally:
        for load in loads:
            load.over.set()
        for load in loads:
            load.join()


@pytest.mark.parametrize("options", [(), ("--reuse-port",), ("--no-pidfd",)])
def test_no_connection_is_refused_or_lost_over_reloads(options: tuple[str, ...]) -> None:
    with running(*options) as program:
        program.wait_serving()
        with under_load(program) as loads:
            for _ in range(5):
                program.reload()
        assert [problem for load in loads for problem in load.problems] == []
        assert len(program.started()) == 12
        served = {pid for load in loads for pid in load.answers}
        assert len(served) > 2
        assert program.ask("hello")[1] in program.started()[-2:]
        assert program.end() == 0


def test_no_connection_is_lost_in_a_storm_of_reloads() -> None:
    with running() as program:
        program.wait_serving()
        with under_load(program) as loads:
            for _ in range(300):
                program.send(signal.SIGHUP)
                program.read_log_now()
                assert sum(map(exists, program.started())) <= 4
            program.reload()
        assert [problem for load in loads for problem in load.problems] == []
        assert program.end() == 0


def test_a_retired_worker_serves_its_connections() -> None:
    with running("--processes", "1") as program, program.connect() as client:
        program.wait_serving()
        _, old, _ = ask(client, "hello")
        program.send(signal.SIGHUP)
        program.read_log("^the workers are draining$")
        _, new, _ = program.ask("hello")
        assert new != old
        assert ask(client, "still there?") == (0, old, "still there?")
        client.close()
        program.read_log(rf"\(process {old}\) has ended: exit status 0$")
        assert program.end() == 0


def test_a_retired_worker_stops_when_the_time_is_up() -> None:
    with running("--processes", "1", "--drain", "0") as program, program.connect() as client:
        program.wait_serving()
        ask(client, "hello")
        program.reload()
        assert client.recv(1) == b""
        assert program.end() == 0


def test_a_reload_that_fails_leaves_the_old_workers(tmp_path: Path) -> None:
    fail = tmp_path / "fail"
    with running("--fail", str(fail)) as program:
        program.wait_serving()
        old = program.started()
        fail.touch()
        program.reload()
        assert program.log.count("the other worker of its slot goes on") == 2
        assert program.ask("hello")[1] in old
        fail.unlink()
        program.reload()
        assert program.ask("hello")[1] not in old
        assert program.end() == 0


def test_sigterm_in_the_middle_of_a_reload() -> None:
    with running("--processes", "4") as program, program.connect() as client:
        program.wait_serving()
        ask(client, "hello")
        program.send(signal.SIGHUP)
        program.read_log("^the workers are reloading$")
        assert program.end() == 0


def test_a_terminal_that_hangs_up_ends_nothing() -> None:
    """SIGHUP goes to the whole group then."""
    with running() as program:
        program.wait_serving()
        since = len(program.log)
        os.killpg(program.process.pid, signal.SIGHUP)
        program.read_log("^the workers are serving$", since=since)
        assert program.ask("hello")[2] == "hello"
        assert "killed by" not in program.log
        assert program.end() == 0


# -- systemd --------------------------------------------------------------------------------------


AS_SYSTEMD = """
import os, sys
if sys.argv[1] != "3":
    os.dup2(int(sys.argv[1]), 3)
os.set_inheritable(3, True)
os.environ["LISTEN_PID"] = str(os.getpid())
os.execv(sys.argv[2], sys.argv[2:])
"""
"""Passes a socket on as systemd does."""


@pytest.fixture
def manager(tmp_path: Path) -> Iterator[socket.socket]:
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as sock:
        sock.bind(str(tmp_path / "notify"))
        sock.settimeout(PATIENCE)
        yield sock


def test_started_by_systemd(manager: socket.socket) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        fd = server.fileno()
        command = [sys.executable, "-c", AS_SYSTEMD, str(fd)]
        environment = {"LISTEN_FDS": "1", "LISTEN_FDNAMES": "web"}
        environment["NOTIFY_SOCKET"] = str(manager.getsockname())
        with running(
            "--systemd", command=command, environment=environment, pass_fds=(fd,)
        ) as program:
            assert program.port == server.getsockname()[1]
            assert manager.recv(1000).decode() == f"READY=1\nMAINPID={program.process.pid}"
            variables = json.loads(program.ask("environment")[2])
            assert not [name for name in variables if name.startswith(("LISTEN_", "NOTIFY_"))]
            program.send(signal.SIGHUP)
            assert re.fullmatch(r"RELOADING=1\nMONOTONIC_USEC=\d+", manager.recv(1000).decode())
            assert manager.recv(1000).startswith(b"READY=1\n")
            program.send(signal.SIGTERM)
            assert manager.recv(1000) == b"STOPPING=1"
            assert program.wait() == 0


PAGE = ROOT / "docs" / "howto" / "be-started-by-systemd.md"
BLOCKS = re.findall(r"^```python\n(.*?)^```", PAGE.read_text(), re.MULTILINE | re.DOTALL)


@pytest.mark.parametrize("block", BLOCKS, ids=["one loop", "workers"])
def test_programs_of_the_howto(manager: socket.socket, block: str) -> None:
    """They take the socket that is passed, and not the port 1234 that they open otherwise."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        fd = server.fileno()
        variables = {"LISTEN_FDS": "1", "LISTEN_FDNAMES": "echo"}
        variables["NOTIFY_SOCKET"] = str(manager.getsockname())
        command = [sys.executable, "-c", AS_SYSTEMD, str(fd)]
        with subprocess.Popen(
            [*command, sys.executable, "-W", "error", "-c", block],
            env={**ENVIRONMENT, **variables},
            pass_fds=(fd,),
            stderr=subprocess.PIPE,
        ) as process:
            assert manager.recv(1000).startswith(b"READY=1\n")
            with socket.create_connection(server.getsockname(), timeout=PATIENCE) as client:
                client.sendall(b"hello\n")
                assert receive_line(client) == "hello"
            process.terminate()
            assert manager.recv(1000) == b"STOPPING=1"
            _, errors = process.communicate(timeout=PATIENCE)
            assert errors == b""
        assert process.returncode == 0
