"""The file is well-formed at every moment, bounded, and its troubles are not the program's."""

import json
import signal
import subprocess
import sys
from importlib.machinery import ModuleSpec
from itertools import count
from pathlib import Path

import pytest

from miniloop.trace.chrome_trace import ChromeTrace
from miniloop.trace.trace_file import TraceFile
from tests.trace_format import Picture

SECOND = 1_000_000_000


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "trace.json"


class Clock:
    now = 0

    def __call__(self) -> int:
        return self.now


def test_the_file_is_complete_after_close(path: Path) -> None:
    file = TraceFile(path, 10_000, Clock())
    file.close()
    file.close()
    file.instant(1, "too late", 0)
    names = [entry["name"] for entry in json.loads(path.read_text())]
    assert names == ["process_name", "the trace is complete"]


@pytest.mark.parametrize(
    ("spec", "shown"),
    [(None, "serve.py"), (ModuleSpec("room.__main__", None), "python3 -m room")],
)
def test_the_programs_name_without_folder_and_arguments(
    path: Path, monkeypatch: pytest.MonkeyPatch, spec: ModuleSpec | None, shown: str
) -> None:
    monkeypatch.setattr(sys, "argv", ["/folder/serve.py", "secret"])
    monkeypatch.setattr(sys.modules["__main__"], "__spec__", spec)
    TraceFile(path, 10_000, Clock()).close()
    [name] = [each for each in json.loads(path.read_text()) if each["name"] == "process_name"]
    assert name["args"] == {"name": f"miniloop: {shown}"}


def test_the_least_limit(path: Path) -> None:
    with pytest.raises(ValueError, match="at least") as refused:
        TraceFile(path, 1, Clock())
    least = int(str(refused.value).split(" bytes")[0].split()[-1])
    TraceFile(path, least, Clock()).close()
    with pytest.raises(ValueError, match="at least"):
        TraceFile(path, least - 1, Clock())


def test_what_waits_is_written_once_a_second(path: Path) -> None:
    clock = Clock()
    file = TraceFile(path, 10_000, clock)
    file.flush_if_due()
    assert path.read_bytes() == b""
    clock.now = SECOND
    file.flush_if_due()
    size = path.stat().st_size
    assert Picture(path, complete=False).entries
    file.instant(1, "x", 0)
    file.flush_if_due()
    assert path.stat().st_size == size
    file.close()


def test_64_kib_are_not_waited_with(path: Path) -> None:
    file = TraceFile(path, 1_000_000, Clock())
    for number in range(2000):
        file.instant(1, f"number {number}", number)
    assert path.stat().st_size > 65536
    assert file._waiting < 65536
    Picture(path, complete=False)
    file.close()


def test_the_limit_ends_the_trace_and_says_so(path: Path, caplog: pytest.LogCaptureFixture) -> None:
    file = TraceFile(path, 8_000, Clock())
    for number in count():
        file.instant(1, "x", number)
        if file._closed:
            break
    file.close()
    assert path.stat().st_size <= 8_000
    entries = json.loads(path.read_text())
    assert entries[-1]["name"] == "the trace ends here: its limit of 8,000 bytes is reached"
    assert entries[-1]["s"] == "g"
    assert [record.getMessage() for record in caplog.records] == [
        f"{path}: the trace ends here: its limit of 8,000 bytes is reached; the program goes on"
    ]


def test_an_arrow_is_written_whole_or_not_at_all(path: Path) -> None:
    file = TraceFile(path, 8_000, Clock())
    for number in count():
        file.arrow(number, [(1, number), (2, number), (3, number)])
        if file._closed:
            break
    kinds = [entry["ph"] for entry in json.loads(path.read_text()) if entry["ph"] in "stf"]
    assert kinds == ["s", "t", "f"] * (len(kinds) // 3)
    assert kinds


def test_a_limit_too_small_is_refused(path: Path) -> None:
    with pytest.raises(ValueError, match="at least 4096 bytes"):
        ChromeTrace(path, limit=100)
    assert not path.exists()


def test_a_path_that_cannot_be_is_refused(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        ChromeTrace(tmp_path / "no" / "trace.json")


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="there is no /dev/full here")
def test_a_full_disk_ends_the_trace_and_not_the_program(caplog: pytest.LogCaptureFixture) -> None:
    file = TraceFile(Path("/dev/full"), 10_000, Clock())
    file.close()
    file.instant(1, "x", 0)
    assert [record.getMessage() for record in caplog.records] == [
        "the trace ends early: cannot write /dev/full: [Errno 28] No space left on device"
    ]


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="there is no /dev/full here")
def test_a_disk_that_fills_up_is_reported_once(caplog: pytest.LogCaptureFixture) -> None:
    file = TraceFile(Path("/dev/full"), 1_000_000, Clock())
    for number in range(4000):  # several batches
        file.instant(1, "x", number)
    assert len(caplog.records) == 1


def test_names_are_kept_in_bounds(path: Path) -> None:
    file = TraceFile(path, 10_000_000, Clock())
    for number in range(5000):
        file.instant(1, f"name {number}", number)
    assert len(file._words) <= 1024
    file.close()


def test_times_are_exact(path: Path) -> None:
    file = TraceFile(path, 10_000, Clock())
    file.slice(1, "a", "stage", 1_000_001, 2_000_005)
    file.slice(1, "b", "stage", 2_000_005, 2_000_005)
    file.close()
    assert '"ts":1000.001,"dur":1000.004' in path.read_text()


PROGRAM = """
import os, signal, sys, time
from miniloop import EventLoop
from miniloop.trace import install
from miniloop.trace.chrome_trace import ChromeTrace

def end():
    {end}

def in_a_hurry():  # a millisecond is a second: the file is written at each wait
    return time.perf_counter_ns() * 1000

with EventLoop() as loop:
    install(loop, ChromeTrace(sys.argv[1], clock=in_a_hurry))
    loop.call_later(0.01, loop.call_later, 0.01, end)  # in a later pass, on a busy machine too
    while True:
        loop.run_once(0.01)
"""


@pytest.mark.parametrize(
    ("end", "complete", "status"),
    [
        ("os.kill(os.getpid(), 9)", False, -9),  # SIGKILL
        ("os.abort()", False, -signal.SIGABRT),
        ("os._exit(3)", False, 3),
        ("raise KeyboardInterrupt", True, 130),
        ("sys.exit(4)", True, 4),
    ],
)
def test_well_formed_however_the_program_ends(
    end: str, complete: bool, status: int, path: Path
) -> None:
    command = [sys.executable, "-c", PROGRAM.format(end=end), str(path)]
    done = subprocess.run(command, capture_output=True, timeout=30, check=False)
    assert done.returncode in (status, -signal.SIGINT if status == 130 else status)
    picture = Picture(path, complete=complete)
    assert "refresh" in picture.names(1)
    assert (picture.entries[-1]["name"] == "the trace is complete") == complete
