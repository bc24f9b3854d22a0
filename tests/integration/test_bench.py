"""The benchmark runs and every server in it answers rightly. No figure is asserted here."""

import csv
import os
import select
import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from socket import socket

import pytest

from examples.bench import __main__ as command
from examples.bench.__main__ import main
from examples.bench.allocator import THRESHOLD, VARIABLES, Allocator
from examples.bench.load import WHOLE, Echoes, Load, Room, Visits
from examples.bench.loops import Loops, Sample, choose
from examples.bench.memory import beyond_the_socket
from examples.bench.plan import CEILING, WORKLOADS
from examples.bench.process import ROOT, Address, ServerProcess
from examples.bench.python_loops import PythonLoops
from examples.bench.servers import why_missing

PAIRS = sorted(
    {
        (contestant.server, workload.kind)
        for workload in WORKLOADS
        for contestant in (*workload.contestants, CEILING)
    }
)
needs_epoll = pytest.mark.skipif(
    why_missing("handwritten") is not None, reason="this system has no epoll"
)
needs_proc = pytest.mark.skipif(sys.platform != "linux", reason="it reads /proc")


def small_loads(kind: str, address: Address, loops: Loops) -> list[Load]:
    """Return loads of a few connections, one of each sort that the kind of server is given."""
    if kind == "fanout":
        return [Room(address, loops, 3, lines=16), Room(address, loops, 1, lines=1)]
    return [
        Echoes(address, loops, 3),
        Echoes(address, loops, 2, lines=256),
        Echoes(address, loops, 2, size=65536),
        Visits(address, loops, 4),
    ]


@pytest.mark.parametrize(("name", "kind"), PAIRS)
def test_a_server_answers_rightly(name: str, kind: str) -> None:
    if reason := why_missing(name):
        pytest.skip(reason)
    loops, _ = choose(spin=False)
    with ServerProcess(name, kind) as server:
        for load in small_loads(kind, server.address, loops):
            with load:
                load.check()
                assert sum(load.run(0.01).messages for _ in range(2)) > 0


def test_a_server_that_cannot_start_is_reported() -> None:
    with (
        pytest.raises(RuntimeError, match="ended before it listened"),
        ServerProcess("asyncio", "x"),
    ):
        pass


@needs_epoll
def test_the_command_prints_a_table_and_writes_the_figures(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    figures = tmp_path / "new" / "figures.csv"
    main(["--only", "bursts", "--rounds", "2", "--seconds", "0.02", "--csv", str(figures)])
    printed = capsys.readouterr().out
    assert "bursts of 256 lines" in printed
    assert "ceiling of the load: " in printed
    with figures.open(newline="") as file:
        rows = {row["contestant"]: row for row in csv.DictReader(file)}
    both = {"asyncio", "asyncio, system malloc", "miniloop, system malloc"}
    assert rows.keys() >= {"miniloop", "handwritten", *both}
    assert all(float(row["rate"]) > 0 for row in rows.values())
    assert rows["handwritten"]["goal"] == "0.5"
    assert float(rows["asyncio, system malloc"]["rate_ratio"]) > 0
    assert rows["asyncio, system malloc"]["goal"] == ""


@needs_epoll
def test_the_goals_alone_can_be_asked_for(capsys: pytest.CaptureFixture[str]) -> None:
    main(["--goals", "--only", "echo", "--rounds", "1", "--seconds", "0.02"])
    printed = capsys.readouterr().out
    assert "64-byte echo" not in printed
    (line,) = (line for line in printed.splitlines() if line.split()[:1] == ["echo"])
    assert line.split()[1:3] == ["handwritten", "0.98"]


@needs_epoll
def test_without_a_compiler_the_load_is_python_s_and_the_command_says_so() -> None:
    arguments = ["--only", "echo", "--rounds", "1", "--seconds", "0.02"]
    done = subprocess.run(
        [sys.executable, "-m", "examples.bench", *arguments],
        cwd=ROOT,
        env={**os.environ, "PATH": ""},
        capture_output=True,
        text=True,
        check=True,
    )
    assert "the load is Python's and not compiled: there is no compiler `cc`" in done.stdout
    assert "load (python)" in done.stdout
    assert "ceiling of the load: not known, it needs a compiler" in done.stdout


def test_a_page_is_looked_at_before_anything_is_measured(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    with pytest.raises(SystemExit, match="No such file"):
        main(["--page", str(page)])
    page.write_text("<!-- native: begin --> <!-- native: end -->")
    with pytest.raises(SystemExit, match="needs <!-- asyncore: begin -->"):
        main(["--page", str(page)])


def test_a_file_that_cannot_be_written_is_found_before_anything_is_measured(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(SystemExit, match=r"cannot write to .*: File exists\."):
        main(["--csv", str(tmp_path / "file" / "figures.csv")])


# -- the allocator --------------------------------------------------------------------------------


@needs_proc
@pytest.mark.parametrize(("allocator", "value"), [("raised", str(THRESHOLD)), ("system", None)])
def test_the_settings_reach_the_server(
    monkeypatch: pytest.MonkeyPatch, allocator: str, value: str | None
) -> None:
    monkeypatch.setenv(VARIABLES[0], "4096")  # the user's own must not count
    with ServerProcess("asyncio", "lines", None, Allocator(allocator)) as server:
        words = Path(f"/proc/{server.pid}/environ").read_text().split("\0")
    found = dict(word.split("=", 1) for word in words if word)
    assert [found.get(name) for name in VARIABLES] == [value, value]


@needs_proc
def test_each_contestant_of_a_run_has_its_own_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    started: list[tuple[str, Allocator]] = []

    class Noted(ServerProcess):
        def __init__(self, name: str, kind: str, core: int | None, allocator: Allocator) -> None:
            started.append((name, allocator))
            super().__init__(name, kind, core, allocator)

    monkeypatch.setattr("examples.bench.measure.ServerProcess", Noted)
    main(["--only", "connect", "--rounds", "1", "--seconds", "0.01"])
    assert set(started) >= {
        ("handwritten", Allocator.RAISED),
        ("asyncio", Allocator.RAISED),
        ("asyncio", Allocator.SYSTEM),
        ("miniloop", Allocator.SYSTEM),
    }
    assert ("handwritten", Allocator.SYSTEM) not in started


# -- a load that is the bottleneck ----------------------------------------------------------------


class SlowLoops(PythonLoops):
    """Takes longer for each message than any server, so the answer is there when it looks."""

    def echoes(self, socks: Sequence[socket], message: bytes, seconds: float) -> Sample:
        for sock in socks:
            select.select([sock], [], [])  # this long
            assert sock.recv(len(message), WHOLE) == message
            sock.sendall(message)
        return Sample(len(socks), 1.0, waited=0.0)


@needs_epoll
def test_a_slow_load_is_named_in_table_and_summary(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(command, "choose", lambda spin, wanted: (SlowLoops(spin), None))
    monkeypatch.setattr("examples.bench.report.BUSY_ENOUGH", -1.0)  # others may have the cores
    main(["--only", "echo", "--rounds", "1"])
    printed = capsys.readouterr().out
    (row,) = (line for line in printed.splitlines() if line.startswith("  handwritten "))
    assert row.split()[1].endswith("*")
    assert "handwritten: * the load was the bottleneck, it waited for 0.00 of the time" in printed
    (goal,) = (line for line in printed.splitlines() if line.split()[:1] == ["echo"])
    assert "*" in goal


# -- memory, and a crowd --------------------------------------------------------------------------


@needs_proc
@pytest.mark.parametrize("by", ["tracemalloc", "rss"])
def test_memory_is_counted(by: str) -> None:
    assert beyond_the_socket(by, count=20) == pytest.approx(0, abs=1 << 20)


@needs_proc
def test_a_crowd_talks_and_loses_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    crowd = pytest.importorskip("examples.bench.crowd", reason="needs the extra [chat]")
    crowd.main(["--members", "20", "--rooms", "2", "--seconds", "0.5", "--every", "0.1"])
    said = capsys.readouterr().out
    assert "20 members in 2 rooms, 10 of them by web" in said
    assert " 0 lost, 0 doubled or out of order" in said


@needs_proc
def test_a_crowd_at_three_nodes_talks_and_loses_nothing(
    capsys: pytest.CaptureFixture[str],
) -> None:
    crowd = pytest.importorskip("examples.bench.crowd", reason="needs the extra [chat]")
    pytest.importorskip("hiredis", reason="a node of a cluster needs the package hiredis")
    if shutil.which("redis-server") is None:
        pytest.skip("redis-server is not installed (Debian: redis-server)")
    nodes = ["--cluster", "--nodes", "3"]
    crowd.main(["--members", "30", "--rooms", "3", "--seconds", "1", "--every", "0.2", *nodes])
    said = capsys.readouterr().out
    assert "30 members in 3 rooms, 15 of them by web" in said
    assert " 0 lost, 0 doubled or out of order" in said
    assert "for the engine" in said
