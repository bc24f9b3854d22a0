"""The laboratory measures real servers, and leaves no process behind, however it ends."""

import csv
import importlib.util
import json
import os
import re
import select
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from examples.bench.allocator import THRESHOLD, VARIABLES, Allocator
from examples.bench.loops import choose
from examples.servers import compare
from examples.servers.lab import tree
from examples.servers.lab.contestants import Contestant, chosen
from examples.servers.lab.plan import ACTIVE, IDLE, Case, Trial
from examples.servers.lab.server import CannotServe, Server
from examples.servers.lab.trial import Failure, Run, Settings, measure

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="the laboratory needs Linux")

ROOT = Path(__file__).resolve().parents[2]
TIME_LIMIT = 30  # seconds

# A server with an orphan in a session of its own, as daemons make it; that one speaks.
HIDING = """
import os, time
reaped, tell = os.pipe()
if not (child := os.fork()):
    os.setsid()
    if os.fork():
        os._exit(0)
    os.read(reaped, 1)
    print("Serving on 127.0.0.1 port 9", flush=True)
    time.sleep(1000)
os.waitpid(child, 0)
os.write(tell, b"x")
time.sleep(1000)
"""


def program(text: str) -> Contestant:
    """Return a contestant that runs a program given as text."""

    class Program(Contestant):
        @property
        def command(self) -> list[str]:
            return [sys.executable, "-c", text]

    return Program("program", "by hand", "none")


def settings(seconds: float, patience: float = 5.0) -> Settings:
    """Return how to measure, on whatever core there is."""
    return Settings(seconds, choose(spin=False)[0], patience)


def test_a_small_run_gives_table_files_and_plots(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    chosen = ["--only", "select", "--only", "forking"]
    sizes = ["--connections", "1", "--connections", "5"]
    quick = ["--rounds", "1", "--seconds", "0.03", "--out", str(tmp_path)]
    assert compare.main([*chosen, *sizes, *quick]) == 0
    printed = capsys.readouterr().out
    assert "5 connections, one active, the others silent" in printed
    with (tmp_path / "figures.csv").open(newline="") as file:
        rows = {
            (row["label"], row["shape"], row["connections"]): row for row in csv.DictReader(file)
        }
    assert rows.keys() >= {
        (label, shape, size)
        for label in ("floor", "select", "forking")
        for shape, size in [("active", "1"), ("active", "5"), ("idle", "5"), ("bursts", "4")]
    }
    assert float(rows["forking", "active", "5"]["processes"]) == 6
    assert all(float(row["rate"]) > 0 and float(row["ceiling"]) > 0 for row in rows.values())
    assert ("\n" + (tmp_path / "tables.md").read_text()).count("\n## ") == 4
    if importlib.util.find_spec("matplotlib"):
        assert (tmp_path / "cpu.svg").exists()
        assert (tmp_path / "cpu.png").exists()
    else:
        assert "pip install" in printed
    assert compare.main(["--redraw", "--out", str(tmp_path)]) == 0
    assert "5 connections, all active" in capsys.readouterr().out


def test_the_allocator_s_settings_reach_all_processes_of_a_server() -> None:
    for contestant in chosen(["forking", "asyncio"], "both")[2:]:
        with Server(contestant) as server, socket.create_connection(server.address) as sock:
            sock.sendall(b"a line\n")
            assert sock.recv(7, socket.MSG_WAITALL) == b"a line\n"
            found = [environment_of(process.pid) for process in server.processes()]
        expected = str(THRESHOLD) if contestant.allocator is Allocator.RAISED else None
        assert len(found) == (2 if contestant.label == "forking" else 1)
        for name in VARIABLES:
            assert {words.get(name) for words in found} == {expected}


def environment_of(pid: int) -> dict[str, str]:
    """Return the environment that a process was started with."""
    words = Path(f"/proc/{pid}/environ").read_text().split("\0")
    return dict(word.split("=", 1) for word in words if word)


def test_both_settings_are_measured_and_written(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    quick = ["--connections", "1", "--rounds", "1", "--seconds", "0.02", "--out", str(tmp_path)]
    assert compare.main(["--only", "asyncio", "--only", "select", *quick]) == 0
    printed = capsys.readouterr().out
    assert "thresholds raised to 32 MiB" in printed
    with (tmp_path / "figures.csv").open(newline="") as file:
        found = {(row["label"], row["allocator"]) for row in csv.DictReader(file)}
    ours = {("floor", "raised"), ("select", "raised"), ("asyncio", "raised")}
    assert found == ours | {("asyncio", "system")}


def test_a_load_in_python_is_named_and_makes_no_page(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    quick = ["--connections", "1", "--rounds", "1", "--seconds", "0.02", "--out", str(tmp_path)]
    assert compare.main(["--only", "select", "--load", "python", *quick]) == 0
    assert "the load is Python's, as asked for" in capsys.readouterr().out
    with pytest.raises(SystemExit, match=r"a load in Python"):
        compare.main(["--redraw", "--out", str(tmp_path), "--page", str(tmp_path / "page.md")])


def test_there_must_be_something_to_redraw(tmp_path: Path) -> None:
    with pytest.raises(SystemExit, match="nothing to draw from"):
        compare.main(["--redraw", "--out", str(tmp_path)])


def test_cpu_time_of_children_counts_running_and_reaped() -> None:
    command = [sys.executable, "-c", BURNING]
    with subprocess.Popen(command, stdout=subprocess.PIPE, start_new_session=True) as burner:
        try:
            assert burner.stdout is not None
            told = json.loads(burner.stdout.readline())
            assert tree.cpu_seconds(burner.pid) >= told - 0.03  # reaped time comes in clock ticks
            assert tree.clock(burner.pid) < told / 2
        finally:
            os.killpg(burner.pid, signal.SIGKILL)


BURNING = """
import json, os, time
def burn():
    while time.process_time() < 0.2:
        pass
for _ in range(2):
    if not (child := os.fork()):
        burn()
        os._exit(0)
    os.waitpid(child, 0)
read, write = os.pipe()
if not os.fork():
    burn()
    os.write(write, b"x")
    time.sleep(1000)
os.read(read, 1)
print(json.dumps(0.6), flush=True)
import signal
signal.pause()
"""


def test_a_method_that_is_not_to_be_had_says_why() -> None:
    told = "import sys; sys.exit('This system has no fork.')"
    (failure,) = measure(Trial(1, Case(1, (ACTIVE,)), program(told)), settings(0.01))
    assert failure == Failure("program", "", 1, "This system has no fork.")


def test_a_method_that_ends_at_some_connections_says_where() -> None:
    text = """
import socket, sys
listener = socket.create_server(("127.0.0.1", 0), backlog=64)
print("Serving on 127.0.0.1 port", listener.getsockname()[1], flush=True)
for _ in range(3):
    sock, _ = listener.accept()
    sock.sendall(sock.recv(64, socket.MSG_WAITALL))
sys.exit("Three are enough.")
"""
    trial = Trial(1, Case(5, (IDLE, ACTIVE)), program(text))
    (failure,) = measure(trial, settings(0.01))
    assert isinstance(failure, Failure)
    # Three at most: the two that are reset may be noticed before the answers of the three are.
    assert re.fullmatch(
        r"served [0-3] of 5 connections, then: .*\(Three are enough\.\)", failure.reason
    )


def test_a_method_that_falls_silent_says_so() -> None:
    text = """
import signal, socket
listener = socket.create_server(("127.0.0.1", 0))
print("Serving on 127.0.0.1 port", listener.getsockname()[1], flush=True)
signal.pause()
"""
    trial = Trial(1, Case(1, (ACTIVE,)), program(text))
    (failure,) = measure(trial, settings(0.01, patience=0.2))
    assert isinstance(failure, Failure)
    assert failure.reason == "served 0 of 1 connections, then: no answer within 0.2 s"


def test_a_wrong_answer_is_no_figure() -> None:
    text = """
import socket
listener = socket.create_server(("127.0.0.1", 0))
print("Serving on 127.0.0.1 port", listener.getsockname()[1], flush=True)
sock, _ = listener.accept()
while data := sock.recv(64):
    sock.sendall(b"x" * len(data))
"""
    (failure,) = measure(Trial(1, Case(1, (ACTIVE,)), program(text)), settings(0.01))
    assert isinstance(failure, Failure)
    assert failure.reason.startswith("served 0 of 1 connections, then: a wrong answer")


def test_latency_is_what_the_server_takes() -> None:
    text = """
import socket, time
listener = socket.create_server(("127.0.0.1", 0))
print("Serving on 127.0.0.1 port", listener.getsockname()[1], flush=True)
sock, _ = listener.accept()
while data := sock.recv(64):
    time.sleep(0.02)
    sock.sendall(data)
"""
    (run,) = measure(Trial(1, Case(1, (ACTIVE,)), program(text)), settings(0.2))
    assert isinstance(run, Run)
    assert 0.02 <= run.median <= run.p99
    assert run.rate < 60  # 50, and one answer that was under way when it began
    assert run.busy < 0.5


# -- no process is left behind --------------------------------------------------------------------


def test_the_block_ends_all_processes_of_a_server() -> None:
    with Server(program(HIDING)) as server:
        watched = [os.pidfd_open(process.pid) for process in server.processes()]
        assert len(watched) == 2
    gone(watched)


def test_a_server_that_does_not_start_leaves_nothing() -> None:
    silent = "print('Hello', flush=True)"
    with pytest.raises(CannotServe, match="Hello"), Server(program(silent)):
        pass


@contextmanager
def laboratory(tmp_path: Path) -> Iterator[tuple[subprocess.Popen[str], list[int]]]:
    """Yield a laboratory that measures a forking server, and a handle on each process below it."""
    command = [sys.executable, "-m", "examples.servers.compare", "--only", "forking"]
    command += ["--connections", "5", "--seconds", "1000", "--out", str(tmp_path)]
    lab = subprocess.Popen(
        command, cwd=ROOT, stdout=subprocess.PIPE, text=True, start_new_session=True
    )
    try:
        while len(found := tree.descendants(lab.pid)) < 2:  # a warden and its server
            assert lab.poll() is None
        yield lab, [os.pidfd_open(process.pid) for process in found]
    finally:
        lab.kill()
        lab.communicate(timeout=TIME_LIMIT)


@pytest.mark.parametrize(
    ("number", "status"),
    [(signal.SIGINT, 130), (signal.SIGTERM, 143), (signal.SIGHUP, 129), (signal.SIGKILL, -9)],
)
def test_no_process_is_left_behind(tmp_path: Path, number: int, status: int) -> None:
    with laboratory(tmp_path) as (lab, watched):
        # Ctrl-C reaches the whole foreground group, as a terminal sends it.
        (os.killpg if number == signal.SIGINT else os.kill)(lab.pid, number)
        assert lab.wait(TIME_LIMIT) == status
        gone(watched)
    assert not [*tmp_path.iterdir()]  # what an earlier run wrote there would stand


def gone(handles: list[int]) -> None:
    """Insist that these processes end; a handle is readable once its process has ended."""
    for handle in handles:
        assert select.select([handle], [], [], TIME_LIMIT)[0]
        os.close(handle)
